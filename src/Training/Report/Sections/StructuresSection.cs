using Kappa.Training.Claims;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 6, the paper's figure 8.</summary>
internal static class StructuresSection
{
    private static readonly (string Structure, string Name)[] Structures =
        [("heterogeneous", "Heterogeneous rows"), ("low-rank", "Low rank"), ("block-diagonal", "Block diagonal")];

    private static readonly (string Strategy, Series Series)[] Strategies =
        [("standard", new Series("Standard SGD", Palette.Grey)), ("multipliers", new Series("Multipliers", Palette.Blue))];

    public static Section Build(CellSet cells)
    {
        return Section.Of(cells, 8, Reading(cells),
        [
            Bars("exp6-1", "Row norms", "row_norms", "Relative error of the row norms", ""),
            Bars("exp6-2", "Condition number", "condition_number", "Relative error of κ",
                cells.Find(("structure", "low-rank"))?.Value("kappa_target").Median is double kappa and > 1e12
                    ? $" The low-rank W* is singular: its κ, {Number(kappa)} in the median, comes from rounding."
                    : ""),
        ],
        [
            Improvement("Row-norm", "row_norms", "heterogeneous"),
            .. from s in Structures select Improvement("κ", "condition_number", s.Structure),
        ]);

        ComparisonRow? Improvement(string what, string component, string structure) => ComparisonRow.Of(
            $"{what} improvement, {structure.Replace("low-", "low ", StringComparison.Ordinal)}", "Fig. 8",
            Measures.Reduction(component, [("structure", structure), ("strategy", "standard")], [("structure", structure), ("strategy", "multipliers")]), cells);

        Figure Bars(string id, string title, string component, string what, string remark)
        {
            var plot = new BarPlot(title, "relative error",
                [.. Structures.Where(s => cells.Find(("structure", s.Structure)) is not null).Select(s => s.Name)],
                [.. Strategies.Where(s => cells.Find(("strategy", s.Strategy)) is not null).Select(s => s.Series)]);
            return new Figure(id, title,
                $"{what}, trained on the same targets with and without multipliers. {BarPlot.Legend}{remark} {cells.Extent}.",
                plot.Draw(
                [
                    .. from structure in Structures
                       from strategy in Strategies
                       let cell = cells.Find(("structure", structure.Structure), ("strategy", strategy.Strategy))
                       where cell is not null
                       select (structure.Name, strategy.Series.Name, cell.Value(component)),
                ]));
        }
    }

    private static IEnumerable<string?> Reading(CellSet cells)
    {
        string[] improvements =
        [
            .. from structure in Structures
               let standard = cells.Find(("structure", structure.Structure), ("strategy", "standard"))
               let multipliers = cells.Find(("structure", structure.Structure), ("strategy", "multipliers"))
               where standard is not null && multipliers is not null
               select $"{structure.Name.ToLowerInvariant()} {Reduction("row_norms", standard, multipliers)} and "
                   + Reduction("condition_number", standard, multipliers),
        ];
        if (improvements.Length > 0)
            yield return $"Multipliers lower the mean row-norm error and the mean κ error by: {string.Join("; ", improvements)}.";

        static string Reduction(string component, CellTrials from, CellTrials to) =>
            Percent(1 - to.Value(component).Mean / from.Value(component).Mean);
    }
}

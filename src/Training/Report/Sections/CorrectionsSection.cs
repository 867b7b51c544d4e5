using Kappa.Training.Components;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 4, the paper's figure 6.</summary>
internal static class CorrectionsSection
{
    private static readonly (string Strategy, Series Series)[] Strategies =
    [
        ("standard", new Series("Standard SGD", Palette.Grey)),
        ("multipliers", new Series("Multipliers", Palette.Blue)),
        ("spectral-regularization", new Series("Spectral regularisation", Palette.Vermilion)),
        ("svd-correction", new Series("SVD correction", Palette.Green)),
    ];

    public static Section Build(CellSet cells)
    {
        var plot = new BarPlot("Four strategies", "relative error",
            [.. ComponentErrors.Names.Select(c => Palette.Component(c).Name)],
            [.. Strategies.Where(s => cells.Find(("strategy", s.Strategy)) is not null).Select(s => s.Series)]);
        return Section.Of(cells, 6, Reading(cells),
        [
            new Figure("exp4-1", plot.Title, $"Relative error of each component. {BarPlot.Legend} {cells.Extent}.", plot.Draw(
            [
                .. from component in ComponentErrors.Names
                   from s in Strategies
                   let cell = cells.Find(("strategy", s.Strategy))
                   where cell is not null
                   select (Palette.Component(component).Name, s.Series.Name, cell.Value(component)),
            ])),
        ]);
    }

    private static IEnumerable<string?> Reading(CellSet cells)
    {
        CellTrials? standard = cells.Find(("strategy", "standard"));
        if (standard is null)
            yield break;
        (string Name, CellTrials Cell)[] corrected =
        [
            .. from s in Strategies.Skip(1)
               let cell = cells.Find(("strategy", s.Strategy))
               where cell is not null
               select (s.Series.Name.ToLowerInvariant().Replace("svd", "SVD", StringComparison.Ordinal), cell),
        ];
        if (corrected.Length == 0)
            yield break;
        string[] means =
        [
            .. from c in corrected
               let rows = Reduction("row_norms", c.Cell, s => s.Mean)
               select $"{c.Name} {rows} and {Reduction("condition_number", c.Cell, s => s.Mean)}",
        ];
        yield return "Reductions of the mean row-norm error and of the mean κ error against standard SGD: "
            + $"{string.Join("; ", means)}.";
        if (standard.Trials.Count > 1)
            yield return "The median κ error they reduce by "
                + $"{Enumerate(corrected.Select(c => Reduction("condition_number", c.Cell, s => s.Median)))}.";

        string Reduction(string component, CellTrials cell, Func<Sample, double> statistic) =>
            Percent(1 - statistic(cell.Value(component)) / statistic(standard.Value(component)));
    }
}

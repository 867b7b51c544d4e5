using System.Globalization;
using Kappa.Training.Claims;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 8, the paper's figure 10.</summary>
internal static class HyperparametersSection
{
    private const string Marks =
        "mean (filled) ± 1 standard deviation and median (hollow, dashed); dots: trials. A bar that meets the lower edge goes on below it.";

    private static readonly string[] Components = ["row_norms", "condition_number"];

    public static Section Build(CellSet cells)
    {
        CellTrials[] rates = Varying("learning_rate"), decays = Varying("weight_decay");
        var figures = new List<Figure>();
        if (rates.Length > 0)
        {
            var x = XAxis.Logarithmic("η", "learning rate η", [.. rates.Select(Rate)]);
            figures.Add(Errors("exp8-1", "Learning rate", x, "Errors against the learning rate", rates, c => Rate(c)));
        }

        if (decays.Length > 0)
        {
            var x = XAxis.Ordinal("λ", "weight decay λ", decays.Select(Decay));
            figures.Add(Errors("exp8-2", "Weight decay", x, "Errors against the weight decay", decays, Decay));
        }

        return Section.Of(cells, 10, Reading(rates, decays), figures,
        [
            .. from cell in rates
               let rate = cell.Condition["learning_rate"]
               let name = $"κ error over row-norm error, η = {rate}"
               where Ledger.Claims.All(claim => claim.Statement != name)
               select ComparisonRow.Of(name, "Fig. 10", Measures.Ratio("condition_number", "row_norms", ("learning_rate", rate)), cells),
        ]);

        CellTrials[] Varying(string name) =>
            [.. cells.Cells.Where(c => double.IsFinite(c.Condition.Number(name))).OrderBy(c => c.Condition.Number(name))];

        Figure Errors(string id, string title, XAxis x, string what, CellTrials[] along, Func<CellTrials, object> at)
        {
            var plot = new LinePlot(title, x, "relative error", [.. Components.Select(Palette.Component)])
            {
                Marked = true,
                WithOther = true,
                WithTrials = true,
            };
            return new Figure(id, title, $"{what}: {Marks} {cells.Extent}.", plot.Draw(
            [
                .. from component in Components
                   from cell in along
                   select new SeriesPoint(Palette.Component(component).Name, at(cell), cell.Value(component)),
            ]));
        }
    }

    private static double Rate(CellTrials cell) => cell.Condition.Number("learning_rate");

    private static string Decay(CellTrials cell) =>
        cell.Condition.Number("weight_decay").ToString("0.######", CultureInfo.InvariantCulture);

    private static IEnumerable<string?> Reading(CellTrials[] rates, CellTrials[] decays)
    {
        if (rates.Length > 0)
        {
            CellTrials first = rates[0], last = rates[^1];
            yield return rates.Length > 1
                ? $"From η = {first.Condition["learning_rate"]} to {last.Condition["learning_rate"]} the mean κ error goes from "
                    + $"{Kappa(first)} to {Kappa(last)} and its ratio to the mean row-norm error from {Ratio(first)} to {Ratio(last)}."
                : $"At η = {first.Condition["learning_rate"]} the mean κ error is {Kappa(first)}, {Ratio(first)} the mean "
                    + "row-norm error.";
        }

        if (decays.Length > 0)
            yield return "Over the weight decays the mean κ error is "
                + $"{Range(decays.Select(c => c.Value("condition_number").Mean))}.";

        static string Kappa(CellTrials cell) => Number(cell.Value("condition_number").Mean);

        static string Ratio(CellTrials cell) => Times(cell.Value("condition_number").Mean / cell.Value("row_norms").Mean);
    }
}

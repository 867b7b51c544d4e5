using Kappa.Training.Claims;
using Kappa.Training.Components;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 1, the paper's figure 3.</summary>
internal static class DimensionsSection
{
    public static Section Build(CellSet cells)
    {
        Series[] series = [.. ComponentErrors.Names.Select(Palette.Component)];
        // Side by side rather than on top of one another: five of the eight errors are nearly equal.
        SeriesPoint[] points =
        [
            .. from c in Enumerable.Range(0, series.Length)
               from cell in cells.Cells
               let d = cell.Condition.Number("d")
               let shift = 0.085 * (c - (series.Length - 1) / 2.0)
               select new SeriesPoint(series[c].Name, d, cell.Value(ComponentErrors.Names[c]), d * Math.Pow(2, shift)),
        ];
        var x = XAxis.Logarithmic("d", "dimension d", [.. cells.Dimensions.Select(d => (double)d)]);
        var means = new LinePlot("Means over trials", x, "relative error", series) { Marked = true };
        var medians = new LinePlot("Medians over trials", x, "relative error", series) { Marked = true, OfMedians = true, WithTrials = true };
        return Section.Of(cells, 3, Reading(cells),
        [
            new Figure("exp1-1", means.Title,
                "Relative error of each component against d: mean and ± 1 standard deviation. A bar that meets the lower edge goes "
                    + $"on below it; an error of 0 has no mark. {cells.TrialCount} at each d.",
                means.Draw(points)),
            new Figure("exp1-2", medians.Title,
                $"The same trials, each as a dot, with their median and quartiles. An error of 0 has no mark. {cells.TrialCount} at each d.",
                medians.Draw(points)),
        ],
        [
            .. from cell in cells.Cells
               let d = (int)cell.Condition.Number("d")
               let name = PaperClaims.KappaErrorAt(d)
               where Ledger.Claims.All(claim => claim.Statement != name)
               select ComparisonRow.Of(name, cells.Experiment.Dimensions.Contains(d) ? "Fig. 3" : null, Measures.Value("condition_number", ("d", d)), cells),
            .. from cell in cells.Cells
               let d = (int)cell.Condition.Number("d")
               select ComparisonRow.Of($"|ln κ − ln κ*|, d = {d}", null, Measures.LogKappaError(("d", d)), cells),
            ComparisonRow.Of("Exponent of d, |ln κ − ln κ*|", null, Measures.GrowthOfLogKappaError(), cells),
        ]);
    }

    private static IEnumerable<string?> Reading(CellSet cells)
    {
        CellTrials first = cells.Cells[0], last = cells.Cells[^1];
        Sample small = first.Value("condition_number"), large = last.Value("condition_number");
        string at = $"at d = {last.Condition["d"]}", rows = Range(cells.Cells.Select(c => c.Value("row_norms").Mean));
        yield return cells.Cells.Count > 1
            ? $"From d = {first.Condition["d"]} to {last.Condition["d"]} the mean κ error goes from {Number(small.Mean)} to "
                + $"{Number(large.Mean)} and its median from {Number(small.Median)} to {Number(large.Median)}, while the mean "
                + $"row-norm error stays at {rows}."
            : $"The mean κ error {at} is {Number(large.Mean)} and its median {Number(large.Median)}; the mean row-norm error is "
                + $"{rows}.";
        if (large.Trials > 1)
            yield return $"The largest of {large.Trials} trials holds {Percent(large.LargestShare)} of the mean κ error {at}.";
    }
}

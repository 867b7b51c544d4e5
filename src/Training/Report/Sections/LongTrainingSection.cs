using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 9, the paper's figure 11.</summary>
internal static class LongTrainingSection
{
    private static readonly string[] Components = ["row_norms", "condition_number", "spectral_gap", "overall"];

    public static Section Build(CellSet cells)
    {
        CellTrials cell = cells.Cells[0];
        double[] step = cell.Axis("step");
        Series[] series = [.. Components.Select(Palette.Component)];
        var errors = new LinePlot("Errors", XAxis.Linear("step", "step"), "relative error", series)
        {
            OfMedians = true,
            WithOther = true,
        };
        Series[] ratios = [new Series("Of means", Palette.Vermilion), new Series("Of medians", Palette.Blue)];
        var ratio = new LinePlot("κ error over row-norm error", XAxis.Linear("step", "step"), "ratio of the errors", ratios) { Derived = true };
        Sample[] rows = cell.Series("row_norms"), kappa = cell.Series("condition_number");
        int length = Math.Min(step.Length, Math.Min(rows.Length, kappa.Length));
        return Section.Of(cells, 11, Reading(step, rows, kappa),
        [
            new Figure("exp9-1", errors.Title,
                $"Relative error: median (solid) and quartiles (band) over trials, mean (dashed). {cells.Extent}.",
                errors.Draw(LinePlot.Along(step, Components.Select((c, i) => (series[i].Name, cell.Series(c)))))),
            new Figure("exp9-2", ratio.Title,
                $"The mean κ error over the mean row-norm error, as in the paper, and the same of medians. {cells.Extent}.",
                ratio.Draw(LinePlot.Along(step, [(ratios[0].Name, Ratios(s => s.Mean)), (ratios[1].Name, Ratios(s => s.Median))]))),
        ]);

        Sample[] Ratios(Func<Sample, double> statistic) =>
            [.. Enumerable.Range(0, length).Select(i => new Sample([statistic(kappa[i]) / statistic(rows[i])]))];
    }

    private static IEnumerable<string?> Reading(double[] step, Sample[] rows, Sample[] kappa)
    {
        if (step.Length == 0 || rows.Length == 0 || kappa.Length == 0)
            yield break;
        yield return $"From step {Whole(step[0])} to {Whole(step[^1])} the mean row-norm error goes from {Number(rows[0].Mean)} to "
            + $"{Number(rows[^1].Mean)} and the mean κ error from {Number(kappa[0].Mean)} to {Number(kappa[^1].Mean)} (median "
            + $"{Number(kappa[^1].Median)}).";
        yield return $"Their ratio goes from {Times(kappa[0].Mean / rows[0].Mean)} to {Times(kappa[^1].Mean / rows[^1].Mean)}.";
    }
}

namespace Kappa.Training.Report;

/// <summary>A quantity as the run has it, as text.</summary>
/// <param name="Mean">From means.</param>
/// <param name="Median">From medians.</param>
/// <param name="Trials">n.</param>
/// <param name="NotFinite">Of which NaN or ∞.</param>
internal sealed record Measured(string Mean, string Median, int Trials, int NotFinite);

/// <summary>How a quantity is computed from the cells of its experiment: null where they do not have it.</summary>
internal delegate Measured? Measure(CellSet cells);

/// <summary>The ways in which the paper's figures come from trials.</summary>
internal static class Measures
{
    /// <summary>A value: mean ± std, median.</summary>
    public static Measure Value(string name, params (string, object)[] levels) => cells =>
        cells.Find(levels)?.Value(name) is Sample sample ? Of(sample) : null;

    /// <summary>The smallest and the largest of a value's means over all cells, and of its medians.</summary>
    public static Measure RangeOverCells(string name) => cells => Range([.. cells.Cells.Select(c => c.Value(name))]);

    /// <summary>The smallest and the largest of the means of several values of a cell.</summary>
    public static Measure RangeOf(IEnumerable<string> names, params (string, object)[] levels) => cells =>
        cells.Find(levels) is CellTrials cell ? Range([.. names.Select(cell.Value)]) : null;

    /// <summary>By which part a value's mean is smaller in one cell than in another.</summary>
    public static Measure Reduction(string name, (string, object)[] from, (string, object)[] to) => cells =>
        cells.Find(from)?.Value(name) is Sample before && cells.Find(to)?.Value(name) is Sample after
            ? Derived(before, after, (x, y) => NumberText.Percent(1 - y / x))
            : null;

    /// <summary>The mean of one value over the mean of another.</summary>
    public static Measure Ratio(string above, string below, params (string, object)[] levels) => cells =>
        cells.Find(levels) is CellTrials cell
            ? Derived(cell.Value(above), cell.Value(below), (x, y) => NumberText.Times(x / y))
            : null;

    /// <summary>A series at its first or last position.</summary>
    public static Measure At(bool last, string series) => cells =>
        End(cells, last, series) is Sample sample ? Of(sample) : null;

    /// <summary>The mean of one series over that of another at the first or last position.</summary>
    public static Measure RatioAt(bool last, string above, string below) => cells =>
        End(cells, last, above) is Sample a && End(cells, last, below) is Sample b
            ? Derived(a, b, (x, y) => NumberText.Times(x / y))
            : null;

    /// <summary>The part of the steps at which a series' mean over trials rises.</summary>
    public static Measure RisingSteps(string series) => cells =>
    {
        Sample[] samples = cells.Cells[0].Series(series);
        return samples.Length < 2 ? null : new Measured(
            NumberText.Percent(RisingPart([.. samples.Select(s => s.Mean)])),
            NumberText.Percent(RisingPart([.. samples.Select(s => s.Median)])),
            samples[0].Trials, samples.Max(s => s.NotFinite));
    };

    /// <summary>The part of the steps at which a sequence rises, NaN of fewer than two numbers.</summary>
    public static double RisingPart(IReadOnlyList<double> curve) =>
        curve.Count < 2 ? double.NaN : Enumerable.Range(1, curve.Count - 1).Average(i => curve[i] > curve[i - 1] ? 1.0 : 0.0);

    private static Sample? End(CellSet cells, bool last, string series) =>
        cells.Cells[0].Series(series) is { Length: > 0 } samples ? samples[last ? ^1 : 0] : null;

    private static Measured Of(Sample sample) =>
        new(NumberText.MeanStd(sample), NumberText.Number(sample.Median), sample.Trials, sample.NotFinite);

    private static Measured Range(Sample[] samples) => new(
        NumberText.Range(samples.Select(s => s.Mean)), NumberText.Range(samples.Select(s => s.Median)),
        samples.Min(s => s.Trials), samples.Max(s => s.NotFinite));

    private static Measured Derived(Sample a, Sample b, Func<double, double, string> text) => new(
        text(a.Mean, b.Mean), text(a.Median, b.Median), Math.Min(a.Trials, b.Trials), Math.Max(a.NotFinite, b.NotFinite));
}

using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>The ways in which the paper's figures and directions come from trials.</summary>
/// <remarks>
/// Each is a formula in averages over trials; a cell is named by its levels, those of several cells as arrays. What the trials
/// do not have makes the measure null.
/// </remarks>
internal static class Measures
{
    private const string Kappa = "condition_number", Rows = "row_norms";

    /// <summary>A value at the end.</summary>
    public static Measure Value(string name, params (string, object)[] levels) =>
        Single("average over trials", Unit.Number, cells => cells.Find(levels), cell => cell.Value(name));

    /// <summary>A number made from each trial's record.</summary>
    public static Measure PerTrial(string method, Unit unit, Func<TrialRecord, double> number, params (string, object)[] levels) =>
        Single($"average over trials of {method}", unit, cells => cells.Find(levels), cell => new Sample(cell.Trials.Select(number)));

    /// <summary>A series at its first or last position.</summary>
    public static Measure At(bool last, string series) =>
        Single($"average over trials after the {(last ? "last" : "first")} step", Unit.Number, cells => cells.Cells[0], cell => End(cell, last, series));

    /// <summary>|ln κ − ln κ*| at the end.</summary>
    public static Measure LogKappaError(params (string, object)[] levels) =>
        PerTrial("|ln κ − ln κ*|", Unit.Number, record => record.LogKappaError, levels);

    /// <summary>|ln κ − ln κ*| at the end in one cell over the same in another.</summary>
    public static Measure LogKappaRatio((string, object)[] above, (string, object)[] below) =>
        RatioPerTrial("|ln κ − ln κ*|", record => record.LogKappaError, above, below);

    /// <summary>A number made from each trial's record, its average in one cell over that in another.</summary>
    public static Measure RatioPerTrial(string method, Func<TrialRecord, double> number, (string, object)[] above, (string, object)[] below) => Between(
        $"ratio of the averages of {method}", Unit.Times, cells => [cells.Find(above), cells.Find(below)],
        c => [.. c.Select(x => new Sample(x.Trials.Select(number)))], (x, average) => average(x[0]) / average(x[1]));

    /// <summary>A number made from the records of one trial in two cells.</summary>
    public static Measure PairPerTrial(string method, Unit unit, Func<TrialRecord, TrialRecord, double> number, (string, object)[] one, (string, object)[] other) => Between(
        $"average over trials of the {method}", unit, cells => [cells.Find(one), cells.Find(other)],
        c => [new Sample(c[0].Trials.Zip(c[1].Trials, number))], (x, average) => average(x[0]));

    /// <summary>Several values of a cell: the range they span.</summary>
    public static Measure RangeOf(IReadOnlyList<string> names, params (string, object)[] levels) => new(
        "averages over trials", Unit.Number,
        cells => cells.Find(levels) is CellTrials cell ? Each([cell], names, [.. names.Select(cell.Value)]) : null);

    /// <summary>A value at every d: the range it spans.</summary>
    public static Measure RangeOverDimensions(string name) => new("average over trials at each d", Unit.Number, cells =>
    {
        CellTrials[] paired = CellTrials.Paired(cells.Cells);
        return Each(paired, [.. paired.Select(c => c.Condition.ToString())], [.. paired.Select(c => c.Value(name))]) with { OverDimensions = true };
    });

    /// <summary>A value's average over trials, and of these the mean over d.</summary>
    public static Measure MeanOverDimensions(string name) => Over(
        "mean over d of the averages over trials", Unit.Number, c => [.. c.Select(x => x.Value(name))], (x, average) => x.Average(average));

    /// <summary>The exponent p of dᵖ fitted to a value's averages at every d.</summary>
    public static Measure Growth(string name) => Growth(name.Replace('_', ' ') + " error", cell => cell.Value(name));

    /// <summary>The same of |ln κ − ln κ*|.</summary>
    public static Measure GrowthOfLogKappaError() =>
        Growth("|ln κ − ln κ*|", cell => new Sample(cell.Trials.Select(t => t.LogKappaError)));

    /// <summary>By which part a value is smaller in one cell than in another.</summary>
    public static Measure Reduction(string name, (string, object)[] from, (string, object)[] to) => Between(
        "1 − average of the one over average of the other", Unit.Percent, cells => [cells.Find(from), cells.Find(to)], c => [c[0].Value(name), c[1].Value(name)],
        (x, average) => 1 - average(x[1]) / average(x[0]));

    /// <summary>One value over another of the same cell.</summary>
    public static Measure Ratio(string above, string below, params (string, object)[] levels) => Between(
        "average of the one over average of the other", Unit.Times, cells => [cells.Find(levels)], c => [c[0].Value(above), c[0].Value(below)],
        (x, average) => average(x[0]) / average(x[1]));

    /// <summary>One series over another at the first or last position.</summary>
    public static Measure RatioAt(bool last, string above, string below) => Between(
        $"average of the one over average of the other after the {(last ? "last" : "first")} step", Unit.Times,
        cells => [cells.Cells[0]], c => End(c[0], last, above) is Sample a && End(c[0], last, below) is Sample b ? [a, b] : null,
        (x, average) => average(x[0]) / average(x[1]));

    /// <summary>The κ error over the row-norm error in several cells, the smallest.</summary>
    /// <param name="among">What the cells differ in: "optimizers".</param>
    /// <param name="cellLevels">The cells' levels.</param>
    public static Measure LeastGap(string among, params (string, object)[][] cellLevels) => Between(
        $"smallest over the {among} of average κ error over average row-norm error", Unit.Times, cells => [.. cellLevels.Select(cells.Find)],
        KappaAndRows, (x, average) => Gaps(x, average).Min());

    /// <summary>The same over every d.</summary>
    public static Measure LeastGapOverDimensions() => Over(
        "smallest over d of average κ error over average row-norm error", Unit.Times,
        KappaAndRows, (x, average) => Gaps(x, average).Min());

    /// <summary>The smallest factor of that ratio from one cell to the next.</summary>
    public static Measure LeastGapStep(params (string, object)[][] cellLevels) => Between(
        "smallest factor from one rate to the next of average κ error over average row-norm error", Unit.Times,
        cells => [.. cellLevels.Select(cells.Find)], KappaAndRows, (x, average) => Steps(Gaps(x, average)).Min());

    /// <summary>A value in one cell over the same in another, the smallest over several values; 0/0 is left out.</summary>
    public static Measure LeastRatio(IReadOnlyList<string> names, (string, object)[] above, (string, object)[] below) => Between(
        names.Count > 1 ? "smallest over the components of the ratio of averages" : "ratio of averages", Unit.Times,
        cells => [cells.Find(above), cells.Find(below)],
        c => [.. names.Select(c[0].Value), .. names.Select(c[1].Value)],
        (x, average) => Enumerable.Range(0, names.Count).Select(i => average(x[i]) / average(x[i + names.Count]))
            .Where(ratio => !double.IsNaN(ratio)).DefaultIfEmpty(double.NaN).Min());

    /// <summary>A value in one cell over the least of several others.</summary>
    public static Measure OverBest(string name, (string, object)[] levels, params (string, object)[][] others) => Between(
        "average over the smallest average of the other strategies", Unit.Times, cells => [cells.Find(levels), .. others.Select(cells.Find)],
        c => [.. c.Select(x => x.Value(name))],
        (x, average) => average(x[0]) / x.Skip(1).Min(average));

    /// <summary>By how much a value departs from that of the first cell, relatively, the largest over the other cells.</summary>
    public static Measure LargestDeparture(string name, params (string, object)[][] cellLevels) => Between(
        "largest |average over that of the first − 1|", Unit.Percent, cells => [.. cellLevels.Select(cells.Find)], c => [.. c.Select(x => x.Value(name))],
        (x, average) => x.Skip(1).Max(s => Math.Abs(average(s) / average(x[0]) - 1)));

    /// <summary>The smallest factor of a value from one cell to the next.</summary>
    public static Measure LeastStep(string name, params (string, object)[][] cellLevels) => Between(
        "smallest factor of the average from one layer count to the next", Unit.Times, cells => [.. cellLevels.Select(cells.Find)],
        c => [.. c.Select(x => x.Value(name))], (x, average) => Steps([.. x.Select(average)]).Min());

    /// <summary>The second factor of a value over three cells in a row against the first: 1 where it grows exponentially.</summary>
    public static Measure StepRatio(string name, params (string, object)[][] cellLevels) => Between(
        "factor of the average from two layers to three over that from one to two", Unit.Times, cells => [.. cellLevels.Select(cells.Find)],
        c => [.. c.Select(x => x.Value(name))],
        (x, average) => Steps([.. x.Select(average)]) is [var first, var second] ? second / first : double.NaN);

    /// <summary>The norms' improvement less that of κ, the smallest over several pairs of cells.</summary>
    public static Measure LeastAdvantage(params ((string, object)[] From, (string, object)[] To)[] pairs) => Between(
        "smallest over the structures of row-norm improvement − κ improvement", Unit.Percent,
        cells => [.. pairs.Select(p => cells.Find(p.From)), .. pairs.Select(p => cells.Find(p.To))],
        c => [.. c.Select(x => x.Value(Rows)), .. c.Select(x => x.Value(Kappa))],
        (x, average) => Enumerable.Range(0, pairs.Length).Min(i =>
            average(x[i + 3 * pairs.Length]) / average(x[i + 2 * pairs.Length]) - average(x[i + pairs.Length]) / average(x[i])));

    /// <summary>The part of the steps at which a series' average over trials rises.</summary>
    public static Measure RisingSteps(string series) => Over(
        "part of the records at which the average over trials is larger than before", Unit.Percent, series,
        (curve, _) => RisingPart(curve));

    /// <summary>A series' averages over the last tenth of the records, over those of a tenth from the middle on.</summary>
    public static Measure LateOverMiddle(string series) => Over(
        "mean of the averages of the last tenth of the steps over that of a tenth from the middle on", Unit.Times, series,
        (curve, _) =>
        {
            int tenth = Math.Max(1, curve.Length / 10);
            return curve[^tenth..].Average() / curve.AsSpan(curve.Length / 2, tenth).ToArray().Average();
        });

    /// <summary>The rate of exponential decay of a series' average in the second half of its steps over that in the first half.</summary>
    public static Measure DecayRatio(string series) => Over(
        "rate of decay of the average over the second half of the steps over that over the first half", Unit.Times, series,
        (curve, steps) =>
        {
            int middle = curve.Length / 2;
            return Math.Log(curve[middle] / curve[^1]) / (steps[^1] - steps[middle]) / (Math.Log(curve[0] / curve[middle]) / (steps[middle] - steps[0]));
        });

    /// <summary>The ratio of two series at the last position over that at the first.</summary>
    public static Measure GapGrowth(string above, string below) => Between(
        "last over first of average κ error over average row-norm error", Unit.Times, cells => [cells.Cells[0]],
        c => End(c[0], true, above) is Sample a && End(c[0], true, below) is Sample b && End(c[0], false, above) is Sample e && End(c[0], false, below) is Sample f
            ? [a, b, e, f] : null,
        (x, average) => average(x[0]) / average(x[1]) / (average(x[2]) / average(x[3])));

    /// <summary>The part of the steps at which a sequence rises, NaN of fewer than two numbers.</summary>
    public static double RisingPart(IReadOnlyList<double> curve) =>
        curve.Count < 2 ? double.NaN : Enumerable.Range(1, curve.Count - 1).Average(i => curve[i] > curve[i - 1] ? 1.0 : 0.0);

    private static Measure Growth(string what, Func<CellTrials, Sample> value) => new(
        $"least squares of the logarithm of the average {what} on log d", Unit.Number, cells =>
        {
            CellTrials[] paired = CellTrials.Paired(cells.Cells);
            double[] d = [.. paired.Select(c => c.Condition.Number("d"))];
            Sample[] samples = [.. paired.Select(value)];
            return d.Length < 2 ? null : new Quantity(paired, [], average => [PowerLaw.Exponent(d, [.. samples.Select(average)])])
            {
                Samples = samples,
                OverDimensions = true,
            };
        });

    private static Measure Single(string method, Unit unit, Func<CellSet, CellTrials?> find, Func<CellTrials, Sample?> value) => new(method, unit, cells =>
        find(cells) is CellTrials cell && value(cell) is Sample sample
            ? new Quantity([cell], [], average => [average(sample)]) { Single = sample, Samples = [sample] }
            : null);

    private static Measure Between(string method, Unit unit, Func<CellSet, CellTrials?[]> find, Func<CellTrials[], Sample[]?> values,
        Func<IReadOnlyList<Sample>, Func<Sample, double>, double> formula) => new(method, unit, cells =>
    {
        CellTrials?[] found = find(cells);
        if (found.Length == 0 || found.Any(c => c is null))
            return null;
        CellTrials[] paired = CellTrials.Paired(found!);
        return values(paired) is Sample[] samples ? new Quantity(paired, [], average => [formula(samples, average)]) { Samples = samples } : null;
    });

    /// <summary>A formula in the samples of the cells at every d.</summary>
    private static Measure Over(string method, Unit unit, Func<CellTrials[], Sample[]> values,
        Func<IReadOnlyList<Sample>, Func<Sample, double>, double> formula) => new(method, unit, cells =>
    {
        CellTrials[] paired = CellTrials.Paired(cells.Cells);
        Sample[] samples = values(paired);
        return new Quantity(paired, [], average => [formula(samples, average)]) { Samples = samples, OverDimensions = true };
    });

    /// <summary>A formula in a series of averages and the steps they belong to.</summary>
    private static Measure Over(string method, Unit unit, string series, Func<double[], double[], double> formula) => new(method, unit, cells =>
    {
        CellTrials cell = cells.Cells[0];
        Sample[] samples = cell.Series(series);
        double[] steps = cell.Axis("step");
        return samples.Length < 2 || steps.Length != samples.Length ? null
            : new Quantity([cell], [], average => [formula([.. samples.Select(average)], steps)]) { Samples = samples };
    });

    private static Quantity Each(IReadOnlyList<CellTrials> cells, IReadOnlyList<string> names, IReadOnlyList<Sample> samples) =>
        new(cells, names, average => [.. samples.Select(average)]) { Samples = samples };

    private static Sample[] KappaAndRows(CellTrials[] cells) => [.. cells.Select(x => x.Value(Kappa)), .. cells.Select(x => x.Value(Rows))];

    /// <summary>The average of each of the first half over that of its fellow in the second.</summary>
    private static double[] Gaps(IReadOnlyList<Sample> samples, Func<Sample, double> average) =>
        [.. Enumerable.Range(0, samples.Count / 2).Select(i => average(samples[i]) / average(samples[i + samples.Count / 2]))];

    /// <summary>The factor from each number to the next.</summary>
    private static double[] Steps(double[] values) => [.. Enumerable.Range(1, values.Length - 1).Select(i => values[i] / values[i - 1])];

    private static Sample? End(CellTrials cell, bool last, string series) =>
        cell.Series(series) is { Length: > 0 } samples ? samples[last ? ^1 : 0] : null;
}

using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>One number of an estimate.</summary>
/// <param name="Name">Which one: "d 32"; empty of a single number.</param>
/// <param name="Mean">From means over trials.</param>
/// <param name="Median">From medians over trials.</param>
/// <param name="MeanInterval">The 95 % bootstrap interval of the former.</param>
/// <param name="MedianInterval">The 95 % bootstrap interval of the latter.</param>
public sealed record EstimatePart(string Name, double Mean, double Median, Interval MeanInterval, Interval MedianInterval);

/// <summary>A quantity as a run has it: one number, or several that are shown as the range they span.</summary>
public sealed class Estimate
{
    private readonly string? _meanStd;

    internal Estimate(Quantity quantity, Unit unit, string? difference)
    {
        Unit = unit;
        Difference = difference;
        Trials = quantity.Trials;
        NotFinite = quantity.Samples.Max(s => s.NotFinite);
        double[] means = quantity.Of(s => s.Mean), medians = quantity.Of(s => s.Median);
        Interval[] intervals = Bootstrap.Intervals(Trials,
            weights => [.. quantity.Of(s => s.WeightedMean(weights)), .. quantity.Of(s => s.WeightedMedian(weights))]);
        Parts =
        [
            .. means.Select((mean, i) => new EstimatePart(
                means.Length > 1 ? quantity.Parts[i] : "", mean, medians[i], intervals[i], intervals[means.Length + i])),
        ];
        Mean = Hull(means);
        Median = Hull(medians);
        MeanInterval = Hull(Parts.SelectMany(p => new[] { p.MeanInterval.Low, p.MeanInterval.High }));
        MedianInterval = Hull(Parts.SelectMany(p => new[] { p.MedianInterval.Low, p.MedianInterval.High }));
        if (quantity.Single is not Sample sample)
            return;
        Std = sample.Std;
        LargestShare = sample.LargestShare;
        TopShare = sample.TopShare(TopFraction);
        _meanStd = NumberText.MeanStd(sample);
    }

    /// <summary>The part of the trials whose share of the mean is <see cref="TopShare"/>.</summary>
    public const double TopFraction = 0.05;

    /// <summary>How it is written.</summary>
    public Unit Unit { get; }

    /// <summary>Its numbers; one, or several.</summary>
    public IReadOnlyList<EstimatePart> Parts { get; }

    /// <summary>From means: the smallest and the largest of its numbers; NaN where none is a number.</summary>
    public Interval Mean { get; }

    /// <summary>The same from medians.</summary>
    public Interval Median { get; }

    /// <summary>The 95 % bootstrap interval of the mean; of several numbers from the lowest end to the highest.</summary>
    public Interval MeanInterval { get; }

    /// <summary>The same of the median.</summary>
    public Interval MedianInterval { get; }

    /// <summary>The standard deviation over trials, divisor n, of what is a plain average; else null.</summary>
    public double? Std { get; }

    /// <summary>The share of the mean that its largest trial holds, of what is a plain average; else null.</summary>
    public double? LargestShare { get; }

    /// <summary>The share of the mean that the largest 5 % of its trials hold, one trial at least; else null.</summary>
    public double? TopShare { get; }

    /// <summary>n.</summary>
    public int Trials { get; }

    /// <summary>The most of them that gave NaN or ∞ in one of the values behind it, and were left out there.</summary>
    public int NotFinite { get; }

    /// <summary>How its trials differ from the paper's run, or null where they are its very trials.</summary>
    public string? Difference { get; }

    /// <summary>"0.871 ± 1.397", "64.3 %", "0.132–0.134".</summary>
    public string MeanText => _meanStd ?? Text(Mean);

    /// <summary>The same of medians, without ±.</summary>
    public string MedianText => Text(Median);

    /// <summary>"0.35–1.65": the interval of the mean; "–" where there is none.</summary>
    public string IntervalText => Text(MeanInterval);

    /// <summary>An interval in the quantity's unit.</summary>
    internal string Text(Interval interval)
    {
        if (double.IsNaN(interval.Low))
            return NumberText.None;
        string low = Text(interval.Low), high = Text(interval.High);
        if (low == high)
            return low;
        // The unit stands once, behind the second number.
        string from = Unit == Unit.Percent ? low[..^NumberText.PerCent.Length] : low.TrimEnd('×');
        return interval.Low < 0 ? $"{from} to {high}" : $"{from}–{high}";
    }

    /// <summary>A number in the quantity's unit.</summary>
    internal string Text(double x) => Unit switch
    {
        _ when double.IsInfinity(x) => x > 0 ? "∞" : "−∞",
        Unit.Percent => NumberText.Percent(x),
        Unit.Times => NumberText.Times(x),
        _ => NumberText.Number(x),
    };

    private static Interval Hull(IEnumerable<double> values)
    {
        double[] numbers = [.. values.Where(x => !double.IsNaN(x))];
        return numbers.Length == 0 ? Interval.None : new Interval(numbers.Min(), numbers.Max());
    }
}

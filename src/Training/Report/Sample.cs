using Kappa.Training.Results;

namespace Kappa.Training.Report;

/// <summary>One quantity over trials. What is not finite is counted and left out; of nothing every figure is NaN.</summary>
internal sealed class Sample
{
    private readonly Statistics? _statistics;

    public Sample(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double[] finite = [.. all.Where(double.IsFinite)];
        Trials = all.Length;
        NotFinite = all.Length - finite.Length;
        _statistics = finite.Length > 0 ? Statistics.Of(finite) : null;
    }

    public int Trials { get; }

    public int NotFinite { get; }

    public double Mean => _statistics?.Mean ?? double.NaN;

    public double Std => _statistics?.Std ?? double.NaN;

    public double Median => _statistics?.Median ?? double.NaN;

    public double Q25 => _statistics?.Q25 ?? double.NaN;

    public double Q75 => _statistics?.Q75 ?? double.NaN;

    /// <summary>The part of the sum that the largest value holds.</summary>
    public double LargestShare => _statistics is null ? double.NaN : _statistics.Max / (_statistics.Mean * _statistics.N);
}

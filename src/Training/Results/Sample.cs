namespace Kappa.Training.Results;

/// <summary>One quantity over trials. What is not finite is counted and left out; of nothing every figure is NaN.</summary>
internal sealed class Sample
{
    private readonly double[] _values;
    private readonly int[] _ascending;
    private readonly Statistics? _statistics;

    public Sample(IEnumerable<double> values)
    {
        _values = [.. values];
        _ascending = [.. Enumerable.Range(0, _values.Length).Where(i => double.IsFinite(_values[i])).OrderBy(i => _values[i])];
        NotFinite = _values.Length - _ascending.Length;
        _statistics = _ascending.Length > 0 ? Statistics.Of([.. _values.Where(double.IsFinite)]) : null;
    }

    public int Trials => _values.Length;

    /// <summary>The trials' numbers in their order, those that are not finite among them.</summary>
    public IReadOnlyList<double> Values => _values;

    public int NotFinite { get; }

    public double Mean => _statistics?.Mean ?? double.NaN;

    public double Std => _statistics?.Std ?? double.NaN;

    public double Median => _statistics?.Median ?? double.NaN;

    public double Q25 => _statistics?.Q25 ?? double.NaN;

    public double Q75 => _statistics?.Q75 ?? double.NaN;

    /// <summary>The part of the sum that the largest value holds.</summary>
    public double LargestShare => TopShare(0);

    /// <summary>The part of the sum that the largest values hold: this fraction of them, rounded up, and one at least.</summary>
    public double TopShare(double fraction)
    {
        int top = Math.Max(1, (int)Math.Ceiling(fraction * _ascending.Length));
        return _ascending.TakeLast(top).Sum(i => _values[i]) / _ascending.Sum(i => _values[i]);
    }

    /// <summary>The mean in which trial i counts weights[i] times.</summary>
    public double WeightedMean(int[] weights)
    {
        double sum = 0;
        int count = 0;
        foreach (int i in _ascending)
        {
            sum += weights[i] * _values[i];
            count += weights[i];
        }

        return sum / count;
    }

    /// <summary>The median in which trial i counts weights[i] times.</summary>
    public double WeightedMedian(int[] weights)
    {
        int count = 0;
        foreach (int i in _ascending)
            count += weights[i];
        int lower = (count - 1) / 2, upper = count / 2, passed = 0;
        double low = double.NaN;
        foreach (int i in _ascending)
        {
            if (passed <= lower && lower < passed + weights[i])
                low = _values[i];
            passed += weights[i];
            if (upper < passed)
                return low + (_values[i] - low) / 2;
        }

        return double.NaN;
    }
}

namespace Kappa.Training.Results;

/// <summary>Summary of one number over trials.</summary>
/// <param name="N">Trials.</param>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="Std">Standard deviation, divisor n.</param>
/// <param name="Median">The 50 % quantile.</param>
/// <param name="Q25">The 25 % quantile, interpolated linearly as NumPy's.</param>
/// <param name="Q75">The 75 % quantile.</param>
/// <param name="Max">The largest.</param>
public sealed record Statistics(int N, double Mean, double Std, double Median, double Q25, double Q75, double Max)
{
    /// <summary>Summarises values in the order given; NaN among them makes every figure NaN.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static Statistics Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            throw new ArgumentException("A summary needs a value.", nameof(values));
        if (values.Any(double.IsNaN))
            return new Statistics(values.Count, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);
        double mean = values.Average();
        double variance = values.Average(x => (x - mean) * (x - mean));
        double[] sorted = [.. values.Order()];
        return new Statistics(values.Count, mean, Math.Sqrt(variance), Quantile(sorted, 0.5), Quantile(sorted, 0.25), Quantile(sorted, 0.75), sorted[^1]);
    }

    internal static double Quantile(IReadOnlyList<double> sorted, double q)
    {
        double position = q * (sorted.Count - 1);
        int below = (int)position;
        double part = position - below;
        // Between equal neighbours nothing is interpolated: they may be infinite.
        return part == 0 || sorted[below] == sorted[below + 1] ? sorted[below] : sorted[below] + part * (sorted[below + 1] - sorted[below]);
    }
}

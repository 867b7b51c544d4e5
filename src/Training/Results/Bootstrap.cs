using Kappa.Kernels;

namespace Kappa.Training.Results;

/// <summary>Percentile bootstrap intervals over trials.</summary>
/// <remarks>
/// A resample draws n of the n trials with replacement; it is given as how often each trial was drawn. Statistics of several
/// cells that ran the same trials are thereby resampled in pairs: a trial's target and batches are the same in all of them.
/// The draws come from a stream of their own with a fixed seed, ⌊n·u⌋ of NumPy's <c>RandomState(seed).random_sample()</c>, so
/// that the same values give the same bits, and all statistics over n trials see the same resamples. The percentile method is
/// Efron's (1979); it is transformation-respecting, needs no symmetry, and of few trials with a heavy tail it is too narrow:
/// it cannot see a trial that was not drawn.
/// </remarks>
public static class Bootstrap
{
    /// <summary>Resamples of an interval.</summary>
    public const int Resamples = 2000;

    /// <summary>The coverage aimed at.</summary>
    public const double Confidence = 0.95;

    private const uint Seed = 20260;

    /// <summary>Intervals of several statistics of the same trials.</summary>
    /// <param name="trials">n ≥ 0.</param>
    /// <param name="statistics">
    /// From how often each trial was drawn, n numbers with the sum n, to the statistics: the same count of them in each call.
    /// </param>
    /// <returns>
    /// The 2.5 % and 97.5 % quantiles of each over the resamples, without those in which it is NaN; none of fewer than two trials
    /// or where every resample gave NaN. O(resamples · (n + the statistics' work)).
    /// </returns>
    public static Interval[] Intervals(int trials, Func<int[], double[]> statistics)
    {
        int[] weights = new int[trials];
        Array.Fill(weights, 1);
        int count = statistics(weights).Length;
        if (trials < 2)
            return [.. Enumerable.Repeat(Interval.None, count)];
        var values = new List<double>[count];
        for (int s = 0; s < count; s++)
            values[s] = new List<double>(Resamples);
        var stream = new GaussianStream(Seed);
        for (int r = 0; r < Resamples; r++)
        {
            Array.Clear(weights);
            for (int i = 0; i < trials; i++)
                weights[(int)(trials * stream.NextUniform())]++;
            double[] resampled = statistics(weights);
            for (int s = 0; s < count; s++)
                if (!double.IsNaN(resampled[s]))
                    values[s].Add(resampled[s]);
        }

        return [.. values.Select(Percentiles)];
    }

    /// <summary>The interval of one statistic.</summary>
    /// <param name="trials">n ≥ 0.</param>
    /// <param name="statistic">From how often each trial was drawn to the statistic.</param>
    public static Interval IntervalOf(int trials, Func<int[], double> statistic) =>
        Intervals(trials, weights => [statistic(weights)])[0];

    private static Interval Percentiles(List<double> values)
    {
        if (values.Count == 0)
            return Interval.None;
        values.Sort();
        return new Interval(Statistics.Quantile(values, (1 - Confidence) / 2), Statistics.Quantile(values, (1 + Confidence) / 2));
    }
}

namespace Kappa.Training.Results;

/// <summary>Spearman's rank correlation.</summary>
internal static class RankCorrelation
{
    /// <summary>ρ: the correlation of the ranks, equal values sharing their mean rank; NaN where one side is constant or not of numbers. O(n²).</summary>
    /// <remarks>Source: Spearman, <i>The proof and measurement of association between two things</i> (1904).</remarks>
    public static double Of(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        double[] a = Ranks(x), b = Ranks(y);
        double mean = (x.Count + 1) / 2.0, ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            ab += (a[i] - mean) * (b[i] - mean);
            aa += (a[i] - mean) * (a[i] - mean);
            bb += (b[i] - mean) * (b[i] - mean);
        }

        return ab / Math.Sqrt(aa * bb);
    }

    private static double[] Ranks(IReadOnlyList<double> values) =>
        [.. values.Select(v => double.IsNaN(v) ? double.NaN : values.Count(other => other < v) + (values.Count(other => other == v) + 1) / 2.0)];
}

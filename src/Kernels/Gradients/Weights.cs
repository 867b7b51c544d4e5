using System.Numerics;

namespace Kappa.Kernels.Gradients;

/// <summary>∂g/∂σ as numbers that are always finite: clusters of equal σ share a weight, and 1/σ is bounded.</summary>
internal static class Weights<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly T s_epsilon = T.BitIncrement(T.One) - T.One, s_limit = T.ScaleB(T.One, typeof(T) == typeof(double) ? 1000 : 104);

    /// <summary>Whether two values, larger ≥ smaller, of an m×n matrix are equal to within max(m, n)·ε·larger.</summary>
    public static bool AreRepeated(int rows, int columns, T larger, T smaller) => larger - smaller <= Roundoff(rows, columns) * larger;

    /// <summary>1/σ leaves the range where σ is subnormal; bounded, it keeps its sign, and sums of 2²⁰ such terms are finite.</summary>
    public static T Bounded(T weight) => T.Clamp(weight, -s_limit, s_limit);

    /// <summary>σᵢ, or ε·σ₁ where it is 0.</summary>
    public static T Floored(ReadOnlySpan<T> sigma, int i) => T.IsZero(sigma[i]) ? T.Max(T.Epsilon, sigma[0] * s_epsilon) : sigma[i];

    /// <summary>ln(x/y): of the quotient, so that equal scales cancel before they cost digits; as a difference where it leaves the range.</summary>
    public static T LogRatio(T x, T y) => T.IsNormal(x / y) ? T.Log(x / y) : T.Log(x) - T.Log(y);

    /// <summary>Adds weight/k to each of the k members of σᵢ's cluster; returns k.</summary>
    public static int Spread(SvdResult<T> svd, int index, T weight, Span<T> weights)
    {
        (int from, int to) = Cluster(svd, index);
        for (int i = from; i < to; i++)
            weights[i] += Bounded(weight) / T.CreateTruncating(to - from);
        return to - from;
    }

    /// <summary>The first of the values within max(m, n)·ε·σᵢ of σᵢ, and the one after the last.</summary>
    public static (int From, int To) Cluster(SvdResult<T> svd, int index)
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        T tolerance = Roundoff(svd.Rows, svd.Columns) * sigma[index];
        int from = index, to = index + 1;
        while (from > 0 && sigma[from - 1] - sigma[index] <= tolerance)
            from--;
        while (to < sigma.Length && sigma[index] - sigma[to] <= tolerance)
            to++;
        return (from, to);
    }

    private static T Roundoff(int rows, int columns) => T.CreateTruncating(Math.Max(rows, columns)) * s_epsilon;
}

using System.Numerics;

namespace Kappa.Kernels.Conditioning;

/// <summary>κ, its ends and the log-volume from computed singular values, each of which errs by at most β = 4·max(m, n)·√p·ε·σ₁.</summary>
internal static class SpectrumBounds
{
    public static ConditionEstimate<T> Of<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        T epsilon = T.BitIncrement(T.One) - T.One, one = T.One;
        T share = T.CreateTruncating(4.0 * Math.Max(svd.Rows, svd.Columns) * Math.Sqrt(sigma.Length)) * epsilon;
        T first = sigma[0], last = sigma[^1], error = share * first;
        Enclosure<T> largest = Around(first, error), smallest = Around(last, error);
        // No singular value is negative.
        (largest, smallest) = (largest with { Lower = T.Max(T.Zero, largest.Lower) }, smallest with { Lower = T.Max(T.Zero, smallest.Lower) });
        bool isResolved = smallest.Lower > T.Zero;
        T value = T.IsZero(last) ? T.PositiveInfinity : first / last;
        // Quotients widen by a unit of the last place; κ is at least 1.
        T lower = T.Max(one, T.BitDecrement(largest.Lower / smallest.Upper));
        T upper = isResolved ? T.BitIncrement(largest.Upper / smallest.Lower) : T.PositiveInfinity;
        if (T.IsZero(first))
            (value, lower, upper) = (T.PositiveInfinity, one, T.PositiveInfinity);
        return new ConditionEstimate<T>(value, lower, upper, largest, smallest, Volume(sigma, error, isResolved)) { IsResolved = isResolved };
    }

    private static Enclosure<T> Around<T>(T value, T error) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        new(value, T.BitDecrement(value - error), T.BitIncrement(value + error));

    /// <summary>|log₂(σ + e) − log₂ σ| ≤ −log₂(1 − e/σ), and what the sum itself rounds.</summary>
    private static Enclosure<T> Volume<T>(ReadOnlySpan<T> sigma, T error, bool isResolved) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T volume = Spectrum.LogVolume(sigma);
        if (!isResolved)
            return new Enclosure<T>(volume, T.NegativeInfinity, T.PositiveInfinity);
        T slack = T.Zero, moduli = T.Zero;
        foreach (T s in sigma)
        {
            slack -= Log2(T.One - error / s);
            moduli += T.Abs(Log2(s));
        }

        T epsilon = T.BitIncrement(T.One) - T.One;
        return Around(volume, slack + T.CreateTruncating(sigma.Length + 2) * epsilon * (moduli + slack));
    }

    private static T Log2<T>(T x) where T : ILogarithmicFunctions<T> => T.Log2(x);
}

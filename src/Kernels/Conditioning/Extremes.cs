using System.Numerics;

namespace Kappa.Kernels.Conditioning;

/// <summary>σ₁, σ_p and Σ log₂ σᵢ of a matrix, each between two bounds.</summary>
internal readonly record struct Extremes(Extremes.Bounds Largest, Extremes.Bounds Smallest, Extremes.Bounds LogVolume)
{
    private const double Epsilon = 2.220446049250313e-16;

    // Of σ², the share to which Lanczos's estimate is to fall where σ is asked for in double, and in float.
    private const double Digits = 1.0 / (1L << 34), FewDigits = 1.0 / (1 << 24);

    /// <summary>A number between bounds, all times 2^Exponent.</summary>
    public readonly record struct Bounds(double Value, double Lower, double Upper, int Exponent);

    /// <summary>κ and all that goes with it, of A (m×n), not empty, rounded to R.</summary>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static ConditionEstimate<R> ConditionOf<T, R>(ReadOnlyMatrixView<T> a, VectorPath path, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where R : unmanaged, IBinaryFloatingPointIeee754<R>
    {
        if (!BidiagonalExtremes.TryFind(a, path, maxThreads, out Extremes found))
        {
            a.RequireFinite(nameof(a));
            found = TriangularExtremes.Find(a, typeof(R) == typeof(double) ? Digits : FewDigits, path, maxThreads);
        }

        Bounds first = found.Largest, last = found.Smallest;
        bool isSingular = last.Upper == 0;
        int exponent = first.Exponent - last.Exponent;
        Bounds kappa = new(first.Value / last.Value, first.Lower / last.Upper, last.Lower > 0 ? first.Upper / last.Lower : double.PositiveInfinity, exponent);
        // 0/0 for the zero matrix, whose κ is ∞ by agreement.
        Enclosure<R> bounds = isSingular ? new(R.PositiveInfinity, R.PositiveInfinity, R.PositiveInfinity) : Outward<R>(kappa);
        return new ConditionEstimate<R>(bounds.Value, bounds.Lower, bounds.Upper, Outward<R>(first), Outward<R>(last), Outward<R>(found.LogVolume))
        {
            IsResolved = isSingular || last.Lower > 0,
        };
    }

    /// <summary>Σ log₂ σᵢ alone, of A (m×n), finite and not empty: a QR costs half of a bidiagonal form.</summary>
    public static Enclosure<T> VolumeOf<T>(ReadOnlyMatrixView<T> a, VectorPath path, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Outward<T>(TriangularExtremes.Find(a, null, path, maxThreads).LogVolume);

    /// <summary>The bounds in T, no narrower.</summary>
    private static Enclosure<T> Outward<T>(Bounds bounds) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Scaling and the few roundings that led here are covered by 8 units of the last place.
        double low = Scaled(bounds.Lower, -8), high = Scaled(bounds.Upper, 8);
        T value = T.CreateTruncating(Scaled(bounds.Value, 0)), lower = T.CreateTruncating(low), upper = T.CreateTruncating(high);
        if (double.CreateTruncating(lower) > low)
            lower = T.BitDecrement(lower);
        if (double.CreateTruncating(upper) < high)
            upper = T.BitIncrement(upper);
        return new Enclosure<T>(value, lower, upper);

        double Scaled(double x, int units)
        {
            if (x == 0 || !double.IsFinite(x))
                return x;
            double widened = x + units * Epsilon * Math.Abs(x), scaled = Math.ScaleB(widened, bounds.Exponent);
            if (units == 0 || Math.ScaleB(scaled, -bounds.Exponent) == widened)
                return scaled;
            return units < 0 ? Math.BitDecrement(scaled) : Math.BitIncrement(scaled);
        }
    }
}

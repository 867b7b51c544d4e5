using System.Numerics;
using Kappa.Kernels.Random;

namespace Kappa.Kernels;

/// <summary>
/// Reproducible draws from N(0, 1): bit for bit the sequence of NumPy's <c>RandomState(seed).randn</c>.
/// </summary>
/// <remarks>
/// MT19937 seeded with a 32-bit integer; uniforms u = (a·2²⁶ + b)/2⁵³ from the upper 27 and 26 bits of two outputs; pairs by
/// Marsaglia's polar method, (x₁, x₂) uniform in the unit disc, r² = x₁² + x₂², f = √(−2 ln r²/r²): first x₂f, then x₁f, which
/// is kept for the next call. The logarithm is the C library's, as NumPy's is: on glibc the bits agree; elsewhere a last bit
/// may differ. Not thread-safe: one stream per thread. Sources: Matsumoto and Nishimura (1998); Marsaglia and Bray (1964).
/// </remarks>
public sealed class GaussianStream
{
    private readonly MersenneTwister _twister;
    private double _kept;
    private bool _hasKept;

    /// <summary>The stream of a seed.</summary>
    public GaussianStream(uint seed) => _twister = new MersenneTwister(seed);

    /// <summary>The next draw from N(0, 1).</summary>
    public double Next()
    {
        if (_hasKept)
        {
            _hasKept = false;
            return _kept;
        }

        (double first, _kept) = NextPair();
        _hasKept = true;
        return first;
    }

    /// <summary>The next uniform draw from [0, 1), with 53 bits, as <c>RandomState.random_sample</c>; a kept normal stays kept.</summary>
    public double NextUniform() => _twister.NextDouble();

    /// <summary>Fills a span with the next draws, in order. O(n), no allocation.</summary>
    public void Fill<T>(Span<T> destination) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        if (_hasKept && destination.Length > 0)
            destination[i++] = T.CreateTruncating(Next());
        for (; i + 1 < destination.Length; i += 2)
        {
            (double first, double second) = NextPair();
            destination[i] = T.CreateTruncating(first);
            destination[i + 1] = T.CreateTruncating(second);
        }

        if (i < destination.Length)
            destination[i] = T.CreateTruncating(Next());
    }

    private (double First, double Second) NextPair()
    {
        double x1, x2, r2;
        do
        {
            x1 = 2.0 * _twister.NextDouble() - 1.0;
            x2 = 2.0 * _twister.NextDouble() - 1.0;
            r2 = x1 * x1 + x2 * x2;
        }
        while (r2 >= 1.0 || r2 == 0.0);
        double f = Math.Sqrt(-2.0 * Math.Log(r2) / r2);
        return (f * x2, f * x1);
    }
}

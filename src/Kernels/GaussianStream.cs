using System.Numerics;
using System.Runtime.CompilerServices;
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
    // Below so many pairs a block costs more than it saves.
    private const int Few = 4;

    private readonly MersenneTwister _twister;
    private readonly PolarMethod _polar;
    private double _kept;
    private bool _hasKept;

    /// <summary>The stream of a seed.</summary>
    public GaussianStream(uint seed)
        : this(seed, VectorPath.Best)
    {
    }

    internal GaussianStream(uint seed, VectorPath path)
    {
        _twister = new MersenneTwister(seed);
        _polar = new PolarMethod(path);
    }

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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill<T>(Span<T> destination) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        if (_hasKept && destination.Length > 0)
            destination[i++] = T.CreateTruncating(Next());
        while (destination.Length - i >= 2)
        {
            // No more points than pairs are wanted, so that none is drawn too early: what falls outside the disc is drawn again.
            int wanted = (destination.Length - i) / 2;
            ReadOnlySpan<double> uniforms = wanted >= Few ? _twister.Take(wanted) : [];
            if (!uniforms.IsEmpty)
            {
                i += 2 * _polar.Draw(uniforms, destination[i..]);
                continue;
            }

            (double first, double second) = NextPair();
            destination[i++] = T.CreateTruncating(first);
            destination[i++] = T.CreateTruncating(second);
        }

        if (i < destination.Length)
            destination[i] = T.CreateTruncating(Next());
    }

    private (double First, double Second) NextPair()
    {
        double first, second;
        while (!PolarMethod.TryDraw(_twister.NextDouble(), _twister.NextDouble(), out first, out second))
        {
        }

        return (first, second);
    }
}

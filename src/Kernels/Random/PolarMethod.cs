using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Random;

/// <summary>
/// Marsaglia's polar method: (x₁, x₂) uniform in the unit disc, r² = x₁² + x₂², f = √(−2 ln r²/r²); first x₂f, then x₁f.
/// </summary>
/// <remarks>
/// In a block the points outside the disc, 1 − π/4 of all, are written like the others and overwritten by the next: a branch
/// would be mispredicted at every fourth. What is left is one logarithm, one division and one root to two draws, by vectors.
/// </remarks>
internal sealed class PolarMethod(VectorPath path)
{
    private const int Most = MersenneTwister.Pass / 2;
    private readonly bool _vectors = RoundedLogarithm.IsSupported && VectorPaths.Resolve(path) is VectorPath.Vector256 or VectorPath.Vector512;
    private readonly double[] _points = new double[2 * Most];
    private readonly double[] _squares = new double[Most + RoundedLogarithm.Lanes];
    private readonly double[] _factors = new double[Most + RoundedLogarithm.Lanes];

    /// <summary>The pair of draws from two uniforms, unless their point lies outside the disc.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryDraw(double u1, double u2, out double first, out double second)
    {
        double x1 = 2.0 * u1 - 1.0, x2 = 2.0 * u2 - 1.0, r2 = x1 * x1 + x2 * x2;
        bool inside = r2 is < 1.0 and > 0.0;
        double f = inside ? Factor(r2) : 0;
        (first, second) = (f * x2, f * x1);
        return inside;
    }

    /// <summary>The draws from pairs of uniforms, at most one pass of them, in order; returns how many pairs there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Draw<T>(ReadOnlySpan<double> uniforms, Span<T> destination) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int pairs = Accept(uniforms);
        Span<double> factors = _factors;
        if (_vectors)
            RoundedLogarithm.Factors(_squares, factors, pairs);
        else
            for (int i = 0; i < pairs; i++)
                factors[i] = Factor(_squares[i]);
        ReadOnlySpan<double> x = _points.AsSpan(0, 2 * pairs);
        Span<T> draws = destination[..x.Length];
        ref double f = ref MemoryMarshal.GetReference(factors);
        for (int i = 0; i + 1 < x.Length && i + 1 < draws.Length; i += 2)
        {
            double factor = Unsafe.Add(ref f, i >> 1);
            draws[i] = T.CreateTruncating(factor * x[i + 1]);
            draws[i + 1] = T.CreateTruncating(factor * x[i]);
        }

        return pairs;
    }

    /// <summary>√(−2 ln r²/r²) by the C library's logarithm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Factor(double r2) => Math.Sqrt(-2.0 * Math.Log(r2) / r2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Accept(ReadOnlySpan<double> uniforms)
    {
        ref double u = ref MemoryMarshal.GetReference(uniforms);
        ref double x = ref MemoryMarshal.GetArrayDataReference(_points);
        ref double square = ref MemoryMarshal.GetArrayDataReference(_squares);
        nint inside = 0;
        for (nint i = 0; i < uniforms.Length; i += 2)
        {
            double x1 = 2.0 * Unsafe.Add(ref u, i) - 1.0, x2 = 2.0 * Unsafe.Add(ref u, i + 1) - 1.0, r2 = x1 * x1 + x2 * x2;
            Unsafe.Add(ref x, 2 * inside) = x1;
            Unsafe.Add(ref x, 2 * inside + 1) = x2;
            Unsafe.Add(ref square, inside) = r2;
            // 0 < r² < 1 in one comparison: the bits of what is positive are in the order of its values.
            bool accepted = BitConverter.DoubleToUInt64Bits(r2) - 1 < BitConverter.DoubleToUInt64Bits(1.0) - 1;
            inside += accepted ? 1 : 0;
        }

        return (int)inside;
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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
        ref T draws = ref MemoryMarshal.GetReference(destination[..(2 * pairs)]);
        ref double x = ref MemoryMarshal.GetArrayDataReference(_points);
        for (nint i = 0; i < 2 * pairs; i += 2)
        {
            Vector128<double> point = Vector128.LoadUnsafe(ref x, (nuint)i);
            Vector128<double> pair = Vector128.Create(factors[(int)(i >> 1)]) * Vector128.Shuffle(point, Vector128.Create(1L, 0));
            if (typeof(T) == typeof(double))
            {
                pair.StoreUnsafe(ref Unsafe.As<T, double>(ref draws), (nuint)i);
                continue;
            }

            Unsafe.Add(ref draws, i) = T.CreateTruncating(pair[0]);
            Unsafe.Add(ref draws, i + 1) = T.CreateTruncating(pair[1]);
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
            Vector128<double> point = Vector128.LoadUnsafe(ref u, (nuint)i);
            point = point + point - Vector128<double>.One;
            Vector128<double> squares = point * point;
            double r2 = squares[0] + squares[1];
            point.StoreUnsafe(ref x, (nuint)(2 * inside));
            Unsafe.Add(ref square, inside) = r2;
            // 0 < r² < 1 in one comparison: the bits of what is positive are in the order of its values.
            bool accepted = BitConverter.DoubleToUInt64Bits(r2) - 1 < BitConverter.DoubleToUInt64Bits(1.0) - 1;
            inside += accepted ? 1 : 0;
        }

        return (int)inside;
    }
}

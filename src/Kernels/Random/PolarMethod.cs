using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Random;

/// <summary>
/// Marsaglia's polar method: (x₁, x₂) uniform in the unit disc, r² = x₁² + x₂², f = √(−2 ln r²/r²); first x₂f, then x₁f.
/// </summary>
/// <remarks>
/// In a block the points outside the disc, 1 − π/4 of all, are written like the others and overwritten by the next: a branch
/// would be mispredicted at every fourth. AVX-512 tests four points at once and compresses those inside.
/// What is left is one logarithm, one division and one root to two draws, by vectors.
/// </remarks>
internal sealed class PolarMethod(VectorPath path)
{
    private const int Most = MersenneTwister.Pass / 2;
    private readonly bool _vectors = RoundedLogarithm.IsSupported && VectorPaths.Resolve(path) is VectorPath.Vector256 or VectorPath.Vector512;
    private readonly bool _compresses = Avx512F.IsSupported && VectorPaths.Resolve(path) is VectorPath.Vector512;
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
        int pairs = _compresses ? AcceptFours(uniforms) : Accept(uniforms, 0, 0);
        Span<double> factors = _factors;
        if (_vectors)
            RoundedLogarithm.Factors(_squares, factors, pairs);
        else
            for (int i = 0; i < pairs; i++)
                factors[i] = Factor(_squares[i]);
        ref T draws = ref MemoryMarshal.GetReference(destination[..(2 * pairs)]);
        ref double x = ref MemoryMarshal.GetArrayDataReference(_points);
        nint j = 0;
        if (typeof(T) == typeof(double) && _compresses)
            for (ref double f = ref MemoryMarshal.GetReference(factors); j <= 2 * pairs - 8; j += 8)
            {
                Vector512<double> four = Vector256.LoadUnsafe(ref f, (nuint)(j >> 1)).ToVector512Unsafe();
                four = Avx512F.PermuteVar8x64(four, Vector512.Create(0L, 0, 1, 1, 2, 2, 3, 3));
                (four * Avx512F.Permute2x64(Vector512.LoadUnsafe(ref x, (nuint)j), 0b01010101)).StoreUnsafe(ref Unsafe.As<T, double>(ref draws), (nuint)j);
            }

        for (; j < 2 * pairs; j += 2)
        {
            Vector128<double> point = Vector128.LoadUnsafe(ref x, (nuint)j);
            Vector128<double> pair = Vector128.Create(factors[(int)(j >> 1)]) * Vector128.Shuffle(point, Vector128.Create(1L, 0));
            if (typeof(T) == typeof(double))
            {
                pair.StoreUnsafe(ref Unsafe.As<T, double>(ref draws), (nuint)j);
                continue;
            }

            Unsafe.Add(ref draws, j) = T.CreateTruncating(pair[0]);
            Unsafe.Add(ref draws, j + 1) = T.CreateTruncating(pair[1]);
        }

        return pairs;
    }

    /// <summary>√(−2 ln r²/r²) by the C library's logarithm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Factor(double r2) => Math.Sqrt(-2.0 * Math.Log(r2) / r2);

    /// <summary>Keeps the points inside the disc, four tested at a time and those inside moved together; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int AcceptFours(ReadOnlySpan<double> uniforms)
    {
        ref double u = ref MemoryMarshal.GetReference(uniforms);
        ref double x = ref MemoryMarshal.GetArrayDataReference(_points);
        ref double square = ref MemoryMarshal.GetArrayDataReference(_squares);
        Vector512<ulong> one = Vector512<ulong>.One, most = Vector512.Create(BitConverter.DoubleToUInt64Bits(1.0) - 1);
        Vector512<double> outside = Vector512.Create(0.0, 2, 0, 2, 0, 2, 0, 2);
        nint inside = 0;
        int i = 0;
        for (; i <= uniforms.Length - 8; i += 8)
        {
            Vector512<double> points = Vector512.LoadUnsafe(ref u, (nuint)i);
            points = points + points - Vector512<double>.One;
            Vector512<double> squares = points * points;
            // r² stands in both lanes of its point; with 2 added to the second, only the first is kept.
            squares += Avx512F.Permute2x64(squares, 0b01010101);
            Vector512<double> first = squares + outside;
            Vector512<ulong> kept = Vector512.LessThan(squares.AsUInt64() - one, most);
            Avx512F.Compress(points, kept.AsDouble(), points).StoreUnsafe(ref x, (nuint)(2 * inside));
            Avx512F.Compress(first, Vector512.LessThan(first.AsUInt64() - one, most).AsDouble(), first).StoreUnsafe(ref square, (nuint)inside);
            inside += BitOperations.PopCount(kept.ExtractMostSignificantBits()) >> 1;
        }

        return Accept(uniforms, i, inside);
    }

    /// <summary>Tests the points from so many uniforms on, behind so many that lie inside; returns how many do so in all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Accept(ReadOnlySpan<double> uniforms, nint from, nint inside)
    {
        ref double u = ref MemoryMarshal.GetReference(uniforms);
        ref double x = ref MemoryMarshal.GetArrayDataReference(_points);
        ref double square = ref MemoryMarshal.GetArrayDataReference(_squares);
        for (nint i = from; i < uniforms.Length; i += 2)
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

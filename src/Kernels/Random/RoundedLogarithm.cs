using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Kappa.Kernels.Random;

/// <summary>Four logarithms at once, with the bits of the C library's.</summary>
/// <remarks>
/// The logarithm is computed to 2⁻⁶¹. glibc's, and musl's, is within 0.519 ulp, so where the exact value is farther than 0.02 ulp from
/// the middle between two doubles both round it the same way; where it is nearer, one in nineteen, the C library is asked.
/// x = 2ᵏz, z in [11/16, 11/8) in 256 intervals, c ≈ z with 1/c a multiple of 1/256, so that r = z/c − 1 is exact and |r| &lt; 1/128:
/// ln x = k ln 2 + ln c + ln(1 + r), the first two as sums of a multiple of 2⁻⁴⁰ and a rest, ln(1 + r) by eight terms of its series.
/// Source: Tang, Table-driven implementation of the logarithm function (1990); Ziv's rounding test (1991).
/// </remarks>
internal static unsafe class RoundedLogarithm
{
    public const int Lanes = 4;
    private const int Intervals = 256;

    // The middle of two doubles is half an ulp away; this much of an ulp is near to it.
    private const double Near = 0.027;

    private const long Origin = 0x3fe6000000000000, Bias = 1024L << 52, Fraction = (1L << 52) - 1;

    private static readonly double[] s_table = GC.AllocateArray<double>(3 * Intervals, pinned: true);
    private static readonly double* s_inverses = (double*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(s_table));
    private static readonly double s_ln2High, s_ln2Low;

    /// <summary>On x64 with FMA, under the C libraries whose error is known.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported && OperatingSystem.IsLinux();

    static RoundedLogarithm()
    {
        // ln 2 and ln c = −ln(j/256) to 28 digits.
        (s_ln2High, s_ln2Low) = Split(Log(2, 1));
        for (int i = 0; i < Intervals; i++)
        {
            double left = Mantissa(i), right = Mantissa(i + 1);
            int j = (int)Math.Round(Intervals * 2 / (left + right));
            s_table[i] = j / (double)Intervals;
            (s_table[Intervals + i], s_table[2 * Intervals + i]) = Split(-Log(j, Intervals));
        }
    }

    /// <summary>√(−2 ln r²/r²) of so many r² in (0, 1); both spans have room for a whole vector at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Factors(Span<double> squares, Span<double> factors, int count)
    {
        squares.Slice(count, Lanes).Fill(0.5);
        double* table = s_inverses;
        Vector256<double> ln2High = Vector256.Create(s_ln2High), ln2Low = Vector256.Create(s_ln2Low);
        ref double x = ref MemoryMarshal.GetReference(squares);
        ref double f = ref MemoryMarshal.GetReference(factors);
        for (int block = 0; block < count; block += 64)
        {
            ulong asked = 0;
            int end = Math.Min(block + 64, count);
            for (int i = block; i < end; i += Lanes)
            {
                Vector256<double> r2 = Vector256.LoadUnsafe(ref x, (nuint)i);
                Vector256<double> log = Log(r2, table, ln2High, ln2Low, out uint near);
                asked |= (ulong)near << i;
                Vector256.Sqrt(Vector256.Create(-2.0) * log / r2).StoreUnsafe(ref f, (nuint)i);
            }

            for (; asked != 0; asked &= asked - 1)
            {
                int i = block + BitOperations.TrailingZeroCount(asked);
                Unsafe.Add(ref f, i) = PolarMethod.Factor(Unsafe.Add(ref x, i));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Log(
        Vector256<double> x, double* table, Vector256<double> ln2High, Vector256<double> ln2Low, out uint near)
    {
        Vector256<long> t = x.AsInt64() + Vector256.Create(Bias - Origin);
        Vector256<long> interval = (t >>> 44) & Vector256.Create(Intervals - 1L);
        Vector256<double> z = ((t & Vector256.Create(Fraction)) + Vector256.Create(Origin)).AsDouble();
        const double Shift = 1L << 52;
        Vector256<double> k = ((t >>> 52) | Vector256.Create(BitConverter.DoubleToInt64Bits(Shift))).AsDouble() - Vector256.Create(Shift + 1024);

        Vector256<double> r = Vector256.FusedMultiplyAdd(z, Avx2.GatherVector256(table, interval, 8), Vector256.Create(-1.0));
        Vector256<double> high = Vector256.FusedMultiplyAdd(k, ln2High, Avx2.GatherVector256(table + Intervals, interval, 8));
        Vector256<double> low = Vector256.FusedMultiplyAdd(k, ln2Low, Avx2.GatherVector256(table + 2 * Intervals, interval, 8));

        Vector256<double> squared = r * r;
        Vector256<double> p = Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 3.0), Vector256.Create(-1 / 2.0));
        Vector256<double> q = Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 5.0), Vector256.Create(-1 / 4.0));
        Vector256<double> s = Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 7.0), Vector256.Create(-1 / 6.0));
        s = Vector256.FusedMultiplyAdd(squared, Vector256.Create(-1 / 8.0), s);
        p = Vector256.FusedMultiplyAdd(squared, Vector256.FusedMultiplyAdd(squared, s, q), p);

        Vector256<double> sum = high + r;
        low = Vector256.FusedMultiplyAdd(squared, p, low + (high - sum + r));
        Vector256<double> log = sum + low;
        Vector256<double> error = Vector256.Abs(low - (log - sum));
        Vector256<double> power = (log.AsInt64() & Vector256.Create(0x7ff0000000000000)).AsDouble();
        near = Vector256.GreaterThan(error, power * Vector256.Create((0.5 - Near) / Shift)).ExtractMostSignificantBits();
        return log;
    }

    private static double Mantissa(int interval) => BitConverter.Int64BitsToDouble(Origin + ((long)interval << 44));

    private static (double High, double Low) Split(decimal value)
    {
        const decimal Scale = 1L << 40;
        decimal high = decimal.Round(Scale * value);
        return ((double)high / (double)Scale, (double)(Scale * value - high) / (double)Scale);
    }

    // ln(a/b) = 2 artanh t = 2(t + t³/3 + t⁵/5 + ...), t = (a − b)/(a + b).
    private static decimal Log(int a, int b)
    {
        decimal t = (decimal)(a - b) / (a + b), sum = 0, power = t;
        for (int n = 1; power != 0; n += 2, power *= t * t)
            sum += power / n;
        return 2 * sum;
    }
}

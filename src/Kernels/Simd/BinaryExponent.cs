using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Simd;

/// <summary>Exponents and powers of two of normal numbers, by their bits.</summary>
/// <remarks>
/// The runtime library's own are compiled ahead, without AVX: called between 512-bit instructions, each costs some 80 ns instead of 3
/// until they have been compiled anew, a second later (AVX-512 server core). What is not normal goes there still.
/// </remarks>
internal static class BinaryExponent<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static int Bias => typeof(T) == typeof(double) ? 1023 : 127;

    /// <summary>⌊log₂|x|⌋, that of <see cref="IFloatingPointIeee754{TSelf}.ILogB"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(T x)
    {
        int biased = typeof(T) == typeof(double)
            ? (int)(Unsafe.BitCast<T, ulong>(x) >> 52) & 0x7ff
            : (int)(Unsafe.BitCast<T, uint>(x) >> 23) & 0xff;
        return biased > 0 && biased <= 2 * Bias ? biased - Bias : T.ILogB(x);
    }

    /// <summary>2^e, rounded where it is not normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Power(int e)
    {
        if ((uint)(e + Bias - 1) >= (uint)(2 * Bias))
            return T.ScaleB(T.One, e);
        return typeof(T) == typeof(double)
            ? Unsafe.BitCast<ulong, T>((ulong)(e + Bias) << 52)
            : Unsafe.BitCast<uint, T>((uint)(e + Bias) << 23);
    }

    /// <summary>2^e·x, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Scale(T x, int e) => (uint)(e + Bias - 1) < (uint)(2 * Bias) ? x * Power(e) : T.ScaleB(x, e);
}

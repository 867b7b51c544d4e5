using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Simd;

/// <summary>Vector kernels on columns that are contiguous and zero-padded to whole vectors, so that no loop has a tail.</summary>
internal static unsafe class Level1<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Elements of a column of length n with its padding: whole cache lines.</summary>
    public static int Padded(int length)
    {
        int line = AlignedBuffer.Alignment / sizeof(T);
        return (length + line - 1) / line * line;
    }

    /// <summary>xᵀy. Two accumulators hide the FMA's latency half; columns are short and in L1, where loads bound the loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Dot(T* x, T* y, int length)
    {
        V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
        int i = 0;
        for (; i <= length - 4 * L.Count; i += 4 * L.Count)
        {
            s0 = L.MultiplyAdd(L.Load(x + i), L.Load(y + i), s0);
            s1 = L.MultiplyAdd(L.Load(x + i + L.Count), L.Load(y + i + L.Count), s1);
            s2 = L.MultiplyAdd(L.Load(x + i + 2 * L.Count), L.Load(y + i + 2 * L.Count), s2);
            s3 = L.MultiplyAdd(L.Load(x + i + 3 * L.Count), L.Load(y + i + 3 * L.Count), s3);
        }

        for (; i < length; i += L.Count)
            s0 = L.MultiplyAdd(L.Load(x + i), L.Load(y + i), s0);
        return L.Sum(L.Add(L.Add(s0, s1), L.Add(s2, s3)));
    }

    /// <summary>max |xᵢ|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T MaxAbs(T* x, int length)
    {
        V max = L.Zero;
        for (int i = 0; i < length; i += L.Count)
            max = L.MaxAbs(max, L.Load(x + i));
        return L.Max(max);
    }

    /// <summary>x ← s·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(T s, T* x, int length)
    {
        V factor = L.Broadcast(s);
        for (int i = 0; i < length; i += L.Count)
            L.Store(L.Multiply(factor, L.Load(x + i)), x + i);
    }

    /// <summary>
    /// ‖x‖₂ without overflow or underflow: the plain sum of squares where it is safe, scaled by a power of two where it is not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Norm(T* x, int length)
    {
        T sum = Dot(x, x, length);
        // Below this the squares that underflowed could matter: smallest normal number over ε.
        T safe = BinaryExponent<T>.Power(typeof(T) == typeof(double) ? -1022 + 53 + 52 : -126 + 24 + 23);
        if (T.IsFinite(sum) && sum >= safe)
            return T.Sqrt(sum);
        T max = MaxAbs(x, length);
        if (T.IsZero(max))
            return T.Zero;
        int exponent = T.ILogB(max);
        T total = T.Zero;
        for (int i = 0; i < length; i++)
        {
            T scaled = T.ScaleB(x[i], -exponent);
            total = T.MultiplyAddEstimate(scaled, scaled, total);
        }

        return T.ScaleB(T.Sqrt(total), exponent);
    }
}

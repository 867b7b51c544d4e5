using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Kappa.Kernels.Simd;

/// <summary>Lanes of 512 bits.</summary>
internal readonly unsafe struct Lanes512<T> : ILanes<T, Vector512<T>> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static int Count => Vector512<T>.Count;

    public static int Registers => 32;

    public static Vector512<T> Zero => Vector512<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Broadcast(T x) => Vector512.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load(T* p) => Vector512.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<T> v, T* p) => Vector512.Store(v, p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Add(Vector512<T> x, Vector512<T> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Multiply(Vector512<T> x, Vector512<T> y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> x, Vector512<T> y, Vector512<T> z) => typeof(T) == typeof(double)
        ? Vector512.MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>()
        : Vector512.MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Element(T x) => Vector512.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAddElement(Vector512<T> x, Vector512<T> y, Vector512<T> z) => MultiplyAdd(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MaxAbs(Vector512<T> x, Vector512<T> y) => Vector512.MaxNative(Vector512.Abs(x), Vector512.Abs(y));

    // Halves first: Vector512.Sum sums each quarter by itself, in two to three times the instructions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector512<T> v) => Lanes256<T>.Sum(v.GetLower() + v.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max(Vector512<T> v) => Lanes256<T>.Max(Vector256.MaxNative(v.GetLower(), v.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> LoadPartial(T* p, int count)
    {
        if (Avx512F.IsSupported)
            return typeof(T) == typeof(double)
                ? Avx512F.MaskLoad((double*)p, Mask(count).AsDouble(), Vector512<double>.Zero).As<double, T>()
                : Avx512F.MaskLoad((float*)p, Mask(count).AsSingle(), Vector512<float>.Zero).As<float, T>();
        Vector512<T> v = Vector512<T>.Zero;
        for (int i = 0; i < count; i++)
            ((T*)&v)[i] = p[i];
        return v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Vector512<T> v, T* p, int count)
    {
        if (!Avx512F.IsSupported)
        {
            for (int i = 0; i < count; i++)
                p[i] = ((T*)&v)[i];
        }
        else if (typeof(T) == typeof(double))
        {
            Avx512F.MaskStore((double*)p, Mask(count).AsDouble(), v.AsDouble());
        }
        else
        {
            Avx512F.MaskStore((float*)p, Mask(count).AsSingle(), v.AsSingle());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Mask(int count) => typeof(T) == typeof(double)
        ? Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)count)).As<long, T>()
        : Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Subtract(Vector512<T> x, Vector512<T> y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Divide(Vector512<T> x, Vector512<T> y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Sqrt(Vector512<T> x) => Vector512.Sqrt(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> WhereGreater(Vector512<T> x, Vector512<T> y, Vector512<T> a, Vector512<T> b) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, y), a, b);

    // The exponent field of e + 1.5·2^(mantissa bits) + bias holds e + bias in its low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> PowerOfTwo(Vector512<T> e) => typeof(T) == typeof(double)
        ? Vector512.ShiftLeft((e.AsDouble() + Vector512.Create(6755399441055744.0 + 1023)).AsInt64(), 52).As<long, T>()
        : Vector512.ShiftLeft((e.AsSingle() + Vector512.Create(12582912f + 127)).AsInt32(), 23).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> CountSignChanges(Vector512<T> count, Vector512<T> x, Vector512<T> y) => typeof(T) == typeof(double)
        ? (count.AsInt64() + Vector512.ShiftRightLogical((x ^ y).AsInt64(), 63)).As<long, T>()
        : (count.AsInt32() + Vector512.ShiftRightLogical((x ^ y).AsInt32(), 31)).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Cycle(Vector512<T> x) => typeof(T) == typeof(double)
        ? Vector512.Shuffle(x.AsDouble(), Vector512.Create(1L, 2L, 3L, 4L, 5L, 6L, 7L, 0L)).As<double, T>()
        : Vector512.Shuffle(x.AsSingle(), Vector512.Create(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0)).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> RingAbove(Vector512<T> x, Vector512<T> y)
    {
        if (Avx512F.IsSupported)
            return typeof(T) == typeof(double)
                ? Avx512F.PermuteVar8x64x2(x.AsDouble(), Vector512.Create(0L, 8L, 1L, 2L, 3L, 4L, 5L, 6L), y.AsDouble()).As<double, T>()
                : Avx512F.PermuteVar16x32x2(x.AsSingle(), Vector512.Create(0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14), y.AsSingle()).As<float, T>();
        Vector512<T> next = x;
        ((T*)&next)[1] = ((T*)&y)[0];
        for (int i = 2; i < Count; i++)
            ((T*)&next)[i] = ((T*)&x)[i - 1];
        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> RingBelow(Vector512<T> x, Vector512<T> y)
    {
        if (Avx512F.IsSupported)
            return typeof(T) == typeof(double)
                ? Avx512F.PermuteVar8x64x2(x.AsDouble(), Vector512.Create(9L, 10L, 11L, 12L, 13L, 14L, 15L, 7L), y.AsDouble()).As<double, T>()
                : Avx512F.PermuteVar16x32x2(x.AsSingle(), Vector512.Create(17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 15), y.AsSingle()).As<float, T>();
        Vector512<T> next = x;
        for (int i = 0; i < Count - 1; i++)
            ((T*)&next)[i] = ((T*)&y)[i + 1];
        return next;
    }
}

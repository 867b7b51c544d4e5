using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Simd;

/// <summary>One lane: the path of a machine without vectors, and the reference that every wider path is tested against.</summary>
internal readonly unsafe struct LanesScalar<T> : ILanes<T, T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static int Count => 1;

    public static int Registers => 16;

    public static T Zero => T.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Broadcast(T x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(T* p) => *p;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T v, T* p) => *p = v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add(T x, T y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply(T x, T y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAdd(T x, T y, T z) => T.MultiplyAddEstimate(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Element(T x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAddElement(T x, T y, T z) => MultiplyAdd(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MaxAbs(T x, T y) => T.MaxNative(T.Abs(x), T.Abs(y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(T v) => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max(T v) => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LoadPartial(T* p, int count) => count > 0 ? *p : T.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(T v, T* p, int count)
    {
        if (count > 0)
            *p = v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Subtract(T x, T y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Divide(T x, T y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sqrt(T x) => T.Sqrt(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T WhereGreater(T x, T y, T a, T b) => x > y ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T PowerOfTwo(T e) => T.ScaleB(T.One, int.CreateTruncating(e));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CountSignChanges(T count, T x, T y)
    {
        int change = T.IsNegative(x) != T.IsNegative(y) ? 1 : 0;
        return typeof(T) == typeof(double)
            ? (T)(object)BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits((double)(object)count) + change)
            : (T)(object)BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits((float)(object)count) + change);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Cycle(T x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T RingAbove(T x, T y) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T RingBelow(T x, T y) => y;
}

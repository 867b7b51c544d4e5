using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Kappa.Kernels.Simd;

/// <summary>Lanes of 128 bits.</summary>
internal readonly unsafe struct Lanes128<T> : ILanes<T, Vector128<T>> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static int Count => Vector128<T>.Count;

    public static int Registers => AdvSimd.Arm64.IsSupported ? 32 : 16;

    public static Vector128<T> Zero => Vector128<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Broadcast(T x) => Vector128.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load(T* p) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<T> v, T* p) => Vector128.Store(v, p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Add(Vector128<T> x, Vector128<T> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Multiply(Vector128<T> x, Vector128<T> y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> x, Vector128<T> y, Vector128<T> z) => typeof(T) == typeof(double)
        ? Vector128.MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>()
        : Vector128.MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>();

    // Arm64 multiplies by a lane, for which Create would load and then copy through a port of the FMA units.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Element(T x) => AdvSimd.Arm64.IsSupported ? Vector128.CreateScalarUnsafe(x) : Vector128.Create(x);

    // Not by way of MultiplyAdd: the JIT inlines into a method until it has 512 locals, and tiles come near that.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAddElement(Vector128<T> x, Vector128<T> y, Vector128<T> z)
    {
        if (typeof(T) == typeof(double))
            return AdvSimd.Arm64.IsSupported
                ? AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(z.AsDouble(), y.AsDouble(), x.AsDouble(), 0).As<double, T>()
                : Vector128.MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();
        return AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(z.AsSingle(), y.AsSingle(), x.AsSingle(), 0).As<float, T>()
            : Vector128.MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MaxAbs(Vector128<T> x, Vector128<T> y) => Vector128.MaxNative(Vector128.Abs(x), Vector128.Abs(y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector128<T> v) => Vector128.Sum(v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max(Vector128<T> v)
    {
        T max = v[0];
        for (int i = 1; i < Vector128<T>.Count; i++)
            max = T.Max(max, v[i]);
        return max;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> LoadPartial(T* p, int count)
    {
        if (count >= Count)
            return Vector128.Load(p);
        if (typeof(T) == typeof(double))
            return count == 1 ? Vector128.CreateScalar(p[0]) : Vector128<T>.Zero;
        return count switch
        {
            1 => Vector128.CreateScalar(p[0]),
            2 => Vector128.CreateScalar(*(double*)p).As<double, T>(),
            3 => Vector128.CreateScalar(*(double*)p).As<double, T>().WithElement(2, p[2]),
            _ => Vector128<T>.Zero,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Vector128<T> v, T* p, int count)
    {
        if (count >= Count)
        {
            Vector128.Store(v, p);
            return;
        }

        if (typeof(T) == typeof(float) && count >= 2)
        {
            *(double*)p = v.As<T, double>().ToScalar();
            if (count == 3)
                p[2] = v.GetElement(2);
        }
        else if (count == 1)
        {
            p[0] = v.ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Subtract(Vector128<T> x, Vector128<T> y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Divide(Vector128<T> x, Vector128<T> y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Sqrt(Vector128<T> x) => Vector128.Sqrt(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> WhereGreater(Vector128<T> x, Vector128<T> y, Vector128<T> a, Vector128<T> b) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(x, y), a, b);

    // The exponent field of e + 1.5·2^(mantissa bits) + bias holds e + bias in its low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> PowerOfTwo(Vector128<T> e) => typeof(T) == typeof(double)
        ? Vector128.ShiftLeft((e.AsDouble() + Vector128.Create(6755399441055744.0 + 1023)).AsInt64(), 52).As<long, T>()
        : Vector128.ShiftLeft((e.AsSingle() + Vector128.Create(12582912f + 127)).AsInt32(), 23).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> CountSignChanges(Vector128<T> count, Vector128<T> x, Vector128<T> y) => typeof(T) == typeof(double)
        ? (count.AsInt64() + Vector128.ShiftRightLogical((x ^ y).AsInt64(), 63)).As<long, T>()
        : (count.AsInt32() + Vector128.ShiftRightLogical((x ^ y).AsInt32(), 31)).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Cycle(Vector128<T> x) => typeof(T) == typeof(double)
        ? Vector128.Shuffle(x.AsDouble(), Vector128.Create(1L, 0L)).As<double, T>()
        : Vector128.Shuffle(x.AsSingle(), Vector128.Create(1, 2, 3, 0)).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> RingAbove(Vector128<T> x, Vector128<T> y) => typeof(T) == typeof(double)
        ? Vector128.ConditionalSelect(Vector128.Create(0L, -1L).AsDouble(), Vector128.Shuffle(y.AsDouble(), Vector128<long>.Zero),
            Vector128.Shuffle(x.AsDouble(), Vector128.Create(0L, 0L))).As<double, T>()
        : Vector128.ConditionalSelect(Vector128.Create(0, -1, 0, 0).AsSingle(), Vector128.Shuffle(y.AsSingle(), Vector128<int>.Zero),
            Vector128.Shuffle(x.AsSingle(), Vector128.Create(0, 0, 1, 2))).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> RingBelow(Vector128<T> x, Vector128<T> y) => typeof(T) == typeof(double)
        ? Vector128.ConditionalSelect(Vector128.Create(0L, -1L).AsDouble(), x.AsDouble(),
            Vector128.Shuffle(y.AsDouble(), Vector128.Create(1L, 1L))).As<double, T>()
        : Vector128.ConditionalSelect(Vector128.Create(0, 0, 0, -1).AsSingle(), x.AsSingle(),
            Vector128.Shuffle(y.AsSingle(), Vector128.Create(1, 2, 3, 3))).As<float, T>();
}

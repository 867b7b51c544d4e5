using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Kappa.Kernels.Simd;

/// <summary>Lanes of 256 bits.</summary>
internal readonly unsafe struct Lanes256<T> : ILanes<T, Vector256<T>> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static int Count => Vector256<T>.Count;

    public static int Registers => 16;

    public static Vector256<T> Zero => Vector256<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Broadcast(T x) => Vector256.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load(T* p) => Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<T> v, T* p) => Vector256.Store(v, p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Add(Vector256<T> x, Vector256<T> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Multiply(Vector256<T> x, Vector256<T> y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAdd(Vector256<T> x, Vector256<T> y, Vector256<T> z) => typeof(T) == typeof(double)
        ? Vector256.MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>()
        : Vector256.MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Element(T x) => Vector256.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAddElement(Vector256<T> x, Vector256<T> y, Vector256<T> z) => MultiplyAdd(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MaxAbs(Vector256<T> x, Vector256<T> y) => Vector256.MaxNative(Vector256.Abs(x), Vector256.Abs(y));

    // Halves first: Vector256.Sum sums each half by itself, in nearly twice the instructions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector256<T> v) => Vector128.Sum(v.GetLower() + v.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max(Vector256<T> v) => Lanes128<T>.Max(Vector128.MaxNative(v.GetLower(), v.GetUpper()));

    // In halves: masked stores of AVX2 take 2 to 4 ns on the CPUs that need this path most.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> LoadPartial(T* p, int count)
    {
        int half = Count / 2;
        return count <= half
            ? Vector256.Create(Lanes128<T>.LoadPartial(p, count), Vector128<T>.Zero)
            : Vector256.Create(Vector128.Load(p), Lanes128<T>.LoadPartial(p + half, count - half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(Vector256<T> v, T* p, int count)
    {
        int half = Count / 2;
        if (count <= half)
        {
            Lanes128<T>.StorePartial(v.GetLower(), p, count);
            return;
        }

        Vector128.Store(v.GetLower(), p);
        Lanes128<T>.StorePartial(v.GetUpper(), p + half, count - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Subtract(Vector256<T> x, Vector256<T> y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Divide(Vector256<T> x, Vector256<T> y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Sqrt(Vector256<T> x) => Vector256.Sqrt(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> WhereGreater(Vector256<T> x, Vector256<T> y, Vector256<T> a, Vector256<T> b) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(x, y), a, b);

    // The exponent field of e + 1.5·2^(mantissa bits) + bias holds e + bias in its low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> PowerOfTwo(Vector256<T> e) => typeof(T) == typeof(double)
        ? Vector256.ShiftLeft((e.AsDouble() + Vector256.Create(6755399441055744.0 + 1023)).AsInt64(), 52).As<long, T>()
        : Vector256.ShiftLeft((e.AsSingle() + Vector256.Create(12582912f + 127)).AsInt32(), 23).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> CountSignChanges(Vector256<T> count, Vector256<T> x, Vector256<T> y) => typeof(T) == typeof(double)
        ? (count.AsInt64() + Vector256.ShiftRightLogical((x ^ y).AsInt64(), 63)).As<long, T>()
        : (count.AsInt32() + Vector256.ShiftRightLogical((x ^ y).AsInt32(), 31)).As<int, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Cycle(Vector256<T> x) => typeof(T) == typeof(double)
        ? Vector256.Shuffle(x.AsDouble(), Vector256.Create(1L, 2L, 3L, 0L)).As<double, T>()
        : Vector256.Shuffle(x.AsSingle(), Vector256.Create(1, 2, 3, 4, 5, 6, 7, 0)).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> RingAbove(Vector256<T> x, Vector256<T> y) => typeof(T) == typeof(double)
        ? Vector256.ConditionalSelect(Vector256.Create(0L, -1L, 0L, 0L).AsDouble(), Vector256.Shuffle(y.AsDouble(), Vector256<long>.Zero),
            Vector256.Shuffle(x.AsDouble(), Vector256.Create(0L, 0L, 1L, 2L))).As<double, T>()
        : Vector256.ConditionalSelect(Vector256.Create(0, -1, 0, 0, 0, 0, 0, 0).AsSingle(), Vector256.Shuffle(y.AsSingle(), Vector256<int>.Zero),
            Vector256.Shuffle(x.AsSingle(), Vector256.Create(0, 0, 1, 2, 3, 4, 5, 6))).As<float, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> RingBelow(Vector256<T> x, Vector256<T> y) => typeof(T) == typeof(double)
        ? Vector256.ConditionalSelect(Vector256.Create(0L, 0L, 0L, -1L).AsDouble(), x.AsDouble(),
            Vector256.Shuffle(y.AsDouble(), Vector256.Create(1L, 2L, 3L, 3L))).As<double, T>()
        : Vector256.ConditionalSelect(Vector256.Create(0, 0, 0, 0, 0, 0, 0, -1).AsSingle(), x.AsSingle(),
            Vector256.Shuffle(y.AsSingle(), Vector256.Create(1, 2, 3, 4, 5, 6, 7, 7))).As<float, T>();
}

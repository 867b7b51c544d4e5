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
    public static Vector256<T> MaxAbs(Vector256<T> x, Vector256<T> y) => Vector256.MaxNative(Vector256.Abs(x), Vector256.Abs(y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector256<T> v) => Vector256.Sum(v);

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
}

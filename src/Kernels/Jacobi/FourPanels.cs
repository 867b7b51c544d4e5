using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Two steps at once of the rotations across two blocks: p₀ with q₀ and p₁ with q₁, then p₀ with q₁ and p₁ with q₀.</summary>
internal readonly unsafe struct FourPanels<T, V, L> : IMeeting<T, V>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    private const int PairVectors = ColumnPanels<T>.PairVectors;

    /// <summary>What a meeting keeps: a record of each pair, which begins with its product, and the products within either block.</summary>
    private readonly struct Record(T* meeting)
    {
        public T* P0Q0 => meeting;

        public T* P1Q1 => meeting + PairVectors * L.Count;

        public T* P0Q1 => meeting + 2 * PairVectors * L.Count;

        public T* P1Q0 => meeting + 3 * PairVectors * L.Count;

        public T* P0P1 => meeting + 4 * PairVectors * L.Count;

        public T* Q0Q1 => P0P1 + L.Count;
    }

    /// <summary>The eight coefficients of the rotations of a row, for X from place 1 of a pair's record on, for J from place 3.</summary>
    private readonly struct Coefficients
    {
        private readonly V _p0q0, _q0p0, _p1q1, _q1p1, _p0q1, _q1p0, _p1q0, _q0p1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Coefficients(Record record, int place)
        {
            _p0q0 = L.Load(record.P0Q0 + place * L.Count);
            _q0p0 = L.Load(record.P0Q0 + (place + 1) * L.Count);
            _p1q1 = L.Load(record.P1Q1 + place * L.Count);
            _q1p1 = L.Load(record.P1Q1 + (place + 1) * L.Count);
            _p0q1 = L.Load(record.P0Q1 + place * L.Count);
            _q1p0 = L.Load(record.P0Q1 + (place + 1) * L.Count);
            _p1q0 = L.Load(record.P1Q0 + place * L.Count);
            _q0p1 = L.Load(record.P1Q0 + (place + 1) * L.Count);
        }

        /// <summary>One row of all four panels; q's lanes go on.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (V P0, V P1, V Q0, V Q1) Apply(T* p0, T* p1, T* q0, T* q1)
        {
            V u0 = L.Load(p0), u1 = L.Load(p1), v0 = L.Load(q0), v1 = L.Load(q1);
            (u0, v0) = (L.MultiplyAdd(_p0q0, v0, u0), L.MultiplyAdd(_q0p0, u0, v0));
            (u1, v1) = (L.MultiplyAdd(_p1q1, v1, u1), L.MultiplyAdd(_q1p1, u1, v1));
            (u0, v1) = (L.MultiplyAdd(_p0q1, v1, u0), L.Cycle(L.MultiplyAdd(_q1p0, u0, v1)));
            (u1, v0) = (L.MultiplyAdd(_p1q0, v0, u1), L.Cycle(L.MultiplyAdd(_q0p1, u1, v0)));
            L.Store(u0, p0);
            L.Store(u1, p1);
            L.Store(v0, q0);
            L.Store(v1, q1);
            return (u0, u1, v0, v1);
        }
    }

    /// <summary>Sums of the products of four panels' rows.</summary>
    private struct Products
    {
        private V _p0q0, _p1q1, _p0q1, _p1q0, _p0p1, _q0q1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(V p0, V p1, V q0, V q1)
        {
            _p0q0 = L.MultiplyAdd(p0, q0, _p0q0);
            _p1q1 = L.MultiplyAdd(p1, q1, _p1q1);
            _p0q1 = L.MultiplyAdd(p0, q1, _p0q1);
            _p1q0 = L.MultiplyAdd(p1, q0, _p1q0);
            _p0p1 = L.MultiplyAdd(p0, p1, _p0p1);
            _q0q1 = L.MultiplyAdd(q0, q1, _q0q1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(Record record)
        {
            L.Store(_p0q0, record.P0Q0);
            L.Store(_p1q1, record.P1Q1);
            L.Store(_p0q1, record.P0Q1);
            L.Store(_p1q0, record.P1Q0);
            L.Store(_p0p1, record.P0P1);
            L.Store(_q0q1, record.Q0Q1);
        }
    }

    public static int Steps => L.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static V Cosines(in ColumnPanels<T> x, int blockP, int blockQ)
    {
        int p = 2 * blockP, q = 2 * blockQ;
        V even = L.MaxAbs(PanelProducts<T, V, L>.Cosines(x, p, q), PanelProducts<T, V, L>.Cosines(x, p + 1, q));
        V odd = L.MaxAbs(PanelProducts<T, V, L>.Cosines(x, p, q + 1), PanelProducts<T, V, L>.Cosines(x, p + 1, q + 1));
        return L.MaxAbs(even, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Start(in ColumnPanels<T> x, int blockP, int blockQ, T* meeting)
    {
        for (int k = 0; k < 2; k++)
        {
            ScaledRotations<T, V, L>.Rescale(x, 2 * blockP + k);
            ScaledRotations<T, V, L>.Rescale(x, 2 * blockQ + k);
        }

        T* p0 = x.Panel(2 * blockP), p1 = x.Panel(2 * blockP + 1), q0 = x.Panel(2 * blockQ), q1 = x.Panel(2 * blockQ + 1);
        Products products = default;
        for (nint i = 0, end = (nint)x.Rows * L.Count; i < end; i += L.Count)
            products.Add(L.Load(p0 + i), L.Load(p1 + i), L.Load(q0 + i), L.Load(q1 + i));
        products.Store(new Record(meeting));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Next(in ColumnPanels<T> x, int blockP, int blockQ, T* meeting, T* met, T squaredTolerance)
    {
        int p0 = 2 * blockP, p1 = p0 + 1, q0 = 2 * blockQ, q1 = q0 + 1;
        var record = new Record(meeting);
        ScaledRotations<T, V, L>.Next<Still>(x, p0, q0, record.P0Q0, met, squaredTolerance);
        ScaledRotations<T, V, L>.Next<Still>(x, p1, q1, record.P1Q1, met, squaredTolerance);
        V inP = L.Load(record.P0P1), inQ = L.Load(record.Q0Q1), p0q1 = L.Load(record.P0Q1), p1q0 = L.Load(record.P1Q0);
        V a0 = L.Load(record.P0Q0 + L.Count), b0 = L.Load(record.P0Q0 + 2 * L.Count);
        V a1 = L.Load(record.P1Q1 + L.Count), b1 = L.Load(record.P1Q1 + 2 * L.Count);
        L.Store(L.MultiplyAdd(a0, L.MultiplyAdd(b1, p1q0, inQ), L.MultiplyAdd(b1, inP, p0q1)), record.P0Q1);
        L.Store(L.MultiplyAdd(a1, L.MultiplyAdd(b0, p0q1, inQ), L.MultiplyAdd(b0, inP, p1q0)), record.P1Q0);
        ScaledRotations<T, V, L>.Next<Cycle>(x, p0, q1, record.P0Q1, met, squaredTolerance);
        ScaledRotations<T, V, L>.Next<Cycle>(x, p1, q0, record.P1Q0, met, squaredTolerance);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(in ColumnPanels<T> x, int blockP, int blockQ, T* meeting)
    {
        T* p0 = x.Panel(2 * blockP), p1 = x.Panel(2 * blockP + 1), q0 = x.Panel(2 * blockQ), q1 = x.Panel(2 * blockQ + 1);
        var record = new Record(meeting);
        var coefficients = new Coefficients(record, 1);
        Products products = default;
        for (nint i = 0, end = (nint)x.Rows * L.Count; i < end; i += L.Count)
        {
            (V u0, V u1, V v0, V v1) = coefficients.Apply(p0 + i, p1 + i, q0 + i, q1 + i);
            products.Add(u0, u1, v0, v1);
        }

        RotateProduct(x, p0, p1, q0, q1, record);
        products.Store(record);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void RotateLast(in ColumnPanels<T> x, int blockP, int blockQ, T* meeting)
    {
        T* p0 = x.Panel(2 * blockP), p1 = x.Panel(2 * blockP + 1), q0 = x.Panel(2 * blockQ), q1 = x.Panel(2 * blockQ + 1);
        var record = new Record(meeting);
        var coefficients = new Coefficients(record, 1);
        V squareP0 = L.Zero, squareP1 = L.Zero, squareQ0 = L.Zero, squareQ1 = L.Zero;
        for (nint i = 0, end = (nint)x.Rows * L.Count; i < end; i += L.Count)
        {
            (V u0, V u1, V v0, V v1) = coefficients.Apply(p0 + i, p1 + i, q0 + i, q1 + i);
            squareP0 = L.MultiplyAdd(u0, u0, squareP0);
            squareP1 = L.MultiplyAdd(u1, u1, squareP1);
            squareQ0 = L.MultiplyAdd(v0, v0, squareQ0);
            squareQ1 = L.MultiplyAdd(v1, v1, squareQ1);
        }

        RotateProduct(x, p0, p1, q0, q1, record);
        ScaledRotations<T, V, L>.StoreNorms(x, 2 * blockP, squareP0);
        ScaledRotations<T, V, L>.StoreNorms(x, 2 * blockP + 1, squareP1);
        ScaledRotations<T, V, L>.StoreNorms(x, 2 * blockQ, squareQ0);
        ScaledRotations<T, V, L>.StoreNorms(x, 2 * blockQ + 1, squareQ1);
    }

    /// <summary>The rows of J, which have coefficients of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateProduct(in ColumnPanels<T> x, T* p0, T* p1, T* q0, T* q1, Record record)
    {
        if (x.TotalRows == x.Rows)
            return;
        var coefficients = new Coefficients(record, 3);
        for (nint i = (nint)x.Rows * L.Count, end = (nint)x.TotalRows * L.Count; i < end; i += L.Count)
            coefficients.Apply(p0 + i, p1 + i, q0 + i, q1 + i);
    }
}

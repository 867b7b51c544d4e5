using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Two panels, whose columns all meet (M: <see cref="Ring"/>), or those of the one with those of the other (<see cref="Cycle"/>).</summary>
internal readonly unsafe struct TwoPanels<T, V, L, M> : IMeeting<T, V>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
    where M : struct, IMove
{
    public static int Steps => M.IsRing ? 2 * L.Count - 1 : L.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static V Cosines(in ColumnPanels<T> x, int p, int q)
    {
        V cosines = PanelProducts<T, V, L>.Cosines(x, p, q);
        return M.IsRing ? L.MaxAbs(cosines, L.MaxAbs(PanelProducts<T, V, L>.Cosines(x, p, p), PanelProducts<T, V, L>.Cosines(x, q, q))) : cosines;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Next(in ColumnPanels<T> x, int p, int q, T* meeting, T* met, T squaredTolerance) =>
        ScaledRotations<T, V, L>.Next<M>(x, p, q, meeting, met, squaredTolerance);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Start(in ColumnPanels<T> x, int p, int q, T* pair)
    {
        ScaledRotations<T, V, L>.Rescale(x, p);
        ScaledRotations<T, V, L>.Rescale(x, q);
        T* above = x.Panel(p), below = x.Panel(q);
        V g0 = L.Zero, g1 = L.Zero, g2 = L.Zero, g3 = L.Zero;
        int i = x.Rows;
        for (; i >= 4; i -= 4, above += 4 * L.Count, below += 4 * L.Count)
        {
            g0 = L.MultiplyAdd(L.Load(above), L.Load(below), g0);
            g1 = L.MultiplyAdd(L.Load(above + L.Count), L.Load(below + L.Count), g1);
            g2 = L.MultiplyAdd(L.Load(above + 2 * L.Count), L.Load(below + 2 * L.Count), g2);
            g3 = L.MultiplyAdd(L.Load(above + 3 * L.Count), L.Load(below + 3 * L.Count), g3);
        }

        for (; i > 0; i--, above += L.Count, below += L.Count)
            g0 = L.MultiplyAdd(L.Load(above), L.Load(below), g0);
        L.Store(L.Add(L.Add(g0, g1), L.Add(g2, g3)), pair);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(in ColumnPanels<T> panels, int p, int q, T* pair)
    {
        T* x = panels.Panel(p), y = panels.Panel(q);
        V a = L.Load(pair + L.Count), b = L.Load(pair + 2 * L.Count);
        V g0 = L.Zero, g1 = L.Zero, g2 = L.Zero, g3 = L.Zero;
        int i = panels.Rows;
        for (; i >= 4; i -= 4)
        {
            g0 = Row(x, y, a, b, g0);
            g1 = Row(x + L.Count, y + L.Count, a, b, g1);
            g2 = Row(x + 2 * L.Count, y + 2 * L.Count, a, b, g2);
            g3 = Row(x + 3 * L.Count, y + 3 * L.Count, a, b, g3);
            x += 4 * L.Count;
            y += 4 * L.Count;
        }

        for (; i > 0; i--)
        {
            g0 = Row(x, y, a, b, g0);
            x += L.Count;
            y += L.Count;
        }

        L.Store(L.Add(L.Add(g0, g1), L.Add(g2, g3)), pair);
        RotateProduct(x, y, panels.TotalRows - panels.Rows, pair);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void RotateLast(in ColumnPanels<T> panels, int p, int q, T* pair)
    {
        T* x = panels.Panel(p), y = panels.Panel(q);
        V a = L.Load(pair + L.Count), b = L.Load(pair + 2 * L.Count), above = L.Zero, below = L.Zero;
        for (int i = panels.Rows; i > 0; i--)
        {
            (V u, V v) = Rotated(x, y, a, b);
            above = L.MultiplyAdd(u, u, above);
            below = L.MultiplyAdd(v, v, below);
            x += L.Count;
            y += L.Count;
        }

        ScaledRotations<T, V, L>.StoreNorms(panels, p, above);
        ScaledRotations<T, V, L>.StoreNorms(panels, q, below);
        RotateProduct(x, y, panels.TotalRows - panels.Rows, pair);
    }

    /// <summary>The rows of J, which have coefficients of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateProduct(T* x, T* y, int rows, T* pair)
    {
        V a = L.Load(pair + 3 * L.Count), b = L.Load(pair + 4 * L.Count);
        for (int i = rows; i > 0; i--)
        {
            Rotated(x, y, a, b);
            x += L.Count;
            y += L.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Row(T* x, T* y, V a, V b, V g)
    {
        (V u, V v) = Rotated(x, y, a, b);
        return L.MultiplyAdd(u, v, g);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V Above, V Below) Rotated(T* x, T* y, V a, V b)
    {
        V u = L.Load(x), v = L.Load(y), p = L.MultiplyAdd(a, v, u), q = L.MultiplyAdd(b, u, v);
        (u, v) = (M.IsRing ? L.RingAbove(p, q) : p, M.IsRing ? L.RingBelow(p, q) : L.Cycle(q));
        L.Store(u, x);
        L.Store(v, y);
        return (u, v);
    }
}

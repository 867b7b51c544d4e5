using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>How the columns of two panels meet.</summary>
internal interface IMeeting
{
    /// <summary>Whether all columns of both panels meet in a round robin, or only each of one panel with each of the other.</summary>
    static abstract bool IsRing { get; }
}

/// <summary>All pairs within the two panels: 2·lanes − 1 steps.</summary>
internal readonly struct RingMeeting : IMeeting
{
    public static bool IsRing => true;
}

/// <summary>Each column of the one with each of the other: as many steps as lanes.</summary>
internal readonly struct CrossMeeting : IMeeting
{
    public static bool IsRing => false;
}

/// <summary>Fast scaled plane rotations of as many column pairs at once as a vector has lanes.</summary>
/// <remarks>
/// The columns are x = y√D. With α = ‖x_p‖², β = ‖x_q‖², g = y_pᵀy_q, δ = β − α, S = √(δ² + 4g²D_pD_q), H = |δ| + S the rotation that
/// makes x_p and x_q orthogonal has κ = ±2g/H, t = κ√(D_pD_q), c² = H/2S:
/// y_p ← y_p − κD_q y_q, y_q ← y_q + κD_p y_p, D ← c²D, α ← α − κgD_pD_q, β ← β + κgD_pD_q:
/// one square root, one division and two multiply-adds per element pair. A third gives g of the pairs that meet next, and a
/// permutation moves the lanes: four operations on two ports, two loads and two stores per row of two panels, so two cycles either
/// way on a CPU that stores one vector per cycle (measured on an AVX-512 server core: 1.3 ns, 1.0 with one store less).
/// Sources: Anda and Park, SIAM J. Matrix Anal. 15 (1994), for the scaling; Drmač, SIAM J. Sci. Comput. 18 (1997),
/// for its safe use; Novaković, arXiv 2202.08361, for lanes of pairs.
/// </remarks>
internal static unsafe class Rotations<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    // Below √ε what cancellation has left of a squared norm is rescaled; a smaller one than its square root again is not trusted.
    private static readonly T s_small = T.Sqrt(T.BitIncrement(T.One) - T.One), s_floor = s_small * T.Sqrt(s_small);

    /// <summary>Lets the columns of some pairs of panels meet, all pairs in step: while one's angles wait for a root, another rotates. What is met goes to their vectors from slot on.</summary>
    /// <remarks>The panels' squared norms are known before, and after.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Meet<M>(in ColumnPanels<T> x, int* pairs, int slot, int count, T squaredTolerance) where M : struct, IMeeting
    {
        for (int k = 0; k < count; k++)
            Start(x, pairs[2 * k], pairs[2 * k + 1], x.Pair(slot + k));
        int steps = M.IsRing ? 2 * L.Count - 1 : L.Count;
        for (int step = 1; step <= steps; step++)
        {
            for (int k = 0; k < count; k++)
                Angles<M>(x, pairs[2 * k], pairs[2 * k + 1], x.Pair(slot + k), squaredTolerance, s_floor);
            for (int k = 0; k < count; k++)
            {
                if (step < steps)
                    Rotate<M>(x.Panel(pairs[2 * k]), x.Panel(pairs[2 * k + 1]), x.Rows, x.TotalRows, x.Pair(slot + k));
                else
                    RotateLast<M>(x, pairs[2 * k], pairs[2 * k + 1], x.Pair(slot + k));
            }
        }
    }

    /// <summary>Whether of the columns that would meet no pair would be rotated; the cosines met go to slot's vector then.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreOrthogonal<M>(in ColumnPanels<T> x, int p, int q, int slot, T squaredTolerance) where M : struct, IMeeting
    {
        V cosines = PanelProducts<T, V, L>.Cosines(x, p, q);
        if (M.IsRing)
            cosines = L.MaxAbs(cosines, L.MaxAbs(PanelProducts<T, V, L>.Cosines(x, p, p), PanelProducts<T, V, L>.Cosines(x, q, q)));
        if (L.Max(cosines) > squaredTolerance)
            return false;
        L.Store(L.MaxAbs(L.Load(x.Cosine(slot)), cosines), x.Cosine(slot));
        return true;
    }

    /// <summary>‖x‖² of a panel's columns, from scratch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Norms(in ColumnPanels<T> x, int panel)
    {
        T* row = x.Panel(panel);
        V even = L.Zero, odd = L.Zero;
        for (int i = x.Rows; i > 1; i -= 2, row += 2 * L.Count)
        {
            V u = L.Load(row), v = L.Load(row + L.Count);
            even = L.MultiplyAdd(u, u, even);
            odd = L.MultiplyAdd(v, v, odd);
        }

        if (x.Rows % 2 != 0)
            even = L.MultiplyAdd(L.Load(row), L.Load(row), even);
        StoreNorms(x, panel, L.Add(even, odd));
    }

    // A column of zeros is orthogonal to every other; its norm must only be no zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreNorms(in ColumnPanels<T> x, int panel, V squares)
    {
        V norm = L.Multiply(squares, L.Load(x.SquaredScale + panel * L.Count));
        L.Store(L.WhereGreater(norm, L.Zero, norm, L.Broadcast(T.One)), x.SquaredNorm + panel * L.Count);
    }

    /// <summary>y_pᵀy_q, after rescaling where a norm or a scale has become small.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Start(in ColumnPanels<T> x, int p, int q, T* pair)
    {
        V least = Lesser(
            Lesser(L.Load(x.SquaredScale + p * L.Count), L.Load(x.SquaredScale + q * L.Count)),
            Lesser(L.Load(x.SquaredNorm + p * L.Count), L.Load(x.SquaredNorm + q * L.Count)));
        if (!T.IsZero(L.Sum(L.WhereGreater(L.Broadcast(s_small), least, L.Broadcast(T.One), L.Zero))))
        {
            x.Normalise(p);
            x.Normalise(q);
            Norms(x, p);
            Norms(x, q);
        }

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

        static V Lesser(V u, V v) => L.WhereGreater(u, v, v, u);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Angles<M>(in ColumnPanels<T> x, int p, int q, T* pair, T squaredTolerance, T lowest) where M : struct, IMeeting
    {
        T* normP = x.SquaredNorm + p * L.Count, normQ = x.SquaredNorm + q * L.Count;
        T* scaleP = x.SquaredScale + p * L.Count, scaleQ = x.SquaredScale + q * L.Count;
        T* exponentP = x.Exponent + p * L.Count, exponentQ = x.Exponent + q * L.Count;
        V one = L.Broadcast(T.One), a = L.Load(normP), b = L.Load(normQ), dp = L.Load(scaleP), dq = L.Load(scaleQ);
        V ep = L.Load(exponentP), eq = L.Load(exponentQ), e = L.WhereGreater(ep, eq, ep, eq);
        // 2^-50 stands for all that is smaller: its square is nothing beside 1, and the larger column does not see the smaller one.
        V far = L.Broadcast(T.CreateTruncating(-50)), lowP = L.Subtract(ep, e), lowQ = L.Subtract(eq, e);
        V wp = L.PowerOfTwo(L.WhereGreater(lowP, far, lowP, far)), wq = L.PowerOfTwo(L.WhereGreater(lowQ, far, lowQ, far));
        V wp2 = L.Multiply(wp, wp), wq2 = L.Multiply(wq, wq), dpw = L.Multiply(dp, wp2), dqw = L.Multiply(dq, wq2);
        V delta = L.Subtract(L.Multiply(b, wq2), L.Multiply(a, wp2)), length = L.MaxAbs(delta, L.Zero);
        V product = L.Multiply(a, b), limit = L.Multiply(L.Broadcast(squaredTolerance), product);
        V larger = L.WhereGreater(delta, L.Zero, b, a), dd = L.Multiply(dp, dq), ddw = L.Multiply(dpw, dqw);

        V g = L.Load(pair), twice = L.Add(g, g), gamma2 = L.Multiply(L.Multiply(g, g), dd);
        V root = L.MultiplyAdd(L.Multiply(twice, twice), ddw, L.Multiply(delta, delta));
        V s = L.Sqrt(L.WhereGreater(gamma2, limit, root, one)), h = L.Add(length, s), sh = L.Multiply(s, h), sh2 = L.Add(sh, sh);
        // One division serves 1/2SH and 1/αβ.
        V inverse = L.Divide(one, L.Multiply(sh2, product)), rotation = L.Multiply(inverse, product);
        V kappa = L.Multiply(L.Multiply(L.Add(twice, twice), s), rotation);
        kappa = L.WhereGreater(delta, L.Zero, kappa, L.Subtract(L.Zero, kappa));
        kappa = L.WhereGreater(gamma2, limit, kappa, L.Zero);
        V c2 = L.WhereGreater(gamma2, limit, L.Multiply(L.Multiply(h, h), rotation), one);
        V reciprocal = L.Multiply(inverse, sh2), cosine = L.Multiply(gamma2, reciprocal);
        V sine = L.Multiply(L.Multiply(L.Multiply(kappa, kappa), dd), L.Multiply(L.Multiply(larger, larger), reciprocal));
        T* coefficient = pair + L.Count;
        L.Store(L.Multiply(L.Subtract(L.Zero, kappa), dqw), coefficient);
        L.Store(L.Multiply(kappa, dpw), coefficient + L.Count);
        if (x.TotalRows > x.Rows)
        {
            V both = L.Multiply(kappa, L.Multiply(wp, wq));
            L.Store(L.Multiply(L.Subtract(L.Zero, both), dq), coefficient + 2 * L.Count);
            L.Store(L.Multiply(both, dp), coefficient + 3 * L.Count);
        }

        L.Store(L.MaxAbs(L.Load(pair + 5 * L.Count), cosine), pair + 5 * L.Count);
        L.Store(L.MaxAbs(L.Load(pair + 6 * L.Count), sine), pair + 6 * L.Count);
        V change = L.Multiply(kappa, g), floor = L.Broadcast(lowest);
        a = L.Subtract(a, L.Multiply(change, L.Multiply(dp, dqw)));
        b = L.MultiplyAdd(change, L.Multiply(dq, dpw), b);
        Store<M>(L.WhereGreater(a, floor, a, floor), L.WhereGreater(b, floor, b, floor), normP, normQ);
        Store<M>(L.Multiply(dp, c2), L.Multiply(dq, c2), scaleP, scaleQ);
        Store<M>(ep, eq, exponentP, exponentQ);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rotate<M>(T* x, T* y, int rows, int totalRows, T* pair) where M : struct, IMeeting
    {
        V a = L.Load(pair + L.Count), b = L.Load(pair + 2 * L.Count);
        V g0 = L.Zero, g1 = L.Zero, g2 = L.Zero, g3 = L.Zero;
        int i = rows;
        for (; i >= 4; i -= 4)
        {
            g0 = Row<M>(x, y, a, b, g0);
            g1 = Row<M>(x + L.Count, y + L.Count, a, b, g1);
            g2 = Row<M>(x + 2 * L.Count, y + 2 * L.Count, a, b, g2);
            g3 = Row<M>(x + 3 * L.Count, y + 3 * L.Count, a, b, g3);
            x += 4 * L.Count;
            y += 4 * L.Count;
        }

        for (; i > 0; i--)
        {
            g0 = Row<M>(x, y, a, b, g0);
            x += L.Count;
            y += L.Count;
        }

        L.Store(L.Add(L.Add(g0, g1), L.Add(g2, g3)), pair);
        if (totalRows > rows)
            RotateProduct<M>(x, y, totalRows - rows, pair);
    }

    /// <summary>No pair meets next, so that the sums are those of the norms.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void RotateLast<M>(in ColumnPanels<T> panels, int p, int q, T* pair) where M : struct, IMeeting
    {
        T* x = panels.Panel(p), y = panels.Panel(q);
        V a = L.Load(pair + L.Count), b = L.Load(pair + 2 * L.Count);
        V above0 = L.Zero, above1 = L.Zero, below0 = L.Zero, below1 = L.Zero;
        int i = panels.Rows;
        for (; i >= 2; i -= 2)
        {
            (V u, V v) = Rotated<M>(x, y, a, b);
            above0 = L.MultiplyAdd(u, u, above0);
            below0 = L.MultiplyAdd(v, v, below0);
            (u, v) = Rotated<M>(x + L.Count, y + L.Count, a, b);
            above1 = L.MultiplyAdd(u, u, above1);
            below1 = L.MultiplyAdd(v, v, below1);
            x += 2 * L.Count;
            y += 2 * L.Count;
        }

        if (i > 0)
        {
            (V u, V v) = Rotated<M>(x, y, a, b);
            above0 = L.MultiplyAdd(u, u, above0);
            below0 = L.MultiplyAdd(v, v, below0);
            x += L.Count;
            y += L.Count;
        }

        StoreNorms(panels, p, L.Add(above0, above1));
        StoreNorms(panels, q, L.Add(below0, below1));
        if (panels.TotalRows > panels.Rows)
            RotateProduct<M>(x, y, panels.TotalRows - panels.Rows, pair);
    }

    /// <summary>The rows of J, which have coefficients of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateProduct<M>(T* x, T* y, int rows, T* pair) where M : struct, IMeeting
    {
        V a = L.Load(pair + 3 * L.Count), b = L.Load(pair + 4 * L.Count);
        for (int i = rows; i > 0; i--)
        {
            Rotated<M>(x, y, a, b);
            x += L.Count;
            y += L.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Row<M>(T* x, T* y, V a, V b, V g) where M : struct, IMeeting
    {
        (V u, V v) = Rotated<M>(x, y, a, b);
        return L.MultiplyAdd(u, v, g);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V Above, V Below) Rotated<M>(T* x, T* y, V a, V b) where M : struct, IMeeting
    {
        V u = L.Load(x), v = L.Load(y), p = L.MultiplyAdd(a, v, u), q = L.MultiplyAdd(b, u, v);
        (u, v) = (M.IsRing ? L.RingAbove(p, q) : p, M.IsRing ? L.RingBelow(p, q) : L.Cycle(q));
        L.Store(u, x);
        L.Store(v, y);
        return (u, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<M>(V p, V q, T* x, T* y) where M : struct, IMeeting
    {
        L.Store(M.IsRing ? L.RingAbove(p, q) : p, x);
        L.Store(M.IsRing ? L.RingBelow(p, q) : L.Cycle(q), y);
    }
}

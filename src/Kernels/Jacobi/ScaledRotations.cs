using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Where the columns of two panels go with a rotation.</summary>
internal interface IMove
{
    /// <summary>Whether those of both go on in a round robin, in which all of them meet.</summary>
    static abstract bool IsRing { get; }

    /// <summary>Whether those of the second go to the next lane.</summary>
    static abstract bool IsCycle { get; }
}

/// <summary>All stay.</summary>
internal readonly struct Still : IMove
{
    public static bool IsRing => false;

    public static bool IsCycle => false;
}

/// <summary>Those of the second panel pass by those of the first.</summary>
internal readonly struct Cycle : IMove
{
    public static bool IsRing => false;

    public static bool IsCycle => true;
}

/// <summary>All go on in a round robin.</summary>
internal readonly struct Ring : IMove
{
    public static bool IsRing => true;

    public static bool IsCycle => false;
}

/// <summary>The angles of fast scaled plane rotations of as many column pairs at once as a vector has lanes.</summary>
/// <remarks>
/// The columns are x = y√D. With α = ‖x_p‖², β = ‖x_q‖², g = y_pᵀy_q, δ = β − α, S = √(δ² + 4g²D_pD_q), H = |δ| + S the rotation that
/// makes x_p and x_q orthogonal has κ = ±2g/H, t = κ√(D_pD_q), c² = H/2S:
/// y_p ← y_p − κD_q y_q, y_q ← y_q + κD_p y_p, D ← c²D, α ← α − κgD_pD_q, β ← β + κgD_pD_q:
/// one square root, one division and two multiply-adds per element pair.
/// Sources: Anda and Park, SIAM J. Matrix Anal. 15 (1994), for the scaling; Drmač, SIAM J. Sci. Comput. 18 (1997),
/// for its safe use; Novaković, arXiv 2202.08361, for lanes of pairs.
/// </remarks>
internal static unsafe class ScaledRotations<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    // Below √ε what cancellation has left of a squared norm is rescaled; a smaller one than its square root again is not trusted.
    private static readonly T s_small = T.Sqrt(T.BitIncrement(T.One) - T.One), s_floor = s_small * T.Sqrt(s_small);

    private static readonly int s_mostExponent = typeof(T) == typeof(double) ? 1000 : 120;

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
    public static void StoreNorms(in ColumnPanels<T> x, int panel, V squares)
    {
        V norm = L.Multiply(squares, L.Load(x.SquaredScale + panel * L.Count));
        L.Store(L.WhereGreater(norm, L.Zero, norm, L.Broadcast(T.One)), x.SquaredNorm + panel * L.Count);
    }

    /// <summary>Rescales a panel's columns where a norm or a scale has become small.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rescale(in ColumnPanels<T> x, int panel)
    {
        V scale = L.Load(x.SquaredScale + panel * L.Count), norm = L.Load(x.SquaredNorm + panel * L.Count);
        V least = L.WhereGreater(scale, norm, norm, scale), one = L.Broadcast(T.One);
        if (T.IsZero(L.Sum(L.WhereGreater(L.Broadcast(s_small), least, one, L.Zero))))
            return;
        Normalise(x, panel);
        Norms(x, panel);
    }

    /// <summary>Brings the stored elements of a panel's columns to a largest one in [1, 2) and their scales to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise(in ColumnPanels<T> x, int panel)
    {
        T* row = x.Panel(panel), scales = x.SquaredScale + panel * L.Count, exponents = x.Exponent + panel * L.Count;
        V max = L.Zero;
        for (int i = 0; i < x.Rows; i++)
            max = L.MaxAbs(max, L.Load(row + i * L.Count));
        T* scale = stackalloc T[3 * L.Count], power = scale + L.Count, rest = power + L.Count;
        V scaling = L.Sqrt(L.Load(scales));
        L.Store(scaling, scale);
        L.Store(L.Multiply(max, scaling), power);
        for (int k = 0; k < L.Count; k++)
        {
            // Two powers of two, since what has all but vanished takes more than the largest; 1 for a column of zeros.
            int exponent = T.IsZero(power[k]) ? 0 : BinaryExponent<T>.Of(power[k]), most = s_mostExponent, first = Math.Clamp(-exponent, -most, most);
            exponents[k] += T.CreateTruncating(exponent);
            (power[k], rest[k]) = (BinaryExponent<T>.Power(first), BinaryExponent<T>.Power(-exponent - first));
        }

        L.Store(L.Broadcast(T.One), scales);
        V powers = L.Load(power), rests = L.Load(rest);
        for (int i = 0; i < x.Rows; i++, row += L.Count)
            L.Store(L.Multiply(L.Multiply(L.Multiply(scaling, L.Load(row)), powers), rests), row);
        for (int i = x.Rows; i < x.TotalRows; i++, row += L.Count)
            L.Store(L.Multiply(scaling, L.Load(row)), row);
    }

    /// <summary>The rotations of two panels' columns as they stand, from their y_pᵀy_q; norms, scales and exponents after them, and what they have met.</summary>
    /// <param name="x">The panels.</param>
    /// <param name="p">The first panel.</param>
    /// <param name="q">The second panel.</param>
    /// <param name="pair">y_pᵀy_q; behind it come −κD_q and κD_p for X, and for J.</param>
    /// <param name="met">The squares of the largest cosines, and of the largest scaled sines.</param>
    /// <param name="squaredTolerance">The square of a cosine up to which nothing is rotated.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Next<M>(in ColumnPanels<T> x, int p, int q, T* pair, T* met, T squaredTolerance) where M : struct, IMove
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

        L.Store(L.MaxAbs(L.Load(met), cosine), met);
        L.Store(L.MaxAbs(L.Load(met + L.Count), sine), met + L.Count);
        V change = L.Multiply(kappa, g), floor = L.Broadcast(s_floor);
        a = L.Subtract(a, L.Multiply(change, L.Multiply(dp, dqw)));
        b = L.MultiplyAdd(change, L.Multiply(dq, dpw), b);
        Store<M>(L.WhereGreater(a, floor, a, floor), L.WhereGreater(b, floor, b, floor), normP, normQ);
        Store<M>(L.Multiply(dp, c2), L.Multiply(dq, c2), scaleP, scaleQ);
        Store<M>(ep, eq, exponentP, exponentQ);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<M>(V p, V q, T* x, T* y) where M : struct, IMove
    {
        L.Store(M.IsRing ? L.RingAbove(p, q) : p, x);
        L.Store(M.IsRing ? L.RingBelow(p, q) : M.IsCycle ? L.Cycle(q) : q, y);
    }
}

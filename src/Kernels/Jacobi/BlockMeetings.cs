using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>All columns of two blocks, four panels, meet at once, most of it by products.</summary>
/// <remarks>
/// G = XᵀX = RᵀR of the w = 4·lanes columns gives a small R with the same angles between its columns. One sweep or two over these, with
/// their product J beside them in the first-level cache, stands for as many rotations of the columns themselves, which then follow by
/// X ← XJ: 3w² multiply-adds per row of X that two passes over it feed, instead of some 7w²/4 that take 3·lanes passes. A sweep over n columns of n
/// rows takes 3n³ operations (a meeting's small sweeps: 24w³ each). G is fresh at every meeting, so the cosines that the stopping rule
/// sees are those of the columns, and its error of some ε in a cosine is what the direct sums have too. J's columns are brought to
/// length 1; they leave in the order of their norms, without which half as many sweeps again are needed (n = 256: 9 instead of 6;
/// n = 512: 11 instead of 7).
/// Where R would lose half of the digits, or norms lie further apart than products carry, the panels meet by direct rotations.
/// Sources: Bečka, Okša and Vajteršic, Parallel Computing 28 (2002), for blocks; Drmač, SIAM J. Matrix Anal. 21 (1999), for the
/// Cholesky factor, whose scaled rounding errors do not depend on the columns' scales.
/// </remarks>
internal static unsafe class BlockMeetings<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    private const int Panels = PanelProducts<T, V, L>.Panels;

    // Two panels of this size. Rotations take 30 ms and products 33 at n = 384, 247 and 240 at 768, 592 and 564 at 1024; in f32 36 and 38
    // at 512, 77 and 73 at 640, 704 and 582 at 1024 (AVX-512, 48 KiB L1, 1 MiB L2, whole decompositions of Gaussian matrices).
    private const int PayBytes = 88 * 1024;

    // Rotations treat norms that differ by more than 2^50 as if they differed by that.
    private const int Spread = 50;

    private static readonly T s_small = T.Sqrt(T.BitIncrement(T.One) - T.One);

    // A second small sweep below 2^-10 saves no sweep.
    private static readonly T s_squaredNear = T.ScaleB(T.One, -20);

    private static int Order
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Panels * L.Count;
    }

    /// <summary>Whether blocks are faster than panels; the same with J as without, so that values alone have the same bits.</summary>
    public static bool Pay(in ColumnPanels<T> x) =>
        L.Count > 1 && x.Count % 2 == 0 && x.Count >= 2 * Panels && 2L * x.Rows * L.Count * sizeof(T) >= PayBytes;

    /// <summary>Lets all columns of two blocks meet, scales 1 before and after; what is met goes to the meetings of the blocks' numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Meet(in ColumnPanels<T> x, int blockP, int blockQ, T squaredTolerance)
    {
        int n = Order;
        nint size = ColumnPanels<T>.Size(L.Count, n, n, n), square = (nint)n * n;
        byte* bytes = stackalloc byte[(int)(size + 2 * square) * sizeof(T) + AlignedBuffer.Alignment];
        T* memory = (T*)(((nint)bytes + AlignedBuffer.Alignment - 1) / AlignedBuffer.Alignment * AlignedBuffer.Alignment), j = memory + size;
        var factor = new ColumnPanels<T>(memory, L.Count, n, n, n);
        int* panels = stackalloc int[Panels] { 2 * blockP, 2 * blockP + 1, 2 * blockQ, 2 * blockQ + 1 };
        T** columns = stackalloc T*[Panels];
        for (int p = 0; p < Panels; p++)
            columns[p] = x.Panel(panels[p]);
        PanelProducts<T, V, L>.Gram(columns, x.Rows, factor);
        if (!Invert(factor))
        {
            for (int p = 0; p < Panels; p++)
                ScaledRotations<T, V, L>.Normalise(x, panels[p]);
            PanelProducts<T, V, L>.Gram(columns, x.Rows, factor);
            Invert(factor);
        }

        V cosines = Cosines(factor);
        T cosine = L.Max(cosines);
        if (cosine > squaredTolerance && !(IsNarrow(x, panels) && Factor(factor)))
        {
            for (int p = 0; p < Panels; p++)
                ScaledRotations<T, V, L>.Norms(x, panels[p]);
            Rotate(x, blockP, blockQ, squaredTolerance);
            for (int p = 0; p < Panels; p++)
                Unscale(x, panels[p]);
            return;
        }

        L.Store(L.MaxAbs(L.Load(x.Cosine(blockP)), cosines), x.Cosine(blockP));
        if (!(cosine > squaredTolerance))
            return;
        Start(x, panels, factor);
        Rotate(factor, 0, 1, squaredTolerance);
        if (cosine > s_squaredNear)
            Rotate(factor, 0, 1, squaredTolerance);
        for (int k = 0; k < 2; k++)
        {
            L.Store(L.MaxAbs(L.Load(x.Cosine(blockP)), L.Load(factor.Cosine(k))), x.Cosine(blockP));
            L.Store(L.MaxAbs(L.Load(x.Sine(blockP)), L.Load(factor.Sine(k))), x.Sine(blockP));
        }

        bool isEven = Finish(x, panels, factor, j, j + square);
        PanelProducts<T, V, L>.Multiply(columns, 0, x.Rows, isEven ? j : j + square);
        PanelProducts<T, V, L>.Multiply(columns, x.Rows, x.TotalRows, j);
    }

    /// <summary>Every pair of columns of two blocks is rotated once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(in ColumnPanels<T> x, int blockP, int blockQ, T squaredTolerance)
    {
        int* panels = stackalloc int[Panels] { 2 * blockP, 2 * blockP + 1, 2 * blockQ, 2 * blockQ + 1 }, blocks = stackalloc int[2] { blockP, blockQ };
        Rotations<T, V, L>.Meet<TwoPanels<T, V, L, Ring>>(x, panels, blocks, 2, squaredTolerance);
        Rotations<T, V, L>.Meet<FourPanels<T, V, L>>(x, blocks, blocks, 1, squaredTolerance);
    }

    /// <summary>Brings the scales of a panel's columns to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unscale(in ColumnPanels<T> x, int panel)
    {
        T* scale = x.SquaredScale + panel * L.Count, row = x.Panel(panel);
        V factor = L.Sqrt(L.Load(scale));
        L.Store(L.Broadcast(T.One), scale);
        for (int i = 0; i < x.TotalRows; i++, row += L.Count)
            L.Store(L.Multiply(factor, L.Load(row)), row);
    }

    /// <summary>The diagonal of G goes to SquaredScale, its inverse to SquaredNorm, 1 for a column of zeros; false where one has become small.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Invert(in ColumnPanels<T> gram)
    {
        T* diagonal = gram.SquaredScale, inverse = gram.SquaredNorm;
        for (int p = 0, k = 0; p < Panels; p++)
        {
            T* panel = gram.Panel(p);
            for (int lane = 0; lane < L.Count; lane++, k++)
                diagonal[k] = panel[k * L.Count + lane];
        }

        V one = L.Broadcast(T.One), small = L.Broadcast(s_small), poor = L.Zero;
        for (int k = 0; k < Order; k += L.Count)
        {
            V square = L.Load(diagonal + k), positive = L.WhereGreater(square, L.Zero, one, L.Zero);
            poor = L.Add(poor, L.WhereGreater(small, square, positive, L.Zero));
            L.Store(L.Divide(one, L.WhereGreater(square, L.Zero, square, one)), inverse + k);
        }

        return T.IsZero(L.Sum(poor));
    }

    /// <summary>The squares of the largest cosines by lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static V Cosines(in ColumnPanels<T> gram)
    {
        T* inverse = gram.SquaredNorm, diagonal = gram.SquaredScale;
        V largest = L.Zero;
        for (int p = 0; p < Panels; p++)
        {
            T* panel = gram.Panel(p), block = panel + p * L.Count * L.Count;
            V even = L.Zero, odd = L.Zero;
            for (int lane = 0; lane < L.Count; lane++)
                block[lane * L.Count + lane] = T.Zero;
            for (int k = 0; k < (p + 1) * L.Count; k += 2)
            {
                V g = L.Load(panel + k * L.Count), h = L.Load(panel + (k + 1) * L.Count);
                even = L.MaxAbs(even, L.Multiply(L.Multiply(g, g), L.Broadcast(inverse[k])));
                odd = L.MaxAbs(odd, L.Multiply(L.Multiply(h, h), L.Broadcast(inverse[k + 1])));
            }

            for (int lane = 0; lane < L.Count; lane++)
                block[lane * L.Count + lane] = diagonal[p * L.Count + lane];
            largest = L.MaxAbs(largest, L.Multiply(L.MaxAbs(even, odd), L.Load(inverse + p * L.Count)));
        }

        return largest;
    }

    /// <summary>Whether the columns' exponents lie near enough to each other.</summary>
    private static bool IsNarrow(in ColumnPanels<T> x, int* panels)
    {
        V first = L.Broadcast(x.Exponent[panels[0] * L.Count]), above = L.Zero, below = L.Zero;
        for (int p = 0; p < Panels; p++)
        {
            V e = L.Subtract(L.Load(x.Exponent + panels[p] * L.Count), first), minus = L.Subtract(L.Zero, e);
            above = L.WhereGreater(e, above, e, above);
            below = L.WhereGreater(minus, below, minus, below);
        }

        return L.Max(above) + L.Max(below) <= T.CreateTruncating(Spread);
    }

    /// <summary>G = RᵀR in place, right of and on the diagonal; false where a column is within √√ε of those before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Factor(in ColumnPanels<T> gram)
    {
        T* inverse = gram.SquaredNorm, g = gram.Panel(0);
        nint size = (nint)(gram.Panel(1) - g);
        for (int k = 0; k < Order; k++)
        {
            int p = k / L.Count, lane = k % L.Count;
            T* row = g + k * L.Count, factors = row + p * size;
            T pivot = factors[lane], root = T.Zero;
            if (pivot * inverse[k] > s_small)
                root = T.One / T.Sqrt(pivot);
            else if (!T.IsZero(gram.SquaredScale[k]))
                return false;
            V scale = L.Broadcast(root);
            for (int s = p; s < Panels; s++)
            {
                T* place = row + s * size, factor = factors;
                V right = L.Multiply(scale, L.Load(place));
                L.Store(right, place);
                right = L.Subtract(L.Zero, right);
                for (int q = p, i = lane + 1; q <= s; q++, i = 0, factor += size)
                    for (; i < L.Count; i++)
                    {
                        place += L.Count;
                        L.Store(L.MultiplyAdd(L.Broadcast(factor[i]), right, L.Load(place)), place);
                    }
            }
        }

        return true;
    }

    /// <summary>Clears R below its diagonal, puts the identity below R, and X's exponents.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Start(in ColumnPanels<T> x, int* panels, in ColumnPanels<T> factor)
    {
        int n = Order;
        for (int p = 0; p < Panels; p++)
        {
            L.Store(L.Load(x.Exponent + panels[p] * L.Count), factor.Exponent + p * L.Count);
            L.Store(L.Broadcast(T.One), factor.SquaredScale + p * L.Count);
            T* panel = factor.Panel(p), block = panel + p * L.Count * L.Count, identity = panel + n * L.Count;
            for (int k = 1; k < L.Count; k++)
                for (int i = 0; i < k; i++)
                    block[k * L.Count + i] = T.Zero;
            for (int k = (p + 1) * L.Count; k < 2 * n; k++)
                L.Store(L.Zero, panel + k * L.Count);
            for (int k = 0; k < L.Count; k++)
                identity[(p * L.Count + k) * L.Count + k] = T.One;
            ScaledRotations<T, V, L>.Norms(factor, p);
        }

        factor.Forget(0);
        factor.Forget(1);
    }

    /// <summary>J of unit columns by rows, in the order of falling norms, and what it is for X's columns as stored; returns whether that is the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Finish(in ColumnPanels<T> x, int* panels, in ColumnPanels<T> factor, T* j, T* stored)
    {
        int n = Order;
        int* order = stackalloc int[n];
        bool isSorted = Sort(factor, order), isEven = true;
        T* inverses = factor.SquaredNorm, before = factor.SquaredScale, rotations = factor.Panel(0) + n * L.Count;
        nint size = (nint)(factor.Panel(1) - factor.Panel(0));
        for (int p = 0; p < Panels; p++)
        {
            T* from = rotations + p * size;
            V even = L.Zero, odd = L.Zero;
            for (int k = 0; k < n; k += 2)
            {
                V u = L.Load(from + k * L.Count), v = L.Load(from + (k + 1) * L.Count);
                even = L.MultiplyAdd(u, u, even);
                odd = L.MultiplyAdd(v, v, odd);
            }

            V inverse = L.Divide(L.Broadcast(T.One), L.Sqrt(L.Add(even, odd)));
            L.Store(inverse, inverses + p * L.Count);
            L.Store(L.Load(x.Exponent + panels[p] * L.Count), before + p * L.Count);
            for (int k = 0; isSorted && k < n; k++)
                L.Store(L.Multiply(inverse, L.Load(from + k * L.Count)), j + k * n + p * L.Count);
        }

        for (int c = 0; c < n; c++)
        {
            int of = order[c];
            T exponent = factor.Exponent[of];
            x.Exponent[panels[c / L.Count] * L.Count + c % L.Count] = exponent;
            isEven &= exponent == before[0] && before[c] == before[0];
            T* from = rotations + of / L.Count * size + of % L.Count;
            T inverse = inverses[of];
            for (int k = 0; !isSorted && k < n; k++)
                j[k * n + c] = from[k * L.Count] * inverse;
        }

        for (int k = 0; !isEven && k < n; k++)
            for (int p = 0; p < Panels; p++)
            {
                V power = L.PowerOfTwo(L.Subtract(L.Broadcast(before[k]), L.Load(x.Exponent + panels[p] * L.Count)));
                L.Store(L.Multiply(L.Load(j + k * n + p * L.Count), power), stored + k * n + p * L.Count);
            }

        return isEven;
    }

    /// <summary>The order of falling norms, missing columns last; returns whether it is the present one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Sort(in ColumnPanels<T> factor, int* order)
    {
        int n = Order;
        T* keys = stackalloc T[n];
        T most = factor.Exponent[0];
        for (int k = 1; k < n; k++)
            most = T.Max(most, factor.Exponent[k]);
        V top = L.Broadcast(most);
        for (int p = 0; p < Panels; p++)
        {
            T* row = factor.Panel(p);
            V even = L.Zero, odd = L.Zero;
            for (int k = 0; k < n; k += 2, row += 2 * L.Count)
            {
                V u = L.Load(row), v = L.Load(row + L.Count);
                even = L.MultiplyAdd(u, u, even);
                odd = L.MultiplyAdd(v, v, odd);
            }

            V power = L.PowerOfTwo(L.Subtract(L.Load(factor.Exponent + p * L.Count), top));
            V square = L.Multiply(L.Add(even, odd), L.Load(factor.SquaredScale + p * L.Count));
            L.Store(L.Multiply(L.Multiply(square, power), power), keys + p * L.Count);
        }

        bool isSorted = true;
        for (int k = 0; k < n; k++)
        {
            T key = keys[k];
            int i = k;
            for (; i > 0 && keys[i - 1] < key; i--)
                (keys[i], order[i], isSorted) = (keys[i - 1], order[i - 1], false);
            (keys[i], order[i]) = (key, k);
        }

        return isSorted;
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Products of panels where they stand: XᵀX and X ← XJ of a block meeting's four, and the cosines between two panels' columns.</summary>
/// <remarks>
/// The first two are sums of M×N tiles, M broadcast elements times N ≤ 4 vectors per step. With 32 registers M = 4: 16 sums, 4 vectors and one
/// broadcast; 16 multiply-adds on two ports take 8 cycles, the 8 loads 4. With 16 registers M = 2: 8 sums, 4 cycles, 3 for the loads.
/// M rows of X are read in full before they are overwritten, so XJ needs no copy.
/// </remarks>
internal static unsafe class PanelProducts<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Panels of a meeting.</summary>
    public const int Panels = 4;

    // Rows of four panels that stay in the first-level cache for all tiles of XᵀX.
    private const int ChunkBytes = 32 * 1024;

    /// <summary>The upper triangle of XᵀX (4·lanes square), by panels: vectors right of and on the diagonal.</summary>
    /// <param name="x">The four panels of X.</param>
    /// <param name="rows">Rows of X.</param>
    /// <param name="into">Panels for the result, at least as high as they are wide.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gram(T** x, int rows, in ColumnPanels<T> into)
    {
        T* gram = into.Panel(0);
        nint panelSize = (nint)(into.Panel(1) - gram);
        int chunk = ChunkBytes / (Panels * L.Count * sizeof(T));
        for (int i = 0; i < rows; i += chunk)
        {
            int depth = Math.Min(chunk, rows - i);
            nint first = (nint)i * L.Count;
            for (int c = 0; c < L.Count; c += Height)
            {
                GramTile<Four>(x, 0, c, first, depth, gram, panelSize);
                GramTile<Three>(x, 1, c, first, depth, gram, panelSize);
                GramTile<Two>(x, 2, c, first, depth, gram, panelSize);
            }

            Cross(x[3] + first, x[3] + first, depth, gram + 3 * (panelSize + L.Count * L.Count), goesOn: i > 0);
        }
    }

    /// <summary>X ← XJ for some rows of four panels.</summary>
    /// <param name="x">The four panels of X.</param>
    /// <param name="from">First row.</param>
    /// <param name="to">Row after the last.</param>
    /// <param name="j">J (4·lanes square) by rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(T** x, int from, int to, T* j)
    {
        int i = from;
        if (Height == 4)
            for (; i <= to - 4; i += 4)
                Rows<Four>(x, (nint)i * L.Count, j);
        for (; i <= to - 2; i += 2)
            Rows<Two>(x, (nint)i * L.Count, j);
        if (i < to)
            Rows<One>(x, (nint)i * L.Count, j);
    }

    /// <summary>The squares of the largest cosines between two panels' columns, by the second's lanes; of a panel with itself, those between different columns.</summary>
    /// <remarks>The squared norms are known.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static V Cosines(in ColumnPanels<T> x, int p, int q)
    {
        T* gram = stackalloc T[L.Count * L.Count], ratios = stackalloc T[L.Count];
        V largest = L.Zero;
        L.Store(L.Divide(L.Load(x.SquaredScale + p * L.Count), L.Load(x.SquaredNorm + p * L.Count)), ratios);
        Cross(x.Panel(p), x.Panel(q), x.Rows, gram, goesOn: false);
        for (int k = 0; k < L.Count; k++)
        {
            if (p == q)
                gram[k * L.Count + k] = T.Zero;
            V g = L.Load(gram + k * L.Count);
            largest = L.MaxAbs(largest, L.Multiply(L.Multiply(g, g), L.Broadcast(ratios[k])));
        }

        return L.Multiply(largest, L.Divide(L.Load(x.SquaredScale + q * L.Count), L.Load(x.SquaredNorm + q * L.Count)));
    }

    /// <summary>C = AᵀB of two panels, or C ← C + AᵀB.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Cross(T* a, T* b, int rows, T* c, bool goesOn)
    {
        for (int k = 0; k < L.Count; k += 8)
        {
            if (L.Count >= 8)
                CrossTiles<Four>(a + k, b, rows, c + k * L.Count, goesOn);
            else if (L.Count == 4)
                CrossTiles<Two>(a, b, rows, c, goesOn);
            else
                CrossTiles<One>(a, b, rows, c, goesOn);
        }
    }

    /// <summary>2M columns of one panel by all of another: as many sums as multiply-adds are under way at once.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void CrossTiles<M>(T* a, T* b, int rows, T* c, bool goesOn) where M : struct, ICount
    {
        PanelTile<T, V, L, M, One> left = default, right = default;
        if (goesOn)
        {
            left.Load(c, c, c, c);
            if (L.Count > 1)
                right.Load(c + M.Value * L.Count, c, c, c);
        }

        for (int i = rows; i > 0; i--)
        {
            left.Step(a, 1, b, b, b, b);
            if (L.Count > 1)
                right.Step(a + M.Value, 1, b, b, b, b);
            a += L.Count;
            b += L.Count;
        }

        left.Store(c, c, c, c);
        if (L.Count > 1)
            right.Store(c + M.Value * L.Count, c, c, c);
    }

    private static int Height
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => L.Registers >= 32 ? Math.Min(4, L.Count) : Math.Min(2, L.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GramTile<N>(T** x, int panel, int column, nint first, int depth, T* gram, nint panelSize) where N : struct, ICount
    {
        if (Height == 4)
            GramTile<Four, N>(x + panel, column, first, depth, gram + panel * (panelSize + L.Count * L.Count) + column * L.Count, panelSize);
        else if (Height == 2)
            GramTile<Two, N>(x + panel, column, first, depth, gram + panel * (panelSize + L.Count * L.Count) + column * L.Count, panelSize);
        else
            GramTile<One, N>(x + panel, column, first, depth, gram + panel * (panelSize + L.Count * L.Count) + column * L.Count, panelSize);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void GramTile<M, N>(T** x, int column, nint first, int depth, T* c, nint panelSize)
        where M : struct, ICount
        where N : struct, ICount
    {
        PanelTile<T, V, L, M, N> tile = default;
        if (first > 0)
            tile.Load(c, c + panelSize, c + 2 * panelSize, c + 3 * panelSize);
        T* a = x[0] + first + column, b0 = x[0] + first, b1 = N.Value > 1 ? x[1] + first : b0;
        T* b2 = N.Value > 2 ? x[2] + first : b0, b3 = N.Value > 3 ? x[3] + first : b0;
        for (nint k = 0, end = (nint)depth * L.Count; k < end; k += L.Count)
            tile.Step(a + k, 1, b0 + k, b1 + k, b2 + k, b3 + k);
        tile.Store(c, c + panelSize, c + 2 * panelSize, c + 3 * panelSize);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rows<M>(T** x, nint first, T* j) where M : struct, ICount
    {
        PanelTile<T, V, L, M, Four> tile = default;
        for (int p = 0; p < Panels; p++)
        {
            T* a = x[p] + first;
            for (int k = 0; k < L.Count; k++, j += Panels * L.Count)
                tile.Step(a + k, L.Count, j, j + L.Count, j + 2 * L.Count, j + 3 * L.Count);
        }

        tile.Store(x[0] + first, x[1] + first, x[2] + first, x[3] + first);
    }
}

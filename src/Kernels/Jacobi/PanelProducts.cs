using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>The two products of a block meeting, on four panels where they stand: XᵀX and X ← XJ.</summary>
/// <remarks>
/// Both are sums of M×N tiles, M broadcast elements times N ≤ 4 vectors per step. With 32 registers M = 4: 16 sums, 4 vectors and one
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
                GramTile<One>(x, 3, c, first, depth, gram, panelSize);
            }
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

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Products;

/// <summary>C ← αAAᵀ + βC by halves: two updates of half the order and one general product.</summary>
/// <remarks>
/// <code>
///   ┌ C₁₁  ·  ┐   ┌ A₁ ┐                     C₁₁, C₂₂: recursively
///   │         │ ← │    │ · (A₁ᵀ A₂ᵀ)         C₂₁ ← αA₂A₁ᵀ + βC₂₁: a general product
///   └ C₂₁ C₂₂ ┘   └ A₂ ┘                     C₁₂ ← C₂₁ᵀ: a copy
/// </code>
/// </remarks>
internal static unsafe class RecursiveRankUpdate<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Tiles of a transposing copy: 8 lines on either side stay in L1, even where a stride of 4 KiB maps them to one set.
    private const int CopyTile = 8;

    public static void Update(T alpha, ReadOnlyMatrixView<T> a, T beta, MatrixView<T> c, VectorPath path)
    {
        int n = c.Rows;
        if (n <= Halves.BaseBlock)
        {
            // What the upper triangle held must not reach the product, not even as NaN · β in the half thrown away.
            if (!T.IsZero(beta))
                MirrorWithin(c);
            Gemm.Multiply(alpha, a, a.Transposed(), beta, c, path);
            MirrorWithin(c);
            return;
        }

        int half = Halves.First(n), rest = n - half;
        ReadOnlyMatrixView<T> above = a.Block(0, 0, half, a.Columns), below = a.Block(half, 0, rest, a.Columns);
        MatrixView<T> corner = c.Block(half, 0, rest, half);
        Update(alpha, above, beta, c.Block(0, 0, half, half), path);
        Gemm.Multiply(alpha, below, above.Transposed(), beta, corner, path);
        Mirror(corner, c.Block(0, half, half, rest));
        Update(alpha, below, beta, c.Block(half, half, rest, rest), path);
    }

    private static void MirrorWithin(MatrixView<T> c)
    {
        fixed (T* p = &c.Origin)
        {
            for (int i = 0; i < c.Rows; i += CopyTile)
            {
                int rows = Math.Min(CopyTile, c.Rows - i);
                T* diagonal = p + i * (c.RowStride + c.ColumnStride);
                for (int r = 1; r < rows; r++)
                    Copy(1, r, diagonal + r * c.RowStride, diagonal + r * c.ColumnStride, c.RowStride, c.ColumnStride);
            }
        }

        for (int i = CopyTile; i < c.Rows; i += CopyTile)
        {
            int rows = Math.Min(CopyTile, c.Rows - i);
            Mirror(c.Block(i, 0, rows, i), c.Block(0, i, i, rows));
        }
    }

    /// <summary>D ← Sᵀ for two blocks of one matrix.</summary>
    private static void Mirror(MatrixView<T> source, MatrixView<T> destination)
    {
        nint row = source.RowStride, column = source.ColumnStride;
        fixed (T* from = &source.Origin, to = &destination.Origin)
        {
            for (int i = 0; i < source.Rows; i += CopyTile)
                for (int j = 0; j < source.Columns; j += CopyTile)
                    Copy(Math.Min(CopyTile, source.Rows - i), Math.Min(CopyTile, source.Columns - j),
                        from + i * row + j * column, to + i * column + j * row, row, column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(int rows, int columns, T* from, T* to, nint row, nint column)
    {
        for (int i = 0; i < rows; i++, from += row, to += column)
        {
            T* source = from, destination = to;
            for (int j = 0; j < columns; j++, source += column, destination += row)
                *destination = *source;
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Products;

/// <summary>Makes a square matrix symmetric by copying one half over the other.</summary>
internal static unsafe class Mirror<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // A block's rows and its mirror image's are 64 lines each: both stay in L1.
    private const int Block = 32;

    /// <summary>cⱼᵢ ← cᵢⱼ for i > j.</summary>
    public static void LowerToUpper(MatrixView<T> c, int threads)
    {
        fixed (T* p = &c.Origin)
        {
            var square = new Square { Elements = p, Row = c.RowStride, Column = c.ColumnStride, Order = c.Rows };
            Team.Run((c.Rows + Block - 1) / Block, threads, &square, &CopyRows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows(void* state, int chunk)
    {
        ref Square square = ref *(Square*)state;
        T* p = square.Elements;
        nint row = square.Row, column = square.Column;
        int n = square.Order;
        // The longest rows first.
        int i = ((n + Block - 1) / Block - 1 - chunk) * Block, rows = Math.Min(Block, n - i);
        for (int j = 0; j < i; j += Block)
            Transpose(rows, Block, p + i * row + j * column, p + j * row + i * column, row, column);
        T* diagonal = p + i * (row + column);
        for (int r = 1; r < rows; r++)
            for (int s = 0; s < r; s++)
                diagonal[s * row + r * column] = diagonal[r * row + s * column];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(int rows, int columns, T* from, T* to, nint row, nint column)
    {
        if (column == 1)
            Transposition<T>.Copy(rows, columns, from, row, to, row);
        else if (row == 1)
            Transposition<T>.Copy(columns, rows, from, column, to, column);
        else
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                    to[i * column + j * row] = from[i * row + j * column];
    }

    private struct Square
    {
        public T* Elements;
        public nint Row, Column;
        public int Order;
    }
}

using System.Numerics;
using Kappa.Kernels.Products;

namespace Kappa.Kernels;

/// <summary>General matrix multiplication.</summary>
public static class Gemm
{
    /// <summary>C ← αAB + βC, with A (m×k), B (k×n), C (m×n).</summary>
    /// <remarks>
    /// Each window may have any strides, so Aᵀ is <c>a.Transposed()</c>. Where β = 0, C is written and never read: NaN
    /// in it does not matter. Where α = 0 or k = 0, A and B are not read and C ← βC. NaN and ∞ in A and B spread as
    /// in the sum of products. 2mnk operations in the order k = 0, 1, … for each element, blocked in k; the same inputs
    /// give the same bits. Source: Goto and van de Geijn, <i>Anatomy of High-Performance Matrix Multiplication</i> (2008).
    /// </remarks>
    /// <param name="alpha">α.</param>
    /// <param name="a">A (m×k).</param>
    /// <param name="b">B (k×n).</param>
    /// <param name="beta">β.</param>
    /// <param name="c">C (m×n), overwritten; it must share no element with A or B.</param>
    /// <param name="path">The vectors to use.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">The shapes do not fit, or C shares elements with A or B.</exception>
    public static void Multiply<T>(T alpha, ReadOnlyMatrixView<T> a, ReadOnlyMatrixView<T> b, T beta, MatrixView<T> c,
        VectorPath path = VectorPath.Best)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns)
            throw new ArgumentException(
                $"Cannot multiply {a.Rows}×{a.Columns} by {b.Rows}×{b.Columns} into {c.Rows}×{c.Columns}.", nameof(c));
        if (a.Overlaps(c))
            throw new ArgumentException("C shares elements with A.", nameof(c));
        if (b.Overlaps(c))
            throw new ArgumentException("C shares elements with B.", nameof(c));
        if (c.IsEmpty)
            return;
        // Micro-kernels write rows of C; a column-major C is the row-major Cᵀ = BᵀAᵀ.
        if (c.ColumnStride != 1 && c.RowStride == 1)
            BlockedProduct<T>.Multiply(alpha, b.Transposed(), a.Transposed(), beta, c.Transposed(), path);
        else
            BlockedProduct<T>.Multiply(alpha, a, b, beta, c, path);
    }

    /// <summary>AB as a new matrix (m×n), with A (m×k), B (k×n). See <see cref="Multiply{T}(T, ReadOnlyMatrixView{T}, ReadOnlyMatrixView{T}, T, MatrixView{T}, VectorPath)"/>.</summary>
    /// <param name="a">A (m×k).</param>
    /// <param name="b">B (k×n).</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Matrix<T> Multiply<T>(ReadOnlyMatrixView<T> a, ReadOnlyMatrixView<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var c = new Matrix<T>(a.Rows, b.Columns);
        Multiply(T.One, a, b, T.Zero, c);
        return c;
    }
}

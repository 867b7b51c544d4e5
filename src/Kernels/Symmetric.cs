using System.Numerics;
using Kappa.Kernels.Products;

namespace Kappa.Kernels;

/// <summary>Products whose result is symmetric.</summary>
public static class Symmetric
{
    /// <summary>C ← αAAᵀ + βC, the symmetric rank-k update of C = Cᵀ (n×n) by A (n×k).</summary>
    /// <remarks>
    /// Each window may have any strides, so C ← αAᵀA + βC is the update by <c>a.Transposed()</c>. Of C only the lower
    /// triangle is read, and where β = 0 not even that; all of C is written, and cᵢⱼ = cⱼᵢ to the last bit. What the
    /// upper triangle held does not matter, so where β ≠ 0 it is the caller's care that C was symmetric. Where α = 0 or
    /// k = 0, A is not read and C ← βC; where n = 0 nothing happens. NaN and ∞ in A spread as in the sum of products.
    /// Each element errs by at most γ_{k+2}(|α||A||Aᵀ| + |β||C|). n(n + 1)k operations, half of a product, and those of
    /// the tiles that the diagonal crosses. The same inputs give the same bits for any number of threads. Source: Dongarra, Du
    /// Croz, Hammarling and Duff, <i>A set of level 3 basic linear algebra subprograms</i> (1990), SYRK.
    /// </remarks>
    /// <param name="alpha">α.</param>
    /// <param name="a">A (n×k).</param>
    /// <param name="beta">β.</param>
    /// <param name="c">C (n×n), overwritten; it must share no element with A.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>. Small updates take one.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">The shapes do not fit, or C shares elements with A.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    public static void RankUpdate<T>(T alpha, ReadOnlyMatrixView<T> a, T beta, MatrixView<T> c,
        VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (c.Rows != c.Columns || a.Rows != c.Rows)
            throw new ArgumentException(
                $"Cannot add the {a.Rows}×{a.Rows} product of a {a.Rows}×{a.Columns} matrix and its transpose " +
                $"to {c.Rows}×{c.Columns}.", nameof(c));
        if (a.Overlaps(c))
            throw new ArgumentException("C shares elements with A.", nameof(c));
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        if (c.IsEmpty)
            return;
        int threads = Products<T>.Threads((long)c.Rows * c.Rows * a.Columns / 2, maxThreads);
        Products<T>.Multiply(alpha, a, a.Transposed(), beta, c, path, threads, Part.Lower);
        Mirror<T>.LowerToUpper(c, threads);
    }
}

using System.Numerics;
using Kappa.Kernels.Products;

namespace Kappa.Kernels;

/// <summary>The half of a square matrix that holds its elements; the diagonal belongs to both.</summary>
public enum Triangle
{
    /// <summary>Row index ≥ column index.</summary>
    Lower,

    /// <summary>Row index ≤ column index.</summary>
    Upper,
}

/// <summary>Products with a triangular matrix and with its inverse, in place.</summary>
/// <remarks>
/// From the right through transposed windows: B ← αBT is Bᵀ ← αTᵀBᵀ, and XT = αB is TᵀXᵀ = αBᵀ; the transpose of a
/// lower triangle is an upper one. <see cref="Gemm"/> does all but the diagonal blocks. Source: Elmroth, Gustavson,
/// Jonsson and Kågström, <i>Recursive blocked algorithms and hybrid data structures for dense matrix library
/// software</i>, SIAM Review 46 (2004).
/// </remarks>
public static class Triangular
{
    /// <summary>B ← αTB, with T (n×n) triangular, B (n×m).</summary>
    /// <remarks>
    /// Only the named triangle of T is read, and not its diagonal where that is 1 by agreement. Where α = 0, neither T
    /// nor B is read and B ← 0; where n = 0 or m = 0 nothing happens. NaN and ∞ spread as in the sum of products, over
    /// T's triangle alone. Each element errs by at most γ_{n+2}|α||T||B|. n²m operations; the same inputs give the same
    /// bits for any number of threads. Source: Golub and Van Loan, <i>Matrix Computations</i> (4th ed.), 1.2.
    /// </remarks>
    /// <param name="alpha">α.</param>
    /// <param name="t">T (n×n).</param>
    /// <param name="triangle">Which half of T is read; the other one counts as zeros.</param>
    /// <param name="b">B (n×m), overwritten; it must share no element with the window of T.</param>
    /// <param name="unitDiagonal">Whether T's diagonal is 1, whatever stands there.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>. Small products take one.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">T is not square, B has another height, or they share elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    public static void Multiply<T>(T alpha, ReadOnlyMatrixView<T> t, Triangle triangle, MatrixView<T> b,
        bool unitDiagonal = false, VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireFit(t, b);
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        if (b.IsEmpty)
            return;
        if (T.IsZero(alpha))
            b.Fill(T.Zero);
        else
            new RecursiveTriangle<T>(triangle, unitDiagonal, path, maxThreads).Run(alpha, t, b, solve: false);
    }

    /// <summary>B ← αT⁻¹B: solves TX = αB by substitution, with T (n×n) triangular, B (n×m) overwritten by X.</summary>
    /// <remarks>
    /// Only the named triangle of T is read, and not its diagonal where that is 1 by agreement. Where α = 0, neither T
    /// nor B is read and B ← 0; where n = 0 or m = 0 there is nothing to solve, but a zero on the diagonal is refused
    /// all the same. NaN and ∞ are not refused: those in B spread over the rows solved after theirs, in their column
    /// alone. Backward stable row by row and for every column x of X on its own: (T + ΔT)x = αb with |ΔT| ≤ γ_{n+2}|T|
    /// in each element, hence |TX − αB| ≤ γ_{n+2}|T||X|; one of the n + 2 roundings is α's and one that of the
    /// reciprocals by which diagonal elements divide. n²m operations; the same inputs give the same bits for any
    /// number of threads. Sources:
    /// Golub and Van Loan, <i>Matrix Computations</i> (4th ed.), 3.1; Higham, <i>Accuracy and Stability of Numerical
    /// Algorithms</i> (2nd ed.), 8.1, whose bound holds for every order of the sums.
    /// </remarks>
    /// <param name="alpha">α.</param>
    /// <param name="t">T (n×n), no zero on its diagonal.</param>
    /// <param name="triangle">Which half of T is read; the other one counts as zeros.</param>
    /// <param name="b">B (n×m), overwritten by X; it must share no element with the window of T.</param>
    /// <param name="unitDiagonal">Whether T's diagonal is 1, whatever stands there.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>. Small products take one.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">
    /// T is not square, B has another height, they share elements, or a diagonal element is 0; its index is named and B
    /// is as before.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    public static void Solve<T>(T alpha, ReadOnlyMatrixView<T> t, Triangle triangle, MatrixView<T> b,
        bool unitDiagonal = false, VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireFit(t, b);
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        if (T.IsZero(alpha))
        {
            b.Fill(T.Zero);
            return;
        }

        for (int i = 0; i < t.Rows && !unitDiagonal; i++)
            if (T.IsZero(t[i, i]))
                throw new ArgumentException($"Diagonal element {i} of the {t.Rows}×{t.Rows} triangle is 0.", nameof(t));
        if (!b.IsEmpty)
            new RecursiveTriangle<T>(triangle, unitDiagonal, path, maxThreads).Run(alpha, t, b, solve: true);
    }

    private static void RequireFit<T>(ReadOnlyMatrixView<T> t, MatrixView<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (t.Rows != t.Columns)
            throw new ArgumentException($"A triangle is square, not {t.Rows}×{t.Columns}.", nameof(t));
        if (b.Rows != t.Rows)
            throw new ArgumentException(
                $"A {t.Rows}×{t.Rows} triangle does not fit {b.Rows}×{b.Columns} right-hand sides.", nameof(b));
        if (t.Overlaps(b))
            throw new ArgumentException("B shares elements with T.", nameof(b));
    }
}

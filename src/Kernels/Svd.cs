using System.Numerics;
using Kappa.Kernels.Jacobi;

namespace Kappa.Kernels;

/// <summary>Singular value decomposition by one-sided Jacobi.</summary>
public static class Svd
{
    /// <summary>A = U Σ Vᵀ with A (m×n), p = min(m, n), U (m×p), Σ = diag(σ₁ ≥ … ≥ σ_p ≥ 0), V (n×p).</summary>
    /// <remarks>
    /// Every σᵢ, however small, has a relative error of order p·ε·κ(B) where A = B·D (m ≥ n) or D·B (m &lt; n) with D diagonal
    /// and B of unit columns (rows): the scale of D, of any range, does not matter. No element size overflows or
    /// underflows on the way; a σ beyond the range of T is returned as 0 or ∞. Where A is rank-deficient the vectors of
    /// σ = 0 complete an orthonormal basis. Columns' signs are arbitrary but reproducible. An empty A has no σ.
    /// About 6 to 9 sweeps of 3p³ operations, as many again for the vectors, after a pivoted QR of 2p²(max(m, n) − p/3).
    /// Source: Drmač and Veselić, <i>New fast and accurate Jacobi SVD algorithm</i> I and II, SIAM J. Matrix Anal. 29 (2008).
    /// </remarks>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="path">The vectors to use.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static SvdResult<T> Decompose<T>(ReadOnlyMatrixView<T> a, VectorPath path = VectorPath.Best)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(a, vectors: true, path);

    /// <summary>σ₁ ≥ … ≥ σ_p alone, bit for bit those of <see cref="Decompose{T}"/> at half its cost.</summary>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="path">The vectors to use.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static SvdResult<T> Values<T>(ReadOnlyMatrixView<T> a, VectorPath path = VectorPath.Best)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(a, vectors: false, path);

    private static SvdResult<T> Run<T>(ReadOnlyMatrixView<T> a, bool vectors, VectorPath path)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        a.RequireFinite(nameof(a));
        return a.Rows >= a.Columns
            ? PreconditionedJacobi<T>.Decompose(a, vectors, path)
            : PreconditionedJacobi<T>.Decompose(a.Transposed(), vectors, path).Transposed();
    }
}

/// <summary>A = U Σ Vᵀ, and how the iteration ended.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class SvdResult<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _sigma;
    private readonly Matrix<T>? _u, _v;

    internal SvdResult(int rows, int columns, T[] sigma, Matrix<T>? u, Matrix<T>? v, int sweeps, T largestCosine, bool converged)
    {
        Rows = rows;
        Columns = columns;
        _sigma = sigma;
        _u = u;
        _v = v;
        Sweeps = sweeps;
        LargestCosine = largestCosine;
        Converged = converged;
    }

    /// <summary>m.</summary>
    public int Rows { get; }

    /// <summary>n.</summary>
    public int Columns { get; }

    /// <summary>σ₁ ≥ … ≥ σ_p ≥ 0, p = min(m, n).</summary>
    public ReadOnlySpan<T> SingularValues => _sigma;

    /// <summary>Whether U and V were computed.</summary>
    public bool HasVectors => _u is not null;

    /// <summary>U (m×p), orthonormal columns.</summary>
    /// <exception cref="InvalidOperationException">Only values were computed.</exception>
    public Matrix<T> U => _u ?? throw new InvalidOperationException("This decomposition holds singular values alone; use Svd.Decompose.");

    /// <summary>V (n×p), orthonormal columns.</summary>
    /// <exception cref="InvalidOperationException">Only values were computed.</exception>
    public Matrix<T> V => _v ?? throw new InvalidOperationException("This decomposition holds singular values alone; use Svd.Decompose.");

    /// <summary>Sweeps taken, the last of which found nothing to rotate.</summary>
    public int Sweeps { get; }

    /// <summary>The largest |cos| between two columns in the last sweep: the distance from orthogonality that remains.</summary>
    public T LargestCosine { get; }

    /// <summary>
    /// Whether every cosine came within √p·ε/2 in 30 sweeps. Where not, A = UΣVᵀ still holds to working accuracy, but the
    /// columns that belong to V (to U for m &lt; n) are orthogonal only to <see cref="LargestCosine"/>, and σᵢ accurate to its square.
    /// </summary>
    public bool Converged { get; }

    internal SvdResult<T> Transposed() => new(Columns, Rows, _sigma, _v, _u, Sweeps, LargestCosine, Converged);
}

using System.Numerics;

namespace Kappa.Kernels;

/// <summary>Singular value decomposition: by bidiagonalisation where A allows it, by one-sided Jacobi elsewhere.</summary>
public static partial class Svd
{
    /// <summary>A = U Σ Vᵀ with A (m×n), p = min(m, n), U (m×p), Σ = diag(σ₁ ≥ … ≥ σ_p ≥ 0), V (n×p).</summary>
    /// <remarks>
    /// Every σᵢ, however small, has a relative error of order p·ε·κ(B) where A = B·D (m ≥ n) or D·B (m &lt; n) with D diagonal
    /// and B of unit columns (rows): the scale of D, of any range, does not matter. No element size overflows or
    /// underflows on the way; a σ beyond the range of T is returned as 0 or ∞. Where A is rank-deficient the vectors of
    /// σ = 0 complete an orthonormal basis. Columns' signs are arbitrary but reproducible. An empty A has no σ.
    /// <para>
    /// <see cref="SvdAlgorithm.Auto"/> bidiagonalises where the norms of all rows lie within a factor of 16 and those of all columns too, κ(A) ≤ 2⁴⁰ (float: 2¹⁶)
    /// and no two values are alike: then |δσᵢ| ≤ c·p·ε·σ₁ ≤ 16c·p·ε·κ(B)·σᵢ. For a square A 8p³/3 operations for the bidiagonal form, about 10p² dependent
    /// steps for its values and vectors, and 12p³ operations as products, which carry the vectors back and make both their orthogonality and the
    /// residual those of working accuracy.
    /// </para>
    /// <para>
    /// Jacobi, everywhere else: about 5 to 10 sweeps of 3p³ operations after a pivoted QR of 2p²(max(m, n) − p/3); three
    /// products of p²·max(m, n) for the vectors, or 2p³ more per sweep where A is ill-conditioned. What the QR leaves of dependent columns is rounding and counts
    /// as σ = 0. Rows are sorted where they differ in size, so D₁·B·D₂ keeps small values too, as far as B's minors allow.
    /// </para>
    /// Sources: Dhillon and Parlett, SIAM J. Matrix Anal. 25 (2004), and Ogita and Aishima, Japan J. Indust. Appl. Math. 35 (2018), for the vectors of the bidiagonal
    /// form; Drmač and Veselić, <i>New fast and accurate Jacobi SVD algorithm</i> I and II, SIAM J. Matrix Anal. 29 (2008).
    /// </remarks>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; <see cref="SvdResult{T}.Algorithm"/> says what ran. <see cref="SvdAlgorithm.Bidiagonal"/> is no other than Auto here.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>. The bits are the same for any number; small matrices take one.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    public static SvdResult<T> Decompose<T>(
        ReadOnlyMatrixView<T> a, VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(a, vectors: true, algorithm, null, path, maxThreads);

    /// <summary>A = U Σ Vᵀ into a workspace: the bits of <see cref="Decompose{T}(ReadOnlyMatrixView{T}, VectorPath, SvdAlgorithm, int)"/>, and nothing allocated while shapes stay.</summary>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="workspace">Owns the result, which is overwritten by its next decomposition with vectors.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; <see cref="SvdResult{T}.Algorithm"/> says what ran.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The workspace is disposed.</exception>
    public static SvdResult<T> Decompose<T>(ReadOnlyMatrixView<T> a, SvdWorkspace<T> workspace,
        VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(workspace);
        return Run(a, vectors: true, algorithm, workspace, path, maxThreads);
    }

    /// <summary>σ₁ ≥ … ≥ σ_p alone: as accurate as those of <see cref="Decompose{T}(ReadOnlyMatrixView{T}, VectorPath, SvdAlgorithm, int)"/>, but not the same bits unless by Jacobi.</summary>
    /// <remarks>
    /// Bidiagonalisation errs by |δσᵢ| ≤ c·p·ε·σ₁, the values of the bidiagonal form by |δσᵢ| ≤ c·p·ε·σᵢ. For m ≥ n and A = B·D, B of unit columns, σ₁/σᵢ ≤ κ(B)·d₁/d_p;
    /// so where all column norms d lie within a factor of 16, every σᵢ has a relative error of order p·ε·κ(B), as Jacobi's. The same holds for
    /// rows and A = D·B. <see cref="SvdAlgorithm.Auto"/> bidiagonalises where both rules are met, zero rows and columns left aside, and
    /// otherwise takes Jacobi after sorting rows (columns for m &lt; n), with which each σᵢ of A = D₁BD₂ has a relative error of order
    /// p·ε·κ(B), D₁ and D₂ diagonal of any range, for all but contrived B: those whose leading blocks, in sorted order, are far worse conditioned.
    /// Bidiagonal: 8p³/3 operations for a square A, 2p²(m + p/3) for a tall one, and about 20p² for the values of the form, as vectors.
    /// Sources: Howell et al., ACM TOMS 34 (2008); Demmel and Kahan, SIAM J. Sci. Stat. Comput. 11 (1990); Parlett and Marques, Linear Algebra Appl. 309 (2000); Drmač, <i>Algorithm 977</i>, ACM TOMS 44 (2017).
    /// </remarks>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; <see cref="SvdResult{T}.Algorithm"/> says what ran.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>. The bits are the same for any number; small matrices take one.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    public static SvdResult<T> Values<T>(
        ReadOnlyMatrixView<T> a, VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(a, vectors: false, algorithm, null, path, maxThreads);

    /// <summary>σ₁ ≥ … ≥ σ_p into a workspace: the bits of <see cref="Values{T}(ReadOnlyMatrixView{T}, VectorPath, SvdAlgorithm, int)"/>, and nothing allocated while shapes stay.</summary>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="workspace">Owns the result, which is overwritten by its next values.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; <see cref="SvdResult{T}.Algorithm"/> says what ran.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The workspace is disposed.</exception>
    public static SvdResult<T> Values<T>(ReadOnlyMatrixView<T> a, SvdWorkspace<T> workspace,
        VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(workspace);
        return Run(a, vectors: false, algorithm, workspace, path, maxThreads);
    }

    private static SvdResult<T> Run<T>(ReadOnlyMatrixView<T> a, bool vectors, SvdAlgorithm algorithm, SvdWorkspace<T>? workspace, VectorPath path, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int threads = Threads(maxThreads);
        if (workspace is not null)
            return workspace.Result(a.Rows, a.Columns, vectors).Compute(a, algorithm, workspace, path, threads);
        SvdResult<T> result = new SvdResult<T>(a.Rows, a.Columns, vectors).Compute(a, algorithm, SvdWorkspace<T>.OfThread, path, threads);
        SvdWorkspace<T>.TrimOfThread();
        return result;
    }

    private static int Threads(int maxThreads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        return maxThreads == 0 ? Gemm.MaxThreads : Math.Min(maxThreads, Gemm.MaxThreads);
    }
}

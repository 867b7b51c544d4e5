using System.Numerics;
using Kappa.Kernels.Decompositions;

namespace Kappa.Kernels;

public static partial class Svd
{
    /// <summary>The singular values of Aᵢ for i = 0 … count − 1: many small decompositions at the price of one call, shared by all threads.</summary>
    /// <remarks>
    /// Matrices are row-major and contiguous; Aᵢ (m×n) starts at i·aStep, its p = min(m, n) values at i·sigmaStep of their spans. Each has the
    /// bits of <see cref="Values{T}(ReadOnlyMatrixView{T}, VectorPath, SvdAlgorithm, int)"/>, for any number of threads; a thread takes whole
    /// matrices. Nothing is allocated after a thread's first call of a size. Empty matrices have no values.
    /// </remarks>
    /// <param name="count">How many matrices, ≥ 0.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="a">The Aᵢ, finite.</param>
    /// <param name="aStep">Elements from one A to the next, ≥ 0.</param>
    /// <param name="sigma">Receives σ₁ ≥ … ≥ σ_p of each.</param>
    /// <param name="sigmaStep">Elements from one matrix's values to the next one's, ≥ p where there are several.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; chosen for each matrix on its own.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <returns>How many have not converged: 0 but for extraordinary matrices, see <see cref="SvdResult{T}.Converged"/>.</returns>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">
    /// A span is too short, results meet or share elements with A, or an element is NaN or infinite; the first such matrix and the position are named,
    /// and other results may have been written.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, a step or <paramref name="maxThreads"/> is negative.</exception>
    public static int ValuesBatch<T>(int count, int m, int n, ReadOnlySpan<T> a, nint aStep, Span<T> sigma, nint sigmaStep,
        VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireBatch(count, m, n, a, aStep);
        RequireResults(count, 1, Math.Min(m, n), a, sigma, sigmaStep, nameof(sigma), nameof(sigmaStep));
        return RunBatch(new BatchShape(count, m, n, aStep, sigmaStep, 0, 0), a, sigma, default, default, default, path, algorithm, maxThreads);
    }

    /// <summary>κᵢ = σ₁/σ_p of Aᵢ for i = 0 … count − 1, +∞ where σ_p = 0: <see cref="ValuesBatch"/> of which only the quotients are kept.</summary>
    /// <param name="count">How many matrices, ≥ 0.</param>
    /// <param name="m">Rows, ≥ 1 where there is a matrix.</param>
    /// <param name="n">Columns, ≥ 1 where there is a matrix.</param>
    /// <param name="a">The Aᵢ, finite.</param>
    /// <param name="aStep">Elements from one A to the next, ≥ 0.</param>
    /// <param name="kappa">Receives the condition numbers, the first <paramref name="count"/> elements.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; chosen for each matrix on its own.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <returns>How many have not converged.</returns>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">
    /// As for <see cref="ValuesBatch"/>, or the matrices are empty and have no condition number.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, a step or <paramref name="maxThreads"/> is negative.</exception>
    public static int ConditionNumberBatch<T>(int count, int m, int n, ReadOnlySpan<T> a, nint aStep, Span<T> kappa,
        VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireBatch(count, m, n, a, aStep);
        RequireResults(count, 1, 1, a, kappa, 1, nameof(kappa), nameof(kappa));
        if (count > 0 && (m == 0 || n == 0))
            throw new ArgumentException($"Empty {m}×{n} matrices have no condition number.", nameof(a));
        return RunBatch(new BatchShape(count, m, n, aStep, 0, 0, 0), a, default, default, default, kappa, path, algorithm, maxThreads);
    }

    /// <summary>Aᵢ = Uᵢ Σᵢ Vᵢᵀ for i = 0 … count − 1: many small decompositions at the price of one call, shared by all threads.</summary>
    /// <remarks>
    /// Matrices are row-major and contiguous: Aᵢ (m×n), Uᵢ (m×p), Vᵢ (n×p), p = min(m, n), each i steps behind the first. Each result has
    /// the bits of <see cref="Decompose{T}(ReadOnlyMatrixView{T}, VectorPath, SvdAlgorithm, int)"/>, for any number of threads; a thread takes whole
    /// matrices. Nothing is allocated after a thread's first call of a size.
    /// </remarks>
    /// <param name="count">How many matrices, ≥ 0.</param>
    /// <param name="m">Rows of A and U.</param>
    /// <param name="n">Columns of A, rows of V.</param>
    /// <param name="a">The Aᵢ, finite.</param>
    /// <param name="aStep">Elements from one A to the next, ≥ 0.</param>
    /// <param name="sigma">Receives σ₁ ≥ … ≥ σ_p of each.</param>
    /// <param name="sigmaStep">Elements from one matrix's values to the next one's, ≥ p where there are several.</param>
    /// <param name="u">Receives the Uᵢ.</param>
    /// <param name="uStep">Elements from one U to the next, ≥ mp where there are several.</param>
    /// <param name="v">Receives the Vᵢ.</param>
    /// <param name="vStep">Elements from one V to the next, ≥ np where there are several.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="algorithm">How; chosen for each matrix on its own.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <returns>How many have not converged: 0 but for extraordinary matrices, see <see cref="SvdResult{T}.Converged"/>.</returns>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">
    /// A span is too short, results meet or share elements with A or each other, or an element is NaN or infinite; the first such matrix and the
    /// position are named, and other results may have been written.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, a step or <paramref name="maxThreads"/> is negative.</exception>
    public static int DecomposeBatch<T>(int count, int m, int n, ReadOnlySpan<T> a, nint aStep, Span<T> sigma, nint sigmaStep,
        Span<T> u, nint uStep, Span<T> v, nint vStep, VectorPath path = VectorPath.Best, SvdAlgorithm algorithm = SvdAlgorithm.Auto, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireBatch(count, m, n, a, aStep);
        int p = Math.Min(m, n);
        RequireResults(count, 1, p, a, sigma, sigmaStep, nameof(sigma), nameof(sigmaStep));
        RequireResults(count, m, p, a, u, uStep, nameof(u), nameof(uStep));
        RequireResults(count, n, p, a, v, vStep, nameof(v), nameof(vStep));
        if (sigma.Overlaps(u) || sigma.Overlaps(v) || u.Overlaps(v))
            throw new ArgumentException("The spans of σ, U and V share elements.", nameof(v));
        return RunBatch(new BatchShape(count, m, n, aStep, sigmaStep, uStep, vStep), a, sigma, u, v, default, path, algorithm, maxThreads);
    }

    private static void RequireBatch<T>(int count, int m, int n, ReadOnlySpan<T> a, nint aStep)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(aStep);
        Gemm.RequireLength(a.Length, count, m, n, aStep, nameof(a));
    }

    private static void RequireResults<T>(int count, int rows, int columns, ReadOnlySpan<T> a, Span<T> results, nint step, string name, string stepName)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step, stepName);
        Gemm.RequireLength(results.Length, count, rows, columns, step, name);
        if (count > 1 && step < (nint)rows * columns)
            throw new ArgumentException($"A step of {step} lets {rows}×{columns} results meet.", stepName);
        if (a.Overlaps(results))
            throw new ArgumentException("The results share elements with A.", name);
    }

    private static unsafe int RunBatch<T>(BatchShape shape, ReadOnlySpan<T> a, Span<T> sigma, Span<T> u, Span<T> v, Span<T> kappa,
        VectorPath path, SvdAlgorithm algorithm, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int threads = Threads(maxThreads);
        fixed (T* pa = a, ps = sigma, pu = u, pv = v, pk = kappa)
        {
            var batch = new SvdBatch<T>(shape, pa, ps, pu, pv, pk, path, algorithm);
            int offender = batch.Run(threads);
            if (offender >= 0)
                new ReadOnlyMatrixView<T>(ref pa[offender * shape.AStep], shape.Rows, shape.Columns, shape.Columns, 1).RequireFinite(nameof(a), offender);
            return batch.Unconverged;
        }
    }
}

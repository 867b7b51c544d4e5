using System.Numerics;
using Kappa.Kernels.Bidiagonal;

namespace Kappa.Kernels.Jacobi;

/// <summary>Where a decomposition of A (m×n) writes: σ (p), U (m×p) and V (n×p), contiguous by rows; no U and V for values alone.</summary>
internal readonly unsafe struct SvdFactors<T>(T* sigma, T* u, T* v) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public T* Sigma => sigma;

    public T* U => u;

    public T* V => v;

    /// <summary>Whether vectors are wanted, and there are any.</summary>
    public bool HasVectors => u is not null;

    /// <summary>The same places for Aᵀ.</summary>
    public SvdFactors<T> Transposed() => new(sigma, v, u);

    /// <summary>Decomposes A, vectors always by Jacobi.</summary>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public SvdOutcome<T> Compute(ReadOnlyMatrixView<T> a, SvdAlgorithm algorithm, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        if (!HasVectors && algorithm != SvdAlgorithm.Jacobi && !a.IsEmpty
            && BidiagonalValues<T>.Run(a, sigma, gradedToo: algorithm == SvdAlgorithm.Bidiagonal, memory, path, threads))
            return new SvdOutcome<T>(SvdAlgorithm.Bidiagonal, 0, T.Zero, Converged: true);
        a.RequireFinite(nameof(a));
        return a.Rows >= a.Columns
            ? PreconditionedJacobi<T>.Run(a, this, memory, path, threads)
            : PreconditionedJacobi<T>.Run(a.Transposed(), Transposed(), memory, path, threads);
    }
}

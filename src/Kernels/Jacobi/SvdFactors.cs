using System.Numerics;

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
}

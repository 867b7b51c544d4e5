using System.Numerics;
using Kappa.Kernels.Decompositions;
using Kappa.Kernels.Jacobi;

namespace Kappa.Kernels;

/// <summary>A = U Σ Vᵀ, and how the iteration ended.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class SvdResult<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _sigma;
    private readonly Matrix<T>? _u, _v;

    internal SvdResult(int rows, int columns, bool vectors)
    {
        int p = Math.Min(rows, columns);
        Rows = rows;
        Columns = columns;
        _sigma = new T[p];
        if (vectors)
            (_u, _v) = (new Matrix<T>(rows, p), new Matrix<T>(columns, p));
    }

    internal SvdResult(int rows, int columns, T[] sigma, Matrix<T>? u, Matrix<T>? v, SvdOutcome<T> outcome)
    {
        (Rows, Columns) = (rows, columns);
        (_sigma, _u, _v) = (sigma, u, v);
        Outcome = outcome;
    }

    /// <summary>m.</summary>
    public int Rows { get; }

    /// <summary>n.</summary>
    public int Columns { get; }

    /// <summary>σ₁ ≥ … ≥ σ_p ≥ 0, p = min(m, n).</summary>
    public ReadOnlySpan<T> SingularValues => _sigma;

    private SvdOutcome<T> Outcome { get; set; }

    /// <summary>The algorithm that ran: never <see cref="SvdAlgorithm.Auto"/>.</summary>
    public SvdAlgorithm Algorithm => Outcome.Algorithm;

    /// <summary>Whether U and V were computed.</summary>
    public bool HasVectors => _u is not null;

    /// <summary>U (m×p), orthonormal columns.</summary>
    /// <exception cref="InvalidOperationException">Only values were computed.</exception>
    public Matrix<T> U => _u ?? throw new InvalidOperationException("This decomposition holds singular values alone; use Svd.Decompose.");

    /// <summary>V (n×p), orthonormal columns.</summary>
    /// <exception cref="InvalidOperationException">Only values were computed.</exception>
    public Matrix<T> V => _v ?? throw new InvalidOperationException("This decomposition holds singular values alone; use Svd.Decompose.");

    /// <summary>Jacobi's sweeps; of the bidiagonal algorithm the steps that finish the vectors, 0 for values alone.</summary>
    public int Sweeps => Outcome.Sweeps;

    /// <summary>
    /// A bound for the |cos| between two columns, the distance from orthogonality that remains: the largest one met in the last
    /// sweep where that is within the tolerance, else 2pημ for largest cosine μ and scaled sine η of the last sweep's rotations.
    /// Where the iteration has not converged, the largest |cos| met. Of the bidiagonal algorithm, what its last step may leave, p·ε/8 + √p·ε at most, for U and V; 0 for values alone.
    /// </summary>
    public T LargestCosine => Outcome.LargestCosine;

    /// <summary>
    /// Whether every cosine came within √p·ε/2 in 30 sweeps; always true for the bidiagonal algorithm. Where not, A = UΣVᵀ still holds
    /// to working accuracy, but the columns that belong to V (to U for m &lt; n) are orthogonal only to <see cref="LargestCosine"/>, and σᵢ accurate to its square.
    /// </summary>
    public bool Converged => Outcome.Converged;

    /// <summary>Decomposes A into this result.</summary>
    internal unsafe SvdResult<T> Compute(ReadOnlyMatrixView<T> a, SvdAlgorithm algorithm, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        fixed (T* sigma = _sigma, u = _u is null ? default : _u.Elements, v = _v is null ? default : _v.Elements)
            Outcome = AlgorithmChoice<T>.Run(a, new SvdFactors<T>(sigma, u, v), algorithm, memory, path, threads);
        return this;
    }

    /// <summary>Aᵀ = V Σ Uᵀ, on the same elements.</summary>
    internal SvdResult<T> Transposed() => new(Columns, Rows, _sigma, _v, _u, Outcome);
}

/// <summary>Which algorithm ran and how it ended.</summary>
internal readonly record struct SvdOutcome<T>(SvdAlgorithm Algorithm, int Sweeps, T LargestCosine, bool Converged);

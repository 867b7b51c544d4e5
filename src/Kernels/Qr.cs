using System.Numerics;
using Kappa.Kernels.Reflectors;

namespace Kappa.Kernels;

/// <summary>Householder QR factorisation, with and without column pivoting.</summary>
public static class Qr
{
    /// <summary>A P = Q R, with A (m×n), Q orthogonal (m×m), R upper trapezoidal (m×n), P the identity unless pivoting.</summary>
    /// <remarks>
    /// With pivoting, |r₀₀| ≥ |r₁₁| ≥ … and |r_kk|² ≥ Σ_{i=k..j} |r_ij|² for every j ≥ k. Each computed column is backward
    /// stable on its own: ‖ΔA e_j‖ ≤ c·m·ε·‖A e_j‖, whatever the columns' scales. 2n²(m − n/3) operations for m ≥ n.
    /// Empty matrices give empty factors. Beyond about 64 columns, products of panels do the work: all of it without pivoting, half of
    /// it with. The same inputs give the same bits for any number of threads. Sources: Golub and Van Loan, <i>Matrix
    /// Computations</i> (4th ed.), 5.2 and 5.4.2; Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989); Quintana-Ortí, Sun and
    /// Bischof, SIAM J. Sci. Comput. 19 (1998).
    /// </remarks>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="pivoting">Whether to bring the column of largest remaining norm to the front at each step.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use, then and to apply Q; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static QrFactorization<T> Factor<T>(ReadOnlyMatrixView<T> a, bool pivoting = false, VectorPath path = VectorPath.Best,
        int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        a.RequireFinite(nameof(a));
        return new QrFactorization<T>(new HouseholderColumns<T>(a, pivoting, path, maxThreads));
    }
}

/// <summary>The factors of A P = Q R. Q is kept as its min(m, n) reflections.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class QrFactorization<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly HouseholderColumns<T> _factors;
    private bool _disposed;

    internal unsafe QrFactorization(HouseholderColumns<T> factors)
    {
        _factors = factors;
        Permutation = new ReadOnlySpan<int>(factors.Permutation, factors.Columns).ToArray();
    }

    /// <summary>m.</summary>
    public int Rows => Factors.Rows;

    /// <summary>n.</summary>
    public int Columns => Factors.Columns;

    /// <summary>P as a list: column j of QR is column Permutation[j] of A.</summary>
    public IReadOnlyList<int> Permutation { get; }

    /// <summary>R's first min(m, n) rows (min(m, n)×n), zeros below the diagonal. Elements beyond the range of T become 0 or ±∞.</summary>
    public Matrix<T> R()
    {
        var r = new Matrix<T>(Factors.Steps, Columns);
        Factors.CopyR(r);
        return r;
    }

    /// <summary>The first min(m, n) columns of Q (m×min(m, n)), orthonormal. 2·min(m, n)²(m − min(m, n)/3) operations.</summary>
    public Matrix<T> Q()
    {
        var q = new Matrix<T>(Rows, Factors.Steps);
        for (int i = 0; i < Factors.Steps; i++)
            q[i, i] = T.One;
        Factors.Apply(q, transposed: false, isIdentity: true);
        return q;
    }

    /// <summary>C ← QC, or QᵀC where transposed, with C (m×p). 4mp·min(m, n) operations at most.</summary>
    /// <remarks>In place where C has contiguous rows or columns, through a copy otherwise. The same bits for any number of threads.</remarks>
    /// <param name="c">C (m×p), overwritten.</param>
    /// <param name="transposed">Whether to apply Qᵀ.</param>
    /// <exception cref="ArgumentException">C does not have m rows.</exception>
    public void Apply(MatrixView<T> c, bool transposed = false)
    {
        if (c.Rows != Rows)
            throw new ArgumentException($"Q is {Rows}×{Rows}; C is {c.Rows}×{c.Columns}.", nameof(c));
        ApplyTo(c, transposed);
    }

    /// <summary>C ← CQ, or CQᵀ where transposed, with C (p×m). See <see cref="Apply"/>.</summary>
    /// <param name="c">C (p×m), overwritten.</param>
    /// <param name="transposed">Whether to apply Qᵀ.</param>
    /// <exception cref="ArgumentException">C does not have m columns.</exception>
    public void ApplyFromRight(MatrixView<T> c, bool transposed = false)
    {
        if (c.Columns != Rows)
            throw new ArgumentException($"Q is {Rows}×{Rows}; C is {c.Rows}×{c.Columns}.", nameof(c));
        // (CQ)ᵀ = QᵀCᵀ.
        ApplyTo(c.Transposed(), !transposed);
    }

    private void ApplyTo(MatrixView<T> c, bool transposed)
    {
        if (c.RowStride == 1 || c.ColumnStride == 1)
        {
            Factors.Apply(c, transposed);
            return;
        }

        Matrix<T> contiguous = Matrix<T>.From(c);
        Factors.Apply(contiguous, transposed);
        contiguous.View.CopyTo(c);
    }

    /// <summary>Frees the factors' native memory.</summary>
    public void Dispose()
    {
        _disposed = true;
        _factors.Dispose();
    }

    private HouseholderColumns<T> Factors
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _factors;
        }
    }
}

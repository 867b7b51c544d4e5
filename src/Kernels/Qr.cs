using System.Numerics;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels;

/// <summary>Householder QR factorisation, with and without column pivoting.</summary>
public static class Qr
{
    /// <summary>A P = Q R, with A (m×n), Q orthogonal (m×m), R upper trapezoidal (m×n), P the identity unless pivoting.</summary>
    /// <remarks>
    /// With pivoting, |r₀₀| ≥ |r₁₁| ≥ … and |r_kk|² ≥ Σ_{i=k..j} |r_ij|² for every j ≥ k. Each computed column is backward
    /// stable on its own: ‖ΔA e_j‖ ≤ c·m·ε·‖A e_j‖, whatever the columns' scales. 2n²(m − n/3) operations for m ≥ n.
    /// Empty matrices give empty factors. Source: Golub and Van Loan, <i>Matrix Computations</i> (4th ed.), 5.2 and 5.4.2.
    /// </remarks>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="pivoting">Whether to bring the column of largest remaining norm to the front at each step.</param>
    /// <param name="path">The vectors to use.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static QrFactorization<T> Factor<T>(ReadOnlyMatrixView<T> a, bool pivoting = false, VectorPath path = VectorPath.Best)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        a.RequireFinite(nameof(a));
        return new QrFactorization<T>(new HouseholderColumns<T>(a, pivoting, path));
    }
}

/// <summary>The factors of A P = Q R. Q is kept as its min(m, n) reflections.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class QrFactorization<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly HouseholderColumns<T> _factors;
    private bool _disposed;

    internal QrFactorization(HouseholderColumns<T> factors) => _factors = factors;

    /// <summary>m.</summary>
    public int Rows => Factors.Rows;

    /// <summary>n.</summary>
    public int Columns => Factors.Columns;

    /// <summary>P as a list: column j of QR is column Permutation[j] of A.</summary>
    public IReadOnlyList<int> Permutation => Factors.Permutation;

    /// <summary>R's first min(m, n) rows (min(m, n)×n), zeros below the diagonal. Elements beyond the range of T become 0 or ±∞.</summary>
    public unsafe Matrix<T> R()
    {
        var r = new Matrix<T>(Factors.Steps, Columns);
        for (int j = 0; j < Columns; j++)
            for (int i = 0; i <= Math.Min(j, Factors.Steps - 1); i++)
                r[i, j] = T.ScaleB(Factors.Column(j)[i], Factors.Exponents[j]);
        return r;
    }

    /// <summary>The first min(m, n) columns of Q (m×min(m, n)), orthonormal.</summary>
    public Matrix<T> Q()
    {
        var q = new Matrix<T>(Rows, Factors.Steps);
        for (int i = 0; i < Factors.Steps; i++)
            q[i, i] = T.One;
        Apply(q);
        return q;
    }

    /// <summary>C ← QC, or QᵀC where transposed, with C (m×p). 4mp·min(m, n) operations at most.</summary>
    /// <param name="c">C (m×p), overwritten.</param>
    /// <param name="transposed">Whether to apply Qᵀ.</param>
    /// <exception cref="ArgumentException">C does not have m rows.</exception>
    public unsafe void Apply(MatrixView<T> c, bool transposed = false)
    {
        if (c.Rows != Rows)
            throw new ArgumentException($"Q is {Rows}×{Rows}; C is {c.Rows}×{c.Columns}.", nameof(c));
        if (c.IsEmpty)
            return;
        int stride = Level1<T, T, LanesScalar<T>>.Padded(Rows);
        using var memory = new AlignedBuffer();
        T* columns = memory.Rent<T>((nint)stride * c.Columns);
        for (int j = 0; j < c.Columns; j++)
        {
            T* column = columns + (nint)j * stride;
            for (int i = 0; i < Rows; i++)
                column[i] = c[i, j];
            new Span<T>(column + Rows, stride - Rows).Clear();
        }

        Factors.Apply(columns, c.Columns, transposed);
        for (int j = 0; j < c.Columns; j++)
            for (int i = 0; i < Rows; i++)
                c[i, j] = columns[(nint)j * stride + i];
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

using System.Runtime.CompilerServices;
using Kappa.Kernels;

namespace Kappa.Training.Imbalance;

/// <summary>L(W) = ‖XWᵀ − XW*ᵀ − N‖²_F/2B of one batch, its gradient, and its derivatives along uᵢvᵢᵀ by central differences.</summary>
/// <param name="x">X (B×d).</param>
/// <param name="target">W* (m×d).</param>
/// <param name="noise">N (B×m).</param>
internal sealed class BatchLoss(Matrix<double> x, Matrix<double> target, Matrix<double> noise)
{
    /// <summary>h. L is quadratic in W: a central difference has no truncation error, and a large h the least rounding.</summary>
    public const double Step = 1.0 / 1024;

    /// <summary>G = (XWᵀ − XW*ᵀ − N)ᵀX/B (m×d), in double precision.</summary>
    public Matrix<double> Gradient(Matrix<double> w)
    {
        Matrix<double> difference = w.Clone(), error = noise.Clone(), gradient = new(w.Rows, w.Columns);
        for (int i = 0; i < difference.Elements.Length; i++)
            difference.Elements[i] -= target.Elements[i];
        Gemm.Multiply(1.0, x, difference.Transposed(), -1.0, error);
        Gemm.Multiply(1.0 / x.Rows, error.Transposed(), x, 0.0, gradient);
        return gradient;
    }

    /// <summary>L(W), and (L(W + h·uᵢvᵢᵀ) − L(W − h·uᵢvᵢᵀ))/2h for every i, in double-double arithmetic.</summary>
    /// <remarks>
    /// The displaced residuals are E ± h(Xvᵢ)uᵢᵀ with E = X(W − W*)ᵀ − N, so that all i together take O(Bmd) operations. The error
    /// is of order 2⁻¹⁰⁴·Bm·L/h, and ε of the result for its rounding to a double.
    /// </remarks>
    /// <param name="w">W (m×d).</param>
    /// <param name="svd">Where uᵢ and vᵢ come from: the full decomposition of W.</param>
    public (double Loss, double[] Differences) Differentiate(Matrix<double> w, SvdResult<double> svd)
    {
        int p = svd.SingularValues.Length;
        DoubleDouble[] residual = Residual(w), directions = DoubleDouble.Product(x, DoubleDouble.Widen(svd.V));
        var differences = new double[p];
        Parallel.For(0, p, i =>
        {
            var left = new double[w.Rows];
            for (int j = 0; j < left.Length; j++)
                left[j] = svd.U[j, i];
            differences[i] = (double)Rise(residual, left, directions.AsSpan(i), p) / (4 * x.Rows * Step);
        });
        DoubleDouble loss = 0;
        foreach (DoubleDouble e in residual)
            loss += e * e;
        return ((double)loss / (2 * x.Rows), differences);
    }

    /// <summary>E (B×m).</summary>
    private DoubleDouble[] Residual(Matrix<double> w)
    {
        var difference = new DoubleDouble[w.Columns * w.Rows];
        for (int j = 0; j < w.Rows; j++)
            for (int k = 0; k < w.Columns; k++)
                difference[k * w.Rows + j] = (DoubleDouble)w[j, k] - target[j, k];
        DoubleDouble[] residual = DoubleDouble.Product(x, difference);
        for (int i = 0; i < residual.Length; i++)
            residual[i] -= noise.Elements[i];
        return residual;
    }

    /// <summary>‖E + h·yuᵀ‖² − ‖E − h·yuᵀ‖², each summed up for itself; y has every stride-th of the elements given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleDouble Rise(ReadOnlySpan<DoubleDouble> residual, ReadOnlySpan<double> u, ReadOnlySpan<DoubleDouble> y, int stride)
    {
        DoubleDouble above = 0, below = 0;
        for (int b = 0; b * u.Length < residual.Length; b++)
        {
            DoubleDouble reach = Step * y[b * stride];
            ReadOnlySpan<DoubleDouble> row = residual.Slice(b * u.Length, u.Length);
            for (int j = 0; j < u.Length; j++)
            {
                DoubleDouble shift = reach * u[j], plus = row[j] + shift, minus = row[j] - shift;
                above += plus * plus;
                below += minus * minus;
            }
        }

        return above - below;
    }
}

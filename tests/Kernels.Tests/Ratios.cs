using System.Numerics;
using Kappa.Kernels.Tests.Reference;

namespace Kappa.Kernels.Tests;

/// <summary>Errors in units of what backward stability allows, as in LAPACK's tests, summed in double-double.</summary>
internal static class Ratios
{
    /// <summary>Below this a ratio passes. LAPACK's own SVD tests pass below 35.</summary>
    public const double Threshold = 10;

    /// <summary>What backward stability allows every singular value of A to err by: a few max(m, n)·ε·σ₁.</summary>
    public static double NormwiseError<T>(Matrix<T> a, double first)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Threshold * Math.Max(a.Rows, a.Columns) * Machine<T>.Epsilon * first;

    /// <summary>‖I − QᵀQ‖₁/(m·ε) for Q (m×n) of orthonormal columns.</summary>
    public static double Orthogonality<T>(Matrix<T> q) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<double> columns = Matrix<double>.From(q.Widened().Transposed());
        var defect = new Matrix<double>(q.Columns, q.Columns);
        for (int i = 0; i < q.Columns; i++)
            for (int j = 0; j <= i; j++)
                defect[i, j] = defect[j, i] = (double)(DoubleDouble.Dot(columns.Row(i), columns.Row(j)) - (i == j ? 1 : 0));
        return q.Columns == 0 ? 0 : defect.OneNorm() / (q.Rows * Machine<T>.Epsilon);
    }

    /// <summary>‖A − U Σ Vᵀ‖₁/(‖A‖₁·max(m, n)·ε), at a scale where nothing overflows.</summary>
    public static double Residual<T>(Matrix<T> a, SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<double> wide = a.Widened();
        int exponent = wide.ColumnExponents().DefaultIfEmpty(int.MinValue).Max();
        if (exponent == int.MinValue)
            return svd.SingularValues.ContainsAnyExcept(T.Zero) ? double.PositiveInfinity : 0;
        Matrix<double> scaled = wide.Select(x => Math.ScaleB(x, -exponent)), v = svd.V.Widened();
        double[] sigma = [.. svd.SingularValues.Widened().Select(s => Math.ScaleB(s, -exponent))];
        Matrix<double> left = svd.U.Widened().ScaledColumns(k => sigma[k]);
        double residual = Difference(scaled, left, v).OneNorm();
        // σ itself is rounded to a multiple of the smallest number; ‖·‖₁ ≤ √m‖·‖₂.
        double rounding = Math.Sqrt(a.Rows) * Math.ScaleB(Machine<T>.Tiny, -exponent);
        return residual / (scaled.OneNorm() * Math.Max(a.Rows, a.Columns) * Machine<T>.Epsilon + rounding);
    }

    /// <summary>The largest ‖(AP − QR)eⱼ‖₁/(‖APeⱼ‖₁·max(m, n)·ε): LAPACK's ratio, but column by column.</summary>
    public static double Residual<T>(Matrix<T> a, QrFactorization<T> qr)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<double> wide = a.Widened(), q = qr.Q().Widened(), r = qr.R().Widened();
        Matrix<double> permuted = Matrices.From(a.Rows, a.Columns, (i, j) => wide[i, qr.Permutation[j]]);
        int[] exponents = [.. permuted.ColumnExponents().Select(e => e == int.MinValue ? 0 : e)];
        Matrix<double> scaled = Matrices.From(a.Rows, a.Columns, (i, j) => Math.ScaleB(permuted[i, j], -exponents[j]));
        Matrix<double> right = Matrices.From(a.Columns, r.Rows, (j, k) => Math.ScaleB(r[k, j], -exponents[j]));
        Matrix<double> difference = Difference(scaled, q, right);
        double worst = 0;
        for (int j = 0; j < a.Columns && a.Rows > 0; j++)
        {
            double residual = Column(difference, j).OneNorm(), norm = Column(scaled, j).OneNorm();
            double rounding = a.Rows * Math.ScaleB(Machine<T>.Tiny, -exponents[j]);
            worst = Math.Max(worst, residual / (norm * Math.Max(a.Rows, a.Columns) * Machine<T>.Epsilon + rounding));
        }

        return worst;
    }

    /// <summary>The largest error of σᵢ in units of max(m, n)·ε·min(κ(B)·σᵢ, σ₁).</summary>
    /// <remarks>A = B·D with B of unit columns where m ≥ n, D·B with B of unit rows where m &lt; n.</remarks>
    public static double Accuracy<T>(Matrix<T> a, ReadOnlySpan<T> sigma)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<double> wide = a.Widened();
        (double[] expected, int exponent) = ReferenceSvd.Values(wide);
        double condition = ReferenceSvd.ScaledCondition(wide), worst = 0;
        double rounding = Math.ScaleB(Machine<T>.Tiny, -exponent);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(Math.ScaleB(sigma[i].Widened(), -exponent) - expected[i]);
            // Where ε·κ(B) ≥ 1 relative accuracy promises nothing, and κ(B) may be infinite.
            double relative = condition * Machine<T>.Epsilon < 1 ? condition * expected[i] : expected[0];
            double share = Math.Min(relative, expected[0]);
            double unit = Math.Max(a.Rows, a.Columns) * Machine<T>.Epsilon * share;
            worst = Math.Max(worst, error == 0 ? 0 : error / (unit + rounding));
        }

        return worst;
    }

    private static Matrix<double> Column(Matrix<double> a, int j) => Matrix<double>.From(a.View.Column(j));

    /// <summary>A − X Yᵀ.</summary>
    private static Matrix<double> Difference(Matrix<double> a, Matrix<double> x, Matrix<double> y) =>
        Matrices.From(a.Rows, a.Columns, (i, j) => (double)(a[i, j] - DoubleDouble.Dot(x.Row(i), y.Row(j))));
}

namespace Kappa.Kernels.Tests.Reference;

/// <summary>Central differences in double-double of functions of the SVD.</summary>
internal static class ReferenceGradient
{
    /// <summary>(f(A + hEᵢⱼ) − f(A − hEᵢⱼ))/2h for every element.</summary>
    /// <remarks>
    /// It errs by h²M/6, |f‴| ≤ M, and by δ/h, δ ≈ 2⁻⁸⁸·σ₁/gap what f errs by. With h = 2⁻³⁰·gap both are near 2⁻⁵⁸/gap: far
    /// below what the result of a decomposition in double can be expected to err by.
    /// </remarks>
    /// <param name="a">A, of plain size.</param>
    /// <param name="gap">The distance within which f is smooth.</param>
    /// <param name="function">f.</param>
    public static Matrix<double> Of(Matrix<double> a, double gap, Func<ReferenceFactors, DoubleDouble> function)
    {
        double step = Math.ScaleB(1, Math.ILogB(gap) - 30);
        var moved = new DoubleDouble[a.Rows, a.Columns];
        for (int i = 0; i < a.Rows; i++)
            for (int j = 0; j < a.Columns; j++)
                moved[i, j] = a[i, j];
        return Matrices.From(a.Rows, a.Columns, (i, j) => (double)((Moved(i, j, step) - Moved(i, j, -step)) / (2 * step)));

        DoubleDouble Moved(int i, int j, double shift)
        {
            moved[i, j] += shift;
            DoubleDouble value = function(ReferenceSvd.Decompose(moved));
            moved[i, j] = a[i, j];
            return value;
        }
    }
}

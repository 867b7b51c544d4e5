using Kappa.Kernels;

namespace Kappa.Cli.Bench;

/// <summary>
/// Errors of a decomposition of A (n×n) in units of nε, as in LAPACK's tests, where a ratio below 35 passes;
/// null where the job computes no such thing. ε is the distance from 1 to the next number of the type.
/// </summary>
/// <param name="Residual">‖A − UΣVᵀ‖₁/(‖A‖₁·nε).</param>
/// <param name="OrthogonalityU">‖I − UᵀU‖₁/(nε).</param>
/// <param name="OrthogonalityV">‖I − VᵀV‖₁/(nε).</param>
/// <param name="Ordered">Whether σ₁ ≥ … ≥ σ_n ≥ 0.</param>
/// <param name="Normwise">max |σᵢ − σ̂ᵢ|/(σ̂₁·nε), σ̂ the reference.</param>
/// <param name="Relative">max |σᵢ − σ̂ᵢ|/(σ̂ᵢ·nε) over σ̂ᵢ ≠ 0.</param>
internal sealed record SvdAccuracy(
    double? Residual, double? OrthogonalityU, double? OrthogonalityV, bool Ordered, double Normwise, double Relative)
{
    /// <summary>Measures what stands in double precision.</summary>
    /// <param name="a">A (n×n).</param>
    /// <param name="epsilon">ε of the type that was computed in.</param>
    /// <param name="values">σ₁ … σ_n, or whatever numbers are to be compared with the reference.</param>
    /// <param name="vectors">U (n×n) and V (n×n), where they were computed.</param>
    /// <param name="reference">σ̂.</param>
    public static SvdAccuracy Of(
        Matrix<double> a, double epsilon, double[] values, (Matrix<double> U, Matrix<double> V)? vectors, double[] reference)
    {
        double unit = a.Rows * epsilon;
        double[] distances = [.. values.Zip(reference, Distance)];
        return new SvdAccuracy(
            vectors is (var u, var v) ? OneNorm(Difference(a, u, values, v)) / OneNorm(a) / unit : null,
            vectors is (var left, _) ? Defect(left) / unit : null,
            vectors is (_, var right) ? Defect(right) / unit : null,
            values.Zip(values.Skip(1), (above, below) => above >= below).All(holds => holds) && values[^1] >= 0,
            distances.Max(distance => Share(distance, reference[0])) / unit,
            distances.Zip(reference, (distance, sigma) => sigma == 0 ? 0 : Share(distance, sigma)).Max() / unit);
    }

    // κ may be infinite, as it should or not.
    private static double Distance(double value, double reference) => value == reference ? 0 : Math.Abs(value - reference);

    private static double Share(double distance, double whole) => distance == 0 ? 0 : double.IsInfinity(distance) ? distance : distance / whole;

    private static double Defect(Matrix<double> q) =>
        OneNorm(Difference(Matrix<double>.Identity(q.Columns), Matrix<double>.From(q.Transposed()), null, Matrix<double>.From(q.Transposed())));

    // A − X·diag(σ)·Yᵀ.
    private static Matrix<double> Difference(Matrix<double> a, Matrix<double> x, double[]? sigma, Matrix<double> y)
    {
        Matrix<double> difference = a.Clone(), scaled = x.Clone();
        for (int i = 0; i < scaled.Rows && sigma is not null; i++)
            for (int j = 0; j < scaled.Columns; j++)
                scaled[i, j] *= sigma[j];
        Gemm.Multiply(-1.0, scaled, y.Transposed(), 1.0, difference);
        return difference;
    }

    private static double OneNorm(Matrix<double> a)
    {
        var sums = new double[a.Columns];
        for (int i = 0; i < a.Rows; i++)
            for (int j = 0; j < a.Columns; j++)
                sums[j] += Math.Abs(a[i, j]);
        return sums.Max();
    }
}

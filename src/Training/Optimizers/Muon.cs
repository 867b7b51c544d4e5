using Kappa.Kernels;
using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Momentum whose update is orthogonalised: M ← μM + G, W ← W − η√max(1, m/n)·NS(M), NS(M) ≈ UVᵀ of M = UΣVᵀ.</summary>
/// <remarks>
/// Every direction of the update gets nearly the same length, whatever gradient it received, which is the opposite of what the
/// paper blames for κ. Source: Jordan et al., <i>Muon: an optimizer for hidden layers in neural networks</i> (2024).
/// </remarks>
/// <param name="learningRate">η: the spectral norm of an update, to within the quality of NS.</param>
/// <param name="momentum">μ in [0, 1).</param>
public sealed class Muon(double learningRate, double momentum = 0.95) : Optimizer(learningRate)
{
    private const int Steps = 5;
    private readonly Dictionary<Parameter, Matrix<double>> _sums = [];

    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Parameter> parameters)
    {
        for (int p = 0; p < parameters.Count; p++)
        {
            Parameter parameter = parameters[p];
            Matrix<double> update = Orthogonalize(Momentum.Accumulate(_sums, parameter, momentum));
            double rate = LearningRate * parameter.LearningRateScale * Math.Sqrt(Math.Max(1, (double)update.Rows / update.Columns));
            Span<double> w = parameter.Value.Elements, o = update.Elements;
            for (int i = 0; i < w.Length; i++)
                w[i] -= rate * o[i];
        }
    }

    /// <summary>Newton–Schulz: X ← aX + (bA + cA²)X with A = XXᵀ, five times from X = M/‖M‖_F; each σ goes through aσ + bσ³ + cσ⁵.</summary>
    /// <remarks>
    /// With Jordan's a, b, c every σᵢ/‖M‖_F ≥ 0.01 ends in [0.65, 1.2], so the result is UVᵀ up to that; one that is far smaller stays behind,
    /// growing 3.4-fold per step. The zero matrix gives zero. 5·(4m²n + 2m³) operations for m ≤ n.
    /// </remarks>
    /// <param name="matrix">M (m×n).</param>
    public static Matrix<double> Orthogonalize(Matrix<double> matrix)
    {
        const double a = 3.4445, b = -4.7750, c = 2.0315;
        bool tall = matrix.Rows > matrix.Columns;
        Matrix<double> x = Matrix<double>.From(tall ? matrix.Transposed() : matrix);
        double norm = Spectrum.FrobeniusNorm<double>(x);
        if (norm == 0 || !double.IsFinite(norm))
            return matrix.Clone();
        foreach (ref double e in x.Elements)
            e /= norm;
        Matrix<double> gram = new(x.Rows, x.Rows), polynomial = new(x.Rows, x.Rows), next = new(x.Rows, x.Columns);
        for (int step = 0; step < Steps; step++)
        {
            Symmetric.RankUpdate(1.0, x, 0.0, gram);
            gram.View.CopyTo(polynomial);
            Gemm.Multiply(c, gram, gram, b, polynomial);
            x.View.CopyTo(next);
            Gemm.Multiply(1.0, polynomial, x, a, next);
            (x, next) = (next, x);
        }

        return tall ? Matrix<double>.From(x.Transposed()) : x;
    }
}

using System.Text.Json.Serialization;
using Kappa.Kernels;

namespace Kappa.Training.Corrections;

/// <summary>Adds the gradient of λ(log κ(W) − log κ₀)², scaled down to Frobenius norm ≤ clip, to ∂L/∂W on every period-th step.</summary>
/// <param name="Lambda">λ ≥ 0.</param>
/// <param name="Clip">The largest Frobenius norm of the addition, > 0.</param>
/// <param name="Period">Steps from one addition to the next, ≥ 1.</param>
public sealed record SpectralRegularization(double Lambda = 0.01, double Clip = 0.5, int Period = 10)
{
    /// <summary>κ₀ ≥ 1 of a regulariser that does not know its target's, or null for κ₀ = κ(W*), which only an oracle knows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AssumedCondition { get; init; }

    /// <summary>Whether update number <paramref name="step"/> (from 0) takes the penalty's gradient in.</summary>
    public bool IsDue(int step) => (step + 1) % Period == 0;

    /// <summary>The penalty's gradient (m×n).</summary>
    /// <param name="weight">W (m×n).</param>
    /// <param name="targetCondition">κ(W*).</param>
    public Matrix<double> Gradient(Matrix<double> weight, double targetCondition) => SpectralGradient.ConditionNumberPenalty(
        Svd.Decompose<double>(weight), Lambda, AssumedCondition ?? targetCondition, Clip).Gradient;
}

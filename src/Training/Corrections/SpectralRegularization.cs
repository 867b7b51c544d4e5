using Kappa.Kernels;
using Kappa.Training.Models;

namespace Kappa.Training.Corrections;

/// <summary>Adds the gradient of λ(log κ(W) − log κ*)², scaled down to Frobenius norm ≤ clip, to ∂L/∂W on every period-th step.</summary>
/// <param name="Lambda">λ ≥ 0.</param>
/// <param name="Clip">The largest Frobenius norm of the addition, > 0.</param>
/// <param name="Period">Steps from one addition to the next, ≥ 1.</param>
public sealed record SpectralRegularization(double Lambda = 0.01, double Clip = 0.5, int Period = 10)
{
    /// <summary>Before update number <paramref name="step"/> (from 0): adds to the gradient of a parameter.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="parameter">W and its gradient.</param>
    /// <param name="targetCondition">κ*.</param>
    public void AddTo(int step, Parameter parameter, double targetCondition)
    {
        if ((step + 1) % Period != 0)
            return;
        SvdResult<double> svd = Svd.Decompose<double>(parameter.Value);
        Matrix<double> penalty = SpectralGradient.ConditionNumberPenalty(svd, Lambda, targetCondition, Clip).Gradient;
        Span<double> g = parameter.Gradient.Elements, p = penalty.Elements;
        for (int i = 0; i < g.Length; i++)
            g[i] += p[i];
    }
}

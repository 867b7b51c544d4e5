using Kappa.Kernels;

namespace Kappa.Training.Corrections;

/// <summary>After every period-th update, moves the spectrum towards the target's: σ ← (1 − s)σ + sσ*, W ← U diag(σ) Vᵀ.</summary>
/// <param name="Strength">s in [0, 1].</param>
/// <param name="Period">Steps from one correction to the next, ≥ 1.</param>
public sealed record SvdCorrection(double Strength = 0.1, int Period = 20)
{
    /// <summary>Whether update number <paramref name="step"/> (from 0) is followed by a correction.</summary>
    public bool IsDue(int step) => (step + 1) % Period == 0;

    /// <summary>Corrects W in place.</summary>
    /// <param name="weight">W.</param>
    /// <param name="targetSigma">σ*, as many as W has.</param>
    public void Apply(Matrix<double> weight, ReadOnlySpan<double> targetSigma)
    {
        SvdResult<double> svd = Svd.Decompose<double>(weight);
        var sigma = new double[targetSigma.Length];
        for (int i = 0; i < sigma.Length; i++)
            sigma[i] = (1 - Strength) * svd.SingularValues[i] + Strength * targetSigma[i];
        SpectralGradient.PullBack<double>(svd, sigma).View.CopyTo(weight);
    }
}

using Kappa.Kernels;

namespace Kappa.Training.Information;

/// <summary>Theorem 1: of all spectra with Σσᵢ² = C, the flat one has the largest log-volume, and so the largest entropy.</summary>
/// <remarks>
/// Source: Ludwig, <i>The Condition Number as a Scale-Invariant Proxy for Information Encoding in Neural Units</i> (2025), Theorem 1 and
/// equations (8) to (12). The same follows from the inequality of arithmetic and geometric means for σᵢ².
/// </remarks>
public static class IsotropicBound
{
    /// <summary>The largest Σ log₂ σᵢ, in bits, of p singular values with Σσᵢ² = F²: (p/2)·log₂(F²/p). −∞ for F = 0, 0 for p = 0.</summary>
    /// <param name="count">p ≥ 0.</param>
    /// <param name="frobeniusNorm">F ≥ 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">p or F is negative, or F is NaN.</exception>
    public static double MaximumLogVolume(int count, double frobeniusNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!(frobeniusNorm >= 0))
            throw new ArgumentOutOfRangeException(nameof(frobeniusNorm), frobeniusNorm, "A norm is at least 0.");
        return count == 0 ? 0 : count * (Math.Log2(frobeniusNorm) - Math.Log2(count) / 2);
    }

    /// <summary>
    /// (p/2)·log₂(Σσᵢ²/p) − Σ log₂ σᵢ ≥ 0, in bits: how much less entropy than an isotropic matrix of the same Frobenius norm leaves.
    /// 0 only for equal σᵢ; the scale of W does not matter; +∞ where σ_p = 0; 0 for the zero and the empty matrix. O(p).
    /// </summary>
    /// <param name="sigma">σ₁ ≥ … ≥ σ_p ≥ 0.</param>
    public static double Deficit(ReadOnlySpan<double> sigma)
    {
        if (sigma.IsEmpty || sigma[0] == 0)
            return 0;
        // Of σᵢ/σ₁, so that no square over- or underflows and equal values give 0 exactly.
        double squares = 0, logs = 0;
        foreach (double s in sigma)
        {
            double share = s / sigma[0];
            squares += share * share;
            logs += Math.Log2(s) - Math.Log2(sigma[0]);
        }

        return Math.Max(0, sigma.Length * Math.Log2(squares / sigma.Length) / 2 - logs);
    }

    /// <summary>The Lagrangian of equation (10): Σ log₂ σᵢ − λ(Σσᵢ² − C).</summary>
    /// <param name="sigma">σ, positive.</param>
    /// <param name="multiplier">λ.</param>
    /// <param name="square">C.</param>
    public static double Lagrangian(ReadOnlySpan<double> sigma, double multiplier, double square)
    {
        double squares = 0;
        foreach (double s in sigma)
            squares += s * s;
        return Spectrum.LogVolume(sigma) - multiplier * (squares - square);
    }

    /// <summary>Its derivative, equation (11): 1/(σ_k ln 2) − 2λσ_k for every k.</summary>
    /// <param name="sigma">σ, positive.</param>
    /// <param name="multiplier">λ.</param>
    public static double[] LagrangianGradient(ReadOnlySpan<double> sigma, double multiplier)
    {
        var gradient = new double[sigma.Length];
        for (int k = 0; k < gradient.Length; k++)
            gradient[k] = 1 / (sigma[k] * Math.Log(2)) - 2 * multiplier * sigma[k];
        return gradient;
    }

    /// <summary>λ = p/(2C ln 2), at which equation (12), σ_k² = 1/(2λ ln 2) = C/p, meets the constraint.</summary>
    /// <param name="count">p ≥ 1.</param>
    /// <param name="square">C > 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">p or C is not positive.</exception>
    public static double Multiplier(int count, double square)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(square);
        return count / (2 * square * Math.Log(2));
    }
}

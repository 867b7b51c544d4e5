using Kappa.Kernels;

namespace Kappa.Training.Information;

/// <summary>A linear unit Y = WX with a spherical Gaussian input X ~ N(μ, σₓ²I): what its spectrum says of the information in Y.</summary>
/// <remarks>
/// All in bits. Where W (m×n) has fewer than m singular values above 0, Y lives on a subspace and has no density in ℝᵐ: its differential
/// entropy is −∞, and equation (6), which multiplies by m and sums over min(m, n) values, is formal. <see cref="EntropyOnImage"/> is
/// what it says with p = min(m, n) in the place of m; for m ≤ n the two are the same.
/// Source: Ludwig, <i>The Condition Number as a Scale-Invariant Proxy for Information Encoding in Neural Units</i> (2025), equations (2) to (7).
/// </remarks>
/// <param name="weight">W (m×n), finite, m, n ≥ 1.</param>
/// <param name="inputDeviation">σₓ > 0.</param>
public sealed class LinearGaussianUnit(Matrix<double> weight, double inputDeviation)
{
    private readonly double _inputDeviation = inputDeviation > 0 && double.IsFinite(inputDeviation)
        ? inputDeviation
        : throw new ArgumentOutOfRangeException(nameof(inputDeviation), inputDeviation, "The input's standard deviation must be positive and finite.");

    private readonly double[] _sigma = Svd.Values<double>(weight).SingularValues.ToArray();

    /// <summary>σ₁ ≥ … ≥ σ_p of W.</summary>
    public IReadOnlyList<double> SingularValues => _sigma;

    /// <summary>h(Y) on the p-dimensional image, p = min(m, n): (p/2)·log₂(2πe σₓ²) + Σ log₂ σᵢ, equation (6); −∞ where σ_p = 0.</summary>
    public double EntropyOnImage => Spectrum.DifferentialEntropy(_sigma, _sigma.Length, _inputDeviation);

    /// <summary>h(Y) in ℝᵐ: <see cref="EntropyOnImage"/> where m ≤ n, else −∞.</summary>
    public double Entropy => weight.Rows <= weight.Columns ? EntropyOnImage : double.NegativeInfinity;

    /// <summary>Σ_Y = σₓ²WWᵀ (m×m), equation (4)'s matrix. m²n operations.</summary>
    public Matrix<double> Covariance()
    {
        var covariance = new Matrix<double>(weight.Rows, weight.Rows);
        Gemm.Multiply(_inputDeviation * _inputDeviation, weight, weight.Transposed(), 0.0, covariance);
        return covariance;
    }

    /// <summary>h(Z) = ½·log₂((2πe)^m det Σ) of Z ~ N(·, Σ), equation (3), where det Σ is the product of Σ's singular values. O(m³).</summary>
    /// <param name="covariance">Σ (m×m), symmetric and positive semidefinite.</param>
    /// <exception cref="ArgumentException">Σ is not square.</exception>
    public static double GaussianEntropy(Matrix<double> covariance)
    {
        int m = covariance.Rows;
        if (m != covariance.Columns)
            throw new ArgumentException($"A covariance is square; this is {m}×{covariance.Columns}.", nameof(covariance));
        double logDeterminant = Spectrum.LogVolume(Svd.Values<double>(covariance).SingularValues);
        return (m * Math.Log2(2 * Math.PI * Math.E) + logDeterminant) / 2;
    }

    /// <summary>I(X; Y) = h(Y) − h(Y|X) = ½ Σ log₂(1 + σᵢ²σₓ²/s²) for Y = WX + N with N ~ N(0, s²I), equation (7).</summary>
    /// <remarks>
    /// The paper lets s be 0 and h(Y|X) with it; but h(N) = (m/2)·log₂(2πe s²) → −∞, so that I(X; WX) is infinite for every W ≠ 0 and
    /// h(Y) itself not a measure of shared information. With any s > 0 it is finite, and depends on W through σᵢσₓ/s.
    /// Source: Cover and Thomas, <i>Elements of Information Theory</i>, 9.4.
    /// </remarks>
    /// <param name="noiseDeviation">s > 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">s is not positive and finite.</exception>
    public double MutualInformation(double noiseDeviation)
    {
        if (!(noiseDeviation > 0) || !double.IsFinite(noiseDeviation))
            throw new ArgumentOutOfRangeException(nameof(noiseDeviation), noiseDeviation, "The noise's standard deviation must be positive and finite.");
        double sum = 0;
        foreach (double s in _sigma)
        {
            double ratio = s * _inputDeviation / noiseDeviation;
            // log₂(1 + r²) without r² for large r, and without 1 + r² for small r.
            sum += ratio > 1 ? 2 * Math.Log2(ratio) + LogOnePlus(1 / ratio / ratio) : LogOnePlus(ratio * ratio);
        }

        return sum / 2;
    }

    private static double LogOnePlus(double x) => x < 1e-5 ? (x - x * x / 2) / Math.Log(2) : Math.Log2(1 + x);
}

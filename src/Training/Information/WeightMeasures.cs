using Kappa.Kernels;

namespace Kappa.Training.Information;

/// <summary>What the spectrum of one weight matrix W (m×n), p = min(m, n), says: κ, ranks, norms, volume, entropy, and how far it is from a random matrix.</summary>
public sealed class WeightMeasures
{
    // Fewer singular values than this are told from a random matrix's by luck only.
    private const int LeastForComparison = 8;

    // A wider enclosure from the spectrum is worth a QR factorisation.
    private const double WidestFromSpectrum = 1e-6;

    private readonly double[] _sigma;

    private WeightMeasures(Matrix<double> w, double inputDeviation, VectorPath path, int maxThreads)
    {
        (Rows, Columns) = (w.Rows, w.Columns);
        SvdResult<double> svd = Svd.Values<double>(w, path, SvdAlgorithm.Bidiagonal, maxThreads);
        Condition = Spectrum.ConditionNumber(svd);
        if (!Condition.IsResolved || Condition.Upper - Condition.Lower > WidestFromSpectrum * Condition.Lower)
        {
            Condition = Spectrum.ConditionNumber<double>(w, path, maxThreads);
            // κ is known, and so large that only the careful algorithm gives all the values behind it.
            if (Condition.IsResolved && double.IsFinite(Condition.Upper))
                svd = Svd.Values<double>(w, path, SvdAlgorithm.Auto, maxThreads);
        }

        _sigma = svd.SingularValues.ToArray();
        NonZeroConditionNumber = Spectrum.NonZeroConditionNumber<double>(_sigma, Rows, Columns);
        NumericalRank = Spectrum.NumericalRank<double>(_sigma, Rows, Columns);
        EffectiveRank = Spectrum.EffectiveRank<double>(_sigma);
        SpectralGap = Spectrum.SpectralGap<double>(_sigma);
        FrobeniusNorm = Spectrum.FrobeniusNorm<double>(w);
        NuclearNorm = _sigma.Sum();
        StableRank = _sigma[0] > 0 ? Square(FrobeniusNorm / _sigma[0]) : 0;
        double[] norms = Spectrum.RowNorms<double>(w);
        RowNormSpread = norms.Max() > 0 ? norms.Max() / norms.Min() : double.NaN;
        double entropy = Spectrum.DifferentialEntropy(_sigma, _sigma.Length, inputDeviation);
        // What rounding leaves of a σ = 0 would give a number here.
        (LogVolume, Entropy, EntropyDeficit) = ConditionReason is null
            ? (Condition.LogVolume.Value, entropy, IsotropicBound.Deficit(_sigma))
            : (double.NegativeInfinity, double.NegativeInfinity, double.PositiveInfinity);
        double deviation = FrobeniusNorm / Math.Sqrt(Rows) / Math.Sqrt(Columns);
        if (deviation > 0)
            RandomLaw = new MarchenkoPastur(Rows, Columns, deviation);
        RandomDistance = RandomLaw?.Distance(_sigma) ?? double.NaN;
    }

    /// <summary>Measures W: singular values by bidiagonalisation; where that leaves κ less sure than to 10⁻⁶, a QR factorisation, too, and where
    /// it resolves κ, the values once more by <see cref="SvdAlgorithm.Auto"/>, each to its own relative accuracy.</summary>
    /// <param name="w">W (m×n), finite, m, n ≥ 1.</param>
    /// <param name="inputDeviation">σₓ > 0 of the entropy.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>. The bits are the same for any number.</param>
    /// <exception cref="ArgumentException">W is empty, or an element is NaN or infinite; its position is named.</exception>
    /// <exception cref="ArgumentOutOfRangeException">σₓ is not positive and finite.</exception>
    public static WeightMeasures Of(Matrix<double> w, double inputDeviation = 1, VectorPath path = VectorPath.Best, int maxThreads = 0)
    {
        ArgumentNullException.ThrowIfNull(w);
        if (w.Rows == 0 || w.Columns == 0)
            throw new ArgumentException($"A {w.Rows}×{w.Columns} matrix has no singular values.", nameof(w));
        return new WeightMeasures(w, inputDeviation, path, maxThreads);
    }

    /// <summary>m.</summary>
    public int Rows { get; }

    /// <summary>n.</summary>
    public int Columns { get; }

    /// <summary>σ₁ ≥ … ≥ σ_p.</summary>
    public IReadOnlyList<double> SingularValues => _sigma;

    /// <summary>κ = σ₁/σ_p between bounds, whether it is resolved, and Σ log₂ σᵢ likewise.</summary>
    public ConditionEstimate<double> Condition { get; }

    /// <summary>κ over non-zero singular values, those above max(m, n)·ε·σ₁: equation (1) of Ludwig (2025). NaN for W = 0.</summary>
    public double NonZeroConditionNumber { get; }

    /// <summary>#{i : σᵢ > max(m, n)·ε·σ₁}, ε = 2⁻⁵².</summary>
    public int NumericalRank { get; }

    /// <summary>Why there is no condition number: "singular: rank 255 of 256", "not resolved: κ ≥ …"; null where there is one.</summary>
    public string? ConditionReason => double.IsPositiveInfinity(Condition.Lower) || (!Condition.IsResolved && NumericalRank < _sigma.Length)
        ? $"singular: numerical rank {NumericalRank} of {_sigma.Length}"
        : Condition.IsResolved ? null : FormattableString.Invariant($"not resolved: κ ≥ {Condition.Lower:G3}");

    /// <summary>#{i : σᵢ > 0.01·σ₁}.</summary>
    public int EffectiveRank { get; }

    /// <summary>‖W‖²_F/σ₁², between 1 and p; 0 for W = 0. Source: Rudelson and Vershynin, J. ACM 54 (2007).</summary>
    public double StableRank { get; }

    /// <summary>(σ₁ − σ₂)/σ₁.</summary>
    public double SpectralGap { get; }

    /// <summary>‖W‖_F.</summary>
    public double FrobeniusNorm { get; }

    /// <summary>Σσᵢ.</summary>
    public double NuclearNorm { get; }

    /// <summary>The largest ‖Wᵢ,:‖₂ over the smallest; +∞ where a row is zero, NaN for W = 0.</summary>
    public double RowNormSpread { get; }

    /// <summary>Σ log₂ σᵢ, in bits; −∞ where there is a <see cref="ConditionReason"/>.</summary>
    public double LogVolume { get; }

    /// <summary>h(WX) in bits for X ~ N(μ, σₓ²I), on the p-dimensional image: (p/2)·log₂(2πe σₓ²) + Σ log₂ σᵢ; −∞ where there is a <see cref="ConditionReason"/>.</summary>
    public double Entropy { get; }

    /// <summary>How many bits less that is than for an isotropic matrix of the same Frobenius norm; ≥ 0, +∞ where there is a <see cref="ConditionReason"/>.</summary>
    public double EntropyDeficit { get; }

    /// <summary>The law of a random matrix of the same shape and Frobenius norm; null for W = 0.</summary>
    public MarchenkoPastur? RandomLaw { get; }

    /// <summary>Kolmogorov's distance between W's singular values and that law, in [0, 1]; NaN for W = 0.</summary>
    public double RandomDistance { get; }

    /// <summary>
    /// Whether W cannot be told by its spectrum from a matrix of independent entries, as an initialisation draws it: distance and σ₁ both
    /// within what those rarely exceed. False for p &lt; 8, where nothing could be told.
    /// </summary>
    public bool IsLikeRandom => RandomLaw is { } law && _sigma.Length >= LeastForComparison
        && RandomDistance <= law.PlausibleDistance && _sigma[0] <= law.LargestPlausible;

    private static double Square(double x) => x * x;
}

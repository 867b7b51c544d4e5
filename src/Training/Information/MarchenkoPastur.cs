namespace Kappa.Training.Information;

/// <summary>
/// The law of the singular values of a p×q matrix, p ≤ q, of independent entries of mean 0 and variance s²: λ = σ²/(s²q) has the density
/// √((λ₊ − λ)(λ − λ₋))/(2πyλ) between λ± = (1 ± √y)², y = p/q.
/// </summary>
/// <remarks>Exact as p, q → ∞; for finite ones the edges blur by p^(−2/3), and the distribution function errs by O(log p/p).
/// Sources: Marčenko and Pastur, Math. USSR Sbornik 1 (1967); Johnstone, Ann. Statist. 29 (2001).</remarks>
public sealed class MarchenkoPastur
{
    // Johnstone's centring and scaling of σ₁²; the quantile 0.999 of the Tracy–Widom law of order 1.
    private const double EdgeQuantile = 3.27;

    private readonly double _y, _lower, _upper;
    private readonly int _p, _q;

    /// <summary>The law for one shape and scale.</summary>
    /// <param name="rows">m ≥ 1.</param>
    /// <param name="columns">n ≥ 1; m and n may be exchanged.</param>
    /// <param name="deviation">s > 0; ‖W‖_F/√(mn) estimates it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is not positive and finite.</exception>
    public MarchenkoPastur(int rows, int columns, double deviation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (!(deviation > 0) || !double.IsFinite(deviation))
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "The entries' standard deviation must be positive and finite.");
        (_p, _q) = (Math.Min(rows, columns), Math.Max(rows, columns));
        _y = (double)_p / _q;
        double root = Math.Sqrt(_y);
        (_lower, _upper) = ((1 - root) * (1 - root), (1 + root) * (1 + root));
        Deviation = deviation;
    }

    /// <summary>s.</summary>
    public double Deviation { get; }

    /// <summary>s(√q − √p): where the smallest singular values of a large random matrix end.</summary>
    public double SmallestSingularValue => Deviation * (Math.Sqrt(_q) - Math.Sqrt(_p));

    /// <summary>s(√q + √p): where the largest ones end.</summary>
    public double LargestSingularValue => Deviation * (Math.Sqrt(_q) + Math.Sqrt(_p));

    /// <summary>What σ₁ of such a Gaussian matrix exceeds once in a thousand times.</summary>
    public double LargestPlausible
    {
        get
        {
            double sum = Math.Sqrt(_q - 1) + Math.Sqrt(_p);
            double scale = _q == 1 ? sum : sum * Math.Cbrt(1 / Math.Sqrt(_q - 1) + 1 / Math.Sqrt(_p));
            return Deviation * Math.Sqrt(sum * sum + EdgeQuantile * scale);
        }
    }

    /// <summary>The density of σ at x, per unit of σ; 0 outside the edges.</summary>
    public double Density(double x)
    {
        double lambda = Scaled(x);
        return lambda <= _lower || lambda >= _upper
            ? 0
            : Math.Sqrt((_upper - lambda) * (lambda - _lower)) / (Math.PI * _y * lambda) * (x / (Deviation * Deviation * _q));
    }

    /// <summary>The share of singular values that are at most x.</summary>
    public double CumulativeDistribution(double x)
    {
        double lambda = Scaled(x);
        if (!(lambda > _lower))
            return 0;
        if (lambda >= _upper)
            return 1;
        double width = _upper - _lower, product = _lower * _upper;
        double root = Math.Sqrt((_upper - lambda) * (lambda - _lower));
        double first = Math.Asin(Math.Clamp((2 * lambda - _lower - _upper) / width, -1, 1)) + Math.PI / 2;
        double second = Math.Asin(Math.Clamp(((_lower + _upper) * lambda - 2 * product) / (lambda * width), -1, 1)) + Math.PI / 2;
        return Math.Clamp((root + (_lower + _upper) / 2 * first - Math.Sqrt(product) * second) / (2 * Math.PI * _y), 0, 1);
    }

    /// <summary>Kolmogorov's distance, the largest difference between the law and the distribution of given singular values: in [0, 1]. O(p).</summary>
    /// <param name="sigma">σ₁ ≥ … ≥ σ_p, p ≥ 1.</param>
    /// <exception cref="ArgumentException">There are not p of them.</exception>
    public double Distance(ReadOnlySpan<double> sigma)
    {
        if (sigma.Length != _p)
            throw new ArgumentException($"A {_p}×{_q} matrix has {_p} singular values, not {sigma.Length}.", nameof(sigma));
        double distance = 0;
        for (int i = 0; i < _p; i++)
        {
            double expected = CumulativeDistribution(sigma[_p - 1 - i]);
            distance = Math.Max(distance, Math.Max((i + 1.0) / _p - expected, expected - (double)i / _p));
        }

        return distance;
    }

    /// <summary>
    /// The distance that a matrix of independent entries stays below 99 times in a hundred: (1.2 + 0.42·ln p)/p. Fitted to simulated Gaussian
    /// and uniform matrices with p = 4 … 512 and q = p … 16p, whose quantiles it exceeds by 0 to 8 % but for three, 4 % above it; the ratio y does not matter.
    /// </summary>
    public double PlausibleDistance => (1.2 + 0.42 * Math.Log(_p)) / _p;

    private double Scaled(double x)
    {
        double share = x / Deviation;
        return share * share / _q;
    }
}

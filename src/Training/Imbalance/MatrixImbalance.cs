using Kappa.Kernels;

namespace Kappa.Training.Imbalance;

/// <summary>∂L/∂σᵢ = uᵢᵀGvᵢ of a matrix W (m×n) and its gradient G, checked by two other ways to the same numbers.</summary>
/// <remarks>
/// The first is the inner product ⟨G, uᵢvᵢᵀ⟩ in double-double arithmetic. The second asks no singular vector: under descent,
/// Ẇ = −G, σᵢ moves with −uᵢᵀGvᵢ ≈ (σᵢ(W − hG) − σᵢ(W + hG))/2h. σᵢ(W − tG) is analytic for |t|·‖G‖₂ below half of its gap γᵢ,
/// the distance to the nearest other one of σ₁ … σ_p, −σ_p and, where m ≠ n, 0; with δ = h‖G‖₂ Cauchy's estimate bounds the
/// truncation by ‖G‖₂·4(δ/γᵢ)²/(1 − 4(δ/γᵢ)²). Rounding adds max(m, n)·ε·σ₁/h. h is the power of two next below the one that
/// balances the two for a gap of σ₁/p: δ = σ₁(ε/p²)^⅓.
/// Source: Kato, <i>Perturbation theory for linear operators</i>, II §3.
/// </remarks>
public sealed class MatrixImbalance
{
    /// <summary>Gaps from this many δ on let velocity and derivative be compared: truncation is 4·10⁻⁶ of ‖G‖₂ there, and less beyond.</summary>
    private const double LeastGap = 1000;

    private MatrixImbalance(Matrix<double> w, Matrix<double> gradient)
    {
        GradientSpectralNorm = Svd.Values<double>(gradient).SingularValues[0];
        GradientNorm = Spectrum.FrobeniusNorm<double>(gradient);
        SvdResult<double> svd = Svd.Decompose<double>(w);
        SingularValues = svd.SingularValues.ToArray();
        Derivatives = SingularDerivatives.Of(svd, gradient);
        Products = SingularDerivatives.Exactly(svd, gradient);
        Gaps = GapsOf(SingularValues, w.Rows == w.Columns);

        int p = SingularValues.Length;
        double step = SingularValues[0] * Math.Cbrt(Math.ScaleB(1, -52)) / Math.Cbrt((double)p * p) / GradientSpectralNorm;
        Step = step > 0 && double.IsFinite(step) ? Math.ScaleB(1, Math.ILogB(step)) : 0;
        Velocities = new double[p];
        if (Step == 0)
        {
            // Where G is 0 nothing moves; else W is 0, or so far from G in scale that no h leads from one to the other.
            Array.Fill(Velocities, GradientNorm == 0 ? 0 : double.NaN);
            return;
        }

        double[] ahead = Moved(-Step), behind = Moved(Step);
        for (int i = 0; i < p; i++)
            Velocities[i] = (ahead[i] - behind[i]) / (2 * Step);

        double[] Moved(double by)
        {
            Matrix<double> moved = w.Clone();
            for (int i = 0; i < moved.Elements.Length; i++)
                moved.Elements[i] += by * gradient.Elements[i];
            return Svd.Values<double>(moved).SingularValues.ToArray();
        }
    }

    /// <summary>σᵢ of W, p = min(m, n) of them.</summary>
    public double[] SingularValues { get; }

    /// <summary>uᵢᵀGvᵢ, with its sign.</summary>
    public double[] Derivatives { get; }

    /// <summary>⟨G, uᵢvᵢᵀ⟩, summed in double-double arithmetic.</summary>
    public double[] Products { get; }

    /// <summary>(σᵢ(W − hG) − σᵢ(W + hG))/2h, NaN where there is no h.</summary>
    public double[] Velocities { get; }

    /// <summary>γᵢ.</summary>
    public double[] Gaps { get; }

    /// <summary>h; 0 where there is none.</summary>
    public double Step { get; }

    /// <summary>‖G‖_F.</summary>
    public double GradientNorm { get; }

    /// <summary>‖G‖₂.</summary>
    public double GradientSpectralNorm { get; }

    /// <summary>|∂L/∂σ₁|/|∂L/∂σ_p|.</summary>
    public double Ratio => SingularDerivatives.Ratio(Derivatives);

    /// <summary>(uᵢᵀGvᵢ)²/‖G‖_F²: the share of G's squared norm that moves σᵢ. What is missing from a sum of 1 turns U and V.</summary>
    public double[] Shares => [.. Derivatives.Select(g => g / GradientNorm * (g / GradientNorm))];

    /// <summary>max |uᵢᵀGvᵢ − ⟨G, uᵢvᵢᵀ⟩| over max |⟨G, uᵢvᵢᵀ⟩|.</summary>
    public double Disagreement => SingularDerivatives.Farthest(Derivatives, Products) / SingularDerivatives.Largest(Products);

    /// <summary>max |uᵢᵀGvᵢ − ⟨G, uᵢvᵢᵀ⟩|/|⟨G, uᵢvᵢᵀ⟩|, each i against itself.</summary>
    public double RelativeDisagreement => SingularDerivatives.FarthestRelatively(Derivatives, Products);

    /// <summary>max |velocity + uᵢᵀGvᵢ| over max |uᵢᵀGvᵢ|, over the i that can be compared; NaN where none can.</summary>
    public double VelocityDisagreement =>
        Enumerable.Range(0, Gaps.Length).Where(IsComparable).Select(i => Math.Abs(Velocities[i] + Derivatives[i])).DefaultIfEmpty(double.NaN).Max()
        / SingularDerivatives.Largest(Derivatives);

    /// <summary>Whether σᵢ stands far enough from the others for its velocity to be compared with −uᵢᵀGvᵢ.</summary>
    /// <param name="index">i, from 0.</param>
    public bool IsComparable(int index) => double.IsFinite(Velocities[index]) && Gaps[index] >= LeastGap * Step * GradientSpectralNorm;

    /// <summary>Measures. Four decompositions and mnp products in double-double arithmetic.</summary>
    /// <param name="w">W (m×n).</param>
    /// <param name="gradient">G (m×n).</param>
    /// <exception cref="ArgumentException">W is empty, G has another shape, or an element of one is NaN or infinite.</exception>
    public static MatrixImbalance Measure(Matrix<double> w, Matrix<double> gradient)
    {
        if (gradient.Rows != w.Rows || gradient.Columns != w.Columns)
            throw new ArgumentException($"G is {gradient.Rows}×{gradient.Columns}, W is {w.Rows}×{w.Columns}.", nameof(gradient));
        if (w.Elements.IsEmpty)
            throw new ArgumentException($"A {w.Rows}×{w.Columns} matrix has no singular values.", nameof(w));
        return new MatrixImbalance(w, gradient);
    }

    private static double[] GapsOf(double[] sigma, bool square)
    {
        int p = sigma.Length;
        var gaps = new double[p];
        for (int i = 0; i < p; i++)
            gaps[i] = Math.Min(i == 0 ? double.PositiveInfinity : sigma[i - 1] - sigma[i], i + 1 < p ? sigma[i] - sigma[i + 1] : square ? 2 * sigma[i] : sigma[i]);
        return gaps;
    }
}

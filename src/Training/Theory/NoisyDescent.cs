using Kappa.Kernels;

namespace Kappa.Training.Theory;

/// <summary>Stochastic gradient descent on Y = XW*ᵀ + σN in closed form: exact first and second moments of D_t = W_t − W*.</summary>
/// <remarks>
/// <para>With S = XᵀX/B of a fresh Gaussian batch, D ← D(I − ηS) + (ησ/B)NᵀX. Since E[S] = I and
/// E[SCS] = C + (C + tr(C)·I)/B for every symmetric C,</para>
/// <para>E[D_t] = (1 − η)^t D₀, and for every row d of UᵀD with U fixed, E[d_tᵀd_t] = α_t d₀ᵀd₀ + (β_t‖d₀‖² + v_t)·I with
/// α ← qα, β ← qβ + (η²/B)(α + dβ), v ← qv + (η²/B)(dv + σ²), q = 1 − 2η + η²(1 + 1/B), from α = 1, β = v = 0.</para>
/// <para>v is the label noise, β what the sampling of X leaves, and (1 − η)^t the way not yet gone. v converges where
/// ρ = 1 − 2η + η²(1 + (d + 1)/B) &lt; 1, to ησ²/(B(2 − η(1 + (d + 1)/B))): the floor of a constant step.</para>
/// </remarks>
/// <param name="Dimension">d ≥ 1: rows of length d.</param>
/// <param name="BatchSize">B ≥ 1.</param>
/// <param name="LearningRate">η > 0.</param>
/// <param name="Noise">σ ≥ 0.</param>
public sealed record NoisyDescent(int Dimension, int BatchSize, double LearningRate, double Noise)
{
    /// <summary>ρ, the factor of E‖D‖² per step.</summary>
    public double SecondMomentFactor =>
        1 - 2 * LearningRate + LearningRate * LearningRate * (1 + (Dimension + 1.0) / BatchSize);

    /// <summary>√v_∞, the root mean square of an element of D that label noise leaves for ever; ∞ where descent diverges.</summary>
    public double NoiseFloor
    {
        get
        {
            double room = 2 - LearningRate * (1 + (Dimension + 1.0) / BatchSize);
            return room > 0 ? Noise * Math.Sqrt(LearningRate / (BatchSize * room)) : Noise > 0 ? double.PositiveInfinity : 0;
        }
    }

    /// <summary>The coefficients after t steps: the mean's factor (1 − η)^t, α_t, β_t, v_t. O(t).</summary>
    /// <param name="steps">t ≥ 0.</param>
    public (double Mean, double Alpha, double Beta, double NoiseVariance) After(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        double eta = LearningRate, share = eta * eta / BatchSize, q = 1 - 2 * eta + eta * eta + share;
        double mean = 1, alpha = 1, beta = 0, v = 0;
        for (int t = 0; t < steps; t++)
        {
            beta = q * beta + share * (alpha + Dimension * beta);
            v = q * v + share * (Dimension * v + Noise * Noise);
            alpha *= q;
            mean *= 1 - eta;
        }

        return (mean, alpha, beta, v);
    }

    /// <summary>√E‖D_t‖²_F from ‖D₀‖_F, for D of d rows. The overall error is this over ‖W*‖_F.</summary>
    /// <param name="startNorm">‖D₀‖_F.</param>
    /// <param name="steps">t ≥ 0.</param>
    public double Distance(double startNorm, int steps)
    {
        (_, double alpha, double beta, double v) = After(steps);
        return Math.Sqrt((alpha + Dimension * beta) * startNorm * startNorm + (double)Dimension * Dimension * v);
    }

    /// <summary>What first-order perturbation makes of the moments for each singular value: σᵢ(W_t) ≈ uᵢᵀW_tvᵢ in the SVD of W*.</summary>
    /// <param name="target">The full decomposition of W* (d×d).</param>
    /// <param name="start">W₀ (d×d).</param>
    /// <param name="steps">t ≥ 0.</param>
    /// <returns>Mean and standard deviation of uᵢᵀW_tvᵢ, exact; as a statement on σᵢ good where gaps of W* exceed the deviation.</returns>
    public (double[] Mean, double[] Deviation) SingularValues(SvdResult<double> target, Matrix<double> start, int steps)
    {
        (double factor, double alpha, double beta, double v) = After(steps);
        int p = target.SingularValues.Length;
        double[] mean = new double[p], deviation = new double[p];
        // Row i of UᵀD₀, with D₀ = W₀ − W*: uᵢᵀW₀ − σᵢvᵢᵀ.
        Matrix<double> rows = Gemm.Multiply<double>(target.U.Transposed(), start);
        for (int i = 0; i < p; i++)
        {
            double sigma = target.SingularValues[i], along = 0, norm = 0;
            for (int j = 0; j < start.Columns; j++)
            {
                double d = rows[i, j] - sigma * target.V[j, i];
                along += d * target.V[j, i];
                norm += d * d;
            }

            mean[i] = sigma + factor * along;
            deviation[i] = Math.Sqrt(Math.Max(0, (alpha - factor * factor) * along * along + beta * norm + v));
        }

        return (mean, deviation);
    }

    /// <summary>
    /// The median of the κ error |κ − κ*|/κ* after t steps where it is small: 0.6745·s/(σ_min*(1 − (1 − η)^t)), 0.6745 the median of
    /// |N(0, 1)| and s² = α_t(w² + σ_min*²) + β_t(σ_min*² + d·w²) + v_t − (1 − η)^(2t) σ_min*², the variance of uᵀW_tv over W₀ and the batches.
    /// </summary>
    /// <remarks>The common factor 1 − (1 − η)^t of all σᵢ leaves κ as it is. For t → ∞ it is 0.6745·√v_∞/σ_min*, 0 only where σ is. O(t).</remarks>
    /// <param name="smallest">σ_min* > 0.</param>
    /// <param name="startDeviation">w, the standard deviation of the independent elements of W₀.</param>
    /// <param name="steps">t ≥ 1.</param>
    public double ConditionNumberError(double smallest, double startDeviation, int steps)
    {
        (double mean, double alpha, double beta, double v) = After(steps);
        double w2 = startDeviation * startDeviation, s2 = smallest * smallest;
        double variance = alpha * (w2 + s2) + beta * (s2 + Dimension * w2) + v - mean * mean * s2;
        return 0.674489750196082 * Math.Sqrt(Math.Max(0, variance)) / (smallest * (1 - mean));
    }
}

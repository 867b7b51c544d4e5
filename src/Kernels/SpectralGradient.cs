using System.Numerics;

namespace Kappa.Kernels;

/// <summary>Derivatives of functions of the singular values of W = U Σ Vᵀ (m×n), p = min(m, n).</summary>
/// <remarks>
/// ∂σᵢ/∂W = uᵢvᵢᵀ where σᵢ is simple, and the gradient of any g(σ) is U diag(∂g/∂σ) Vᵀ. Where σᵢ is repeated k times (values
/// within max(m, n)·ε of each other, relatively), uᵢ and vᵢ are arbitrary within their subspace, σᵢ has no gradient, and the
/// mean (1/k)·Σ uⱼvⱼᵀ over the cluster is given: the gradient of the cluster's mean, which depends on no choice of basis. It keeps
/// ⟨∂σᵢ, W⟩ = σᵢ. Nothing here divides by a difference of singular values, so every result is finite.
/// Source: Magnus, <i>On differentiating eigenvalues and eigenvectors</i>, Econometric Theory 1 (1985).
/// </remarks>
public static class SpectralGradient
{
    /// <summary>∂σᵢ/∂W (m×n), and the multiplicity of σᵢ over which it is a mean. O(mnk).</summary>
    /// <param name="svd">The full decomposition of W.</param>
    /// <param name="index">i, from 0.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">W has no such singular value.</exception>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static SpectralDerivative<T> SingularValue<T>(SvdResult<T> svd, int index) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)svd.SingularValues.Length, nameof(index));
        var weights = new T[svd.SingularValues.Length];
        int multiplicity = Spread(svd, index, T.One, weights);
        return new SpectralDerivative<T>(svd.SingularValues[index], PullBack<T>(svd, weights), multiplicity, multiplicity);
    }

    /// <summary>U diag(w) Vᵀ (m×n): the gradient of g(σ(W)) for w = ∂g/∂σ. 2mnp operations, one GEMM.</summary>
    /// <param name="svd">The full decomposition of W.</param>
    /// <param name="weights">∂g/∂σᵢ, p of them; g must be symmetric in repeated values, so that equal σ have equal weights.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">There are not p weights.</exception>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static Matrix<T> PullBack<T>(SvdResult<T> svd, ReadOnlySpan<T> weights) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int p = svd.SingularValues.Length;
        if (weights.Length != p)
            throw new ArgumentException($"A {svd.Rows}×{svd.Columns} matrix has {p} singular values, got {weights.Length} weights.", nameof(weights));
        // Directions of weight 0 (all but two, for κ) are left out of the product.
        int used = 0;
        foreach (T w in weights)
            used += T.IsZero(w) ? 0 : 1;
        var left = new Matrix<T>(svd.Rows, used);
        var right = new Matrix<T>(svd.Columns, used);
        for (int k = 0, column = 0; k < p; k++)
        {
            if (T.IsZero(weights[k]))
                continue;
            for (int i = 0; i < svd.Rows; i++)
                left[i, column] = svd.U[i, k] * weights[k];
            svd.V.View.Column(k).CopyTo(right.View.Column(column));
            column++;
        }

        return Gemm.Multiply<T>(left, right.Transposed());
    }

    /// <summary>log κ (natural logarithm) and ∂log κ/∂W = u₁v₁ᵀ/σ₁ − u_p v_pᵀ/σ_p, with means over repeated ends. ⟨∂log κ, W⟩ = 0.</summary>
    /// <remarks>
    /// Where σ_p = 0, log κ and the gradient are those of σ_p = ε·σ₁: finite, and leading out of the singular set. 1/σ is bounded
    /// by 2¹⁰⁰⁰ (2¹⁰⁴ in f32). For W = 0 both are 0. Where the whole spectrum is one cluster (W orthogonal), the gradient is 0.
    /// </remarks>
    /// <param name="svd">The full decomposition of W, p ≥ 1.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">W is empty.</exception>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static SpectralDerivative<T> LogConditionNumber<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        ConditionPenalty(svd, T.One, T.NaN, T.PositiveInfinity);

    /// <summary>λ(log κ(W) − log κ*)² and its gradient 2λ(log κ − log κ*)·∂log κ/∂W, scaled down to Frobenius norm ≤ clip.</summary>
    /// <param name="svd">The full decomposition of W, p ≥ 1; see <see cref="LogConditionNumber{T}"/> for repeated and zero ends.</param>
    /// <param name="lambda">λ ≥ 0.</param>
    /// <param name="targetCondition">κ* ≥ 1.</param>
    /// <param name="clip">The largest Frobenius norm of the gradient, > 0; +∞ for none.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">κ* is below 1 or not finite.</exception>
    /// <exception cref="ArgumentException">W is empty.</exception>
    public static SpectralDerivative<T> ConditionNumberPenalty<T>(SvdResult<T> svd, T lambda, T targetCondition, T clip)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!(targetCondition >= T.One) || !T.IsFinite(targetCondition))
            throw new ArgumentOutOfRangeException(nameof(targetCondition), targetCondition, "A condition number is finite and at least 1.");
        return ConditionPenalty(svd, lambda, T.Log(targetCondition), clip);
    }

    /// <summary>Σ log₂ σᵢ and its gradient U diag(1/(σᵢ ln 2)) Vᵀ; ⟨∂, W⟩ = p/ln 2. A zero σᵢ counts as ε·σ₁ in the gradient.</summary>
    /// <param name="svd">The full decomposition of W.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static SpectralDerivative<T> LogVolume<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        var weights = new T[sigma.Length];
        T ln2 = T.Log(T.CreateTruncating(2));
        for (int i = 0; i < weights.Length && !T.IsZero(sigma[0]); i++)
            weights[i] = Bounded(T.One / (Floored(sigma, i) * ln2));
        return new SpectralDerivative<T>(Spectrum.LogVolume(sigma), PullBack<T>(svd, weights), 1, 1);
    }

    /// <summary>The gradient imbalance |∂L/∂σᵢ| = |uᵢᵀ G vᵢ| for every i, from one GEMM. 2mnp operations.</summary>
    /// <param name="svd">The full decomposition of W (m×n).</param>
    /// <param name="gradient">G = ∂L/∂W (m×n).</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">G and W differ in shape.</exception>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static T[] Imbalance<T>(SvdResult<T> svd, ReadOnlyMatrixView<T> gradient) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (gradient.Rows != svd.Rows || gradient.Columns != svd.Columns)
            throw new ArgumentException($"G is {gradient.Rows}×{gradient.Columns}, W is {svd.Rows}×{svd.Columns}.", nameof(gradient));
        Matrix<T> gv = Gemm.Multiply<T>(gradient, svd.V);
        var result = new T[svd.SingularValues.Length];
        for (int i = 0; i < gv.Rows; i++)
        {
            Span<T> u = svd.U.Row(i), g = gv.Row(i);
            for (int k = 0; k < result.Length; k++)
                result[k] += u[k] * g[k];
        }

        for (int k = 0; k < result.Length; k++)
            result[k] = T.Abs(result[k]);
        return result;
    }

    /// <summary>How many singular values lie within max(m, n)·ε·σᵢ of σᵢ, itself counted.</summary>
    /// <param name="svd">A decomposition.</param>
    /// <param name="index">i, from 0.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static int Multiplicity<T>(SvdResult<T> svd, int index) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int from, int to) = Cluster(svd, index);
        return to - from;
    }

    private static SpectralDerivative<T> ConditionPenalty<T>(SvdResult<T> svd, T lambda, T logTarget, T clip)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        if (sigma.IsEmpty)
            throw new ArgumentException("An empty matrix has no condition number.", nameof(svd));
        var weights = new T[sigma.Length];
        if (T.IsZero(sigma[0]))
            return new SpectralDerivative<T>(T.Zero, PullBack<T>(svd, weights), sigma.Length, sigma.Length);
        int last = sigma.Length - 1;
        T bottom = Floored(sigma, last), logKappa = T.Log(sigma[0]) - T.Log(bottom);
        // Without a target: log κ itself, whose factor is 1.
        bool plain = T.IsNaN(logTarget);
        T excess = logKappa - logTarget, factor = plain ? T.One : T.CreateTruncating(2) * lambda * excess;
        int top = Spread(svd, 0, factor / sigma[0], weights);
        int low = Spread(svd, last, -factor / bottom, weights);
        // ‖U diag(w) Vᵀ‖_F = ‖w‖₂, so the clip needs no matrix.
        T norm = Spectrum.FrobeniusNorm(new ReadOnlyMatrixView<T>(weights, 1, weights.Length));
        if (norm > clip)
            for (int i = 0; i < weights.Length; i++)
                weights[i] = weights[i] / norm * clip;
        return new SpectralDerivative<T>(plain ? logKappa : lambda * excess * excess, PullBack<T>(svd, weights), top, low);
    }

    private static T Floored<T>(ReadOnlySpan<T> sigma, int i) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        T.IsZero(sigma[i]) ? T.Max(T.Epsilon, sigma[0] * (T.BitIncrement(T.One) - T.One)) : sigma[i];

    // 1/σ leaves the range where σ is subnormal; bounded, it keeps its sign, and sums of 2²⁰ such terms are finite.
    private static T Bounded<T>(T weight) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T limit = T.ScaleB(T.One, typeof(T) == typeof(double) ? 1000 : 104);
        return T.Clamp(weight, -limit, limit);
    }

    /// <summary>Adds weight/k to each of the k members of σᵢ's cluster; returns k.</summary>
    private static int Spread<T>(SvdResult<T> svd, int index, T weight, Span<T> weights) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int from, int to) = Cluster(svd, index);
        for (int i = from; i < to; i++)
            weights[i] += Bounded(weight) / T.CreateTruncating(to - from);
        return to - from;
    }

    private static (int From, int To) Cluster<T>(SvdResult<T> svd, int index) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        T tolerance = T.CreateTruncating(Math.Max(svd.Rows, svd.Columns)) * (T.BitIncrement(T.One) - T.One) * sigma[index];
        int from = index, to = index + 1;
        while (from > 0 && sigma[from - 1] - sigma[index] <= tolerance)
            from--;
        while (to < sigma.Length && sigma[index] - sigma[to] <= tolerance)
            to++;
        return (from, to);
    }
}

/// <summary>The value of a function of the spectrum and its gradient with respect to W (m×n).</summary>
/// <param name="Value">The function's value.</param>
/// <param name="Gradient">∂/∂W (m×n), always finite.</param>
/// <param name="TopMultiplicity">How often the largest singular value involved occurs: above 1 the gradient is a mean over the cluster.</param>
/// <param name="BottomMultiplicity">The same for the smallest one involved.</param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record SpectralDerivative<T>(T Value, Matrix<T> Gradient, int TopMultiplicity, int BottomMultiplicity)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

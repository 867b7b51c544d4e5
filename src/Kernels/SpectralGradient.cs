using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Gradients;

namespace Kappa.Kernels;

/// <summary>Derivatives of functions of the singular values and vectors of W = U Σ Vᵀ (m×n), p = min(m, n).</summary>
/// <remarks>
/// ∂σᵢ/∂W = uᵢvᵢᵀ where σᵢ is simple, and the gradient of any g(σ) is U diag(∂g/∂σ) Vᵀ. Where σᵢ is repeated k times (values
/// within max(m, n)·ε of each other, relatively), uᵢ and vᵢ are arbitrary within their subspace, σᵢ has no gradient, and the
/// mean (1/k)·Σ uⱼvⱼᵀ over the cluster is given: the gradient of the cluster's mean, which depends on no choice of basis. It keeps
/// ⟨∂σᵢ, W⟩ = σᵢ. Only the pull-back through U and V divides by differences of singular values. Weights and quotients are
/// bounded by 2¹⁰⁰⁰ (2¹⁰⁴ in f32), so that every result is finite.
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
        int multiplicity = Weights<T>.Spread(svd, index, T.One, weights);
        return new SpectralDerivative<T>(svd.SingularValues[index], PullBack<T>(svd, weights), multiplicity, multiplicity) { ZeroValues = Zeros(svd) };
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
        int[] kept = new int[p];
        int count = 0;
        for (int k = 0; k < p; k++)
            if (!T.IsZero(weights[k]))
                kept[count++] = k;
        ReadOnlySpan<int> used = kept.AsSpan(0, count);
        Matrix<T> left = Columns(svd.U, used, weights), right = count == p ? svd.V : Columns(svd.V, used, default);
        return Gemm.Multiply<T>(left, right.Transposed());
    }

    /// <summary>Ā = ∂L/∂W (m×n) from Ū = ∂L/∂U, σ̄ = ∂L/∂σ and V̄ = ∂L/∂V; one left out (default) counts as 0.</summary>
    /// <remarks>
    /// Ā = U P̄ Vᵀ + (I − UUᵀ) Ū Σ⁻¹ Vᵀ + U Σ⁻¹ V̄ᵀ (I − VVᵀ), P̄ᵢᵢ = σ̄ᵢ and, with K = UᵀŪ − ŪᵀU, L = VᵀV̄ − V̄ᵀV,
    /// P̄ᵢⱼ = ½(K + L)ᵢⱼ/(σⱼ − σᵢ) + ½(K − L)ᵢⱼ/(σᵢ + σⱼ): the usual 1/((σᵢ + σⱼ)(σᵢ − σⱼ)) in partial fractions, neither of which
    /// leaves the range or cancels. Signs of the columns do not matter; a pair (uᵢ, vᵢ) may turn its sign with (ūᵢ, v̄ᵢ).
    /// <para>
    /// Where σᵢ and σⱼ are repeated (σᵢ − σⱼ ≤ max(m, n)·ε·σᵢ) the term in 1/(σⱼ − σᵢ) is set to 0, and where σᵢ = 0 so are those
    /// in 1/σᵢ and, if σⱼ = 0 too, in 1/(σᵢ + σⱼ): the pseudo-inverse's choice. It is the gradient wherever L depends on the
    /// cluster as a whole alone: on its subspaces uu and vv, its part of UVᵀ, its mean value; U's and V's null vectors at σ = 0.
    /// Whatever else depends on an arbitrary basis and has no gradient; <see cref="SvdGradient{T}.GaugeDependence"/> says how much was dropped.
    /// </para>
    /// <para>
    /// The error is of order max(m, n)·ε·(σ₁/gap)·(‖Ū‖ + ‖V̄‖)/gap, the gap being the least σᵢ − σⱼ (and σ_p where m ≠ n) with a
    /// weight. Results are finite for |Ū|, |V̄|, |σ̄| ≤ 2¹⁰⁰⁰ (2¹⁰⁴ in f32). 2p²(2m + n) + 2mnp operations in GEMMs for m > n.
    /// Source: Townsend, <i>Differentiating the singular value decomposition</i> (2016); Giles, <i>Collected matrix derivative
    /// results for forward and reverse mode algorithmic differentiation</i> (2008).
    /// </para>
    /// </remarks>
    /// <param name="svd">The full decomposition of W.</param>
    /// <param name="u">Ū (m×p), or default.</param>
    /// <param name="sigma">σ̄, p of them, or default.</param>
    /// <param name="v">V̄ (n×p), or default.</param>
    /// <param name="rankTolerance">
    /// σᵢ ≤ rankTolerance·σ₁ count as 0. 0 keeps every σᵢ > 0, right where small σ are relatively accurate (see <see cref="Svd"/>);
    /// max(m, n)·ε suits a W of rounded elements, whose rank deficiency shows as σ of that size rather than as 0.
    /// </param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">A shape does not fit, or an element of Ū or V̄ is NaN or infinite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is not within [0, 1).</exception>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static SvdGradient<T> PullBack<T>(
        SvdResult<T> svd, ReadOnlyMatrixView<T> u, ReadOnlySpan<T> sigma, ReadOnlyMatrixView<T> v, T rankTolerance = default)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int p = svd.SingularValues.Length;
        RequireShape(u, svd.Rows, p, nameof(u));
        RequireShape(v, svd.Columns, p, nameof(v));
        if (!sigma.IsEmpty && sigma.Length != p)
            throw new ArgumentException($"A {svd.Rows}×{svd.Columns} matrix has {p} singular values, got {sigma.Length} derivatives.", nameof(sigma));
        if (!(rankTolerance >= T.Zero && rankTolerance < T.One))
            throw new ArgumentOutOfRangeException(nameof(rankTolerance), rankTolerance, "The tolerance is a share of σ₁, from 0 to below 1.");
        return SvdPullBack<T>.Run(svd, u, sigma, v, rankTolerance);
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
            weights[i] = Weights<T>.Bounded(T.One / (Weights<T>.Floored(sigma, i) * ln2));
        return new SpectralDerivative<T>(Spectrum.LogVolume(sigma), PullBack<T>(svd, weights), 1, 1) { ZeroValues = Zeros(svd) };
    }

    /// <summary>‖W‖_* = Σσᵢ and its gradient UVᵀ; ⟨∂, W⟩ = ‖W‖_*. A zero σᵢ has weight 0: the subgradient of least norm.</summary>
    /// <param name="svd">The full decomposition of W.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static SpectralDerivative<T> NuclearNorm<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        var weights = new T[sigma.Length];
        T norm = T.Zero;
        for (int i = weights.Length - 1; i >= 0; i--)
        {
            norm += sigma[i];
            weights[i] = T.IsZero(sigma[i]) ? T.Zero : T.One;
        }

        return new SpectralDerivative<T>(norm, PullBack<T>(svd, weights), 1, 1) { ZeroValues = Zeros(svd) };
    }

    /// <summary>exp(−Σ πᵢ ln πᵢ), πᵢ = σᵢ/Σσ, from 1 (rank one) to p (all σ equal), and its gradient; ⟨∂, W⟩ = 0.</summary>
    /// <remarks>
    /// The smooth surrogate of a rank: ∂/∂σᵢ = −(value/Σσ)·(ln πᵢ + ln value), where a zero σᵢ counts as ε·σ₁, so that the gradient is
    /// finite and leads out of the singular set. For W = 0, or an empty W, value and gradient are 0. To be distinguished from the
    /// count <see cref="Spectrum.EffectiveRank{T}"/>. Source: Roy and Vetterli, <i>The effective rank: a measure of effective
    /// dimensionality</i>, EUSIPCO (2007).
    /// </remarks>
    /// <param name="svd">The full decomposition of W.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="InvalidOperationException">The decomposition holds no vectors.</exception>
    public static SpectralDerivative<T> EntropyRank<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> sigma = svd.SingularValues;
        var weights = new T[sigma.Length];
        T rank = T.Zero;
        if (!sigma.IsEmpty && !T.IsZero(sigma[0]))
        {
            // In units of σ₁: ln value = ln Σρ − (Σ ρ ln ρ)/Σρ, ρᵢ = σᵢ/σ₁.
            T total = T.Zero, mean = T.Zero;
            for (int i = sigma.Length - 1; i >= 0; i--)
            {
                T share = sigma[i] / sigma[0];
                weights[i] = Weights<T>.LogRatio(Weights<T>.Floored(sigma, i), sigma[0]);
                total += share;
                mean += share * weights[i];
            }

            mean /= total;
            rank = total * T.Exp(-mean);
            for (int i = 0; i < weights.Length; i++)
                weights[i] = Weights<T>.Bounded(rank / total * (mean - weights[i]) / sigma[0]);
        }

        return new SpectralDerivative<T>(rank, PullBack<T>(svd, weights), 1, 1) { ZeroValues = Zeros(svd) };
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
        (int from, int to) = Weights<T>.Cluster(svd, index);
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
            return new SpectralDerivative<T>(T.Zero, PullBack<T>(svd, weights), sigma.Length, sigma.Length) { ZeroValues = sigma.Length };
        int last = sigma.Length - 1;
        T bottom = Weights<T>.Floored(sigma, last), logKappa = Weights<T>.LogRatio(sigma[0], bottom);
        // Without a target: log κ itself, whose factor is 1.
        bool plain = T.IsNaN(logTarget);
        T excess = logKappa - logTarget, factor = plain ? T.One : T.CreateTruncating(2) * lambda * excess;
        int top = Weights<T>.Spread(svd, 0, factor / sigma[0], weights);
        int low = Weights<T>.Spread(svd, last, -factor / bottom, weights);
        // ‖U diag(w) Vᵀ‖_F = ‖w‖₂, so the clip needs no matrix.
        T norm = Spectrum.FrobeniusNorm(new ReadOnlyMatrixView<T>(weights, 1, weights.Length));
        if (norm > clip)
            for (int i = 0; i < weights.Length; i++)
                weights[i] = weights[i] / norm * clip;
        return new SpectralDerivative<T>(plain ? logKappa : lambda * excess * excess, PullBack<T>(svd, weights), top, low) { ZeroValues = Zeros(svd) };
    }

    /// <summary>The columns that are kept, each times its factor; all factors are 1 where there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Matrix<T> Columns<T>(Matrix<T> a, ReadOnlySpan<int> kept, ReadOnlySpan<T> factors)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var columns = new Matrix<T>(a.Rows, kept.Length);
        for (int i = 0; i < a.Rows; i++)
        {
            Span<T> from = a.Row(i), to = columns.Row(i);
            for (int k = 0; k < to.Length; k++)
                to[k] = factors.IsEmpty ? from[kept[k]] : from[kept[k]] * factors[kept[k]];
        }

        return columns;
    }

    private static void RequireShape<T>(ReadOnlyMatrixView<T> x, int rows, int columns, string parameter)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!x.IsEmpty && (x.Rows != rows || x.Columns != columns))
            throw new ArgumentException($"A derivative of {rows}×{columns} singular vectors is expected, got {x.Rows}×{x.Columns}.", parameter);
        x.RequireFinite(parameter);
    }

    private static int Zeros<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T> => svd.SingularValues.Count(T.Zero);
}

/// <summary>The value of a function of the spectrum and its gradient with respect to W (m×n).</summary>
/// <param name="Value">The function's value.</param>
/// <param name="Gradient">∂/∂W (m×n), always finite.</param>
/// <param name="TopMultiplicity">How often the largest singular value involved occurs: above 1 the gradient is a mean over the cluster.</param>
/// <param name="BottomMultiplicity">The same for the smallest one involved.</param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record SpectralDerivative<T>(T Value, Matrix<T> Gradient, int TopMultiplicity, int BottomMultiplicity)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>How many σᵢ are 0. Above 0, what depends on them has no gradient at W, and the finite choice that the function states is given.</summary>
    public int ZeroValues { get; init; }
}

/// <summary>∂L/∂W (m×n) from derivatives with respect to U, Σ and V, and what was finite by choice.</summary>
/// <param name="Gradient">∂L/∂W (m×n), always finite.</param>
/// <param name="RepeatedPairs">Pairs i &lt; j of repeated non-zero σ, whose term in 1/(σⱼ − σᵢ) is set to 0.</param>
/// <param name="LargestMultiplicity">The size of the largest cluster of repeated non-zero σ; 1 where all are simple, 0 where there is none.</param>
/// <param name="ZeroValues">How many σᵢ count as 0; their terms in 1/σᵢ are set to 0.</param>
/// <param name="GaugeDependence">
/// The largest numerator among the terms set to 0, in units of Ū and V̄. Beyond their rounding, the loss depends on the arbitrary
/// basis of a cluster or null space, and has no gradient at W. 0 where nothing was set to 0.
/// </param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record SvdGradient<T>(Matrix<T> Gradient, int RepeatedPairs, int LargestMultiplicity, int ZeroValues, T GaugeDependence)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

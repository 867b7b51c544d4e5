using System.Numerics;
using Kappa.Kernels.Conditioning;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels;

/// <summary>Measures of a matrix and of its singular values σ₁ ≥ … ≥ σ_p ≥ 0, p = min(m, n).</summary>
public static class Spectrum
{
    /// <summary>The share of σ₁ above which a singular value counts towards the effective rank.</summary>
    public const double EffectiveRankThreshold = 0.01;

    /// <summary>The structural components of W (m×n): norms, singular values and what follows from them. One values-only SVD.</summary>
    /// <param name="w">W (m×n), finite, m, n ≥ 1.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">W is empty, or an element is NaN or infinite.</exception>
    public static SpectralComponents<T> Components<T>(ReadOnlyMatrixView<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Components(w, Svd.Values(w));

    /// <summary>The structural components of W (m×n) whose SVD is at hand. O(mn).</summary>
    /// <param name="w">W (m×n).</param>
    /// <param name="svd">The decomposition of W.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">W is empty or of another shape than the decomposition.</exception>
    public static SpectralComponents<T> Components<T>(ReadOnlyMatrixView<T> w, SvdResult<T> svd)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (w.Rows != svd.Rows || w.Columns != svd.Columns)
            throw new ArgumentException($"W is {w.Rows}×{w.Columns}; the decomposition is of a {svd.Rows}×{svd.Columns} matrix.", nameof(svd));
        return new SpectralComponents<T>(
            RowNorms(w),
            RowNorms(w.Transposed()),
            svd.SingularValues.ToArray(),
            ConditionNumber(svd.SingularValues),
            EffectiveRank(svd.SingularValues),
            SpectralGap(svd.SingularValues),
            FrobeniusNorm(w));
    }

    /// <summary>‖Wᵢ,:‖₂ for each of the m rows. No overflow or underflow on the way. O(mn).</summary>
    public static T[] RowNorms<T>(ReadOnlyMatrixView<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var norms = new T[w.Rows];
        for (int i = 0; i < w.Rows; i++)
            norms[i] = FrobeniusNorm(w.Row(i));
        return norms;
    }

    /// <summary>‖W:,j‖₂ for each of the n columns. O(mn).</summary>
    public static T[] ColumnNorms<T>(ReadOnlyMatrixView<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T> => RowNorms(w.Transposed());

    /// <summary>‖W‖_F = √Σσᵢ², 0 for an empty matrix. No overflow or underflow on the way. O(mn).</summary>
    public static T FrobeniusNorm<T>(ReadOnlyMatrixView<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (TryDirectNorm(w.ColumnStride == 1 ? w : w.Transposed(), out T norm))
            return norm;
        T largest = T.Zero;
        for (int i = 0; i < w.Rows; i++)
            for (int j = 0; j < w.Columns; j++)
                largest = T.Max(largest, T.Abs(w[i, j]));
        if (T.IsZero(largest) || !T.IsFinite(largest))
            return largest;
        int exponent = T.ILogB(largest);
        T inverse = T.ScaleB(T.One, -exponent), sum = T.Zero;
        bool direct = T.IsNormal(inverse);
        for (int i = 0; i < w.Rows; i++)
            for (int j = 0; j < w.Columns; j++)
            {
                T x = direct ? w[i, j] * inverse : T.ScaleB(w[i, j], -exponent);
                sum += x * x;
            }

        return T.ScaleB(T.Sqrt(sum), exponent);
    }

    /// <summary>The root of the plain sum of squares, where rows are contiguous and no square that matters over- or underflows.</summary>
    private static unsafe bool TryDirectNorm<T>(ReadOnlyMatrixView<T> w, out T norm) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        norm = T.Zero;
        if (w.IsEmpty || w.ColumnStride != 1)
            return w.IsEmpty;
        fixed (T* origin = &w.Origin)
        {
            var work = new SquareSum<T> { Origin = origin, Rows = w.Rows, Columns = w.Columns, RowStride = w.RowStride };
            VectorPaths.Run<T, SquareSum<T>>(VectorPath.Best, ref work);
            norm = T.Sqrt(work.Sum);
            // What underflowed is at most the smallest normal number for each element: less than ε of the sum.
            T smallest = T.CreateTruncating(typeof(T) == typeof(double) ? 2.2250738585072014e-308 : 1.17549435e-38), epsilon = T.BitIncrement(T.One) - T.One;
            return T.IsFinite(work.Sum) && work.Sum * epsilon > smallest * T.CreateTruncating((double)w.Rows * w.Columns);
        }
    }

    /// <summary>‖W − W*‖_F / ‖W*‖_F; +∞ where W* = 0 and W ≠ 0, 0 where both are 0. O(mn).</summary>
    /// <param name="w">W (m×n).</param>
    /// <param name="target">W* (m×n).</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static T RelativeDistance<T>(ReadOnlyMatrixView<T> w, ReadOnlyMatrixView<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (w.Rows != target.Rows || w.Columns != target.Columns)
            throw new ArgumentException($"W is {w.Rows}×{w.Columns}, W* is {target.Rows}×{target.Columns}.", nameof(target));
        var difference = Matrix<T>.From(w);
        for (int i = 0; i < w.Rows; i++)
        {
            Span<T> row = difference.Elements.Slice(i * w.Columns, w.Columns);
            for (int j = 0; j < row.Length; j++)
                row[j] -= target[i, j];
        }

        T distance = FrobeniusNorm<T>(difference);
        return T.IsZero(distance) ? T.Zero : distance / FrobeniusNorm(target);
    }

    /// <summary>κ = σ₁/σ_p; +∞ where σ_p = 0.</summary>
    /// <param name="sigma">σ₁ ≥ … ≥ σ_p, p ≥ 1.</param>
    /// <exception cref="ArgumentException">There is no singular value.</exception>
    public static T ConditionNumber<T>(ReadOnlySpan<T> sigma) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireAny(sigma);
        return T.IsZero(sigma[^1]) ? T.PositiveInfinity : sigma[0] / sigma[^1];
    }

    /// <summary>κ = σ₁/σ_p of A (m×n) without its spectrum, between proved bounds: one bidiagonal form, or one QR factorisation and about twice as much again.</summary>
    /// <remarks>
    /// Where the row norms lie within a factor of 16 of each other and the column norms too, zeros left aside, 16 ≤ p ≤ 512 (float: 384) and q ≤ 3p/2, p = min(m, n),
    /// q = max(m, n): from the bidiagonal form B of A, whose σ₁ and σ_p Sturm sequences find. Every σᵢ is then known but for η = 4·max(m, n)·ε·‖A‖_F, after the model of independent
    /// roundings that is named below, so that <c>Upper/Lower</c> is 1 + 2η/σ_p + 2η/σ₁; the log-volume is Σ log₂|b_kk|. 4p²(q − p/3) operations, 8·(pq + O(p)) bytes.
    /// <para>
    /// Elsewhere, and where η is more than 2⁻¹⁴σ_p: A = QR (of Aᵀ where m &lt; n), X = R⁻¹; ‖R‖₂ and ‖X‖₂ by Lanczos, to order 32 by Householder's reduction of RᵀR and XᵀX. For float
    /// of order 96 and more, nearly square ones up to 512, R is the Cholesky factor of AᵀA, exact but for its sums, as long as its δ, 4·max(m, n)·ε·‖DX‖_F·(1 + ‖DX‖_F/2), is at most 2⁻¹⁹. Ritz values are taken to 2⁻³⁵ of σ (float: 2⁻²⁵), which is what <c>Value</c> is good to beside δ. A Ritz value is a bound from one side; the other side is proved from what
    /// Lanczos leaves of the trace, ‖X‖²_F − tr T, where few values are large, and by a Cholesky factorisation of μI − RᵀR or μI − XᵀX elsewhere. The bounds hold if the
    /// rounding of QR and of X is at most δ = 4·max(m, n)·ε·‖DX‖_F relative to σᵢ, where D holds the norms of A's columns (rows where
    /// m &lt; n; where m = n, of the better ones) and ε = 2⁻⁵²: a formula after the model of independent roundings, in which n reflections
    /// of length m err by √(mn)·ε; it is not a worst-case bound, which for Householder's QR is of order m·n·ε·‖DX‖_F (Higham, <i>Accuracy and
    /// Stability of Numerical Algorithms</i>, Theorem 19.4) and would leave most large matrices unresolved. All else is proved for the worst
    /// case, up to the rounding of Lanczos's orthogonalisation or of the reduction, for which 4·√k·(p + 3)·ε·‖X‖²_F is allowed after k steps (k = p), and but where Cholesky proves
    /// nothing, from <c>Svd.Values</c> with 4·max(m, n)·√p·ε·σ₁. The scale of D does not matter: columns of any size are as good as
    /// equal ones. Where δ ≥ 1 the estimate says that it is not resolved. Otherwise <c>Upper/Lower</c> is 1 + 2δ + O(2⁻²³ + p²ε), more where
    /// many singular values crowd below σ₁ or above σ_p. A column (row) of zeros and the zero matrix give κ = ∞, resolved.
    /// 2p²(q − p/3) + p³ operations, 2p³/3 more where many values crowd above σ_p, and 2p² per step of Lanczos. Memory beyond A:
    /// 8·max(pq + p², 2p²) bytes and O(p), for float 16·pq at first; by way of AᵀA 8·(3p² + 128p) to p = 2048, 8·(2p² + 128p) above.
    /// </para>
    /// All arithmetic is in double, for float too, whose κ is thereby resolved far beyond 1/ε of float. The same inputs give the same bits for any number of threads.
    /// Sources: Golub and Van Loan, <i>Matrix Computations</i> (4th ed.), 5.2 and 10.4; Rump, <i>Verification of positive definiteness</i>, BIT 46 (2006);
    /// Golub and Meurant, <i>Matrices, Moments and Quadrature</i>, 6; Eisenstat and Ipsen, SIAM J. Numer. Anal. 32 (1995); Higham and Mary, SIAM J. Sci. Comput. 41 (2019); Connolly and Higham,
    /// SIAM J. Matrix Anal. Appl. 44 (2023).
    /// </remarks>
    /// <param name="a">A (m×n), finite, m, n ≥ 1.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    /// <exception cref="ArgumentException">A is empty, or an element is NaN or infinite; its position is named.</exception>
    public static ConditionEstimate<T> ConditionNumber<T>(ReadOnlyMatrixView<T> a, VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireConditioned(a, maxThreads);
        return Extremes.ConditionOf<T, T>(a, path, maxThreads);
    }

    /// <summary>As <see cref="ConditionNumber{T}(ReadOnlyMatrixView{T}, VectorPath, int)"/> of a float matrix, with the digits that its arithmetic in double has.</summary>
    /// <param name="a">A (m×n), finite, m, n ≥ 1.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    /// <exception cref="ArgumentException">A is empty, or an element is NaN or infinite; its position is named.</exception>
    public static ConditionEstimate<double> WideConditionNumber(ReadOnlyMatrixView<float> a, VectorPath path = VectorPath.Best, int maxThreads = 0)
    {
        RequireConditioned(a, maxThreads);
        return Extremes.ConditionOf<float, double>(a, path, maxThreads);
    }

    private static void RequireConditioned<T>(ReadOnlyMatrixView<T> a, int maxThreads) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        if (a.IsEmpty)
            throw new ArgumentException($"A {a.Rows}×{a.Columns} matrix has no singular value and no condition number.", nameof(a));
    }

    /// <summary>κ = σ₁/σ_p from a spectrum at hand, between the bounds that a backward stable decomposition gives: |δσᵢ| ≤ β = 4·max(m, n)·√p·ε·σ₁.</summary>
    /// <remarks>
    /// <c>Upper/Lower</c> is 1 + 2βκ/σ₁ and a little. Where β ≥ σ_p it is not resolved, and the estimate says so; κ of the matrix itself,
    /// <see cref="ConditionNumber{T}(ReadOnlyMatrixView{T}, VectorPath, int)"/>, may then still be, since its bounds do not depend on the scale of rows or columns. O(p).
    /// </remarks>
    /// <param name="svd">A decomposition with p ≥ 1 values.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">There is no singular value.</exception>
    public static ConditionEstimate<T> ConditionNumber<T>(SvdResult<T> svd) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(svd);
        RequireAny(svd.SingularValues);
        return SpectrumBounds.Of(svd);
    }

    /// <summary>
    /// σ₁ over the smallest non-zero σ, where non-zero means σᵢ > max(m, n)·ε·σ₁, ε the distance from 1 to the next number;
    /// NaN where W = 0. Source: Ludwig (2025), equation (1).
    /// </summary>
    /// <param name="sigma">σ₁ ≥ … ≥ σ_p, p ≥ 1.</param>
    /// <param name="rows">m.</param>
    /// <param name="columns">n.</param>
    /// <exception cref="ArgumentException">There is no singular value.</exception>
    public static T NonZeroConditionNumber<T>(ReadOnlySpan<T> sigma, int rows, int columns)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireAny(sigma);
        int rank = NumericalRank(sigma, rows, columns);
        return rank == 0 ? T.NaN : sigma[0] / sigma[rank - 1];
    }

    /// <summary>The number of σᵢ > max(m, n)·ε·σ₁: those that an error of one ε per element cannot have made.</summary>
    public static int NumericalRank<T>(ReadOnlySpan<T> sigma, int rows, int columns) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        sigma.IsEmpty ? 0 : CountAbove(sigma, T.CreateTruncating(Math.Max(rows, columns)) * (T.BitIncrement(T.One) - T.One) * sigma[0]);

    /// <summary>#{i : σᵢ > 0.01·σ₁}; 0 for the zero or an empty matrix.</summary>
    public static int EffectiveRank<T>(ReadOnlySpan<T> sigma) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        sigma.IsEmpty ? 0 : CountAbove(sigma, T.CreateTruncating(EffectiveRankThreshold) * sigma[0]);

    /// <summary>(σ₁ − σ₂)/σ₁, with σ₂ = 0 where p = 1; 0 for the zero or an empty matrix.</summary>
    public static T SpectralGap<T>(ReadOnlySpan<T> sigma) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (sigma.IsEmpty || T.IsZero(sigma[0]))
            return T.Zero;
        return sigma.Length == 1 ? T.One : (sigma[0] - sigma[1]) / sigma[0];
    }

    /// <summary>Σ log₂ σᵢ, in bits: the logarithm of the factor by which W scales volume; −∞ where σ_p = 0, 0 for an empty matrix.</summary>
    public static T LogVolume<T>(ReadOnlySpan<T> sigma) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T sum = T.Zero;
        foreach (T s in sigma)
            sum += Log2(s);
        return sum;
    }

    /// <summary>Σ log₂ σᵢ of A (m×n), in bits, from one QR factorisation: Σ log₂ |rᵢᵢ|, with its bounds.</summary>
    /// <remarks>
    /// The error is at most √p·δ/(1 − δ)/ln 2 and the sum's own, δ as in <see cref="ConditionNumber{T}(ReadOnlyMatrixView{T}, VectorPath, int)"/>; where
    /// δ ≥ 1 there are no bounds. Nothing over- or underflows. −∞ for a column of zeros (row where m &lt; n), 0 for an empty matrix.
    /// 2p²(q − p/3) + p³/3 operations, p = min(m, n), q = max(m, n).
    /// </remarks>
    /// <param name="a">A (m×n), finite.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="Gemm.MaxThreads"/>.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static Enclosure<T> LogVolume<T>(ReadOnlyMatrixView<T> a, VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        a.RequireFinite(nameof(a));
        return a.IsEmpty ? default : Extremes.VolumeOf(a, path, maxThreads);
    }

    /// <summary>h(WX) = (m/2)·log₂(2πe σₓ²) + Σ log₂ σᵢ, in bits, for X ~ N(μ, σₓ²I).</summary>
    /// <remarks>
    /// For m &gt; n the image has no density in ℝᵐ and the equation is formal; with n in the place of m it is the entropy on
    /// the n-dimensional image. Source: Ludwig (2025), equation (6).
    /// </remarks>
    /// <param name="sigma">σ₁ ≥ … ≥ σ_p of W (m×n).</param>
    /// <param name="rows">m.</param>
    /// <param name="inputDeviation">σₓ > 0, the standard deviation of each input.</param>
    /// <exception cref="ArgumentOutOfRangeException">σₓ is not positive and finite, or m is negative.</exception>
    public static T DifferentialEntropy<T>(ReadOnlySpan<T> sigma, int rows, T inputDeviation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (!(inputDeviation > T.Zero) || !T.IsFinite(inputDeviation))
            throw new ArgumentOutOfRangeException(nameof(inputDeviation), inputDeviation, "The input's standard deviation must be positive and finite.");
        // log₂(2πe σₓ²) as a sum of logarithms, so that σₓ² neither over- nor underflows.
        T perRow = Log2(T.CreateTruncating(2) * T.Pi * T.E) + T.CreateTruncating(2) * Log2(inputDeviation);
        return T.CreateTruncating(rows) / T.CreateTruncating(2) * perRow + LogVolume(sigma);
    }

    // Two of T's interfaces declare Log2; this names the one of logarithmic functions.
    private static T Log2<T>(T x) where T : ILogarithmicFunctions<T> => T.Log2(x);

    private static int CountAbove<T>(ReadOnlySpan<T> sigma, T threshold) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int count = 0;
        while (count < sigma.Length && sigma[count] > threshold)
            count++;
        return count;
    }

    private static void RequireAny<T>(ReadOnlySpan<T> sigma)
    {
        if (sigma.IsEmpty)
            throw new ArgumentException("An empty matrix has no singular value and no condition number.", nameof(sigma));
    }
}

/// <summary>The structural components of a weight matrix W (m×n) with p = min(m, n) singular values.</summary>
/// <param name="RowNorms">‖Wᵢ,:‖₂, m of them.</param>
/// <param name="ColumnNorms">‖W:,j‖₂, n of them.</param>
/// <param name="SingularValues">σ₁ ≥ … ≥ σ_p.</param>
/// <param name="ConditionNumber">σ₁/σ_p.</param>
/// <param name="EffectiveRank">#{i : σᵢ > 0.01·σ₁}.</param>
/// <param name="SpectralGap">(σ₁ − σ₂)/σ₁.</param>
/// <param name="FrobeniusNorm">‖W‖_F.</param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record SpectralComponents<T>(
    T[] RowNorms, T[] ColumnNorms, T[] SingularValues, T ConditionNumber, int EffectiveRank, T SpectralGap, T FrobeniusNorm)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

using System.Numerics;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SpectralGradientTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly double s_ulp = Machine<T>.Epsilon, s_ln2 = Math.Log(2);

    private static readonly (int Rows, int Columns)[] s_sizes = [(6, 4), (4, 6), (5, 5), (1, 1), (1, 4), (7, 1)];

    private static IEnumerable<Exhibit<T>> Exhibits => Gallery.Hard<T>();

    /// <summary>U diag(p, …, 2, 1) Vᵀ: every singular value, its negative and 0 stand at least 1 apart.</summary>
    private static Matrix<T> Spaced(int rows, int columns)
    {
        double[] sigma = [.. Enumerable.Range(1, Math.Min(rows, columns)).Reverse()];
        return Matrices.WithSingularValues(rows, columns, sigma, seed: 7).Rounded<T>();
    }

    private static T Of(double x) => T.CreateTruncating(x);

    private static double Inner(Matrix<T> x, Matrix<double> y) =>
        x.Widened().Elements.ToArray().Zip(y.Elements.ToArray(), (a, b) => a * b).Sum();

    private static double Norm(Matrix<T> x) => Math.Sqrt(Inner(x, x.Widened()));

    /// <summary>u_k v_kᵀ.</summary>
    private static Matrix<double> RankOne(SvdResult<T> svd, int k) =>
        Matrices.From(svd.Rows, svd.Columns, (i, j) => svd.U[i, k].Widened() * svd.V[j, k].Widened());

    private static bool IsFinite(Matrix<T> x) => x.Elements.ToArray().All(T.IsFinite);

    private static SpectralDerivative<T> Penalty(
        SvdResult<T> svd, double lambda, double target, double clip = double.PositiveInfinity) =>
        SpectralGradient.ConditionNumberPenalty(svd, Of(lambda), Of(target), Of(clip));

    private SvdResult<T> Decompose(Matrix<T> w) => Svd.Decompose<T>(w, path);

    private static void AssertClose(Matrix<T> actual, Matrix<double> expected, double error)
    {
        for (int i = 0; i < expected.Rows; i++)
            Assert.That(actual.Widened().Row(i).ToArray(), Is.EqualTo(expected.Row(i).ToArray()).Within(error));
    }

    /// <summary>Compares a gradient with central differences in every element.</summary>
    /// <remarks>
    /// (f(w + h) − f(w − h))/2h errs by h²M/6 where |f‴| ≤ M, and by δ/h where f is computed to ±δ; h = ∛(3δ/M) makes
    /// their sum least. Twice that leaves room for the terms of higher order and for the rounding of w ± h.
    /// </remarks>
    private void AssertGradient(
        Matrix<T> w, Func<SvdResult<T>, SpectralDerivative<T>> function, double thirdDerivative, double valueError)
    {
        double h = Math.Cbrt(3 * valueError / thirdDerivative);
        Matrix<double> differences = Matrices.From(w.Rows, w.Columns, (i, j) =>
        {
            Matrix<T> plus = w.Clone(), minus = w.Clone();
            plus[i, j] += Of(h);
            minus[i, j] -= Of(h);
            double rise = function(Decompose(plus)).Value.Widened() - function(Decompose(minus)).Value.Widened();
            return rise / (plus[i, j].Widened() - minus[i, j].Widened());
        });
        AssertClose(function(Decompose(w)).Gradient, differences, 2 * (h * h * thirdDerivative / 6 + valueError / h));
    }

    // With H the symmetric matrix of W and Wᵀ, σ a simple eigenvalue of H, g its distance to the others and ‖E‖ = 1:
    // |σ′| ≤ 1, |σ″| ≤ 2/g, |σ‴| ≤ 12/g² (Kato's series). Here g = 1. The logarithm follows by the chain rule.
    private static double ThirdDerivativeOfLog(double sigma) => (12 + (6 + 2 / sigma) / sigma) / sigma;

    private static double SecondDerivativeOfLog(double sigma) => (2 + 1 / sigma) / sigma;

    /// <summary>What log(σ₁/σ_p) errs by for σ₁ = p, σ_p = 1.</summary>
    private static double ErrorOfLogCondition(Matrix<T> w, double p) =>
        Ratios.NormwiseError(w, 1 + p) + Machine<T>.Gamma(4) * Math.Log(p + 1);

    [TestCaseSource(nameof(s_sizes))]
    public void SingularValuesMatchCentralDifferences((int Rows, int Columns) size)
    {
        Matrix<T> w = Spaced(size.Rows, size.Columns);
        int p = Math.Min(size.Rows, size.Columns);
        double error = Ratios.NormwiseError(w, p);
        for (int i = 0; i < p; i++)
            AssertGradient(w, svd => SpectralGradient.SingularValue(svd, i), thirdDerivative: 12, error);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void LogConditionNumberMatchesCentralDifferences((int Rows, int Columns) size)
    {
        Matrix<T> w = Spaced(size.Rows, size.Columns);
        int p = Math.Min(size.Rows, size.Columns);
        double third = ThirdDerivativeOfLog(p) + ThirdDerivativeOfLog(1);
        AssertGradient(w, SpectralGradient.LogConditionNumber, third, ErrorOfLogCondition(w, p));
    }

    [TestCaseSource(nameof(s_sizes))]
    public void LogVolumeMatchesCentralDifferences((int Rows, int Columns) size)
    {
        Matrix<T> w = Spaced(size.Rows, size.Columns);
        double[] sigma = [.. Enumerable.Range(1, Math.Min(size.Rows, size.Columns)).Select(i => (double)i)];
        double summing = Machine<T>.Gamma(sigma.Length);
        double error = sigma.Sum(s => Ratios.NormwiseError(w, sigma[^1] / s) + summing * Math.Log(s));
        AssertGradient(w, SpectralGradient.LogVolume, sigma.Sum(ThirdDerivativeOfLog) / s_ln2, error / s_ln2);
    }

    // (λ(L − L*)²)‴ = 2λ(3L′L″ + (L − L*)L‴).
    [TestCaseSource(nameof(s_sizes))]
    public void ConditionNumberPenaltyMatchesCentralDifferences((int Rows, int Columns) size)
    {
        const double Lambda = 0.5;
        Matrix<T> w = Spaced(size.Rows, size.Columns);
        double p = Math.Min(size.Rows, size.Columns), error = ErrorOfLogCondition(w, p);
        double excess = Math.Abs(Math.Log(p / 2));
        double first = 1 + 1 / p, second = SecondDerivativeOfLog(p) + SecondDerivativeOfLog(1);
        double third = 2 * Lambda * (3 * first * second + excess * (ThirdDerivativeOfLog(p) + ThirdDerivativeOfLog(1)));
        double valueError = Lambda * ((2 * excess + error) * error + Machine<T>.Gamma(3) * excess * excess);
        AssertGradient(w, svd => Penalty(svd, Lambda, target: 2), third, valueError);
    }

    /// <summary>A function of σ, its gradient's degree of homogeneity, and a reference for it, or for its logarithm.</summary>
    private sealed record Function(
        string Name, int Degree, Func<SvdResult<T>, SpectralDerivative<T>> Own, Func<DoubleDouble[], DoubleDouble> Reference, bool Logarithm = false);

    /// <summary>Smooth wherever σ > 0, also where values are repeated.</summary>
    private static readonly Function[] s_symmetric =
    [
        new("log-volume", -1, SpectralGradient.LogVolume, s => Sum(s, DoubleDouble.Log) / DoubleDouble.Log(2)),
        new("nuclear norm", 0, SpectralGradient.NuclearNorm, s => Sum(s, x => x)),
        new("entropy rank", -1, SpectralGradient.EntropyRank,
            s => DoubleDouble.Log(Sum(s, x => x)) - Sum(s, x => x * DoubleDouble.Log(x)) / Sum(s, x => x), Logarithm: true),
    ];

    private static readonly Function[] s_functions =
    [
        .. s_symmetric,
        new("σ₁", 0, svd => SpectralGradient.SingularValue(svd, 0), s => s[0]),
        new("σ_p", 0, svd => SpectralGradient.SingularValue(svd, svd.SingularValues.Length - 1), s => s[^1]),
        new("log κ", -1, SpectralGradient.LogConditionNumber, s => DoubleDouble.Log(s[0] / s[^1])),
    ];

    private static IEnumerable<string> Functions => s_functions.Select(f => f.Name);

    private static IEnumerable<string> SymmetricFunctions => s_symmetric.Select(f => f.Name);

    // 2^±498 in double is 1e±150.
    private static readonly int[] s_exponents = [.. new[] { 0, 0.4875, -0.4875, 0.75, -0.75 }.Select(x => (int)(x * Machine<T>.MaxExponent))];

    private static readonly double[] s_gaps = [Math.ScaleB(1, -8), Math.Sqrt(s_ulp), 8 * s_ulp, 0];

    private static DoubleDouble Sum(DoubleDouble[] x, Func<DoubleDouble, DoubleDouble> map) =>
        x.Aggregate((DoubleDouble)0, (sum, s) => sum + map(s));

    /// <summary>Compares with differences in double-double; the gradient moves with U, Σ and V by ‖gradient‖ over the gap or σ_p, both 1 here.</summary>
    private void AssertGradientAtEveryScale(string name, Matrix<double> exact, double first)
    {
        Function function = s_functions.Single(f => f.Name == name);
        Matrix<double> a = exact.Rounded<T>().Widened(), expected = ReferenceGradient.Of(a, 1, f => function.Reference(f.Sigma));
        double norm = Math.Sqrt(expected.Elements.ToArray().Sum(x => x * x)), error = Ratios.NormwiseError(a.Rounded<T>(), first) * (1 + norm);
        foreach (int exponent in s_exponents)
        {
            SpectralDerivative<T> own = function.Own(Decompose(a.Select(x => Math.ScaleB(x, exponent)).Rounded<T>()));
            double divisor = function.Logarithm ? own.Value.Widened() : 1;
            double[] scaled = [.. own.Gradient.Widened().Elements.ToArray().Select(x => Math.ScaleB(x, -function.Degree * exponent) / divisor)];
            Assert.That(scaled, Is.EqualTo(expected.Elements.ToArray()).Within(error));
        }
    }

    [Test]
    public void MatchesDifferencesInHigherPrecisionAtEveryScale(
        [ValueSource(nameof(Functions))] string function, [ValueSource(nameof(s_sizes))] (int Rows, int Columns) size) =>
        AssertGradientAtEveryScale(function, Spaced(size.Rows, size.Columns).Widened(), Math.Min(size.Rows, size.Columns));

    // No power of 1/gap in the error: functions of all σ alike do not see the gap.
    [Test]
    public void ClustersCostFunctionsOfAllValuesNothing(
        [ValueSource(nameof(SymmetricFunctions))] string function, [Values("6×4", "4×6", "4×4")] string shape, [ValueSource(nameof(s_gaps))] double gap) =>
        AssertGradientAtEveryScale(function, Matrices.WithSingularValues(shape[0] - '0', shape[2] - '0', [3 + gap, 3, 1 + gap, 1], 3), 3);

    [TestCaseSource(nameof(s_sizes))]
    public void ScaleInvariantFunctionsHaveGradientsOrthogonalToTheMatrix((int Rows, int Columns) size)
    {
        Matrix<T> w = Matrices.Random(size.Rows, size.Columns, 3).Rounded<T>();
        SvdResult<T> svd = Decompose(w);
        SpectralDerivative<T> rank = SpectralGradient.EntropyRank(svd), norm = SpectralGradient.NuclearNorm(svd);
        double error = Ratios.NormwiseError(w, 1);
        Assert.That(Inner(rank.Gradient, w.Widened()), Is.EqualTo(0).Within(error * (1 + Norm(rank.Gradient) * Norm(w))));
        Assert.That(Inner(norm.Gradient, w.Widened()), Is.EqualTo(norm.Value.Widened()).Within(error * norm.Value.Widened()));
    }

    [Test]
    public void EntropyRankIsTheCountWhereAllValuesAreEqualOrZero(
        [Values(1, 2, 5)] int rank, [ValueSource(nameof(s_exponents))] int exponent)
    {
        Matrix<double> a = Matrices.From(7, 5, (i, j) => i == j && i < rank ? Math.ScaleB(1, exponent) : 0);
        SpectralDerivative<T> derivative = SpectralGradient.EntropyRank(Decompose(a.Rounded<T>()));
        Assert.That(derivative.Value.Widened(), Is.EqualTo(rank).Within(rank * Machine<T>.Gamma(16)));
        Assert.That(derivative.ZeroValues, Is.EqualTo(5 - rank));
        Assert.That(IsFinite(derivative.Gradient), Is.True);
        // Growing what is 0 raises the rank; where nothing is, this is the maximum.
        for (int i = 0; i < 5; i++)
        {
            double slope = Math.ScaleB(derivative.Gradient[i, i].Widened(), exponent);
            Assert.That(Math.Abs(slope), i < rank ? Is.AtMost(Machine<T>.Gamma(64)) : Is.GreaterThan(1));
        }
    }

    [Test]
    public void TheNuclearNormsSubgradientIsZeroOnTheNullSpace([Values(0, 1, 3)] int rank)
    {
        Matrix<double> a = Matrices.From(5, 4, (i, j) => i == j && i < rank ? 4 - i : 0);
        SpectralDerivative<T> derivative = SpectralGradient.NuclearNorm(Decompose(a.Rounded<T>()));
        AssertClose(derivative.Gradient, Matrices.From(5, 4, (i, j) => i == j && i < rank ? 1 : 0), Ratios.Threshold * 5 * s_ulp);
        Assert.That(derivative.ZeroValues, Is.EqualTo(4 - rank));
    }

    [TestCaseSource(nameof(Exhibits))]
    public void EveryGradientIsFiniteAndCountsItsZeros(Exhibit<T> exhibit)
    {
        SvdResult<T> svd = Decompose(exhibit.Matrix);
        foreach (Function function in s_functions)
        {
            SpectralDerivative<T> derivative = function.Own(svd);
            Assert.That(IsFinite(derivative.Gradient), Is.True, function.Name);
            Assert.That(derivative.ZeroValues, Is.EqualTo(svd.SingularValues.Count(T.Zero)), function.Name);
        }
    }

    [TestCaseSource(nameof(Exhibits))]
    public void ASingularValuesGradientTimesTheMatrixIsTheValue(Exhibit<T> exhibit)
    {
        Matrix<T> w = exhibit.Matrix;
        SvdResult<T> svd = Decompose(w);
        int exponent = w.Widened().ColumnExponents().Max();
        Matrix<double> scaled = w.Widened().Select(x => Math.ScaleB(x, -exponent));
        double[] sigma = [.. svd.SingularValues.Widened().Select(x => Math.ScaleB(x, -exponent))];
        for (int i = 0; i < sigma.Length; i++)
        {
            Matrix<T> gradient = SpectralGradient.SingularValue(svd, i).Gradient;
            double error = Ratios.NormwiseError(w, sigma[0]) + Math.ScaleB(Machine<T>.Tiny, -exponent);
            Assert.That(Inner(gradient, scaled), Is.EqualTo(sigma[i]).Within(error));
        }
    }

    [TestCaseSource(nameof(s_sizes))]
    public void ScalingTheMatrixMovesNeitherLogConditionNorLogVolumeButByItsShare((int Rows, int Columns) size)
    {
        Matrix<T> w = Matrices.Random(size.Rows, size.Columns, 3).Rounded<T>();
        SvdResult<T> svd = Decompose(w);
        double[] sigma = svd.SingularValues.Widened();
        double relative = Ratios.NormwiseError(w, 1);
        Assert.That(Inner(SpectralGradient.LogConditionNumber(svd).Gradient, w.Widened()),
            Is.EqualTo(0).Within(relative * (1 + sigma[0] / sigma[^1])));
        Assert.That(Inner(SpectralGradient.LogVolume(svd).Gradient, w.Widened()),
            Is.EqualTo(sigma.Length / s_ln2).Within(relative * sigma.Sum(s => sigma[0] / s) / s_ln2));
    }

    [TestCaseSource(nameof(s_sizes))]
    public void ValuesAreThoseOfTheSpectrum((int Rows, int Columns) size)
    {
        SvdResult<T> svd = Decompose(Spaced(size.Rows, size.Columns));
        Assert.That(SpectralGradient.LogVolume(svd).Value, Is.EqualTo(Spectrum.LogVolume(svd.SingularValues)));
        Assert.That(SpectralGradient.SingularValue(svd, 0).Value, Is.EqualTo(svd.SingularValues[0]));
        double logCondition = Math.Log(svd.SingularValues[0].Widened() / svd.SingularValues[^1].Widened());
        Assert.That(SpectralGradient.LogConditionNumber(svd).Value.Widened(),
            Is.EqualTo(logCondition).Within(Machine<T>.Gamma(4) * (logCondition + 1)));
    }

    [Test]
    public void ThePenaltyIsTheSquareOfTheExcessAndItsGradientAMultipleOfLogConditions(
        [Values(0, 0.25, 3)] double lambda, [Values(1, 2, 100)] double target)
    {
        SvdResult<T> svd = Decompose(Spaced(6, 4));
        SpectralDerivative<T> penalty = Penalty(svd, lambda, target);
        SpectralDerivative<T> logarithm = SpectralGradient.LogConditionNumber(svd);
        double excess = logarithm.Value.Widened() - Math.Log(target);
        double error = Machine<T>.Gamma(4) * (Math.Log(target) + 2);
        double valueError = lambda * (2 * Math.Abs(excess) + error) * error;
        Assert.That(penalty.Value.Widened(), Is.EqualTo(lambda * excess * excess).Within(valueError));
        Matrix<double> expected = logarithm.Gradient.Widened().Select(x => 2 * lambda * excess * x);
        AssertClose(penalty.Gradient, expected, 2 * lambda * (2 * error + Machine<T>.Gamma(8)));
    }

    [Test]
    public void ClippingShortensAndKeepsTheDirection(
        [Values(1e-3, 0.1, 1, 1e3)] double clip, [ValueSource(nameof(s_sizes))] (int Rows, int Columns) size)
    {
        SvdResult<T> svd = Decompose(Spaced(size.Rows, size.Columns));
        Matrix<T> free = Penalty(svd, lambda: 1, target: 1).Gradient;
        Matrix<T> clipped = Penalty(svd, lambda: 1, target: 1, clip).Gradient;
        double norm = Norm(free), limit = Of(clip).Widened(), share = norm > limit ? limit / norm : 1;
        // U and V have columns of norm 1 to ε·max(m, n) only, and so has the clipped gradient its norm.
        double rounding = Ratios.NormwiseError(free, 1);
        Assert.That(Norm(clipped), Is.AtMost(limit * (1 + rounding)));
        AssertClose(clipped, free.Widened().Select(x => share * x), rounding * share * norm);
    }

    // Exact in T: H/√8 is orthogonal and H D Hᵀ/8 has multiples of 1/8 as elements. The mean over a cluster of k is the
    // projector on its subspace over k.
    [Test]
    public void RepeatedValuesGiveTheMeanOverTheirSubspaceWhateverItsBasis([Values] bool turned)
    {
        double[] sigma = [3, 3, 3, 2, 2, 1, 1, 1];
        Matrix<double> h = Matrices.Hadamard(3), factor = Matrix<double>.Identity(8);
        // A signed permutation is an orthogonal factor without rounding.
        if (turned)
            factor = Matrices.From(8, 8, (i, j) => i == (3 * j + 1) % 8 ? 1 - 2 * (j % 2) : 0);
        Matrix<double> Sum(Func<int, double> weight) =>
            h.ScaledColumns(k => weight(k) / 8).Times(Matrix<double>.From(h.Transposed())).Times(factor);
        Matrix<double> Mean(int from, int to) => Sum(k => k >= from && k < to ? 1.0 / (to - from) : 0);
        SvdResult<T> svd = Decompose(Sum(k => sigma[k]).Rounded<T>());
        // Subspaces move by the backward error over the gap, which is 1.
        double error = Ratios.Threshold * 8 * s_ulp * 3;
        for (int i = 0; i < 8; i++)
        {
            (int from, int to) = i < 3 ? (0, 3) : i < 5 ? (3, 5) : (5, 8);
            SpectralDerivative<T> derivative = SpectralGradient.SingularValue(svd, i);
            Assert.That(derivative.TopMultiplicity, Is.EqualTo(to - from));
            Assert.That(derivative.BottomMultiplicity, Is.EqualTo(to - from));
            Assert.That(SpectralGradient.Multiplicity(svd, i), Is.EqualTo(to - from));
            AssertClose(derivative.Gradient, Mean(from, to), error);
        }

        SpectralDerivative<T> logarithm = SpectralGradient.LogConditionNumber(svd);
        Matrix<double> top = Mean(0, 3), bottom = Mean(5, 8);
        Assert.That((logarithm.TopMultiplicity, logarithm.BottomMultiplicity), Is.EqualTo((3, 3)));
        AssertClose(logarithm.Gradient, Matrices.From(8, 8, (i, j) => top[i, j] / 3 - bottom[i, j]), error);
    }

    [Test]
    public void OrthogonalMatricesHaveOneClusterAndNoSlope([Values("identity", "Hadamard", "reflections")] string kind)
    {
        const int N = 16;
        Matrix<double> exact = kind switch
        {
            "identity" => Matrix<double>.Identity(N),
            "Hadamard" => Matrices.Hadamard(4).Select(x => x / 4),
            _ => Matrices.Orthogonal(N, 9),
        };
        SvdResult<T> svd = Decompose(exact.Rounded<T>());
        SpectralDerivative<T> logarithm = SpectralGradient.LogConditionNumber(svd);
        double error = Ratios.Threshold * N * s_ulp;
        Assert.That(logarithm.Value.Widened(), Is.EqualTo(0).Within(error));
        Assert.That((logarithm.TopMultiplicity, logarithm.BottomMultiplicity), Is.EqualTo((N, N)));
        AssertClose(logarithm.Gradient, new Matrix<double>(N, N), error);
        AssertClose(SpectralGradient.SingularValue(svd, 0).Gradient, exact.Select(x => x / N), error / N);
    }

    [Test]
    public void AZeroAtTheBottomHasFiniteGradientsThatLeadOut([Values(1, 2)] int zeros)
    {
        Matrix<T> w = Matrices.From(5, 4, (i, j) => i == j && j < 4 - zeros ? 4 - j : 0).Rounded<T>();
        SvdResult<T> svd = Decompose(w);
        SpectralDerivative<T> logarithm = SpectralGradient.LogConditionNumber(svd);
        SpectralDerivative<T> penalty = Penalty(svd, lambda: 1, target: 1, clip: 1);
        double largest = -Math.Log(s_ulp);
        Assert.That(logarithm.Value.Widened(), Is.EqualTo(largest).Within(Machine<T>.Gamma(8) * largest));
        Assert.That((logarithm.TopMultiplicity, logarithm.BottomMultiplicity), Is.EqualTo((1, zeros)));
        Assert.That(IsFinite(logarithm.Gradient) && IsFinite(SpectralGradient.LogVolume(svd).Gradient), Is.True);
        Assert.That(Norm(penalty.Gradient), Is.EqualTo(1).Within(Ratios.Threshold * 5 * s_ulp));
        Matrix<T> moved = w.Clone();
        for (int k = 0; k < moved.Elements.Length; k++)
            moved.Elements[k] -= Of(1e-3) * penalty.Gradient.Elements[k];
        Assert.That(Decompose(moved).SingularValues[^1], Is.GreaterThan(T.Zero));
    }

    // 1/σ is out of range where σ is subnormal; the gradients are documented to be finite and clipped none the less.
    [Test]
    public void TinyValuesHaveFiniteGradients([Values("bottom", "all")] string where)
    {
        double tiny = 3 * Machine<T>.Tiny, first = where == "all" ? tiny : 1;
        SvdResult<T> svd = Decompose(Matrices.From(3, 2, (i, j) => i != j ? 0 : j == 0 ? first : tiny).Rounded<T>());
        Matrix<T> clipped = Penalty(svd, lambda: 1, target: 2, clip: 1).Gradient;
        Assert.That(IsFinite(clipped), Is.True);
        Assert.That(Norm(clipped), Is.AtMost(1 + Ratios.Threshold * 3 * s_ulp));
        Assert.That(IsFinite(SpectralGradient.LogConditionNumber(svd).Gradient), Is.True);
        Assert.That(IsFinite(SpectralGradient.LogVolume(svd).Gradient), Is.True);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void TheZeroMatrixHasNoSlope((int Rows, int Columns) size)
    {
        SvdResult<T> svd = Decompose(new Matrix<T>(size.Rows, size.Columns));
        int p = Math.Min(size.Rows, size.Columns);
        SpectralDerivative<T> logarithm = SpectralGradient.LogConditionNumber(svd);
        Assert.That(logarithm.Value, Is.EqualTo(T.Zero));
        Assert.That((logarithm.TopMultiplicity, logarithm.BottomMultiplicity), Is.EqualTo((p, p)));
        Assert.That(logarithm.Gradient.Elements.ContainsAnyExcept(T.Zero), Is.False);
        Assert.That((logarithm.Gradient.Rows, logarithm.Gradient.Columns), Is.EqualTo(size));
        Assert.That(IsFinite(SpectralGradient.LogVolume(svd).Gradient), Is.True);
        Assert.That(IsFinite(Penalty(svd, lambda: 1, target: 1, clip: 1).Gradient), Is.True);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void ImbalanceIsTheModulusOfTheGradientInSingularCoordinates((int Rows, int Columns) size)
    {
        Matrix<T> g = Matrices.Random(size.Rows, size.Columns, 4).Rounded<T>();
        SvdResult<T> svd = Decompose(Spaced(size.Rows, size.Columns));
        T[] imbalance = SpectralGradient.Imbalance<T>(svd, g);
        Assert.That(imbalance, Has.Length.EqualTo(svd.SingularValues.Length));
        for (int k = 0; k < imbalance.Length; k++)
        {
            Matrix<double> rankOne = RankOne(svd, k);
            double[] terms = [.. rankOne.Elements.ToArray().Zip(g.Widened().Elements.ToArray(), (x, y) => x * y)];
            double error = Machine<T>.Gamma(size.Rows + size.Columns + 2) * terms.Sum(Math.Abs);
            Assert.That(imbalance[k].Widened(), Is.EqualTo(Math.Abs(terms.Sum())).Within(error));
        }
    }

    [TestCaseSource(nameof(s_sizes))]
    public void PullBackIsTheSumOfWeightedRankOnes((int Rows, int Columns) size)
    {
        SvdResult<T> svd = Decompose(Spaced(size.Rows, size.Columns));
        int p = svd.SingularValues.Length;
        foreach (Func<int, double> weight in new Func<int, double>[] { k => k - 1.5, k => k % 2, _ => 0 })
        {
            double[] weights = [.. Enumerable.Range(0, p).Select(weight)];
            Matrix<double>[] terms = [.. weights.Select((w, k) => RankOne(svd, k).Select(x => w * x))];
            Matrix<double> sum = Matrices.From(size.Rows, size.Columns, (i, j) => terms.Sum(t => t[i, j]));
            Matrix<T> pulled = SpectralGradient.PullBack<T>(svd, weights.Select(Of).ToArray());
            AssertClose(pulled, sum, Machine<T>.Gamma(p + 3) * weights.Sum(Math.Abs));
        }
    }

    [Test]
    public void RefusesWhatDoesNotFit()
    {
        Matrix<T> w = Spaced(6, 4);
        SvdResult<T> svd = Decompose(w), empty = Decompose(new Matrix<T>(0, 3)), values = Svd.Values<T>(w, path);
        Assert.Throws<ArgumentException>(() => SpectralGradient.PullBack<T>(svd, new T[5]));
        Assert.Throws<ArgumentException>(() => SpectralGradient.Imbalance<T>(svd, new Matrix<T>(4, 6)));
        Assert.Throws<ArgumentException>(() => SpectralGradient.LogConditionNumber(empty));
        Assert.Throws<ArgumentException>(() => Penalty(empty, lambda: 1, target: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SpectralGradient.SingularValue(svd, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => SpectralGradient.SingularValue(svd, -1));
        Assert.Throws<InvalidOperationException>(() => SpectralGradient.SingularValue(values, 0));
        Assert.Throws<InvalidOperationException>(() => SpectralGradient.LogConditionNumber(values));
        Assert.Throws<InvalidOperationException>(() => SpectralGradient.LogVolume(values));
        Assert.Throws<InvalidOperationException>(() => SpectralGradient.Imbalance<T>(values, new Matrix<T>(6, 4)));
    }

    [Test]
    public void RefusesImpossibleTargets([Values(0.5, 0, -1, double.NaN, double.PositiveInfinity)] double target) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Penalty(Decompose(Spaced(6, 4)), lambda: 1, target));

    [Test]
    public void FunctionsOfNoValuesAreZero([ValueSource(nameof(SymmetricFunctions))] string function)
    {
        SpectralDerivative<T> empty = s_functions.Single(f => f.Name == function).Own(Decompose(new Matrix<T>(0, 3)));
        Assert.That((empty.Value, empty.Gradient.Rows, empty.Gradient.Columns), Is.EqualTo((T.Zero, 0, 3)));
    }
}

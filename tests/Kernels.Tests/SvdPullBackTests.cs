using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>A shape, empty ones included, and the binary exponents of a matrix and of the derivatives that are pulled back.</summary>
public sealed record Pulled(int Rows, int Columns, double Scale, double Pull, uint Seed)
{
    public static Arbitrary<Pulled> Any() =>
        (from rows in Gen.Choose(0, 12)
         from columns in Gen.Choose(0, 12)
         from scale in Gen.Elements(-0.48, -0.3, 0, 0.3, 0.48)
         from pull in Gen.Elements(-0.3, 0, 0.3)
         from seed in Gen.Choose(0, int.MaxValue)
         select new Pulled(rows, columns, scale, pull, (uint)seed)).ToArbitrary();

    public int Least => Math.Min(Rows, Columns);
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdPullBackTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [Flags]
    public enum Parts { U = 1, Sigma = 2, V = 4 }

    private static readonly double s_ulp = Machine<T>.Epsilon;

    private static readonly (int Rows, int Columns)[] s_sizes = [(6, 4), (4, 6), (5, 5), (1, 1), (1, 4), (7, 1), (8, 3), (3, 8)];

    // 2^±498 in double is 1e±150.
    private static readonly int[] s_exponents = [0, Share(0.4875), -Share(0.4875), Share(0.75), -Share(0.75)];

    private static readonly double[] s_gaps = [Math.ScaleB(1, -8), Math.Sqrt(Math.Sqrt(s_ulp)), Math.Sqrt(s_ulp)];

    private static readonly string[] s_invariants = ["polar", "left projector", "right projector", "squares", "all"];

    private static int Share(double share) => (int)(share * Machine<T>.MaxExponent);

    private static Matrix<double> Spaced(int rows, int columns, uint seed = 7) =>
        Matrices.WithSingularValues(rows, columns, [.. Enumerable.Range(1, Math.Min(rows, columns)).Reverse()], seed);

    /// <summary>Exact in T, with singular values 3, 3, 3, 2, 2, 1, 1, 1 (8×8) or √½ times 3, 3, 1, 1 (8×4, 4×8).</summary>
    private static Matrix<double> Repeated(int rows, int columns)
    {
        double[] sigma = rows == columns ? [3, 3, 3, 2, 2, 1, 1, 1] : [3, 3, 1, 1];
        Matrix<double> left = Matrices.Hadamard(BitOperations.Log2((uint)rows)), right = Matrices.Hadamard(BitOperations.Log2((uint)columns));
        return Matrices.From(rows, columns, (i, j) => sigma.Select((s, k) => left[i, k] * s * right[j, k]).Sum() / 8);
    }

    private static (int From, int To)[] Clusters(int rows, int columns) => rows == columns ? [(0, 3), (3, 5), (5, 8)] : [(0, 2), (2, 4)];

    private static Matrix<T> Scaled(Matrix<double> a, int exponent) => a.Rounded<T>().Widened().Select(x => Math.ScaleB(x, exponent)).Rounded<T>();

    private static double Norm(Matrix<double> x) => Math.Sqrt(x.Elements.ToArray().Sum(e => e * e));

    private static void AssertClose(Matrix<T> actual, Matrix<double> expected, double error, int exponent = 0)
    {
        Assert.That((actual.Rows, actual.Columns), Is.EqualTo((expected.Rows, expected.Columns)));
        double[] scaled = [.. actual.Widened().Elements.ToArray().Select(x => Math.ScaleB(x, exponent))];
        Assert.That(scaled, Is.EqualTo(expected.Elements.ToArray()).Within(error));
    }

    private static SvdGradient<T> PullBack(SvdResult<T> svd, Matrix<double>? u, double[]? sigma, Matrix<double>? v, double tolerance = 0)
    {
        Matrix<T> left = (u ?? new(0, 0)).Rounded<T>(), right = (v ?? new(0, 0)).Rounded<T>();
        T[] weights = [.. (sigma ?? []).Select(x => T.CreateTruncating(x))];
        return SpectralGradient.PullBack<T>(svd, left, weights, right, T.CreateTruncating(tolerance));
    }

    private SvdResult<T> Decompose(Matrix<T> a) => Svd.Decompose<T>(a, path);

    private static DoubleDouble Sum(IEnumerable<DoubleDouble> terms) => terms.Aggregate((DoubleDouble)0, (x, y) => x + y);

    /// <summary>Σ cᵢₖ xₖᵢ: C as a matrix, X as columns.</summary>
    private static DoubleDouble Inner(Matrix<double> c, DoubleDouble[][] x, Func<int, double> sign) =>
        Sum(from k in Enumerable.Range(0, c.Columns) from i in Enumerable.Range(0, c.Rows) select sign(k) * c[i, k] * x[k][i]);

    /// <summary>What Ā is allowed to err by at scale 1: the error of the factors, times how much Ā changes with them.</summary>
    private static double Error(Matrix<double> a, double first, double gap, Matrix<double>? u, double[]? sigma, Matrix<double>? v)
    {
        double vectors = (u is null ? 0 : Norm(u)) + (v is null ? 0 : Norm(v));
        double values = sigma is null ? 0 : Math.Sqrt(sigma.Sum(x => x * x));
        return Ratios.NormwiseError(a.Rounded<T>(), first) / gap * (vectors / gap + values);
    }

    private void AssertGradientOfALinearLoss(Matrix<double> exact, double first, double gap, Parts parts, int[] exponents)
    {
        Matrix<double> a = exact.Rounded<T>().Widened();
        int p = Math.Min(a.Rows, a.Columns);
        Matrix<double>? u = parts.HasFlag(Parts.U) ? Matrices.Random(a.Rows, p, 1).Rounded<T>().Widened() : null;
        Matrix<double>? v = parts.HasFlag(Parts.V) ? Matrices.Random(a.Columns, p, 2).Rounded<T>().Widened() : null;
        double[]? sigma = parts.HasFlag(Parts.Sigma) ? [.. Enumerable.Range(0, p).Select(k => k - 1.5)] : null;
        // Powers of two leave the vectors to the bit, so that one reference with our columns' signs serves all scales.
        Matrix<double> own = Decompose(a.Rounded<T>()).U.Widened();
        Matrix<double> expected = ReferenceGradient.Of(a, gap, factors =>
        {
            DoubleDouble value = sigma is null ? 0 : Sum(sigma.Select((s, k) => s * factors.Sigma[k]));
            if (u is not null)
                value += Inner(u, factors.U, Sign);
            if (v is not null)
                value += Inner(v, factors.V, Sign);
            return value;

            double Sign(int k) => Math.Sign(factors.U[k].Select((x, i) => x.High * own[i, k]).Sum());
        });
        foreach (int exponent in exponents)
        {
            SvdGradient<T> pulled = PullBack(Decompose(Scaled(a, exponent)), u, sigma?.Select(x => Math.ScaleB(x, -exponent)).ToArray(), v);
            AssertClose(pulled.Gradient, expected, Error(a, first, gap, u, sigma, v), exponent);
            Assert.That((pulled.RepeatedPairs, pulled.LargestMultiplicity, pulled.ZeroValues), Is.EqualTo((0, 1, 0)));
            Assert.That(pulled.GaugeDependence, Is.EqualTo(T.Zero));
        }
    }

    [Test]
    public void MatchesCentralDifferencesAtEveryScale([ValueSource(nameof(s_sizes))] (int Rows, int Columns) size, [Range(1, 7)] int parts) =>
        AssertGradientOfALinearLoss(Spaced(size.Rows, size.Columns), Math.Min(size.Rows, size.Columns), gap: 1, (Parts)parts, s_exponents);

    // The outermost scales are left out: there 1/(σ₁·gap) passes 2¹⁰⁰⁰ (2¹⁰⁴), at which quotients are cut.
    [Test]
    public void MatchesCentralDifferencesInClusters([Values("6×4", "4×6", "4×4")] string shape, [ValueSource(nameof(s_gaps))] double gap)
    {
        Matrix<double> a = Matrices.WithSingularValues(shape[0] - '0', shape[2] - '0', [3, 2 + gap, 2, 1], 3);
        AssertGradientOfALinearLoss(a, 3, gap, Parts.U | Parts.Sigma | Parts.V, s_exponents[..3]);
    }

    /// <summary>Losses that no rotation of U and V within a cluster changes: their value, and Ū, σ̄, V̄ at given factors.</summary>
    private sealed record Invariant(string Name, int Rows, int Columns)
    {
        private readonly Matrix<double> _g = Matrices.Random(Rows, Columns, 11), _s = Symmetric(Rows, 12), _t = Symmetric(Columns, 13);
        private readonly (int From, int To) _top = Clusters(Rows, Columns)[0], _bottom = Clusters(Rows, Columns)[^1];

        private int Least => Math.Min(Rows, Columns);

        private bool Has(string part) => Name == part || Name == "all";

        private static Matrix<double> Symmetric(int order, uint seed)
        {
            Matrix<double> x = Matrices.Random(order, order, seed);
            return Matrices.From(order, order, (i, j) => x[i, j] + x[j, i]);
        }

        public DoubleDouble Value(ReferenceFactors f)
        {
            DoubleDouble value = 0;
            for (int k = 0; k < Least; k++)
            {
                if (Has("polar"))
                    value += Form(_g, f.U[k], f.V[k]);
                if (Has("left projector") && k >= _top.From && k < _top.To)
                    value += Form(_s, f.U[k], f.U[k]);
                if (Has("right projector") && k >= _bottom.From && k < _bottom.To)
                    value += Form(_t, f.V[k], f.V[k]);
                if (Has("squares"))
                    value += f.Sigma[k] * f.Sigma[k];
            }

            return value;
        }

        public (Matrix<double> U, double[] Sigma, Matrix<double> V) Derivatives(Matrix<double> u, double[] sigma, Matrix<double> v)
        {
            Matrix<double> gv = _g.Times(v), gu = Matrix<double>.From(_g.Transposed()).Times(u), su = _s.Times(u), tv = _t.Times(v);
            return (
                Matrices.From(Rows, Least, (i, k) => (Has("polar") ? gv[i, k] : 0)
                    + (Has("left projector") && k >= _top.From && k < _top.To ? 2 * su[i, k] : 0)),
                [.. sigma.Select(s => Has("squares") ? 2 * s : 0)],
                Matrices.From(Columns, Least, (i, k) => (Has("polar") ? gu[i, k] : 0)
                    + (Has("right projector") && k >= _bottom.From && k < _bottom.To ? 2 * tv[i, k] : 0)));
        }

        private static DoubleDouble Form(Matrix<double> g, DoubleDouble[] x, DoubleDouble[] y) =>
            Sum(from i in Enumerable.Range(0, g.Rows) from j in Enumerable.Range(0, g.Columns) select x[i] * g[i, j] * y[j]);
    }

    private static SvdGradient<T> PullBack(Invariant loss, SvdResult<T> svd, int exponent, out double error)
    {
        Matrix<double> a = Repeated(svd.Rows, svd.Columns);
        double[] values = [.. svd.SingularValues.Widened().Select(s => Math.ScaleB(s, -exponent))];
        (Matrix<double> u, double[] sigma, Matrix<double> v) = loss.Derivatives(svd.U.Widened(), values, svd.V.Widened());
        error = Error(a, 3, Math.Sqrt(0.5), u, sigma, v);
        return PullBack(svd, u, [.. sigma.Select(x => Math.ScaleB(x, -exponent))], v);
    }

    [Test]
    public void RepeatedValuesCostNothingWhereTheLossIsInvariant(
        [Values("8×8", "8×4", "4×8")] string shape, [ValueSource(nameof(s_invariants))] string name)
    {
        int m = shape[0] - '0', n = shape[2] - '0';
        Matrix<double> a = Repeated(m, n);
        var loss = new Invariant(name, m, n);
        Matrix<double> expected = ReferenceGradient.Of(a, 1, loss.Value);
        foreach (int exponent in s_exponents)
        {
            SvdGradient<T> pulled = PullBack(loss, Decompose(Scaled(a, exponent)), exponent, out double error);
            AssertClose(pulled.Gradient, expected, error, exponent);
            Assert.That((pulled.RepeatedPairs, pulled.LargestMultiplicity, pulled.ZeroValues), Is.EqualTo(m == n ? (7, 3, 0) : (2, 2, 0)));
            Assert.That(pulled.GaugeDependence.Widened(), Is.AtMost(error));
        }
    }

    /// <summary>The same decomposition in another basis: U Q and V Q with Q orthogonal within each range, for V another where asked.</summary>
    private static SvdResult<T> Turned(SvdResult<T> svd, (int From, int To)[] ranges, bool apart = false)
    {
        Matrix<double> Turn(Matrix<T> x, uint seed)
        {
            Matrix<double> wide = x.Widened(), turn = Matrix<double>.Identity(x.Columns);
            foreach ((int from, int to) in ranges)
            {
                Matrix<double> q = Matrices.Orthogonal(to - from, seed + (uint)from);
                q.View.CopyTo(turn.View.Block(from, from, to - from, to - from));
            }

            return wide.Times(turn);
        }

        Matrix<T> u = Turn(svd.U, 21).Rounded<T>(), v = Turn(svd.V, apart ? 31u : 21u).Rounded<T>();
        return new SvdResult<T>(svd.Rows, svd.Columns, svd.SingularValues.ToArray(), u, v,
            new SvdOutcome<T>(svd.Algorithm, svd.Sweeps, svd.LargestCosine, svd.Converged));
    }

    [Test]
    public void TheBasisOfAClusterDoesNotMatter([Values("8×8", "8×4", "4×8")] string shape, [ValueSource(nameof(s_invariants))] string name)
    {
        int m = shape[0] - '0', n = shape[2] - '0';
        var loss = new Invariant(name, m, n);
        SvdResult<T> svd = Decompose(Repeated(m, n).Rounded<T>()), turned = Turned(svd, Clusters(m, n));
        SvdGradient<T> plain = PullBack(loss, svd, 0, out double error), other = PullBack(loss, turned, 0, out _);
        Assert.That(Norm(Matrices.From(m, 1, (i, _) => turned.U[i, 0].Widened() - svd.U[i, 0].Widened())), Is.GreaterThan(0.01));
        AssertClose(other.Gradient, plain.Gradient.Widened(), error);
    }

    [Test]
    public void ALossThatDependsOnTheBasisIsReportedAndItsGradientFinite([Values("8×8", "8×4", "4×8")] string shape, [Values] bool left)
    {
        int m = shape[0] - '0', n = shape[2] - '0', p = Math.Min(m, n);
        SvdGradient<T> pulled = PullBack(Decompose(Repeated(m, n).Rounded<T>()),
            left ? Matrices.Random(m, p, 1) : null, null, left ? null : Matrices.Random(n, p, 1));
        Assert.That(pulled.GaugeDependence.Widened(), Is.GreaterThan(0.01));
        Assert.That(pulled.Gradient.Elements.ToArray(), Is.All.Matches<T>(T.IsFinite));
    }

    // The projectors on the range and on the row space of a matrix of rank 2, which do not see the null vectors.
    [Test]
    public void ZeroValuesCostNothingWhereTheLossDoesNotSeeThem(
        [Values("6×4", "4×6", "5×5")] string shape, [Values] bool diagonal, [ValueSource(nameof(s_exponents))] int exponent)
    {
        int m = shape[0] - '0', n = shape[2] - '0', p = Math.Min(m, n);
        Matrix<double> a = diagonal ? Matrices.From(m, n, (i, j) => i == j && i < 2 ? 3 - i : 0) : Matrices.OfRank(2, m, n, 5);
        Matrix<double> s = Matrices.Random(m, m, 12), t = Matrices.Random(n, n, 13);
        double[] values = ReferenceSvd.Values(a) is var (scaled, shift) ? [.. scaled.Select(x => Math.ScaleB(x, shift))] : [];
        double gap = Math.Min(1, Math.Min(values[0] - values[1], values[1]));
        Matrix<double> expected = ReferenceGradient.Of(a, gap, f => Sum(
            from k in Enumerable.Range(0, 2)
            select Sum(from i in Enumerable.Range(0, m) from j in Enumerable.Range(0, m) select f.U[k][i] * s[i, j] * f.U[k][j])
                + Sum(from i in Enumerable.Range(0, n) from j in Enumerable.Range(0, n) select f.V[k][i] * t[i, j] * f.V[k][j])));
        double tolerance = diagonal ? 0 : 8 * s_ulp;
        SvdResult<T> svd = Decompose(Scaled(a, exponent));
        foreach (SvdResult<T> basis in new[] { svd, Turned(svd, [(2, p)], apart: true) })
        {
            Matrix<double> u = Range(basis.U.Widened(), s), v = Range(basis.V.Widened(), t);
            SvdGradient<T> pulled = PullBack(basis, u, null, v, tolerance);
            AssertClose(pulled.Gradient, expected, Error(a, values[0], gap, u, null, v), exponent);
            Assert.That((pulled.RepeatedPairs, pulled.LargestMultiplicity, pulled.ZeroValues), Is.EqualTo((0, 1, p - 2)));
            Assert.That(pulled.GaugeDependence, Is.EqualTo(T.Zero));
        }

        SvdGradient<T> seen = PullBack(svd, Matrices.Random(m, p, 3), null, Matrices.Random(n, p, 4), tolerance);
        Assert.That(seen.GaugeDependence.Widened(), Is.GreaterThan(0.01));
        Assert.That(seen.Gradient.Elements.ToArray(), Is.All.Matches<T>(T.IsFinite));

        // (X + Xᵀ) Q on the first two columns.
        static Matrix<double> Range(Matrix<double> q, Matrix<double> x)
        {
            Matrix<double> both = Matrices.From(x.Rows, x.Rows, (i, j) => x[i, j] + x[j, i]).Times(q);
            return Matrices.From(q.Rows, q.Columns, (i, k) => k < 2 ? both[i, k] : 0);
        }
    }

    private Matrix<T> Matrix(Pulled s) => Scaled(Spaced(s.Rows, s.Columns, s.Seed), Share(s.Scale));

    // L = ⟨G, UΣVᵀ⟩ is linear in A = UΣVᵀ: its gradient is G, whatever the SVD.
    [Property(Arbitrary = [typeof(Pulled)])]
    public void ThroughAllThreeFactorsTheGradientOfTheProductComesBack(Pulled s)
    {
        int scale = Share(s.Scale), pull = Share(s.Pull);
        SvdResult<T> svd = Decompose(Matrix(s));
        Matrix<double> g = Matrices.Random(s.Rows, s.Columns, s.Seed + 2), u = svd.U.Widened(), v = svd.V.Widened();
        double[] sigma = [.. svd.SingularValues.Widened().Select(x => Math.ScaleB(x, -scale))];
        Matrix<double> gv = g.Times(v), gu = Matrix<double>.From(g.Transposed()).Times(u);
        double[] inner = [.. Enumerable.Range(0, s.Least).Select(k => Enumerable.Range(0, s.Rows).Sum(i => u[i, k] * gv[i, k]))];
        double error = Error(g, s.Least, 1, gv.ScaledColumns(k => sigma[k]), inner, gu.ScaledColumns(k => sigma[k]));
        SvdGradient<T> pulled = PullBack(svd,
            gv.ScaledColumns(k => Math.ScaleB(sigma[k], scale / 2 + pull)),
            [.. inner.Select(x => Math.ScaleB(x, pull - (scale - scale / 2)))],
            gu.ScaledColumns(k => Math.ScaleB(sigma[k], scale / 2 + pull)));
        AssertClose(pulled.Gradient, g, error, scale - scale / 2 - pull);
    }

    // U and V are the same for A and cA, so that their gradient is orthogonal to A.
    [Property(Arbitrary = [typeof(Pulled)])]
    public void GradientsThroughTheVectorsAreOrthogonalToTheMatrix(Pulled s)
    {
        Matrix<T> a = Matrix(s);
        Matrix<double> u = Matrices.Random(s.Rows, s.Least, s.Seed + 2), v = Matrices.Random(s.Columns, s.Least, s.Seed + 3);
        double[] gradient = PullBack(Decompose(a), u, null, v).Gradient.Widened().Elements.ToArray();
        double inner = gradient.Zip(a.Widened().Elements.ToArray(), (x, y) => x * y).Sum();
        Assert.That(inner, Is.EqualTo(0).Within(Norm(a.Widened().Select(x => Math.ScaleB(x, -Share(s.Scale)))) * Error(u, s.Least, 1, u, null, v)));
    }

    [Property(Arbitrary = [typeof(Pulled)])]
    public void SignsOfTheColumnsDoNotMatterToTheBit(Pulled s)
    {
        SvdResult<T> svd = Decompose(Matrix(s));
        Matrix<double> u = Matrices.Random(s.Rows, s.Least, s.Seed + 2), v = Matrices.Random(s.Columns, s.Least, s.Seed + 3);
        double[] sigma = [.. Enumerable.Range(0, s.Least).Select(k => k - 1.5)];
        var turned = new SvdResult<T>(s.Rows, s.Columns, svd.SingularValues.ToArray(),
            Turn(svd.U.Widened()).Rounded<T>(), Turn(svd.V.Widened()).Rounded<T>(),
            new SvdOutcome<T>(SvdAlgorithm.Jacobi, 1, T.Zero, true));
        Assert.That(PullBack(turned, Turn(u), sigma, Turn(v)).Gradient.Elements.ToArray(),
            Is.EqualTo(PullBack(svd, u, sigma, v).Gradient.Elements.ToArray()));

        Matrix<double> Turn(Matrix<double> x) => x.ScaledColumns(k => ((s.Seed >> k) & 1) == 0 ? 1 : -1);
    }

    [Property(Arbitrary = [typeof(Pulled)])]
    public void SigmaAloneIsThePullBackOfWeights(Pulled s)
    {
        SvdResult<T> svd = Decompose(Matrix(s));
        double[] weights = [.. Enumerable.Range(0, s.Least).Select(k => k - 1.5)];
        Matrix<T> expected = SpectralGradient.PullBack<T>(svd, weights.Select(x => T.CreateTruncating(x)).ToArray());
        AssertClose(PullBack(svd, null, weights, null).Gradient, expected.Widened(), 2 * Machine<T>.Gamma(s.Least + 3) * weights.Sum(Math.Abs));
    }

    // Neither graded, subnormal, repeated nor singular matrices, nor derivatives up to the documented 2¹⁰⁰⁰ (2¹⁰⁴), leave the range.
    [Property(Arbitrary = [typeof(Scaled)])]
    public void EveryResultIsFinite(Scaled s)
    {
        int p = Math.Min(s.Rows, s.Columns), top = typeof(T) == typeof(double) ? 1000 : 104;
        Matrix<T> graded = s.Matrix<T>();
        Matrix<T>[] matrices =
        [
            graded,
            Matrices.Random(s.Rows, s.Columns, s.Seed).Select(x => Math.Round(4 * x) * Machine<T>.Tiny).Rounded<T>(),
            Matrices.Random(s.Rows, s.Columns, s.Seed).Select(x => Math.ScaleB(x, Machine<T>.MaxExponent - 6)).Rounded<T>(),
            Matrices.OfRank(Math.Max(1, p / 2), s.Rows, s.Columns, s.Seed).Rounded<T>(),
            Matrices.From(s.Rows, s.Columns, (i, j) => i == j ? 1 : 0).Rounded<T>(),
            new(s.Rows, s.Columns),
        ];
        foreach (Matrix<T> a in matrices)
            foreach (int exponent in new[] { 0, -top, top - 4 })
            {
                Matrix<double> u = Matrices.Random(s.Rows, p, s.Seed).Select(Pull), v = Matrices.Random(s.Columns, p, s.Seed + 1).Select(Pull);
                double[] sigma = [.. Enumerable.Range(0, p).Select(k => Pull(k - 1.5))];
                SvdGradient<T> pulled = PullBack(Decompose(a), u, sigma, v);
                Assert.That(pulled.Gradient.Elements.ToArray(), Is.All.Matches<T>(T.IsFinite));
                Assert.That(T.IsFinite(pulled.GaugeDependence), Is.True);

                double Pull(double x) => Math.ScaleB(Math.Clamp(x, -15, 15), exponent);
            }
    }

    [Test]
    public void AbsentDerivativesGiveZero([ValueSource(nameof(s_sizes))] (int Rows, int Columns) size)
    {
        SvdResult<T> svd = Decompose(Spaced(size.Rows, size.Columns).Rounded<T>());
        SvdGradient<T> pulled = SpectralGradient.PullBack(svd, default, default, default);
        Assert.That((pulled.Gradient.Rows, pulled.Gradient.Columns), Is.EqualTo(size));
        Assert.That(pulled.Gradient.Elements.ContainsAnyExcept(T.Zero), Is.False);
    }

    [Test]
    public void StridedDerivativesGiveTheSameBits([ValueSource(nameof(s_sizes))] (int Rows, int Columns) size)
    {
        int p = Math.Min(size.Rows, size.Columns);
        SvdResult<T> svd = Decompose(Spaced(size.Rows, size.Columns).Rounded<T>());
        Matrix<T> u = Matrices.Random(size.Rows, p, 1).Rounded<T>(), v = Matrices.Random(size.Columns, p, 2).Rounded<T>();
        Matrix<T> ut = Matrix<T>.From(u.Transposed()), vt = Matrix<T>.From(v.Transposed());
        Matrix<T> plain = SpectralGradient.PullBack<T>(svd, u, default, v).Gradient;
        Matrix<T> strided = SpectralGradient.PullBack<T>(svd, ut.Transposed(), default, vt.Transposed()).Gradient;
        Assert.That(strided.Elements.ToArray(), Is.EqualTo(plain.Elements.ToArray()));
    }

    [Test]
    public void RefusesWhatDoesNotFit()
    {
        Matrix<T> a = Spaced(6, 4).Rounded<T>(), nan = new(6, 4);
        nan[5, 3] = T.NaN;
        SvdResult<T> svd = Decompose(a), values = Svd.Values<T>(a, path);
        Assert.Throws<ArgumentException>(() => SpectralGradient.PullBack<T>(svd, new Matrix<T>(4, 4), default, default));
        Assert.Throws<ArgumentException>(() => SpectralGradient.PullBack<T>(svd, default, default, new Matrix<T>(6, 4)));
        Assert.Throws<ArgumentException>(() => SpectralGradient.PullBack(svd, default, new T[3], default));
        Assert.That(Assert.Throws<ArgumentException>(() => SpectralGradient.PullBack<T>(svd, nan, default, default)).Message, Does.Contain("(5, 3)"));
        Assert.Throws<InvalidOperationException>(() => SpectralGradient.PullBack<T>(values, new Matrix<T>(6, 4), default, default));
    }

    [Test]
    public void RefusesImpossibleTolerances([Values(-1, 1, 2, double.NaN)] double tolerance) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PullBack(Decompose(Spaced(6, 4).Rounded<T>()), null, null, null, tolerance));
}

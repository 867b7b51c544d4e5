using System.Numerics;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>κ, σ₁, σ_p and the log-volume lie between the bounds that come with them.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class ConditionEstimateTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly (int Rows, int Columns)[] s_shapes = [(1, 1), (2, 2), (3, 1), (1, 4), (7, 7), (17, 9), (8, 24), (33, 33), (40, 31), (70, 66)];

    private ConditionEstimate<T> Estimate(Matrix<T> a) => Spectrum.ConditionNumber<T>(a, path);

    // The reference is in double-double, of the matrix as rounded to T: it errs far less than the bounds are wide.
    private void AssertContainsTruth(Matrix<T> a) => AssertContainsTruth(a, ReferenceSvd.Values(a.Widened()));

    private void AssertContainsTruth(Matrix<T> a, (double[] Sigma, int Exponent) truth)
    {
        AssertContainsTruth(Estimate(a), truth, isResolved: true);
        if (a is Matrix<float> narrow)
            ConditionEstimateTests<double>.AssertContainsTruth(Spectrum.WideConditionNumber(narrow, path), truth, isResolved: true);
        // The spectrum's own bounds, which depend on κ alone.
        bool mayBeResolved = truth.Sigma[^1] > 16 * Math.Max(a.Rows, a.Columns) * Math.Sqrt(truth.Sigma.Length) * Machine<T>.Epsilon * truth.Sigma[0];
        ConditionEstimate<T> fromSpectrum = Spectrum.ConditionNumber(Svd.Values<T>(a, path));
        AssertContainsTruth(fromSpectrum, truth, mayBeResolved || fromSpectrum.IsResolved);
    }

    internal static void AssertContainsTruth(ConditionEstimate<T> estimate, (double[] Sigma, int Exponent) truth, bool isResolved)
    {
        (double[] sigma, int exponent) = truth;
        AssertContains(estimate.LargestSingularValue, Math.ScaleB(sigma[0], exponent));
        AssertContains(estimate.SmallestSingularValue, Math.ScaleB(sigma[^1], exponent));
        AssertContains(new Enclosure<T>(estimate.Value, estimate.Lower, estimate.Upper), sigma[0] / sigma[^1]);
        AssertContains(estimate.LogVolume, sigma.Sum(Math.Log2) + (double)exponent * sigma.Length);
        Assert.That(estimate.IsResolved, Is.EqualTo(isResolved), estimate.ToString());
    }

    [Test]
    public void BoundsOfASpectrumSayWhereItIsNotResolved()
    {
        ConditionEstimate<T> zero = Spectrum.ConditionNumber(Svd.Values<T>(new Matrix<T>(3, 2), path));
        Assert.That(zero.IsResolved, Is.False);
        Assert.That(zero.Value, Is.EqualTo(T.PositiveInfinity));
        ConditionEstimate<T> singular = Spectrum.ConditionNumber(Svd.Values<T>(Matrices.OfRank(4, 9, 7, 3).Rounded<T>(), path));
        Assert.That(singular.IsResolved, Is.False);
        Assert.That(singular.Upper, Is.EqualTo(T.PositiveInfinity));
        Assert.That(singular.Lower, Is.GreaterThan(T.One));
        Assert.Throws<ArgumentException>(() => Spectrum.ConditionNumber(Svd.Values<T>(new Matrix<T>(0, 2), path)));
    }

    // A truth at a bound itself may be off by its own rounding to double.
    private static void AssertContains(Enclosure<T> bounds, double truth)
    {
        double rounding = 4 * Machine<double>.Epsilon * Math.Abs(truth);
        Assert.That(bounds.Lower.Widened(), Is.AtMost(truth + rounding), bounds.ToString());
        Assert.That(bounds.Upper.Widened(), Is.AtLeast(truth - rounding), bounds.ToString());
        Assert.That(bounds.Contains(bounds.Value), Is.True, bounds.ToString());
    }

    private static Matrix<T> WithSpectrum(int rows, int columns, Func<int, double> sigma, uint seed = 5) => Matrices
        .WithSingularValues(rows, columns, [.. Enumerable.Range(0, Math.Min(rows, columns)).Select(sigma)], seed).Rounded<T>();

    [TestCaseSource(nameof(s_shapes))]
    public void GaussianMatricesLieWithinTheirBounds((int Rows, int Columns) shape)
    {
        Matrix<T> a = Matrices.Random(shape.Rows, shape.Columns, 3).Rounded<T>();
        AssertContainsTruth(a);
        ConditionEstimate<T> estimate = Estimate(a);
        double width = estimate.Upper.Widened() / estimate.Lower.Widened() - 1;
        Assert.That(width, Is.AtMost(Math.ScaleB(1, -20) + 4 * Machine<T>.Epsilon), estimate.ToString());
    }

    [Test]
    public void PrescribedSpectraLieWithinTheirBounds([Values(1, 4, 8)] int decades, [Values(24, 40)] int columns)
    {
        double last = columns - 1;
        AssertContainsTruth(WithSpectrum(40, columns, i => Math.Pow(10, -decades * i / last)));
        AssertContainsTruth(WithSpectrum(columns, 40, i => i == 0 ? 1 : Math.Pow(10, -decades)));
        AssertContainsTruth(WithSpectrum(40, columns, i => i < last ? 1 : Math.Pow(10, -decades)));
        AssertContainsTruth(WithSpectrum(40, columns, i => i < columns / 2 ? 1 + i * 1e-9 : Math.Pow(10, -decades) * (1 + i * 1e-9)));
    }

    // Square and even: the bidiagonal form answers as long as its bounds are narrow, QR beyond; they meet.
    [Test]
    public void BothRoadsLieWithinTheirBounds([Values(2, 5, 7, 9, 11)] int decades, [Values(15, 16, 48)] int order)
    {
        AssertContainsTruth(WithSpectrum(order, order, i => Math.Pow(10, -decades * i / (order - 1.0))));
        AssertContainsTruth(WithSpectrum(order + order / 2, order, i => i < order - 1 ? 1 : Math.Pow(10, -decades)));
    }

    [Test]
    public void ClustersAtBothEndsLieWithinTheirBounds([Values(1e-3, 1e-7, 1e-12, 0.0)] double distance)
    {
        AssertContainsTruth(WithSpectrum(96, 96, i => i < 48 ? 1 - i * distance : 0.01 * (1 + (96 - i) * distance)));
        AssertContainsTruth(WithSpectrum(50, 36, i => 1 - i * distance));
    }

    // The sizes it is for, where products are blocked and proofs by Cholesky have many blocks. U and V are reflections, I − 2uuᵀ, so that
    // truth is known: a matrix whose one element stands out is proved by its trace, one whose values crowd at the end by Cholesky.
    [Category("Large")]
    [TestCase(512, 512, true)]
    [TestCase(512, 512, false)]
    [TestCase(2000, 300, true)]
    [TestCase(300, 2000, false)]
    [TestCase(1000, 1000, true)]
    public void LargeMatricesLieWithinTheirBounds(int rows, int columns, bool isLastApart)
    {
        int p = Math.Min(rows, columns);
        double Sigma(int i) => isLastApart && i == p - 1 ? 1e-3 : 2 - (double)i / p;
        Matrix<T> a = Reflected(rows, columns, Sigma).Rounded<T>();
        ConditionEstimate<T> estimate = Estimate(a);
        // Rounding to T has moved each σ by no more than its Frobenius norm; U, V and the products were rounded in double.
        double moved = Math.Sqrt(p) * 2 * Machine<T>.Epsilon + 100 * Machine<double>.Epsilon;
        double kappa = Sigma(0) / Sigma(p - 1), error = moved / Sigma(p - 1) + moved / Sigma(0);
        Assert.That(estimate.IsResolved, Is.True, estimate.ToString());
        Assert.That(estimate.Lower.Widened(), Is.AtMost(kappa * (1 + error)), estimate.ToString());
        Assert.That(estimate.Upper.Widened(), Is.AtLeast(kappa * (1 - error)), estimate.ToString());
        Assert.That(estimate.Upper.Widened() / estimate.Lower.Widened(), Is.AtMost(1 + Math.ScaleB(1, -18) + 4 * Machine<T>.Epsilon), estimate.ToString());
        Assert.That(estimate.LogVolume.Value.Widened(), Is.EqualTo(Enumerable.Range(0, p).Sum(i => Math.Log2(Sigma(i)))).Within(2 * p * error + p * Machine<T>.Epsilon));
    }

    // The whole spectrum, by another road in the same precision or a higher one, agrees with the bounds.
    [Category("Large")]
    [TestCase(330, 330)]
    [TestCase(700, 320)]
    public void GaussianMatricesAgreeWithTheWholeSpectrum(int rows, int columns)
    {
        Matrix<T> a = Matrices.Random(rows, columns, 11).Rounded<T>();
        ReadOnlySpan<double> sigma = Svd.Values<double>(a.Widened()).SingularValues;
        ConditionEstimate<T> estimate = Estimate(a);
        double kappa = sigma[0] / sigma[^1], error = rows * Machine<double>.Epsilon * kappa;
        Assert.That(estimate.Lower.Widened(), Is.AtMost(kappa * (1 + error)), estimate.ToString());
        Assert.That(estimate.Upper.Widened(), Is.AtLeast(kappa * (1 - error)), estimate.ToString());
    }

    /// <summary>(I − 2uuᵀ)·diag(σ)·(I − 2vvᵀ), u and v of norm 1: σ − 2u(uσ)ᵀ − 2(σv)vᵀ + 4(uᵀσv)uvᵀ.</summary>
    private static Matrix<double> Reflected(int rows, int columns, Func<int, double> sigma)
    {
        int p = Math.Min(rows, columns);
        double[] u = Unit(rows, 0.7), v = Unit(columns, 1.3), s = [.. Enumerable.Range(0, p).Select(sigma)];
        double middle = 4 * Enumerable.Range(0, p).Sum(i => u[i] * s[i] * v[i]);
        return Matrices.From(rows, columns, (i, j) => (i == j ? s[i] : 0) - (j < p ? 2 * u[i] * u[j] * s[j] : 0)
            - (i < p ? 2 * s[i] * v[i] * v[j] : 0) + middle * u[i] * v[j]);

        static double[] Unit(int n, double step)
        {
            double[] x = [.. Enumerable.Range(0, n).Select(i => Math.Sin(1 + step * i))];
            double norm = Math.Sqrt(x.Sum(e => e * e));
            return [.. x.Select(e => e / norm)];
        }
    }

    // Orders at which float goes by way of AᵀA while that is exact enough, and by QR beyond: the bounds are narrow either way, meet those of
    // the same matrix in double, and contain what Jacobi finds.
    [TestCase(1.0)]
    [TestCase(1e2)]
    [TestCase(1e4)]
    [TestCase(1e7)]
    public void EveryConditionNumberIsBoundedNarrowlyAtLargerOrders(double kappa)
    {
        foreach ((int rows, int columns) in ((int, int)[])[(112, 112), (300, 97), (97, 140)])
        {
            double last = Math.Min(rows, columns) - 1;
            foreach (Func<int, double> sigma in (Func<int, double>[])
                [i => Math.Pow(kappa, -i / last), i => i < last ? 1 : 1 / kappa, i => i == 0 ? 1 : (1 + (last - i) * 1e-9) / kappa])
            {
                Matrix<T> a = Reflected(rows, columns, sigma).Rounded<T>();
                AssertAgreesWithDouble(a);
                // Columns, or rows where there are fewer, of any sizes.
                Matrix<double> wide = a.Widened();
                AssertAgreesWithDouble(rows >= columns
                    ? wide.ScaledColumns(j => Math.ScaleB(1, j % 41 - 20)).Rounded<T>()
                    : Matrix<double>.From(Matrix<double>.From(wide.Transposed()).ScaledColumns(j => Math.ScaleB(1, j % 41 - 20)).Transposed()).Rounded<T>());
            }
        }
    }

    [Test]
    public void ScaleDoesNotMatterAtLargerOrders([Values(-1, 1)] int sign)
    {
        int exponent = sign * (Machine<T>.MaxExponent - 40);
        Matrix<T> a = Matrices.Random(130, 100, 8).Rounded<T>();
        ConditionEstimate<T> estimate = Estimate(a), other = Estimate(a.Widened().Select(x => Math.ScaleB(x, exponent)).Rounded<T>());
        Assert.That((other.Value, other.Lower, other.Upper), Is.EqualTo((estimate.Value, estimate.Lower, estimate.Upper)));
        AssertAgreesWithDouble(a);
    }

    private void AssertAgreesWithDouble(Matrix<T> a)
    {
        ConditionEstimate<T> estimate = Estimate(a);
        ConditionEstimate<double> reference = Spectrum.ConditionNumber<double>(a.Widened(), path);
        Assert.That(estimate.IsResolved, Is.True, estimate.ToString());
        Assert.That(estimate.Upper.Widened() / estimate.Lower.Widened(), Is.AtMost((reference.Upper / reference.Lower) * (1 + Math.ScaleB(1, -18) + 4 * Machine<T>.Epsilon)), estimate.ToString());
        Assert.That(estimate.Lower.Widened(), Is.AtMost(reference.Upper), $"{estimate} and {reference}");
        Assert.That(estimate.Upper.Widened(), Is.AtLeast(reference.Lower), $"{estimate} and {reference}");
        // The value itself is far better than its bounds.
        double near = Math.ScaleB(1, -21) + Machine<T>.Epsilon + 100 * Machine<double>.Epsilon * reference.Value;
        Assert.That(estimate.Value.Widened(), Is.EqualTo(reference.Value).Within(near * reference.Value), $"{estimate} and {reference}");
        AssertContainsApproximately(estimate.LogVolume, reference.LogVolume.Value);
        double[] sigma = Svd.Values<double>(a.Widened(), algorithm: SvdAlgorithm.Jacobi).SingularValues.ToArray();
        double kappa = sigma[0] / sigma[^1], error = a.Rows * Machine<double>.Epsilon * kappa;
        Assert.That(estimate.Lower.Widened(), Is.AtMost(kappa * (1 + error)), estimate.ToString());
        Assert.That(estimate.Upper.Widened(), Is.AtLeast(kappa * (1 - error)), estimate.ToString());
    }

    private static void AssertContainsApproximately(Enclosure<T> bounds, double x)
    {
        double rounding = 1000 * Machine<double>.Epsilon * (1 + Math.Abs(x));
        Assert.That(x, Is.InRange(bounds.Lower.Widened() - rounding, bounds.Upper.Widened() + rounding), bounds.ToString());
    }

    // Lanczos's estimates of both squares are asked for 2⁻³⁴ in double and 2⁻²⁴ in float.
    [Test]
    public void TheValueHasMoreDigitsThanItsBounds([Values(33, 64, 100)] int order)
    {
        Matrix<T> a = Matrices.Random(order, order, (uint)order).Rounded<T>();
        double[] sigma = Svd.Values<double>(a.Widened(), algorithm: SvdAlgorithm.Jacobi).SingularValues.ToArray();
        double kappa = sigma[0] / sigma[^1], digits = typeof(T) == typeof(double) ? Math.ScaleB(1, -34) : Machine<T>.Epsilon + Math.ScaleB(1, -24);
        Assert.That(Estimate(a).Value.Widened(), Is.EqualTo(kappa).Within(kappa * (digits + order * Machine<double>.Epsilon * kappa)));
    }

    // Many steps of Lanczos, in which what is lost of orthogonality grows.
    [Test]
    public void NarrowSpectraAreResolvedWhateverTheOrder([Values(100, 300)] int order, [Values(0.1, 0.001)] double width)
    {
        ConditionEstimate<T> estimate = Estimate(Matrices.From(order, order, (i, j) => i == j ? 1 - width * i / (order - 1) : 0).Rounded<T>());
        double kappa = 1 / (1 - width);
        Assert.That(kappa, Is.InRange(estimate.Lower.Widened() * (1 - Machine<T>.Epsilon), estimate.Upper.Widened() * (1 + Machine<T>.Epsilon)));
        Assert.That(estimate.Upper.Widened() / estimate.Lower.Widened(), Is.LessThan(1 + 1e-3));
    }

    [Test]
    public void ExactCasesAreExact([Values(1, 5, 40)] int order)
    {
        ConditionEstimate<T> identity = Estimate(Matrix<T>.Identity(order));
        double error = 4.0 * order * order * Machine<double>.Epsilon + Math.ScaleB(order, -24) + Machine<T>.Epsilon;
        Assert.That(identity.Value.Widened(), Is.EqualTo(1).Within(error));
        AssertContainsTruth(Matrix<T>.Identity(order));
        AssertContainsTruth(Matrices.Orthogonal(order, 3).Rounded<T>());
        if (order >= 4)
            AssertContainsTruth(Matrices.Hadamard(order / 10 + 2).Rounded<T>());
    }

    // AᵀA = I + 99uuᵀ with u orthogonal to the vector from which Lanczos starts, which therefore sees nothing but I: the proof fails, and
    // the answer comes from the whole spectrum.
    [Test]
    public void AStartThatCannotSeeTheTopIsNoticed()
    {
        const int Order = 24;
        double[] start = new double[Order], u = new double[Order];
        ulong state = 0;
        for (int i = 0; i < Order; i++)
        {
            ulong z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            start[i] = (long)(z ^ (z >> 31)) * Math.ScaleB(1, -63);
        }

        (u[0], u[1]) = (start[1], -start[0]);
        double square = u[0] * u[0] + u[1] * u[1];
        AssertContainsTruth(Matrices.From(Order, Order, (i, j) => (i == j ? 1 : 0) + 9 * u[i] * u[j] / square).Rounded<T>());
    }

    [Test]
    public void ScaleDoesNotMatter([Values(-1, 1)] int sign, [Values(12, 35)] int order)
    {
        int exponent = sign * (Machine<T>.MaxExponent - 12);
        Matrix<T> a = Matrices.Random(order, order, 8).Rounded<T>();
        Matrix<T> scaled = a.Widened().Select(x => Math.ScaleB(x, exponent)).Rounded<T>();
        ConditionEstimate<T> estimate = Estimate(a), other = Estimate(scaled);
        // Scaling down to subnormals would round; nothing here is.
        Assert.That((other.Value, other.Lower, other.Upper), Is.EqualTo((estimate.Value, estimate.Lower, estimate.Upper)));
        Assert.That(other.LargestSingularValue.Value.Widened(), Is.EqualTo(Math.ScaleB(estimate.LargestSingularValue.Value.Widened(), exponent)));
        double bits = (double)exponent * order + estimate.LogVolume.Value.Widened();
        Assert.That(other.LogVolume.Value.Widened(), Is.EqualTo(bits).Within(4 * order * Machine<T>.Epsilon * Math.Abs(bits)));
    }

    // Column j times 2^(−sj), shuffled, and its transpose: κ spans far more than ε, and is resolved.
    [Test]
    public void GradedLinesAreResolved([Values] bool rows)
    {
        const int Order = 20;
        int step = Machine<T>.MaxExponent / 26;
        Matrix<T> graded = Matrices.Random(Order, Order, 9).Rounded<T>().Widened().ScaledColumns(j => Math.ScaleB(1, -step * (7 * j % Order))).Rounded<T>();
        // The reference wants the grading in the columns.
        AssertContainsTruth(rows ? Matrix<T>.From(graded.Transposed()) : graded, ReferenceSvd.Values(graded.Widened()));
    }

    [TestCase(8, 16, 16)]
    [TestCase(8, 24, 16)]
    [TestCase(8, 16, 24)]
    [TestCase(2, 12, 12)]
    [TestCase(35, 70, 70)]
    [TestCase(35, 130, 120)]
    public void SingularMatricesAreNotResolved(int rank, int rows, int columns)
    {
        ConditionEstimate<T> estimate = Estimate(Matrices.OfRank(rank, rows, columns, seed: (uint)rows).Rounded<T>());
        Assert.That(estimate.IsResolved, Is.False, estimate.ToString());
        Assert.That(estimate.Upper, Is.EqualTo(T.PositiveInfinity));
        Assert.That(estimate.SmallestSingularValue.Lower, Is.EqualTo(T.Zero));
        double least = 1 / (100 * (double)rows * columns * Machine<double>.Epsilon);
        Assert.That(estimate.Lower.Widened(), Is.AtLeast(least), estimate.ToString());
        Assert.That(estimate.LogVolume.Lower, Is.EqualTo(T.NegativeInfinity));
        Assert.That(estimate.ToString(), Does.Contain("not resolved"));
    }

    [Test]
    public void OnesAreNotResolved([Values(2, 9, 40)] int order)
    {
        ConditionEstimate<T> estimate = Estimate(Matrices.From(order, order + 3, (_, _) => 1).Rounded<T>());
        Assert.That(estimate.IsResolved, Is.False);
        AssertContains(estimate.LargestSingularValue, Math.Sqrt(order * (order + 3)));
        Assert.That(estimate.SmallestSingularValue.Contains(T.Zero), Is.True);
    }

    [Test]
    public void ZeroLinesAreSingular()
    {
        Matrix<T> a = Matrices.From(5, 4, (i, j) => j == 2 ? 0 : i + 1.0 / (j + 1)).Rounded<T>();
        foreach (ConditionEstimate<T> estimate in (ConditionEstimate<T>[])[Estimate(new Matrix<T>(3, 5)), Estimate(a), Estimate(Matrix<T>.From(a.Transposed()))])
        {
            Assert.That(estimate.IsResolved, Is.True);
            Assert.That((estimate.Value, estimate.Lower), Is.EqualTo((T.PositiveInfinity, T.PositiveInfinity)));
            Assert.That(estimate.SmallestSingularValue.Upper, Is.EqualTo(T.Zero));
            Assert.That(estimate.LogVolume.Value, Is.EqualTo(T.NegativeInfinity));
            Assert.That(estimate.ToString(), Does.Contain("singular"));
        }
    }

    // Every exhibit of the gallery: what is claimed holds, resolved or not.
    [Test]
    public void TheGalleryLiesWithinItsBounds()
    {
        foreach (Exhibit<T> exhibit in Gallery.Hard<T>().Concat(Gallery.Lapack<T>()).Where(e => !e.Matrix.View.IsEmpty))
        {
            (double[] sigma, int exponent) = ReferenceSvd.Values(exhibit.Matrix.Widened());
            ConditionEstimate<T> estimate = Estimate(exhibit.Matrix);
            double first = Math.ScaleB(sigma[0], exponent), last = Math.ScaleB(sigma[^1], exponent);
            // The reference itself cannot tell a σ_p below this from 0.
            double noise = Math.ScaleB(first, -90) + Machine<T>.Tiny;
            Assert.That(estimate.LargestSingularValue.Lower.Widened(), Is.AtMost(first * (1 + 4 * Machine<double>.Epsilon)), exhibit.Name);
            Assert.That(estimate.LargestSingularValue.Upper.Widened(), Is.AtLeast(first * (1 - 4 * Machine<double>.Epsilon)), exhibit.Name);
            Assert.That(estimate.SmallestSingularValue.Lower.Widened(), Is.AtMost(last + noise), exhibit.Name);
            Assert.That(estimate.SmallestSingularValue.Upper.Widened(), Is.AtLeast(last - noise), exhibit.Name);
            Assert.That(estimate.IsResolved || T.IsPositiveInfinity(estimate.Upper), Is.True, exhibit.Name);
        }
    }

    [TestCase(64, 64)]
    [TestCase(200, 150)]
    [TestCase(150, 300)]
    public void ThreadsAndStridesChangeNoBit(int rows, int columns)
    {
        Matrix<T> a = Matrices.Random(rows, columns, 4).Rounded<T>(), transposed = Matrix<T>.From(a.Transposed());
        ConditionEstimate<T> expected = Spectrum.ConditionNumber<T>(a, path, 1);
        Assert.That(Spectrum.ConditionNumber<T>(a, path, 2), Is.EqualTo(expected));
        Assert.That(Spectrum.ConditionNumber<T>(transposed.Transposed(), path, 3), Is.EqualTo(expected));
    }

    [Test]
    public void LogVolumeIsThatOfTheSpectrum([Values(0, 1, 5, 48)] int rows, [Values(1, 6, 48)] int columns)
    {
        Matrix<T> a = Matrices.Random(rows, columns, 6).Rounded<T>();
        Enclosure<T> volume = Spectrum.LogVolume<T>(a, path);
        AssertContains(volume, rows == 0 ? 0 : ReferenceSvd.Values(a.Widened()) is var (sigma, exponent) ? sigma.Sum(Math.Log2) + (double)exponent * sigma.Length : 0);
        if (rows == 0)
            return;
        // Of square matrices κ comes from the bidiagonal form, the log-volume alone from QR: two roads to numbers within each other's bounds.
        Enclosure<T> beside = Estimate(a).LogVolume;
        if (rows != columns || rows == 1)
            Assert.That(volume, Is.EqualTo(beside));
        Assert.That(volume.Lower <= beside.Upper && beside.Lower <= volume.Upper, Is.True, $"{volume}, {beside}");
    }

    [Test]
    public void WhatIsNotAMatrixIsRefused()
    {
        Assert.Throws<ArgumentException>(() => Estimate(new Matrix<T>(0, 3)));
        Matrix<T> a = Matrices.Random(4, 3, 1).Rounded<T>();
        Assert.Throws<ArgumentOutOfRangeException>(() => Spectrum.ConditionNumber<T>(a, path, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spectrum.LogVolume<T>(a, path, -1));
    }

    [TestCase(4, 3)]
    [TestCase(40, 36)]
    [TestCase(36, 36)]
    [TestCase(36, 40)]
    [TestCase(90, 36)]
    public void WhatIsNotFiniteIsNamed(int rows, int columns)
    {
        Matrix<T> a = Matrices.Random(rows, columns, 1).Rounded<T>();
        foreach (T bad in (T[])[T.NaN, T.PositiveInfinity, T.NegativeInfinity])
        {
            a[2, 1] = bad;
            Assert.That(() => Estimate(a), Throws.ArgumentException.With.Message.Contains("(2, 1)"));
            Assert.That(() => Spectrum.LogVolume<T>(a, path), Throws.ArgumentException.With.Message.Contains("(2, 1)"));
        }
    }
}

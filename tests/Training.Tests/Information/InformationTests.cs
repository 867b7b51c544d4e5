using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels;
using Kappa.Training.Information;
using NUnit.Framework;

namespace Kappa.Training.Tests.Information;

public class InformationTests
{
    private const double Epsilon = 2.220446049250313e-16;

    // h(Y) = −E log₂ f(Y); the estimate's standard error is √(m/2)/ln 2/√N, from the variance of a χ² with m degrees of freedom.
    [TestCase(1, 1, 1.0)]
    [TestCase(3, 5, 0.3)]
    [TestCase(8, 8, 2.0)]
    [TestCase(6, 20, 1e-3)]
    public void Entropy_IsThatOfAMonteCarloEstimate(int m, int n, double deviation)
    {
        const int samples = 40000;
        var stream = new GaussianStream(5);
        Matrix<double> w = Draw(stream, m, n);
        var unit = new LinearGaussianUnit(w, deviation);
        Matrix<double> covariance = unit.Covariance();
        double[,] factor = Cholesky(covariance);
        double logNormal = m / 2.0 * Math.Log(2 * Math.PI) + Enumerable.Range(0, m).Sum(i => Math.Log(factor[i, i]));
        double sum = 0;
        for (int k = 0; k < samples; k++)
        {
            double[] x = [.. Enumerable.Range(0, n).Select(_ => deviation * stream.Next())], y = new double[m];
            for (int i = 0; i < m; i++)
                for (int j = 0; j < n; j++)
                    y[i] += w[i, j] * x[j];
            // −ln f(y) = (m/2)·ln 2π + Σ ln l_ii + ½‖L⁻¹y‖².
            double square = 0;
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < i; j++)
                    y[i] -= factor[i, j] * y[j];
                y[i] /= factor[i, i];
                square += y[i] * y[i];
            }

            sum += (logNormal + square / 2) / Math.Log(2);
        }

        Assert.That(unit.Entropy, Is.EqualTo(sum / samples).Within(4.5 * Math.Sqrt(m / 2.0) / Math.Log(2) / Math.Sqrt(samples)));
    }

    // Equations (3) to (6): the general formula with det Σ_Y, and the sum over singular values. WWᵀ squares the condition number.
    [FsCheck.NUnit.Property(MaxTest = 60)]
    public Property Entropy_IsTheGeneralFormulaOfItsCovariance() => Prop.ForAll(Wide(), shape =>
    {
        (int m, int n, uint seed) = shape;
        Matrix<double> w = Draw(new GaussianStream(seed), m, n);
        var unit = new LinearGaussianUnit(w, 0.7);
        double kappa = unit.SingularValues[0] / unit.SingularValues[^1];
        double tolerance = 8.0 * n * m * Epsilon * kappa * kappa / Math.Log(2) + 16 * m * Epsilon * (1 + Math.Abs(unit.Entropy));
        double direct = LinearGaussianUnit.GaussianEntropy(unit.Covariance());
        return (Math.Abs(direct - unit.Entropy) <= tolerance).Label($"{direct} and {unit.Entropy}, κ = {kappa}");
    });

    // κ(cW) = κ(W); h(cY) = h(Y) + p·log₂|c| – the paper's "+ log₂|c|" is that of one dimension; the deficit stays.
    [FsCheck.NUnit.Property(MaxTest = 60)]
    public Property Scale_ShiftsEntropyByPLogC_AndLeavesConditionAndDeficit() => Prop.ForAll(Wide(), Gen.Choose(-400, 400).ToArbitrary(), (shape, exponent) =>
    {
        (int m, int n, uint seed) = shape;
        Matrix<double> w = Draw(new GaussianStream(seed), m, n), scaled = w.Clone();
        foreach (ref double x in scaled.Elements)
            x = Math.ScaleB(x, exponent);
        WeightMeasures a = WeightMeasures.Of(w), b = WeightMeasures.Of(scaled);
        double tolerance = 8 * m * Epsilon * (Math.Abs(a.Entropy) + Math.Abs(b.Entropy) + m * Math.Abs(exponent));
        return (b.Condition.Value == a.Condition.Value).Label("κ")
            .And((Math.Abs(b.Entropy - a.Entropy - (double)m * exponent) <= tolerance).Label("entropy"))
            .And((Math.Abs(b.EntropyDeficit - a.EntropyDeficit) <= tolerance).Label("deficit"))
            .And((b.RandomDistance == a.RandomDistance || Math.Abs(b.RandomDistance - a.RandomDistance) <= 64 * n * Epsilon).Label("distance"));
    });

    // Theorem 1, with spectra from flat to nearly singular: none of the same norm has a larger volume, and only the flat one the largest.
    [FsCheck.NUnit.Property(MaxTest = 500)]
    public Property NoSpectrumOfEqualNormBeatsTheFlatOne() => Prop.ForAll(
        Gen.Choose(-3000, 3000).Select(e => Math.Pow(10, e / 1000.0)).NonEmptyListOf().ToArbitrary(), values =>
    {
        double[] sigma = [.. values.OrderDescending()];
        int p = sigma.Length;
        double norm = Math.Sqrt(sigma.Sum(s => s * s)), bound = IsotropicBound.MaximumLogVolume(p, norm);
        double volume = Spectrum.LogVolume<double>(sigma), deficit = IsotropicBound.Deficit(sigma);
        double rounding = 8 * p * Epsilon * (Math.Abs(bound) + sigma.Sum(s => Math.Abs(Math.Log2(s))) + 1);
        // What the two ends alone cost: (σ₁² + σ_p²)/2 against σ₁σ_p.
        double ends = Math.Log2((sigma[0] / sigma[^1] + sigma[^1] / sigma[0]) / 2);
        return (volume <= bound + rounding).Label($"{volume} beats {bound}")
            .And((Math.Abs(deficit - (bound - volume)) <= rounding).Label("deficit"))
            .And((deficit >= ends - rounding).Label($"deficit {deficit} below {ends}"));
    });

    [TestCase(1, 2.0)]
    [TestCase(5, 1e-100)]
    [TestCase(64, 3e120)]
    public void FlatSpectrum_HasNoDeficit_AndIsStationary(int p, double sigma)
    {
        double[] flat = [.. Enumerable.Repeat(sigma, p)];
        Assert.That(IsotropicBound.Deficit(flat), Is.Zero);
        double square = p * sigma * sigma;
        double multiplier = IsotropicBound.Multiplier(p, square);
        Assert.That(1 / (2 * multiplier * Math.Log(2)), Is.EqualTo(sigma * sigma).Within(4 * Epsilon * sigma * sigma));
        foreach (double g in IsotropicBound.LagrangianGradient(flat, multiplier))
            Assert.That(Math.Abs(g), Is.LessThanOrEqualTo(8 * Epsilon / sigma / Math.Log(2)));
    }

    // Equation (11) is the derivative of (10): central differences err by h²/6 of the third derivative 2/(σ³ ln 2) and by rounding over h.
    [Test]
    public void LagrangianGradient_IsThatOfTheLagrangian()
    {
        double[] sigma = [3, 1.5, 0.7, 0.2];
        const double multiplier = 0.31, square = 7;
        double[] gradient = IsotropicBound.LagrangianGradient(sigma, multiplier);
        for (int k = 0; k < sigma.Length; k++)
        {
            double h = 1e-5 * sigma[k];
            double[] up = [.. sigma], down = [.. sigma];
            up[k] += h;
            down[k] -= h;
            double difference = (IsotropicBound.Lagrangian(up, multiplier, square) - IsotropicBound.Lagrangian(down, multiplier, square)) / (up[k] - down[k]);
            double truncation = h * h / 3 / Math.Pow(sigma[k], 3) / Math.Log(2), rounding = 16 * Epsilon * 10 / h;
            Assert.That(gradient[k], Is.EqualTo(difference).Within(2 * truncation + rounding));
        }
    }

    [Test]
    public void Deficit_OfSingularAndZero()
    {
        Assert.That(IsotropicBound.Deficit([2, 0]), Is.EqualTo(double.PositiveInfinity));
        Assert.That(IsotropicBound.Deficit([0, 0]), Is.Zero);
        Assert.That(IsotropicBound.Deficit([]), Is.Zero);
        Assert.That(IsotropicBound.MaximumLogVolume(3, 0), Is.EqualTo(double.NegativeInfinity));
        Assert.That(IsotropicBound.MaximumLogVolume(0, 1), Is.Zero);
    }

    // I(X; Y) = h(Y) − h(N) with the entropies of the general formula, from no to much noise; and it grows without bound as the noise goes.
    [TestCase(1e-3)]
    [TestCase(1.0)]
    [TestCase(30.0)]
    public void MutualInformation_IsTheDifferenceOfEntropies(double noise)
    {
        var unit = new LinearGaussianUnit(Draw(new GaussianStream(3), 4, 6), 0.8);
        Matrix<double> covariance = unit.Covariance(), white = new(4, 4);
        for (int i = 0; i < 4; i++)
        {
            covariance[i, i] += noise * noise;
            white[i, i] = noise * noise;
        }

        double expected = LinearGaussianUnit.GaussianEntropy(covariance) - LinearGaussianUnit.GaussianEntropy(white);
        Assert.That(unit.MutualInformation(noise), Is.EqualTo(expected).Within(1024 * Epsilon * (1 + Math.Abs(expected))));
        Assert.That(unit.MutualInformation(noise / 2), Is.GreaterThan(unit.MutualInformation(noise)));
    }

    [Test]
    public void MutualInformation_OverEveryRange()
    {
        var unit = new LinearGaussianUnit(Draw(new GaussianStream(3), 2, 2), 1);
        double squares = unit.SingularValues.Sum(s => s * s);
        Assert.That(unit.MutualInformation(1e200), Is.Zero.Within(1e-300));
        Assert.That(unit.MutualInformation(1e8), Is.EqualTo(squares * 1e-16 / 2 / Math.Log(2)).Within(1e-15 * squares * 1e-16 + squares * squares * 1e-32));
        Assert.That(unit.MutualInformation(1e-200), Is.EqualTo(2 * 200 * Math.Log2(10) + unit.SingularValues.Sum(Math.Log2)).Within(1e-10));
    }

    [Test]
    public void TallWeights_HaveNoDensity_ButAnEntropyOnTheirImage()
    {
        Matrix<double> w = Draw(new GaussianStream(9), 7, 3);
        var unit = new LinearGaussianUnit(w, 1.5);
        Assert.That(unit.Entropy, Is.EqualTo(double.NegativeInfinity));
        // Rotated into its image, Y has the covariance of Wᵀ's unit.
        Assert.That(unit.EntropyOnImage, Is.EqualTo(new LinearGaussianUnit(Matrix<double>.From(w.Transposed()), 1.5).Entropy).Within(64 * Epsilon * 20));
    }

    [Test]
    public void BadArguments_AreRefused()
    {
        var w = new Matrix<double>(2, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new LinearGaussianUnit(w, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new LinearGaussianUnit(w, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new LinearGaussianUnit(w, 1).MutualInformation(0));
        Assert.Throws<ArgumentException>(() => _ = LinearGaussianUnit.GaussianEntropy(new Matrix<double>(2, 3)));
        Assert.Throws<ArgumentException>(() => _ = WeightMeasures.Of(new Matrix<double>(0, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = IsotropicBound.MaximumLogVolume(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = IsotropicBound.Multiplier(0, 1));
    }

    private static Arbitrary<(int M, int N, uint Seed)> Wide() =>
        (from m in Gen.Choose(1, 24)
         from extra in Gen.Choose(0, 30)
         from seed in Gen.Choose(0, int.MaxValue)
         select (m, m + extra, (uint)seed)).ToArbitrary();

    internal static Matrix<double> Draw(GaussianStream stream, int m, int n)
    {
        var w = new Matrix<double>(m, n);
        stream.Fill(w.Elements);
        return w;
    }

    private static double[,] Cholesky(Matrix<double> a)
    {
        int n = a.Rows;
        double[,] l = new double[n, n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
            {
                double sum = a[i, j];
                for (int k = 0; k < j; k++)
                    sum -= l[i, k] * l[j, k];
                l[i, j] = i == j ? Math.Sqrt(sum) : sum / l[j, j];
            }

        return l;
    }
}

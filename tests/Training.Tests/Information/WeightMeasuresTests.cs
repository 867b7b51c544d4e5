using Kappa.Kernels;
using Kappa.Training.Information;
using NUnit.Framework;

namespace Kappa.Training.Tests.Information;

public class WeightMeasuresTests
{
    [TestCase(5, 5)]
    [TestCase(20, 7)]
    [TestCase(7, 70)]
    [TestCase(1, 9)]
    public void Measures_AreThoseOfTheSpectrum(int m, int n)
    {
        Matrix<double> w = InformationTests.Draw(new GaussianStream(4), m, n);
        WeightMeasures measures = WeightMeasures.Of(w, 0.5);
        double[] sigma = Svd.Values<double>(w, algorithm: SvdAlgorithm.Bidiagonal).SingularValues.ToArray();
        Assert.That(measures.SingularValues, Is.EqualTo(sigma));
        Assert.That(measures.Condition.Value, Is.EqualTo(sigma[0] / sigma[^1]).Within(1e-12 * sigma[0] / sigma[^1]));
        Assert.That(measures.Condition.Lower, Is.LessThanOrEqualTo(measures.Condition.Value));
        Assert.That(measures.Condition.Upper, Is.GreaterThanOrEqualTo(measures.Condition.Value));
        Assert.That(measures.ConditionReason, Is.Null);
        Assert.That(measures.NonZeroConditionNumber, Is.EqualTo(sigma[0] / sigma[^1]));
        double squares = sigma.Sum(s => s * s), tolerance = Math.ScaleB(m * n, -50);
        Assert.That(measures.FrobeniusNorm, Is.EqualTo(Math.Sqrt(squares)).Within(tolerance * Math.Sqrt(squares)));
        Assert.That(measures.StableRank, Is.EqualTo(squares / sigma[0] / sigma[0]).Within(tolerance * sigma.Length));
        Assert.That(measures.NuclearNorm, Is.EqualTo(sigma.Sum()));
        Assert.That(measures.Entropy, Is.EqualTo(sigma.Sum(s => Math.Log2(Math.Sqrt(2 * Math.PI * Math.E) * 0.5 * s))).Within(tolerance * 100));
        double[] rows = Spectrum.RowNorms<double>(w);
        Assert.That(measures.RowNormSpread, Is.EqualTo(rows.Max() / rows.Min()));
    }

    [Test]
    public void SingularMatrices_HaveAReasonInsteadOfANumber()
    {
        Matrix<double> w = InformationTests.Draw(new GaussianStream(4), 12, 10);
        for (int i = 0; i < 12; i++)
            w[i, 3] = 0;
        WeightMeasures zeroColumn = WeightMeasures.Of(w);
        Assert.That(zeroColumn.ConditionReason, Is.EqualTo("singular: numerical rank 9 of 10"));
        Assert.That(zeroColumn.NonZeroConditionNumber, Is.EqualTo(zeroColumn.SingularValues[0] / zeroColumn.SingularValues[8]));
        Assert.That(zeroColumn.EntropyDeficit, Is.EqualTo(double.PositiveInfinity));
        for (int i = 0; i < 12; i++)
            w[i, 3] = 2 * w[i, 4] - w[i, 5];
        Assert.That(WeightMeasures.Of(w).ConditionReason, Is.EqualTo("singular: numerical rank 9 of 10"));
        WeightMeasures zero = WeightMeasures.Of(new Matrix<double>(3, 4));
        Assert.That(zero.ConditionReason, Is.EqualTo("singular: numerical rank 0 of 3"));
        Assert.That(zero.RandomLaw, Is.Null);
        Assert.That(zero.IsLikeRandom, Is.False);
        Assert.That(zero.RowNormSpread, Is.NaN);
    }

    // Nearly dependent columns: the spectrum's own bounds say nothing, the QR's do.
    [Test]
    public void GradedColumns_AreResolvedByTheFactorization()
    {
        Matrix<double> w = InformationTests.Draw(new GaussianStream(8), 20, 12);
        for (int i = 0; i < 20; i++)
            for (int j = 0; j < 12; j++)
                w[i, j] = Math.ScaleB(w[i, j], -7 * j);
        WeightMeasures measures = WeightMeasures.Of(w);
        Assert.That(Spectrum.ConditionNumber(Svd.Values<double>(w)).IsResolved, Is.False);
        Assert.That(measures.Condition.IsResolved);
        Assert.That(measures.SingularValues, Is.EqualTo(Svd.Values<double>(w).SingularValues.ToArray()));
        Assert.That(measures.Condition.Upper / measures.Condition.Lower, Is.LessThan(1 + 1e-6));
    }

    // The law is that of large matrices: edges within the blur p^(−2/3), the distribution function within its plausible distance.
    [TestCase(64, 64)]
    [TestCase(100, 400)]
    [TestCase(300, 40)]
    public void RandomMatrices_AreLikeRandom(int m, int n)
    {
        int like = 0;
        const int draws = 20;
        var stream = new GaussianStream(23);
        for (int k = 0; k < draws; k++)
        {
            WeightMeasures measures = WeightMeasures.Of(InformationTests.Draw(stream, m, n));
            like += measures.IsLikeRandom ? 1 : 0;
            double blur = 4 * Math.Pow(Math.Min(m, n), -2.0 / 3);
            Assert.That(measures.SingularValues[0] / measures.RandomLaw!.LargestSingularValue, Is.EqualTo(1).Within(blur));
        }

        // Each is refused about once in a hundred; three of twenty once in a thousand.
        Assert.That(like, Is.GreaterThanOrEqualTo(draws - 2));
    }

    // One strong direction beyond the edge, as training makes it; and a bulk stretched by row scales.
    [Test]
    public void LearnedStructure_IsTold()
    {
        Matrix<double> spiked = InformationTests.Draw(new GaussianStream(6), 64, 64), graded = spiked.Clone();
        for (int i = 0; i < 64; i++)
            for (int j = 0; j < 64; j++)
            {
                spiked[i, j] += 24.0 / 64;
                graded[i, j] *= 1 + i / 32.0;
            }

        Assert.That(WeightMeasures.Of(spiked).IsLikeRandom, Is.False);
        Assert.That(WeightMeasures.Of(graded).IsLikeRandom, Is.False);
    }

    [TestCase(10, 10, 1.0)]
    [TestCase(10, 35, 0.02)]
    [TestCase(80, 10, 7.0)]
    public void Law_IntegratesItsDensity(int m, int n, double deviation)
    {
        var law = new MarchenkoPastur(m, n, deviation);
        double from = law.SmallestSingularValue, to = law.LargestSingularValue, sum = 0;
        const int steps = 20000;
        // Midpoints in σ = centre − cos: the square roots at the edges are smooth in the angle.
        for (int k = 0; k < steps; k++)
        {
            double angle = (k + 0.5) * Math.PI / steps, x = (from + to) / 2 - (to - from) / 2 * Math.Cos(angle);
            double half = law.Density(x) * (to - from) / 2 * Math.Sin(angle) * Math.PI / steps / 2;
            Assert.That(law.CumulativeDistribution(x), Is.EqualTo(sum + half).Within(1e-6));
            sum += 2 * half;
        }

        Assert.That(sum, Is.EqualTo(1).Within(1e-6));
        Assert.That(law.CumulativeDistribution(from * 0.99), Is.Zero);
        Assert.That(law.CumulativeDistribution(to * 1.01), Is.EqualTo(1));
        Assert.That(law.Density(to * 1.01), Is.Zero);
    }
}

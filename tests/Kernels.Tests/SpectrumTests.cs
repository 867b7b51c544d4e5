using System.Numerics;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
public sealed class SpectrumTests<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly double s_ulp = Machine<T>.Epsilon;

    private static T[] Values(params double[] values) => [.. values.Select(T.CreateTruncating)];

    private static T Largest => T.BitDecrement(T.PositiveInfinity);

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(x => x * x));

    private static double[] Row(Matrix<double> a, int i) => a.Row(i).ToArray();

    [TestCase(1, 1)]
    [TestCase(7, 5)]
    [TestCase(5, 7)]
    [TestCase(31, 30)]
    public void NormsAreTheirDefinitions(int rows, int columns)
    {
        Matrix<T> w = Matrices.Random(rows, columns, 1).Rounded<T>();
        Matrix<double> wide = w.Widened(), transposed = Matrix<double>.From(wide.Transposed());
        T[] rowNorms = Spectrum.RowNorms<T>(w), columnNorms = Spectrum.ColumnNorms<T>(w);
        Assert.That((rowNorms.Length, columnNorms.Length), Is.EqualTo((rows, columns)));
        for (int i = 0; i < rows; i++)
            AssertNorm(rowNorms[i], Row(wide, i));
        for (int j = 0; j < columns; j++)
            AssertNorm(columnNorms[j], Row(transposed, j));
        AssertNorm(Spectrum.FrobeniusNorm<T>(w), wide.Elements.ToArray());

        // n squares and sums at relative error nε/2, of which the root halves all but its own.
        static void AssertNorm(T computed, double[] elements)
        {
            double norm = Norm(elements);
            Assert.That(computed.Widened(), Is.EqualTo(norm).Within(Machine<T>.Gamma(elements.Length + 2) * norm));
        }
    }

    [Test]
    public void NormsOfEmptyMatricesAreZero()
    {
        Assert.That(Spectrum.FrobeniusNorm<T>(new Matrix<T>(0, 4)), Is.EqualTo(T.Zero));
        Assert.That(Spectrum.RowNorms<T>(new Matrix<T>(2, 0)), Is.EqualTo(new T[2]));
        Assert.That(Spectrum.ColumnNorms<T>(new Matrix<T>(0, 3)), Is.EqualTo(new T[3]));
        Assert.That(Spectrum.RowNorms<T>(new Matrix<T>(0, 3)), Is.Empty);
    }

    // 3-4-5 triangles are exact at every scale, also where squares are not finite or vanish.
    [Test]
    public void NormsNeitherOverflowNorUnderflow([Values] bool small)
    {
        double unit = small ? Machine<T>.Tiny : Math.ScaleB(1, Machine<T>.MaxExponent - 3);
        Matrix<T> w = Matrices.From(2, 2, (i, j) => i == j ? 0 : (3 + j) * unit).Rounded<T>();
        Assert.That(Spectrum.FrobeniusNorm<T>(w).Widened(), Is.EqualTo(5 * unit));
        Assert.That(Spectrum.RowNorms<T>(w), Is.EqualTo(Values(4 * unit, 3 * unit)));
    }

    [Test]
    public void NormsBeyondTheRangeAreInfiniteAndNaNSpreads()
    {
        Matrix<T> w = Matrices.From(3, 3, (_, _) => 1).Rounded<T>();
        w.View.Fill(Largest);
        Assert.That(Spectrum.FrobeniusNorm<T>(w), Is.EqualTo(T.PositiveInfinity));
        w[1, 1] = T.NaN;
        Assert.That(T.IsNaN(Spectrum.FrobeniusNorm<T>(w)), Is.True);
    }

    [Test]
    public void RelativeDistanceIsItsDefinition()
    {
        Matrix<T> w = Matrices.Random(6, 4, 1).Rounded<T>(), target = Matrices.Random(6, 4, 2).Rounded<T>();
        Matrix<double> difference = Matrices.From(6, 4, (i, j) => w[i, j].Widened() - target[i, j].Widened());
        double expected = Norm(difference.Elements.ToArray()) / Norm(target.Widened().Elements.ToArray());
        double error = Machine<T>.Gamma(2 * 24 + 6) * expected;
        Assert.That(Spectrum.RelativeDistance<T>(w, target).Widened(), Is.EqualTo(expected).Within(error));
        Assert.That(Spectrum.RelativeDistance<T>(w, w), Is.EqualTo(T.Zero));
    }

    [Test]
    public void RelativeDistanceFromZeroIsInfiniteExceptForZero()
    {
        Matrix<T> zero = new(3, 2), w = Matrices.Random(3, 2, 1).Rounded<T>();
        Assert.That(Spectrum.RelativeDistance<T>(w, zero), Is.EqualTo(T.PositiveInfinity));
        Assert.That(Spectrum.RelativeDistance<T>(zero, zero), Is.EqualTo(T.Zero));
        Assert.That(Spectrum.RelativeDistance<T>(zero, w), Is.EqualTo(T.One));
        Assert.That(Spectrum.RelativeDistance<T>(new Matrix<T>(0, 2), new Matrix<T>(0, 2)), Is.EqualTo(T.Zero));
        Assert.Throws<ArgumentException>(() => Spectrum.RelativeDistance<T>(w, new Matrix<T>(2, 3)));
    }

    [Test]
    public void ConditionNumberIsTheQuotientOfTheEnds()
    {
        Assert.That(Spectrum.ConditionNumber<T>(Values(6, 5, 2)), Is.EqualTo(T.CreateTruncating(3)));
        Assert.That(Spectrum.ConditionNumber<T>(Values(4)), Is.EqualTo(T.One));
        Assert.That(Spectrum.ConditionNumber<T>(Values(4, 0)), Is.EqualTo(T.PositiveInfinity));
        Assert.That(Spectrum.ConditionNumber<T>(Values(0)), Is.EqualTo(T.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => Spectrum.ConditionNumber<T>([]));
    }

    // The threshold is max(m, n)·ε·σ₁ = 4ε: strictly above it a value counts, on it and below it does not.
    [Test]
    public void NumericalRankCountsWhatStandsAboveRounding()
    {
        T[] sigma = Values(1, 0.5, 8 * s_ulp, 4 * s_ulp, 0);
        Assert.That(Spectrum.NumericalRank<T>(sigma, 4, 3), Is.EqualTo(3));
        Assert.That(Spectrum.NumericalRank<T>(sigma, 3, 8), Is.EqualTo(2));
        Assert.That(Spectrum.NumericalRank<T>(Values(0, 0), 2, 2), Is.Zero);
        Assert.That(Spectrum.NumericalRank<T>([], 0, 7), Is.Zero);
    }

    [Test]
    public void NonZeroConditionNumberLeavesRoundingOut()
    {
        T[] sigma = Values(1, 0.5, 0.25, s_ulp, 0);
        Assert.That(Spectrum.NonZeroConditionNumber<T>(sigma, 5, 5), Is.EqualTo(T.CreateTruncating(4)));
        Assert.That(Spectrum.NonZeroConditionNumber<T>(Values(3), 1, 1), Is.EqualTo(T.One));
        Assert.That(T.IsNaN(Spectrum.NonZeroConditionNumber<T>(Values(0, 0), 2, 2)), Is.True);
        Assert.Throws<ArgumentException>(() => Spectrum.NonZeroConditionNumber<T>([], 0, 3));
    }

    [Test]
    public void EffectiveRankCountsAboveOneHundredth()
    {
        Assert.That(Spectrum.EffectiveRankThreshold, Is.EqualTo(0.01));
        Assert.That(Spectrum.EffectiveRank<T>(Values(100, 50, 1.01, 1, 0.99, 0)), Is.EqualTo(3));
        Assert.That(Spectrum.EffectiveRank<T>(Values(7)), Is.EqualTo(1));
        Assert.That(Spectrum.EffectiveRank<T>(Values(0, 0)), Is.Zero);
        Assert.That(Spectrum.EffectiveRank<T>([]), Is.Zero);
    }

    [Test]
    public void SpectralGapIsTheDistanceOfTheFirstTwo()
    {
        Assert.That(Spectrum.SpectralGap<T>(Values(4, 3, 1)), Is.EqualTo(T.CreateTruncating(0.25)));
        Assert.That(Spectrum.SpectralGap<T>(Values(4, 4)), Is.EqualTo(T.Zero));
        Assert.That(Spectrum.SpectralGap<T>(Values(4)), Is.EqualTo(T.One));
        Assert.That(Spectrum.SpectralGap<T>(Values(0, 0)), Is.EqualTo(T.Zero));
        Assert.That(Spectrum.SpectralGap<T>([]), Is.EqualTo(T.Zero));
    }

    [Test]
    public void LogVolumeIsTheSumOfLogarithms()
    {
        Assert.That(Spectrum.LogVolume<T>(Values(8, 2, 0.5)).Widened(), Is.EqualTo(3).Within(3 * s_ulp));
        Assert.That(Spectrum.LogVolume<T>(Values(1, 0)), Is.EqualTo(T.NegativeInfinity));
        Assert.That(Spectrum.LogVolume<T>([]), Is.EqualTo(T.Zero));
    }

    // det by elimination in double on a diagonally dominant matrix, where no pivot is needed and κ is small.
    [TestCase(1)]
    [TestCase(4)]
    [TestCase(12)]
    public void LogVolumeOfASquareMatrixIsTheLogarithmOfItsDeterminant(int order)
    {
        Matrix<T> w = Matrices.From(order, order, (i, j) => i == j ? 2 : Math.Cos(i + 2 * j) / order).Rounded<T>();
        Matrix<double> rest = w.Widened();
        double logarithm = 0;
        for (int k = 0; k < order; k++)
        {
            logarithm += Math.Log2(Math.Abs(rest[k, k]));
            for (int i = k + 1; i < order; i++)
                for (int j = order - 1; j >= k; j--)
                    rest[i, j] -= rest[i, k] / rest[k, k] * rest[k, j];
        }

        double[] sigma = Svd.Values<T>(w).SingularValues.Widened();
        // Each of the n values errs by c·n·ε·κ relatively, and the sum of logarithms of size L by (n + 1)·ε·L.
        double error = order * Ratios.NormwiseError(w, sigma[0] / sigma[^1])
            + Machine<T>.Gamma(2 * order) * sigma.Sum(s => Math.Abs(Math.Log2(s)));
        Assert.That(Spectrum.LogVolume(Svd.Values<T>(w).SingularValues).Widened(), Is.EqualTo(logarithm).Within(error));
    }

    [TestCase(3, 1.0)]
    [TestCase(3, 0.1)]
    [TestCase(5, 7.0)]
    public void EntropyIsItsFormula(int rows, double deviation)
    {
        T[] sigma = Values(4, 1, 0.25);
        double rounded = T.CreateTruncating(deviation).Widened();
        double noise = rows / 2.0 * Math.Log2(2 * Math.PI * Math.E * rounded * rounded);
        // Log₂(2πe) ≈ 4.1, log₂ σₓ² and the logarithms of σ, 4 in all, are summed with a few roundings each.
        double error = Machine<T>.Gamma(8) * (rows / 2.0 * (5 + 2 * Math.Abs(Math.Log2(rounded))) + 4);
        T entropy = Spectrum.DifferentialEntropy<T>(sigma, rows, T.CreateTruncating(deviation));
        Assert.That(entropy.Widened(), Is.EqualTo(noise).Within(error));
    }

    // h(cWX) = h(WX) + p·log₂ c, p = m where m ≤ n; scaling the inputs instead adds m·log₂ c.
    [TestCase(3, 3)]
    [TestCase(3, 5)]
    public void EntropyShiftsWithTheScale(int rows, int columns)
    {
        Matrix<T> w = Matrices.Random(rows, columns, 3).Rounded<T>();
        Matrix<T> scaled = w.Widened().Select(x => 8 * x).Rounded<T>();
        double h = Entropy(w, 1), error = Machine<T>.Gamma(4 * rows) * rows * (16 + Math.Abs(h));
        Assert.That(Entropy(scaled, 1), Is.EqualTo(h + 3 * rows).Within(error));
        Assert.That(Entropy(w, 8), Is.EqualTo(h + 3 * rows).Within(error));

        double Entropy(Matrix<T> map, double deviation)
        {
            ReadOnlySpan<T> sigma = Svd.Values<T>(map).SingularValues;
            return Spectrum.DifferentialEntropy(sigma, rows, T.CreateTruncating(deviation)).Widened();
        }
    }

    [Test]
    public void EntropyOfASingularMapIsMinusInfinityAndOfExtremeInputsFinite()
    {
        Assert.That(Spectrum.DifferentialEntropy<T>(Values(1, 0), 2, T.One), Is.EqualTo(T.NegativeInfinity));
        Assert.That(T.IsFinite(Spectrum.DifferentialEntropy<T>(Values(1, 1), 2, Largest)), Is.True);
        Assert.That(T.IsFinite(Spectrum.DifferentialEntropy<T>(Values(1, 1), 2, T.Epsilon)), Is.True);
        Assert.That(Spectrum.DifferentialEntropy<T>([], 0, T.One), Is.EqualTo(T.Zero));
    }

    [TestCase(2, 0.0)]
    [TestCase(2, -1.0)]
    [TestCase(2, double.NaN)]
    [TestCase(2, double.PositiveInfinity)]
    [TestCase(-1, 1.0)]
    public void EntropyRefusesImpossibleInputs(int rows, double deviation) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Spectrum.DifferentialEntropy<T>(Values(1, 1), rows, T.CreateTruncating(deviation)));

    [TestCase(6, 4)]
    [TestCase(4, 6)]
    [TestCase(1, 1)]
    public void ComponentsAreTheMeasures(int rows, int columns)
    {
        Matrix<T> w = Matrices.Random(rows, columns, 5).Rounded<T>();
        SvdResult<T> svd = Svd.Values<T>(w);
        foreach (var components in new[] { Spectrum.Components<T>(w), Spectrum.Components<T>(w, svd) })
        {
            Assert.That(components.RowNorms, Is.EqualTo(Spectrum.RowNorms<T>(w)));
            Assert.That(components.ColumnNorms, Is.EqualTo(Spectrum.ColumnNorms<T>(w)));
            Assert.That(components.SingularValues, Is.EqualTo(svd.SingularValues.ToArray()));
            Assert.That(components.ConditionNumber, Is.EqualTo(Spectrum.ConditionNumber(svd.SingularValues)));
            Assert.That(components.EffectiveRank, Is.EqualTo(Spectrum.EffectiveRank(svd.SingularValues)));
            Assert.That(components.SpectralGap, Is.EqualTo(Spectrum.SpectralGap(svd.SingularValues)));
            Assert.That(components.FrobeniusNorm, Is.EqualTo(Spectrum.FrobeniusNorm<T>(w)));
        }
    }

    [Test]
    public void ComponentsRefuseEmptyNotFiniteAndForeignMatrices()
    {
        Matrix<T> w = new(3, 2), nan = new(3, 2);
        nan[2, 1] = T.NaN;
        Assert.Throws<ArgumentException>(() => Spectrum.Components<T>(new Matrix<T>(0, 2)));
        Assert.Throws<ArgumentException>(() => Spectrum.Components<T>(nan));
        Assert.Throws<ArgumentException>(() => Spectrum.Components<T>(w, Svd.Values<T>(w.Transposed())));
    }
}

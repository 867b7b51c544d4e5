using Kappa.Kernels;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class BootstrapTests
{
    private static readonly double[] s_values = [0.2, 1.5, 0.1, 7.0, 0.4, 0.9];

    // r = np.random.RandomState(20260); x = the values; for _ in range(2000): i = (6 * r.random_sample(6)).astype(int); …
    // np.quantile([x[i].mean() …], [.025, .975]) = [0.33333333, 3.81708333]; of np.median [0.15, 4.25]
    [Test]
    public void Intervals_AreNumPys()
    {
        var sample = new Sample(s_values);
        Interval mean = Bootstrap.IntervalOf(6, sample.WeightedMean), median = Bootstrap.IntervalOf(6, sample.WeightedMedian);
        Assert.That((mean.Low, mean.High), Is.EqualTo((0.33333333, 3.81708333)).Using<(double A, double B)>((x, y) =>
            Math.Abs(x.A - y.A) < 1e-8 && Math.Abs(x.B - y.B) < 1e-8));
        Assert.That((median.Low, median.High), Is.EqualTo((0.15, 4.25)).Using<(double A, double B)>((x, y) =>
            Math.Abs(x.A - y.A) < 1e-12 && Math.Abs(x.B - y.B) < 1e-12));
    }

    [Test]
    public void SameValues_GiveTheSameBits_AndOthersDoNot()
    {
        Interval first = Bootstrap.IntervalOf(6, new Sample(s_values).WeightedMean);
        Assert.That(Bootstrap.IntervalOf(6, new Sample(s_values).WeightedMean), Is.EqualTo(first));
        Assert.That(Bootstrap.IntervalOf(6, new Sample(s_values.Select(x => x * 1.01)).WeightedMean), Is.Not.EqualTo(first));
    }

    // 600 data sets: the standard error of a coverage of 0.95 is 0.009; the percentile method falls short of it a little.
    [TestCase(false)]
    [TestCase(true)]
    public void Interval_CoversTheTruth(bool ofMedian)
    {
        var stream = new GaussianStream(7);
        const int Sets = 600, N = 40;
        int covered = 0;
        for (int set = 0; set < Sets; set++)
        {
            // Mean of N(3, 1); median of the exponential distribution, ln 2.
            double[] values = [.. Enumerable.Range(0, N).Select(_ => ofMedian ? -Math.Log(1 - stream.NextUniform()) : 3 + stream.Next())];
            var sample = new Sample(values);
            Interval interval = Bootstrap.IntervalOf(N, ofMedian ? sample.WeightedMedian : sample.WeightedMean);
            covered += interval.Contains(ofMedian ? Math.Log(2) : 3) ? 1 : 0;
        }

        Assert.That((double)covered / Sets, Is.InRange(0.91, 0.98));
    }

    [Test]
    public void Statistics_OfTheSameTrials_AreResampledInPairs()
    {
        var sample = new Sample(s_values);
        var twice = new Sample(s_values.Select(x => 2 * x));
        Assert.That(Bootstrap.IntervalOf(6, w => twice.WeightedMean(w) / sample.WeightedMean(w)), Is.EqualTo(new Interval(2, 2)));
        Interval[] both = Bootstrap.Intervals(6, w => [sample.WeightedMean(w), sample.WeightedMedian(w)]);
        Assert.That(both, Is.EqualTo([Bootstrap.IntervalOf(6, sample.WeightedMean), Bootstrap.IntervalOf(6, sample.WeightedMedian)]));
    }

    [Test]
    public void FewTrials_AndWhatIsNotFinite()
    {
        Assert.That(Bootstrap.IntervalOf(1, _ => 3).Low, Is.NaN);
        Assert.That(Bootstrap.IntervalOf(0, _ => 3).Low, Is.NaN);
        Assert.That(Bootstrap.IntervalOf(5, _ => double.NaN).Low, Is.NaN);
        Assert.That(Bootstrap.IntervalOf(5, _ => double.PositiveInfinity), Is.EqualTo(new Interval(double.PositiveInfinity, double.PositiveInfinity)));
        Interval interval = Bootstrap.IntervalOf(4, new Sample([1, double.NaN, 2, double.PositiveInfinity]).WeightedMean);
        Assert.That((interval.Low, interval.High), Is.EqualTo((1.0, 2.0)));
    }

    [Test]
    public void WeightedAverages_AreThoseOfTheRepeatedValues()
    {
        var stream = new GaussianStream(3);
        for (int round = 0; round < 200; round++)
        {
            int n = 1 + round % 7;
            double[] values = [.. Enumerable.Range(0, n).Select(_ => Math.Round(stream.Next(), 1))];
            int[] weights = [.. values.Select(_ => (int)(3 * stream.NextUniform()))];
            double[] repeated = [.. values.SelectMany((x, i) => Enumerable.Repeat(x, weights[i]))];
            var sample = new Sample(values);
            if (repeated.Length == 0)
            {
                Assert.That(sample.WeightedMean(weights), Is.NaN);
                Assert.That(sample.WeightedMedian(weights), Is.NaN);
                continue;
            }

            Statistics expected = Statistics.Of(repeated);
            Assert.That(sample.WeightedMean(weights), Is.EqualTo(expected.Mean).Within(1e-14));
            Assert.That(sample.WeightedMedian(weights), Is.EqualTo(expected.Median).Within(1e-14));
        }
    }

    [Test]
    public void Shares_AreThoseOfTheLargest()
    {
        var sample = new Sample([.. Enumerable.Repeat(1.0, 38), 5, 57, double.NaN]);
        Assert.That(sample.LargestShare, Is.EqualTo(0.57).Within(1e-15));
        Assert.That(sample.TopShare(0.05), Is.EqualTo(0.62).Within(1e-15));
    }

    [Test]
    public void Exponent_IsThatOfTheLaw()
    {
        double[] d = [32, 64, 128, 256, 512];
        Assert.That(PowerLaw.Exponent(d, [.. d.Select(x => 0.3 * Math.Pow(x, 1.4))]), Is.EqualTo(1.4).Within(1e-13));
        Assert.That(PowerLaw.Exponent(d, [1, 2, 0, 4, 5]), Is.NaN);
        Assert.That(PowerLaw.Exponent([32], [1]), Is.NaN);
        Assert.That(() => PowerLaw.Exponent(d, [1]), Throws.ArgumentException);
    }

    [Test]
    public void LogError_IsTheSameForTooLargeAndTooSmall()
    {
        static double Error(double kappa) => new TrialRecord("exp1", new(("d", 8)), 0, 42, "x", new() { ["kappa"] = kappa, ["kappa_target"] = 100 }, []).LogKappaError;
        Assert.That(Error(200), Is.EqualTo(Math.Log(2)).Within(1e-14));
        Assert.That(Error(50), Is.EqualTo(Math.Log(2)).Within(1e-14));
        Assert.That(new TrialRecord("exp1", new(("d", 8)), 0, 42, "x", [], []).LogKappaError, Is.NaN);
    }
}

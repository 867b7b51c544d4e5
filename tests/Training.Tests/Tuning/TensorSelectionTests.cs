using Kappa.Kernels;
using Kappa.Training.Results;
using Kappa.Training.Tuning;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class TensorSelectionTests
{
    // Stem and head hold the smallest κ, as rectangular matrices do.
    private static readonly double[] s_kappa = [2, 90, 30, double.PositiveInfinity, 40, 30, 70, 1.5];

    [TestCase(TensorChoice.SmallestCondition, true, new[] { 2, 4, 5 })]
    [TestCase(TensorChoice.SmallestCondition, false, new[] { 0, 2, 7 })]
    [TestCase(TensorChoice.LargestCondition, true, new[] { 1, 3, 6 })]
    [TestCase(TensorChoice.LargestCondition, false, new[] { 1, 3, 6 })]
    [TestCase(TensorChoice.First, true, new[] { 1, 2, 3 })]
    [TestCase(TensorChoice.Last, true, new[] { 4, 5, 6 })]
    [TestCase(TensorChoice.Head, false, new[] { 7 })]
    [TestCase(TensorChoice.All, false, new[] { 0, 1, 2, 3, 4, 5, 6, 7 })]
    public void Choice_IsWhatItsRuleSays(TensorChoice choice, bool blocksOnly, int[] expected) =>
        Assert.That(TensorSelection.Choose(choice, s_kappa, blocksOnly, 3, new GaussianStream(1)), Is.EqualTo(expected));

    [Test]
    public void Ends_AreStemHeadAndRandomOnesBetween()
    {
        int[][] chosen = [.. Enumerable.Range(0, 50).Select(seed => TensorSelection.Choose(TensorChoice.Ends, s_kappa, false, 4, new GaussianStream((uint)seed)))];
        Assert.That(chosen.Select(c => (c[0], c[^1], c.Distinct().Count())), Is.All.EqualTo((0, 7, 4)));
        Assert.That(chosen.SelectMany(c => c[1..^1]).Distinct(), Is.EquivalentTo(Enumerable.Range(1, 6)));
    }

    [Test]
    public void EqualKappa_CountInTheOrderOfTheirPlaces()
    {
        double[] equal = [7, 7, 7, 7, 7, 7];
        Assert.That(TensorSelection.Choose(TensorChoice.SmallestCondition, equal, true, 2, new GaussianStream(1)), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(TensorSelection.Choose(TensorChoice.LargestCondition, equal, true, 2, new GaussianStream(1)), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void Random_DrawsEveryCandidateEquallyOften()
    {
        const int draws = 4000, candidates = 6, count = 3;
        int[] times = new int[s_kappa.Length];
        for (uint seed = 0; seed < draws; seed++)
        {
            int[] chosen = TensorSelection.Choose(TensorChoice.Random, s_kappa, true, count, new GaussianStream(seed));
            Assert.That(chosen, Has.Length.EqualTo(count).And.Unique.And.Ordered);
            foreach (int i in chosen)
                times[i]++;
        }

        // Binomial: five standard deviations.
        double expected = (double)draws * count / candidates, spread = 5 * Math.Sqrt(expected * (1 - (double)count / candidates));
        Assert.That((times[0], times[^1]), Is.EqualTo((0, 0)));
        Assert.That(times[1..^1], Is.All.EqualTo(expected).Within(spread));
    }

    [Test]
    public void Permutation_HasEveryElement([Values(0, 1, 2, 17, 200)] int n, [Values(1u, 42u)] uint seed) =>
        Assert.That(Permutation.Draw(n, new GaussianStream(seed)).Order(), Is.EqualTo(Enumerable.Range(0, n)));

    [TestCase(new double[] { 1, 2, 3, 4 }, new double[] { 10, 20, 35, 1000 }, 1)]
    [TestCase(new double[] { 1, 2, 3, 4 }, new double[] { 4, 3, 2, 1 }, -1)]
    [TestCase(new double[] { 1, 2, 3, 4, 5 }, new double[] { 2, 1, 4, 3, 5 }, 0.8)]
    [TestCase(new double[] { 1, 1, 2 }, new double[] { 5, 5, double.PositiveInfinity }, 1)]
    [TestCase(new double[] { 1, 2, 3 }, new double[] { 5, 5, 5 }, double.NaN)]
    public void RankCorrelation_IsSpearmans(double[] x, double[] y, double expected) =>
        Assert.That(RankCorrelation.Of(x, y), Is.EqualTo(expected).Within(x.Length * Math.ScaleB(1, -52)));
}

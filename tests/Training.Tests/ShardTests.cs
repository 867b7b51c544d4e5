using FsCheck;
using FsCheck.Fluent;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class ShardTests
{
    [TestCase("0/1", 0, 1)]
    [TestCase("3/8", 3, 8)]
    [TestCase("2147483646/2147483647", int.MaxValue - 1, int.MaxValue)]
    public void Text_IsReadAndWritten(string text, int index, int count)
    {
        Assert.That(Shard.Parse(text), Is.EqualTo(new Shard(index, count)));
        Assert.That(new Shard(index, count).ToString(), Is.EqualTo(text));
    }

    [TestCase("")]
    [TestCase("3")]
    [TestCase("8/8")]
    [TestCase("-1/8")]
    [TestCase("0/0")]
    [TestCase("1/2/3")]
    [TestCase("+1/2")]
    [TestCase("1 /2")]
    [TestCase("1/2147483648")]
    public void OtherText_IsNoShard(string text) => Assert.That(Shard.Parse(text), Is.Null);

    [TestCase(0, 0)]
    [TestCase(2, 2)]
    [TestCase(-1, 2)]
    public void IndexOutOfRange_Throws(int index, int count) =>
        Assert.That(() => new Shard(index, count), Throws.InstanceOf<ArgumentOutOfRangeException>());

    // Whole costs add up exactly, so the bound holds without a tolerance.
    [Test]
    public void Parts_AreDisjointCompleteOrderedAndBalanced() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(500),
        Prop.ForAll(Gen.Choose(0, 1_000_000).ListOf().ToArbitrary(), Gen.Choose(1, 40).ToArbitrary(), (costs, count) =>
        {
            (int Position, int Cost)[] items = [.. costs.Select((c, i) => (i, c))];
            IReadOnlyList<(int Position, int Cost)>[] parts =
                [.. Enumerable.Range(0, count).Select(i => new Shard(i, count).Of(items, item => (double)item.Cost))];
            Assert.That(parts.SelectMany(p => p).Order(), Is.EqualTo(items));
            foreach (IReadOnlyList<(int Position, int Cost)> part in parts)
                Assert.That(part.Select(item => item.Position), Is.Ordered);
            long[] sums = [.. parts.Select(p => p.Sum(item => (long)item.Cost))];
            Assert.That(sums.Max() - sums.Min(), Is.LessThanOrEqualTo(costs.DefaultIfEmpty().Max()));
        }));

    [Test]
    public void Plan_IsDividedWithCohortsWhole() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(40),
        Prop.ForAll(Gen.SubListOf<Experiment>([.. Catalogue.Known]).ToArbitrary(), Gen.Choose(1, 6).ToArbitrary(), Gen.Choose(1, 30).ToArbitrary(), (experiments, trials, count) =>
        {
            var plan = new Plan([.. experiments], new PlanSettings { Trials = trials, Quick = true });
            Dictionary<TrialKey, int> position = plan.Trials.Select((t, i) => (t.Key, i)).ToDictionary();
            Plan[] parts = [.. Enumerable.Range(0, count).Select(i => plan.Of(new Shard(i, count)))];
            Assert.That(parts.SelectMany(p => p.Trials).Select(t => t.Key), Is.EquivalentTo(plan.Trials.Select(t => t.Key)));
            Assert.That(parts.Sum(p => Cohort.Group(p.Trials).Count), Is.EqualTo(Cohort.Group(plan.Trials).Count));
            foreach (Plan part in parts)
            {
                Assert.That(part.Trials.Select(t => position[t.Key]), Is.Ordered);
                Assert.That(part.Experiments, Is.EqualTo(plan.Experiments.Where(e => part.Trials.Any(t => t.Experiment == e))));
            }

            double[] costs = [.. parts.Select(p => Cohort.Group(p.Trials).Sum(Cost.Of))];
            double largest = Cohort.Group(plan.Trials).Select(Cost.Of).DefaultIfEmpty().Max();
            double rounding = plan.Trials.Count * Math.ScaleB(1, -52) * costs.Sum();
            Assert.That(costs.Max() - costs.Min(), Is.LessThanOrEqualTo(largest + rounding));
        }));

    [TestCase(2)]
    [TestCase(8)]
    [TestCase(16)]
    public void PaperAndControls_AreDividedEvenly(int count)
    {
        var plan = new Plan(Catalogue.All, new PlanSettings());
        double[] costs = [.. Enumerable.Range(0, count).Select(i => Cohort.Group(plan.Of(new Shard(i, count)).Trials).Sum(Cost.Of))];
        Assert.That(costs.Max() / costs.Average(), Is.LessThan(1.02));
    }
}

using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class ShardMergeTests
{
    private static readonly string[] s_names = ["exp1", "exp4", "exp5"];
    private static readonly PlanSettings s_settings = new() { Trials = 2, Dimensions = [6], Epochs = 12, Seed = 42 };
    private string _directory = "";

    [SetUp]
    public void MakeFolder() => _directory = Directory.CreateTempSubdirectory("kappa-shards-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_directory, recursive: true);

    private string Folder(string name) => Path.Combine(_directory, name);

    private static Plan Whole(PlanSettings? settings = null) => new([.. s_names.Select(n => Catalogue.Find(n)!)], settings ?? s_settings);

    /// <summary>Runs a shard, or the whole, and gives its folder's name.</summary>
    private string Run(string name, Shard? shard, PlanSettings? settings = null, bool resume = false)
    {
        settings ??= s_settings;
        Plan plan = shard is null ? Whole(settings) : Whole(settings).Of(shard);
        using var store = TrialStore.Open(Folder(name), resume, shard is null ? null : new ShardManifest(shard, s_names, settings));
        Runner.Run(plan, store, 1, _ => { }, CancellationToken.None);
        store.Complete(plan);
        return name;
    }

    private ShardMerge Merge(params string[] names) => new([.. names.Select(n => TrialStore.Read(Folder(n)))]);

    private string Trials(string name) => Path.Combine(Folder(name), "trials.jsonl");

    [Test]
    public void Shards_HoldTheWholeRunsRecords([Values(1, 2, 5, 40)] int count)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(i => Run($"s{i}", new Shard(i, count)))];
        ShardMerge merge = Merge(names);
        Run("whole", null);
        Assert.That(merge.Missing, Is.Empty);
        Assert.That(merge.Records.Select(r => r.ToJson()), Is.EquivalentTo(File.ReadAllLines(Trials("whole"))));
        Assert.That(names.Any(n => File.Exists(Path.Combine(Folder(n), "results.jsonl"))), Is.False);
    }

    [Test]
    public void Duplicates_ThatAgreeAreKeptOnce()
    {
        // Two and three shards of the same run overlap.
        ShardMerge merge = Merge(Run("a", new Shard(0, 2)), Run("b", new Shard(1, 2)), Run("c", new Shard(1, 3)), "a");
        Assert.That(merge.Records.Count(), Is.EqualTo(Whole().Trials.Count));
        Assert.That(merge.Missing, Is.Empty);
    }

    [Test]
    public void Duplicates_ThatDisagreeAreRefusedByName()
    {
        Run("a", new Shard(0, 2));
        Run("b", new Shard(0, 2));
        string[] lines = File.ReadAllLines(Trials("b"));
        TrialRecord changed = TrialRecord.FromJson(lines[1]);
        changed.Values["kappa"] = double.BitIncrement(changed.Values["kappa"]);
        lines[1] = changed.ToJson();
        File.WriteAllLines(Trials("b"), lines);
        Assert.That(() => Merge("a", "b"), Throws.InstanceOf<ResultsException>()
            .With.Message.Contains($"disagree about trial {changed.Trial} of {changed.Experiment} ({changed.Condition})"));
    }

    [Test]
    public void MissingTrials_AreToldByExperimentAndShard()
    {
        ShardMerge merge = Merge(Run("a", new Shard(0, 4)), Run("b", new Shard(2, 4)));
        int there = Whole().Of(new Shard(0, 4)).Trials.Count + Whole().Of(new Shard(2, 4)).Trials.Count, all = Whole().Trials.Count;
        Assert.That(merge.Missing, Has.Count.EqualTo(all - there));
        Assert.That(merge.DescribeMissing(), Does.StartWith($"{all - there} of {all} trials are missing (").And.EndWith("of shards 1, 3 of 4"));
        foreach (IGrouping<string, PlannedTrial> experiment in merge.Missing.GroupBy(t => t.Experiment.Name))
            Assert.That(merge.DescribeMissing(), Does.Contain($"{experiment.Key}: {experiment.Count()}"));
    }

    [Test]
    public void TornLastLine_IsMissing()
    {
        Run("a", new Shard(0, 2));
        Run("b", new Shard(1, 2));
        File.WriteAllBytes(Trials("b"), File.ReadAllBytes(Trials("b"))[..^7]);
        Assert.That(Merge("a", "b").DescribeMissing(), Does.StartWith("1 of ").And.EndWith("of shard 1 of 2"));
    }

    [Test]
    public void OtherRuns_AreRefused()
    {
        Run("a", new Shard(0, 2));
        Run("seed", new Shard(1, 2), s_settings with { Seed = 7 });
        Run("epochs", new Shard(1, 2), s_settings with { Epochs = 13 });
        Run("whole", null);
        foreach (string other in new[] { "seed", "epochs" })
            Assert.That(() => Merge("a", other), Throws.InstanceOf<ResultsException>().With.Message.Contains("are not of one run"));
        Assert.That(() => Merge("a", "whole"), Throws.InstanceOf<ResultsException>().With.Message.Contains("whole holds no shard.json"));
        Assert.That(() => Merge("nowhere"), Throws.InstanceOf<ResultsException>());
        // A record that came from elsewhere.
        File.AppendAllText(Trials("a"), File.ReadLines(Trials("seed")).First() + "\n");
        Assert.That(() => Merge("a"), Throws.InstanceOf<ResultsException>().With.Message.Contains("which is not of its run"));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("""{"shard":"2/2","experiments":["exp1"],"settings":{"seed":42}}""")]
    [TestCase("""{"shard":"0/2","experiments":null,"settings":{"seed":42}}""")]
    [TestCase("""{"shard":"0/2","experiments":["exp1"],"settings":{"seed":-1}}""")]
    [TestCase("""{"shard":"0/2","experiments":["exp99"],"settings":{"seed":42}}""")]
    [TestCase("""{"shard":"0/2","experiments":["exp1"],"settings":{"trials":0}}""")]
    [TestCase("""{"shard":"0/2","experiments":["exp1"],"settings":{},"more":1}""")]
    public void ManifestThatSaysNothing_IsRefused(string text)
    {
        Run("a", new Shard(0, 2));
        File.WriteAllText(Path.Combine(Folder("a"), "shard.json"), text);
        Assert.That(() => Merge("a"), Throws.InstanceOf<ResultsException>().With.Message.Contains("shard.json"));
    }

    [Test]
    public void Folder_KeepsToItsShard()
    {
        Run("a", new Shard(0, 2));
        Run("whole", null);
        string before = File.ReadAllText(Trials("a"));
        Assert.That(() => Run("a", new Shard(1, 2), resume: true), Throws.InstanceOf<ResultsException>().With.Message.Contains("holds shard 0/2"));
        Assert.That(() => Run("a", null, resume: true), Throws.InstanceOf<ResultsException>().With.Message.Contains("holds shard 0/2"));
        Assert.That(() => Run("whole", new Shard(0, 2), resume: true), Throws.InstanceOf<ResultsException>().With.Message.Contains("not in shards"));
        Run("a", new Shard(0, 2), resume: true);
        Assert.That(File.ReadAllText(Trials("a")), Is.EqualTo(before));
    }
}

using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class RunnerTests
{
    private string _directory = "";

    [SetUp]
    public void MakeFolder() => _directory = Directory.CreateTempSubdirectory("kappa-test-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_directory, recursive: true);

    private static Plan Small(uint seed = 42, int trials = 3) =>
        new([Catalogue.Find("exp4")!, Catalogue.Find("exp5")!], new PlanSettings { Trials = trials, Dimensions = [8], Epochs = 30, Seed = seed });

    private string Folder(string name) => Path.Combine(_directory, name);

    private string Run(string name, int threads, Plan? plan = null, bool resume = false, int stopAfter = int.MaxValue)
    {
        using TrialStore store = TrialStore.Open(Folder(name), resume);
        using var stop = new CancellationTokenSource();
        plan ??= Small();
        int finished = 0;
        Runner.Run(plan, store, threads, _ =>
        {
            if (++finished == stopAfter)
                stop.Cancel();
        }, stop.Token);
        store.Complete(plan);
        return Contents(name);
    }

    private string Contents(string name) =>
        File.ReadAllText(Path.Combine(Folder(name), "trials.jsonl")) + File.ReadAllText(Path.Combine(Folder(name), "results.jsonl"));

    [Test]
    public void Results_AreTheSameBytesForAnyNumberOfThreads()
    {
        string one = Run("one", 1);
        Assert.That(Run("two", 2), Is.EqualTo(one));
        Assert.That(Run("many", 9), Is.EqualTo(one));
    }

    [Test]
    public void StoppedAndResumed_IsTheUndisturbedRun()
    {
        string undisturbed = Run("undisturbed", 2);
        Assert.That(() => Run("stopped", 2, stopAfter: 4), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(File.ReadLines(Path.Combine(Folder("stopped"), "trials.jsonl")).Count(), Is.GreaterThanOrEqualTo(4));
        Assert.That(Run("stopped", 2, resume: true), Is.EqualTo(undisturbed));
    }

    [Test]
    public void TornLastLine_RunsAgain([Values(1, 40, 400)] int torn)
    {
        string whole = Run("torn", 1), path = Path.Combine(Folder("torn"), "trials.jsonl");
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^torn]);
        using (TrialStore store = TrialStore.Read(Folder("torn")))
            Assert.That(store.TornBytes, Is.GreaterThan(0));
        Assert.That(Run("torn", 1, resume: true), Is.EqualTo(whole));
    }

    [Test]
    public void MoreTrials_KeepTheOnesThatAreThere()
    {
        Run("grown", 2, Small(trials: 2));
        int ran = 0;
        using (TrialStore store = TrialStore.Open(Folder("grown"), resume: true))
        {
            Plan plan = Small(trials: 3);
            Runner.Run(plan, store, 1, _ => ran++, CancellationToken.None);
            store.Complete(plan);
        }

        Assert.That(ran, Is.EqualTo(5));
        Assert.That(Contents("grown"), Is.EqualTo(Run("fresh", 1, Small(trials: 3))));
    }

    [Test]
    public void OtherProtocolOrExistingResults_AreRefusedAndKept()
    {
        string before = Run("kept", 1);
        Assert.That(() => Run("kept", 1), Throws.InstanceOf<ResultsException>().With.Message.Contains("--resume"));
        Assert.That(() => Run("kept", 1, Small(seed: 7), resume: true), Throws.InstanceOf<ResultsException>().With.Message.Contains("another seed"));
        Assert.That(Contents("kept"), Is.EqualTo(before));
    }

    [Test]
    public void LineThatIsNoRecord_IsNamed()
    {
        Run("bad", 1);
        string path = Path.Combine(Folder("bad"), "trials.jsonl");
        File.WriteAllText(path, File.ReadAllText(path).Insert(0, "{\"experiment\":7}\n"));
        Assert.That(() => TrialStore.Open(Folder("bad"), resume: true), Throws.InstanceOf<ResultsException>().With.Message.Contains("line 1"));
        Assert.That(() => TrialStore.Read(Folder("nowhere")), Throws.InstanceOf<ResultsException>());
        // For reading, the sound lines count: a page of them is better than none.
        using TrialStore read = TrialStore.Read(Folder("bad"));
        Assert.That(read.UnsoundLines, Is.EqualTo(1));
        Assert.That(read.Records, Has.Count.EqualTo(Small().Trials.Count));
    }

    [Test]
    public void FullDisk_EndsTheRunWithOneLine()
    {
        if (!File.Exists("/dev/full"))
            return;
        Directory.CreateDirectory(Folder("full"));
        File.CreateSymbolicLink(Path.Combine(Folder("full"), "trials.jsonl"), "/dev/full");
        Assert.That(() => Run("full", 2), Throws.InstanceOf<ResultsException>());
    }

    [Test]
    public void OneStore_HasOneWriter()
    {
        using TrialStore first = TrialStore.Open(Folder("shared"), resume: false);
        Assert.That(() => TrialStore.Open(Folder("shared"), resume: true), Throws.InstanceOf<ResultsException>());
        using TrialStore reader = TrialStore.Read(Folder("shared"));
        Assert.That(reader.Records, Is.Empty);
    }

    [TestCase(0, 8, 10)]
    [TestCase(1, 0, 10)]
    [TestCase(1, Plan.MaximumDimension + 1, 10)]
    [TestCase(1, 8, 0)]
    public void Plan_RefusesWhatCannotRun(int trials, int dimension, int epochs) => Assert.That(
        () => new Plan(Catalogue.All, new PlanSettings { Trials = trials, Dimensions = [dimension], Epochs = epochs }),
        Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void Plan_RefusesSeedsBeyond32Bits() => Assert.That(
        () => new Plan(Catalogue.All, new PlanSettings { Seed = uint.MaxValue }), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void Catalogue_IsThePapersScale()
    {
        var plan = new Plan(Catalogue.Paper, new PlanSettings());
        int[] trials = [.. Catalogue.Paper.Select(e => plan.Trials.Count(t => t.Experiment == e))];
        Assert.That(trials, Is.EqualTo(new[] { 75, 30, 10, 40, 10, 90, 40, 90, 10 }));
        Assert.That(plan.Trials.Select(t => t.Key), Is.Unique);
    }
}

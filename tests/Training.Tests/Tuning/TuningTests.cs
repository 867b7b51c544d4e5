using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Models;
using Kappa.Training.Optimizers;
using Kappa.Training.Results;
using Kappa.Training.Tuning;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class TuningTests
{
    private static readonly Plan s_small = new([FineTuning.Description], new PlanSettings { Trials = 1, Dimensions = [6], Epochs = 1 });

    private static readonly TuningProtocol s_protocol = new() { Width = 6, Blocks = 3, Count = 2, Epochs = 2, FirstEpochs = 6 };

    private static TrialRecord Run(TuningProtocol protocol) =>
        protocol.Run([("test", new Cell(new Condition(("d", 6)), protocol))], 1, 42, false, CancellationToken.None).Single();

    [Test]
    public void Results_AreTheSameBytesForAnyNumberOfThreads_AndAfterAStop()
    {
        string folder = Directory.CreateTempSubdirectory("kappa-test-").FullName;
        try
        {
            string one = Stored("one", 1);
            Assert.That(Stored("three", 3), Is.EqualTo(one));
            // Ended within a group, whose other members then go on from the first task learned anew.
            Assert.That(() => Stored("cut", 1, stopAfter: 7), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(File.ReadLines(Path.Combine(folder, "cut", "trials.jsonl")).Count(), Is.EqualTo(7));
            Assert.That(Stored("cut", 2, resume: true), Is.EqualTo(one));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string Stored(string name, int threads, bool resume = false, int stopAfter = int.MaxValue)
        {
            using TrialStore store = TrialStore.Open(Path.Combine(folder, name), resume);
            using var stop = new CancellationTokenSource();
            int finished = 0;
            Runner.Run(s_small, store, threads, _ =>
            {
                if (++finished == stopAfter)
                    stop.Cancel();
            }, stop.Token);
            store.Complete(s_small);
            return File.ReadAllText(Path.Combine(folder, name, "trials.jsonl"));
        }
    }

    [Test]
    public void Groups_ShareTheFirstTaskAlone()
    {
        IReadOnlyList<IReadOnlyList<PlannedTrial>> groups = Cohort.Group(s_small.Trials);
        Assert.That(groups.SelectMany(g => g).Select(t => t.Key), Is.EquivalentTo(s_small.Trials.Select(t => t.Key)));
        Assert.That(groups, Has.Count.EqualTo(2));
        foreach (IReadOnlyList<PlannedTrial> group in groups)
            Assert.That(group.Select(t => (t.Trial, t.Cell.Condition["task"])).Distinct().Count(), Is.EqualTo(1));
    }

    [TestCase(SecondTask.PermutedFeatures)]
    [TestCase(SecondTask.NewClasses)]
    public void OnlyTheChosenTensors_Change(SecondTask task)
    {
        foreach (TensorChoice choice in Enum.GetValues<TensorChoice>())
        {
            TuningProtocol protocol = s_protocol with { Task = task, Choice = choice, BlocksOnly = choice < TensorChoice.Head };
            var group = new TuningGroup(protocol, 142, CancellationToken.None);
            double[][] before = [.. group.Model.Network.Parameters.Select(p => p.Value.Elements.ToArray())];
            TrialRecord record = group.Adapt([("test", new Cell(new Condition(), protocol))], 1, 42).Single();
            double[] chosen = record.Series["chosen"];
            for (int p = 0; p < before.Length; p++)
            {
                Parameter parameter = group.Model.Network.Parameters[p];
                int tensor = group.Model.Weights.ToList().IndexOf(parameter);
                bool expected = tensor >= 0 && chosen[tensor] == 1;
                Assert.That(parameter.Value.Elements.SequenceEqual(before[p]), Is.EqualTo(!expected), $"{choice}, parameter {p}");
            }

            Assert.That(record.Values["parameters"], Is.EqualTo(group.Model.Weights.Where((_, i) => chosen[i] == 1).Sum(w => w.Value.Elements.Length)));
        }
    }

    [Test]
    public void Member_IsWhatItIsAlone()
    {
        (string, Cell)[] members =
        [
            .. from choice in Enum.GetValues<TensorChoice>()
               select ("test", new Cell(new Condition(("choice", choice.ToString())), s_protocol with { Choice = choice })),
        ];
        TrialRecord[] together = [.. s_protocol.Run(members, 1, 42, false, CancellationToken.None)];
        for (int i = 0; i < members.Length; i++)
            Assert.That(together[i].ToJson(), Is.EqualTo(s_protocol.Run([members[i]], 1, 42, false, CancellationToken.None).Single().ToJson()));
    }

    [Test]
    public void Records_HoldWhatTheySay()
    {
        TrialRecord record = Run(s_protocol);
        double[] fresh = record.Series["new_accuracy"], old = record.Series["old_accuracy"];
        Assert.That(record.Series["epoch"], Is.EqualTo(new double[] { 0, 1, 2 }));
        Assert.That((fresh.Length, old.Length), Is.EqualTo((3, 3)));
        Assert.That((fresh[^1], old[^1], old[0]), Is.EqualTo((record.Values["new_accuracy"], record.Values["old_accuracy"], record.Values["old_accuracy_before"])));
        Assert.That(record.Values["forgetting"], Is.EqualTo(old[0] - old[^1]));
        Assert.That(fresh[^1], Is.GreaterThan(fresh[0]), "the second task is learned");
        Assert.That(old[0], Is.GreaterThan(2.0 / Classification.Classes), "the first task was learned");

        double[] kappa = record.Series["kappa"];
        Assert.That(kappa, Has.Length.EqualTo(2 * s_protocol.Blocks + 2));
        var group = new TuningGroup(s_protocol, 142, CancellationToken.None);
        for (int i = 0; i < kappa.Length; i++)
        {
            double exact = Spectrum.ConditionNumber(Svd.Values<double>(group.Model.Weights[i].Value).SingularValues);
            Assert.That(exact, Is.InRange(record.Series["kappa_lower"][i] * (1 - 1e-12), record.Series["kappa_upper"][i] * (1 + 1e-12)));
            Assert.That(kappa[i], Is.InRange(record.Series["kappa_lower"][i], record.Series["kappa_upper"][i]));
        }

        Assert.That(kappa, Is.Not.EqualTo(record.Series["kappa_initial"]));
        int[] chosen = [.. Enumerable.Range(0, kappa.Length).Where(i => record.Series["chosen"][i] == 1)];
        Assert.That(chosen.Select(i => kappa[i]).Max(), Is.LessThanOrEqualTo(Enumerable.Range(0, kappa.Length).Except(chosen).Min(i => kappa[i])));
    }

    [Test]
    public void AllClasses_AreHarderThanHalfOfThem()
    {
        TrialRecord record = Run(s_protocol with { Task = SecondTask.NewClasses, Choice = TensorChoice.All });
        Assert.That(record.Values["old_accuracy_of_all_classes"], Is.LessThanOrEqualTo(record.Values["old_accuracy"]));
        Assert.That(record.Values["new_accuracy_of_all_classes"], Is.LessThanOrEqualTo(record.Values["new_accuracy"]));
        TrialRecord permuted = Run(s_protocol with { Choice = TensorChoice.All });
        Assert.That(permuted.Values["old_accuracy_of_all_classes"], Is.EqualTo(permuted.Values["old_accuracy"]));
    }

    [Test]
    public void Steps_AllocateNothing()
    {
        var group = new TuningGroup(s_protocol, 142, CancellationToken.None);
        Samples samples = Classification.Teacher(new GaussianStream(142)).Train;
        int[] batch = [.. Enumerable.Range(0, s_protocol.BatchSize)];
        var optimizer = new Adam(0.001);
        Parameter[] parameters = [.. group.Model.Network.Parameters];
        long[] allocated = new long[4];
        for (int window = 0; window < allocated.Length; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < 20; step++)
                group.Step(samples, batch, optimizer, parameters);
            allocated[window] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // The first window makes the optimizer's state; a loop that is compiled anew under way may leave a few objects in another one.
        Assert.That(allocated[1..].Min(), Is.Zero);
    }

    [Test]
    public void Teacher_HasEveryClassAndTheSameBitsOfTheSameSeed()
    {
        Classification data = Classification.Teacher(new GaussianStream(7)), again = Classification.Teacher(new GaussianStream(7));
        Assert.That(data.Test.Labels, Is.EqualTo(again.Test.Labels));
        Assert.That(data.Train.Features.Elements.SequenceEqual(again.Train.Features.Elements));
        int[] counts = [.. Enumerable.Range(0, Classification.Classes).Select(c => data.Train.Labels.Count(l => l == c))];
        Assert.That(counts, Is.All.GreaterThan(data.Train.Count / (4 * Classification.Classes)));
        Samples half = data.Train.OfClasses(5, 5);
        Assert.That(half.Labels, Is.All.InRange(5, 9));
        Assert.That(half.Count, Is.EqualTo(counts[5..].Sum()));
        int row = Array.FindIndex(data.Train.Labels, l => l >= 5);
        Assert.That(half.Features.Row(0).SequenceEqual(data.Train.Features.Row(row)));
        int[] order = Permutation.Draw(data.Train.Features.Columns, new GaussianStream(8));
        Samples permuted = data.Train.Permuted(order);
        Assert.That(permuted.Features[3, 5], Is.EqualTo(data.Train.Features[3, order[5]]));
    }

    [Test]
    public void Cancellation_EndsTheFirstTask()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(() => new TuningGroup(s_protocol, 142, source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Fingerprint_DiffersWithProtocolSeedAndData()
    {
        Classification drawn = Classification.Teacher(new GaussianStream(7)), file = drawn with { Digest = "0123456789abcdef" };
        string[] prints =
        [
            s_protocol.Fingerprint(42), s_protocol.Fingerprint(43), (s_protocol with { Choice = TensorChoice.All }).Fingerprint(42),
            (s_protocol with { Task = SecondTask.NewClasses }).Fingerprint(42), (s_protocol with { BlocksOnly = true }).Fingerprint(42),
            (s_protocol with { LearningRate = 1 }).Fingerprint(42), (s_protocol with { Epochs = 3 }).Fingerprint(42),
            (s_protocol with { Data = file }).Fingerprint(42), (s_protocol with { Data = file with { Digest = "1123456789abcdef" } }).Fingerprint(42),
        ];
        Assert.That(prints, Is.Unique);
        Assert.That((s_protocol with { Data = file }).Fingerprint(42), Is.EqualTo($"{s_protocol.Fingerprint(42)}-0123456789abcdef"));
    }
}

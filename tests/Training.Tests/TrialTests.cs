using Kappa.Training.Components;
using Kappa.Training.Corrections;
using Kappa.Training.Experiments;
using Kappa.Training.Optimizers;
using Kappa.Training.Results;
using Kappa.Training.Targets;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class TrialTests
{
    private static TrialRecord Run(Protocol protocol) =>
        Trial.Run("test", new Cell(new Condition(("d", protocol.Dimension)), protocol), 0, 42, CancellationToken.None);

    // E[W_t − W*] = (1 − η)^t (W₀ − W*), and W₀ is small against W*: the mean Frobenius error is near (1 − η)^t.
    [Test]
    public void NoiselessSgd_ErrsByOneMinusEtaToTheT()
    {
        var protocol = new Protocol { Dimension = 16, Noise = 0, InitialScale = 1e-8, Epochs = 100, BatchSize = 4096 };
        // With B ≫ d a batch's XᵀX/B is I up to √(d/B), averaged over t independent batches.
        double spread = Math.Sqrt(16.0 / 4096) * protocol.LearningRate * Math.Sqrt(protocol.Epochs);
        Assert.That(Run(protocol).Values["overall"], Is.EqualTo(Math.Pow(0.99, 100)).Within(4 * spread * Math.Pow(0.99, 100)));
    }

    // Without sampling the map is exactly W* + (1 − η)^t (W₀ − W*).
    [Test]
    public void PopulationGradient_ErrsByOneMinusEtaToTheT()
    {
        var protocol = new Protocol { Dimension = 16, Noise = 0, InitialScale = 0, Sampling = Sampling.Population, Epochs = 150 };
        TrialRecord record = Run(protocol);
        foreach (string component in new[] { "overall", "row_norms", "frobenius", "singular_values" })
            Assert.That(record.Values[component], Is.EqualTo(Math.Pow(0.99, 150)).Within(150 * 16 * Math.ScaleB(1, -52)), component);
        // Every σᵢ errs by the same factor, so κ does not err at all, up to what rounding does to the smallest.
        Assert.That(record.Values["condition_number"], Is.LessThan(150 * 16 * Math.ScaleB(1, -52) * record.Values["kappa_target"]));
    }

    // Σ over the schedule: the population error is Π(1 − ηₜ).
    [TestCase(Schedule.Constant)]
    [TestCase(Schedule.Linear)]
    [TestCase(Schedule.Cosine)]
    public void Schedules_ScaleTheStep(Schedule schedule)
    {
        const int epochs = 40;
        double expected = 1;
        for (int t = 0; t < epochs; t++)
            expected *= 1 - 0.1 * schedule switch
            {
                Schedule.Linear => (epochs - t) / (double)epochs,
                Schedule.Cosine => Math.Pow(Math.Cos(Math.PI * t / (2 * epochs)), 2),
                _ => 1,
            };
        TrialRecord record = Run(new Protocol
        {
            Dimension = 8,
            Noise = 0,
            InitialScale = 0,
            Sampling = Sampling.Population,
            LearningRate = 0.1,
            Epochs = epochs,
            Schedule = schedule,
        });
        Assert.That(record.Values["overall"], Is.EqualTo(expected).Within(epochs * 8 * Math.ScaleB(1, -52)));
    }

    // The mean of (1 − η)^t over the last half.
    [Test]
    public void Averaging_EndsWithTheMeanOfTheLastHalf()
    {
        TrialRecord record = Run(new Protocol { Dimension = 8, Noise = 0, InitialScale = 0, Sampling = Sampling.Population, Epochs = 11, Averaging = true });
        double expected = Enumerable.Range(6, 6).Average(t => Math.Pow(0.99, t));
        Assert.That(record.Values["overall"], Is.EqualTo(expected).Within(11 * 8 * Math.ScaleB(1, -52)));
    }

    [Test]
    public void IdentityStart_IsTheIdentity()
    {
        TrialRecord record = Run(new Protocol { Dimension = 8, Start = Start.Identity, InitialScale = 0.3, Depth = 3, LearningRate = 1e-300, Epochs = 1 });
        Assert.That(record.Values["kappa"], Is.EqualTo(1).Within(8 * Math.ScaleB(1, -52)));
    }

    [Test]
    public void PrescribedTarget_HasItsConditionNumber([Values(1, 10, 1e6)] double condition)
    {
        TrialRecord record = Run(new Protocol { Dimension = 12, Structure = TargetStructure.Prescribed, TargetCondition = condition, Epochs = 1 });
        Assert.That(record.Values["kappa_target"], Is.EqualTo(condition).Within(12 * 12 * Math.ScaleB(condition * condition, -52)));
    }

    [Test]
    public void WhatNeedsOneLayer_IsRefusedForMore() => Assert.That(
        () => Run(new Protocol { Dimension = 4, Depth = 2, Sampling = Sampling.Population }), Throws.ArgumentException);

    [TestCaseSource(nameof(s_allocating))]
    public void Steps_AllocateNothing(Protocol protocol)
    {
        var trial = new Trial(protocol with { Epochs = 1000 }, 42);
        Batch[] batches = [.. Enumerable.Range(0, 3).Select(_ => new Batch(new(protocol.BatchSize, protocol.Dimension), new(protocol.BatchSize, protocol.Dimension)))];
        foreach (Batch batch in batches)
            trial.Stream.Fill(batch.Noise.Elements);
        for (int step = 0; step < 6; step += 3)
            Advance(step);
        // A collection between the two readings would count what is left of the thread's 8 KiB quantum as allocated.
        Assert.That(GC.TryStartNoGCRegion(16 << 20));
        try
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 6; step < 51; step += 3)
                Advance(step);
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        }
        finally
        {
            if (System.Runtime.GCSettings.LatencyMode == System.Runtime.GCLatencyMode.NoGCRegion)
                GC.EndNoGCRegion();
        }

        void Advance(int step)
        {
            foreach (Batch batch in batches)
                trial.Stream.Fill(batch.X.Elements);
            trial.Advance(step, batches);
        }
    }

    private static readonly Protocol[] s_allocating =
    [
        new() { Dimension = 12 },
        new() { Dimension = 140, BatchSize = 8, Schedule = Schedule.Linear },
        new() { Dimension = 12, Rule = UpdateRule.Adam },
        new() { Dimension = 12, Rule = UpdateRule.Momentum, Schedule = Schedule.Cosine },
        new() { Dimension = 12, WeightDecay = 1e-3 },
        new() { Dimension = 12, MultiplierRate = 1e-3 },
        new() { Dimension = 12, Depth = 3, LearningRate = 0.005 },
        new() { Dimension = 12, Depth = 2, Student = Student.ReluMlp, LearningRate = 0.005 },
        new() { Dimension = 12, Sampling = Sampling.Population, Averaging = true },
    ];

    [Test]
    public void TrialsOfOneCohort_AreWhatTheyAreAlone()
    {
        (string, Cell)[] members =
        [
            .. from experiment in new[] { "exp2", "exp4", "exp6", "exp8" }
               from cell in Catalogue.Find(experiment)!.CellsAt(8)
               select (experiment, cell with { Protocol = (Protocol)cell.Protocol with { Epochs = 5 + cell.Condition.Key.Length % 3, TrainingStream = 7 } }),
        ];
        TrialRecord[] together = Cohort.Run(members, 3, 42, hasSpareThread: true, CancellationToken.None);
        for (int i = 0; i < members.Length; i++)
            Assert.That(together[i].ToJson(), Is.EqualTo(Trial.Run(members[i].Item1, members[i].Item2, 3, 42, CancellationToken.None).ToJson()));
    }

    // 150 columns take panels and blocks of six steps; whoever looks at the weights in the middle of a block sees what single steps leave.
    [Test]
    public void Blocks_OfStepsAreTheSteps([Values] bool hasSpareThread)
    {
        var plain = new Protocol { Dimension = 150, Epochs = 23 };
        Protocol[] protocols =
        [
            plain,
            plain with { Recording = Recording.Errors, RecordEvery = 4 },
            plain with { Correction = new SvdCorrection(Period: 5), Schedule = Schedule.Cosine },
            plain with { Averaging = true, Schedule = Schedule.Linear },
            plain with { Epochs = 9 },
        ];
        TrialRecord[] together = Cohort.Run([.. protocols.Select((p, i) => ("test", new Cell(new Condition(("case", i)), p)))], 1, 42, hasSpareThread, CancellationToken.None);
        for (int i = 0; i < protocols.Length; i++)
        {
            var trial = new Trial(protocols[i], 142);
            var batch = new Batch(new(plain.BatchSize, plain.Dimension), new(plain.BatchSize, plain.Dimension));
            for (int step = 0; step < protocols[i].Epochs; step++)
            {
                trial.Stream.Fill(batch.X.Elements);
                trial.Stream.Fill(batch.Noise.Elements);
                trial.Advance(step, [batch]);
            }

            Assert.That(together[i].ToJson(), Is.EqualTo(trial.End("test", new Condition(("case", i)), 1, 42).ToJson()));
        }
    }

    [Test]
    public void Cohorts_HoldTheTrialsOfOneBatchAndLoseNone()
    {
        var plan = new Plan(Catalogue.Paper, new PlanSettings { Trials = 2, Dimensions = [8] });
        IReadOnlyList<IReadOnlyList<PlannedTrial>> cohorts = Cohort.Group(plan.Trials);
        Assert.That(cohorts.SelectMany(c => c).Select(t => t.Key), Is.EquivalentTo(plan.Trials.Select(t => t.Key)));
        // Per trial number: 2 optimizers, 4 strategies, 6 structures and 9 settings share; of the depths, two layers and the MLP do.
        Assert.That(cohorts.Where(c => c[0].Trial == 1).Select(c => c.Count), Is.EqualTo(new[] { 1, 2, 1, 4, 1, 6, 1, 2, 1, 9, 1 }));
    }

    [Test]
    public void Protocols_RecordWhatTheySay()
    {
        TrialRecord errors = Run(new Protocol { Dimension = 8, Epochs = 25, Recording = Recording.Errors, RecordEvery = 10 });
        Assert.That(errors.Series["step"], Is.EqualTo(new double[] { 1, 10, 20 }));
        Assert.That(errors.Series.Keys, Is.SupersetOf(ComponentErrors.Names));

        TrialRecord signal = Run(new Protocol { Dimension = 8, Epochs = 5, Recording = Recording.GradientSignal });
        Assert.That(signal.Series["gradient_mean"], Has.Length.EqualTo(8));
        Assert.That(signal.Series["sigma_1"], Has.Length.EqualTo(5));
        Assert.That(signal.Values["gradient_ratio"], Is.EqualTo(signal.Series["gradient_mean"][0] / signal.Series["gradient_mean"][^1]));
    }

    [Test]
    public void LastRecordOfASeries_IsTheEndOfTheTrial()
    {
        TrialRecord record = Run(new Protocol { Dimension = 8, Epochs = 20, Recording = Recording.Errors, RecordEvery = 5 });
        foreach (string component in ComponentErrors.Names)
            Assert.That(record.Series[component][^1], Is.EqualTo(record.Values[component]), component);
    }

    [Test]
    public void Divergence_IsReportedAsNaN()
    {
        foreach (Recording recording in Enum.GetValues<Recording>())
        {
            TrialRecord record = Run(new Protocol
            {
                Dimension = 8,
                LearningRate = 1e9,
                Epochs = 80,
                Recording = recording,
                Regularization = new SpectralRegularization(Period: 1),
                Correction = new SvdCorrection(Period: 1),
            });
            Assert.That(record.Values["condition_number"], Is.NaN);
        }
    }

    [Test]
    public void Corrections_ChangeTheTrial()
    {
        var protocol = new Protocol { Dimension = 8, Epochs = 40 };
        double plain = Run(protocol).Values["condition_number"];
        Assert.That(Run(protocol with { Regularization = new SpectralRegularization() }).Values["condition_number"], Is.Not.EqualTo(plain));
        Assert.That(Run(protocol with { Correction = new SvdCorrection() }).Values["condition_number"], Is.Not.EqualTo(plain));
    }

    [Test]
    public void Cancellation_EndsATrial()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(
            () => Trial.Run("test", new Cell(new Condition(("d", 8)), new Protocol { Dimension = 8 }), 0, 42, source.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Fingerprint_DiffersWithEveryPartOfTheProtocol()
    {
        var protocol = new Protocol();
        string[] prints =
        [
            protocol.Fingerprint(42), protocol.Fingerprint(43),
            (protocol with { Epochs = 3 }).Fingerprint(42), (protocol with { MultiplierRate = 0.1 }).Fingerprint(42),
            (protocol with { Regularization = new SpectralRegularization() }).Fingerprint(42),
            (protocol with { Regularization = new SpectralRegularization(Clip: 0.1) }).Fingerprint(42),
            (protocol with { TrainingStream = null }).Fingerprint(42),
            (protocol with { Schedule = Schedule.Cosine }).Fingerprint(42), (protocol with { Sampling = Sampling.Population }).Fingerprint(42),
            (protocol with { Averaging = true }).Fingerprint(42), (protocol with { Start = Start.Identity }).Fingerprint(42),
            (protocol with { Regularization = new SpectralRegularization { AssumedCondition = 1 } }).Fingerprint(42),
        ];
        Assert.That(prints, Is.Unique);
        Assert.That(protocol.Fingerprint(42), Is.EqualTo(new Protocol().Fingerprint(42)));
    }
}

using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Report;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class SecondPaperTests
{
    /// <summary>Trials of every cell whose accuracies go along straight lines, that of the new task up to 0.8.</summary>
    private static TrialRecord[] Records(Func<Condition, int, double> forgetting, Func<Condition, double>? learned = null, int trials = 10) =>
    [
        .. from cell in FineTuning.Description.CellsAt(48)
           from trial in Enumerable.Range(0, trials)
           let lost = forgetting(cell.Condition, trial)
           let last = learned?.Invoke(cell.Condition) ?? 0.8
           select new TrialRecord("finetune", cell.Condition, trial, 42, cell.Protocol.Fingerprint(42) + "-0123456789abcdef",
               new() { ["new_accuracy"] = last, ["old_accuracy"] = 0.9 - lost, ["forgetting"] = lost, ["kappa_rank_correlation"] = 0.1 * trial },
               new()
               {
                   ["epoch"] = [0, 1, 2, 3, 4],
                   ["new_accuracy"] = [0.1, 0.4, 0.5, 0.6, last],
                   ["old_accuracy"] = [.. Enumerable.Range(0, 5).Select(e => 0.9 - lost * e / 4)],
                   ["kappa"] = [2, 100 + trial, 30, 1.5],
                   ["chosen"] = [1, 0, 0, 1],
               }),
    ];

    private static bool Uses(Condition condition, string strategy) => condition["strategy"] == strategy;

    private static Finding Find(IEnumerable<TrialRecord> records, string id) => Ledger.Judge(records).Single(f => f.Claim.Id == id);

    [Test]
    public void Claims_AreListedWhereTheirExperimentWasRun()
    {
        TrialRecord[] tuned = Records((_, _) => 0.2);
        TrialRecord[] other = [new("exp2", new Condition(("optimizer", "sgd"), ("d", 8)), 0, 42, "", [], [])];
        Assert.That(Ledger.Judge(other).Select(f => f.Claim), Is.EqualTo(Ledger.Claims));
        Assert.That(Ledger.Judge(tuned).Select(f => f.Claim), Is.EqualTo(SecondPaper.Claims));
        Assert.That(Ledger.Judge([.. other, .. tuned]).Select(f => f.Claim), Is.EqualTo(Ledger.Claims.Concat(SecondPaper.Claims)));
        Assert.That(Questions.Answer(other).Select(a => a.Question), Is.EqualTo(Questions.All));
        Assert.That(Questions.Answer(tuned).Select(a => a.Question), Is.EqualTo(SecondPaper.Questions));
        Assert.That(SecondPaper.Claims.Select(c => c.Id).Concat(Ledger.Claims.Select(c => c.Id)), Is.Unique);
        Assert.That(SecondPaper.Questions.Select(q => q.Id).Concat(Questions.All.Select(q => q.Id)), Is.Unique);
    }

    [Test]
    public void Trials_AnswerEverything_AndAreNeverThePapersRun()
    {
        TrialRecord[] records = Records((c, k) => 0.2 + 0.01 * k);
        foreach (Finding finding in Ledger.Judge(records))
        {
            Assert.That(finding.Ours, Is.Not.Null, finding.Claim.Id);
            Assert.That(finding.Verdict, Is.Not.EqualTo(Verdict.Reproduced).And.Not.EqualTo(Verdict.NotRun));
            Assert.That(finding.Reason, Does.Contain("instead of a language model").And.Not.Contain("other training"));
        }

        foreach (Answer answer in Questions.Answer(records))
            Assert.That(answer.Reasons, Has.Count.EqualTo(answer.Question.Tests.Count).And.None.Match("(is|by) –|NaN"), answer.Question.Id);
        records = [.. records.Select(r => r with { Protocol = "00000000" })];
        Assert.That(Find(records, "finetune-permuted-forgets-less").Reason, Does.Contain("other training"));
    }

    [TestCase(0.1, Verdict.DirectionOnly, "< 0 holds: −10.0")]
    [TestCase(0.3, Verdict.NotReproduced, "< 0 does not hold: 10.0")]
    public void Forgetting_IsComparedTrialByTrial(double smallest, Verdict verdict, string reason)
    {
        // What a trial adds to all of its strategies does not blur their difference.
        TrialRecord[] records = Records((c, k) => 0.05 * k + (Uses(c, "smallest κ") ? smallest : 0.2));
        foreach (string task in new[] { "permuted", "classes" })
        {
            Finding finding = Find(records, $"finetune-{task}-forgets-less");
            Assert.That(finding.Verdict, Is.EqualTo(verdict));
            Assert.That(finding.Reason, Does.Contain(reason));
        }
    }

    [Test]
    public void Errors_AreThoseOfTheNewTask()
    {
        // From 0.6 after the first of four passes to 0.2, and to 0.7 where the last one spoils it.
        TrialRecord[] records = Records((_, _) => 0.2, c => Uses(c, "largest κ") ? 0.3 : 0.8);
        Assert.That(Find(records, "finetune-classes-smallest-falls").Ours!.Mean.Low, Is.EqualTo(0.2 / 0.6).Within(1e-15));
        Finding rises = Find(records, "finetune-classes-largest-rises");
        Assert.That((rises.Ours!.Mean.Low, rises.Verdict), Is.EqualTo((0.7 / 0.6, Verdict.DirectionOnly)).Within(1e-15));
        Assert.That(Find(records, "finetune-permuted-smallest-wins").Ours!.Mean.Low, Is.EqualTo(0.2 / 0.4).Within(1e-15));
    }

    [Test]
    public void MatchedAccuracy_IsTheLargestThatBothReach()
    {
        TrialRecord slow = Records((_, _) => 0.4, trials: 1)[0], fast = Records((_, _) => 0.1, _ => 0.9, trials: 1)[0];
        // 0.8: the one at its end, the other two thirds of the way through its last pass.
        Assert.That(SecondPaper.AtMatchedAccuracy(slow, fast), Is.EqualTo(0.4 - 0.1 * (3 + 2.0 / 3) / 4).Within(1e-15));
        Assert.That(SecondPaper.AtMatchedAccuracy(fast, slow), Is.EqualTo(-SecondPaper.AtMatchedAccuracy(slow, fast)));
    }

    [Test]
    public void Section_DrawsBothTasks()
    {
        TrialRecord[] records = Records((c, k) => 0.2 + 0.01 * k);
        Section section = Report.Report.Build(records).Sections.Single();
        Assert.That((section.Id, section.Departure), Is.EqualTo(("finetune", (string?)null)));
        Assert.That(section.Figures, Has.Count.EqualTo(8));
        Assert.That(section.Figures.Select(f => f.Id), Is.Unique);
        Assert.That(section.Reading, Does.Contain("smallest κ 80.0").And.Contain("and 24.5"));
        foreach (Figure figure in section.Figures)
        {
            Assert.That(figure.Caption, Does.Contain("10 trials"));
            Assert.That(figure.Specification["data"]!["values"]!.AsArray(), Is.Not.Empty);
        }

        Assert.That(section.Comparison.Take(8).Select(r => r.Paper), Is.EqualTo(SecondPaper.Claims.Select(c => c.Published.Text)));
        // One cell alone makes a section, too.
        Assert.That(Report.Report.Build([records[0]]).Sections.Single().Figures, Is.Not.Empty);
    }
}

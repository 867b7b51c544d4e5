using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Report;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class QuestionTests
{
    private static readonly IReadOnlyList<Evidence> s_tests = [.. Questions.All.SelectMany(q => q.Tests)];

    [Test]
    public void Questions_NameControlsAndAreUnique()
    {
        Assert.That(Questions.All.Select(q => q.Id), Is.Unique);
        Assert.That(Questions.All.Select(q => q.Tests.Count), Is.All.GreaterThan(0));
        Assert.That(s_tests.Select(t => t.Experiment).Distinct(), Is.EquivalentTo(Catalogue.Controls.Select(e => e.Name)), "every control answers a question");
        Assert.That(s_tests.Select(t => t.Expected.IsDirection), Is.All.True);
    }

    [Test]
    public void WithoutTrials_NothingIsAnswered()
    {
        IReadOnlyList<Answer> answers = Questions.Answer([]);
        Assert.That(answers.Select(a => a.Standing), Is.All.EqualTo(Standing.NotRun));
        Assert.That(answers.SelectMany(a => a.Reasons), Is.Empty);
    }

    // Every cell that a test names exists: each test of a tiny run of all controls finds its numbers.
    [Test]
    public void TinyRun_AnswersEveryQuestion()
    {
        TrialRecord[] records =
        [
            .. from experiment in Catalogue.Controls
               from d in experiment.Dimensions.Count > 1 ? new[] { 6, 8 } : [8]
               from cell in experiment.CellsAt(d)
               // The overall error falls below 0.3 within 400 steps of 0.005, as the matched comparison needs.
               let protocol = (Protocol)cell.Protocol
               let tiny = cell with { Protocol = protocol with { Epochs = experiment.Name == "exp15" ? 400 : 5, BatchSize = Math.Min(protocol.BatchSize, 64) } }
               from trial in new[] { 0, 1 }
               select Trial.Run(experiment.Name, tiny, trial, 42, CancellationToken.None),
        ];
        IReadOnlyList<Answer> answers = Questions.Answer(records);
        foreach (Answer answer in answers)
        {
            Assert.That(answer.Standing, Is.Not.EqualTo(Standing.NotRun), answer.Question.Id);
            Assert.That(answer.Reasons, Has.Count.EqualTo(answer.Question.Tests.Count), answer.Question.Id);
            Assert.That(answer.Reasons, Has.None.Match("(is|by) –|NaN"), answer.Question.Id);
        }

        Assert.That(Questions.Answer(records.Reverse()).SelectMany(a => a.Reasons), Is.EqualTo(answers.SelectMany(a => a.Reasons)));
        Report.Report report = Report.Report.Build(records);
        Assert.That(report.Sections.Select(s => s.Id), Is.EqualTo(Catalogue.Controls.Select(e => e.Name)));
        foreach (Section section in report.Sections)
        {
            Assert.That(section.PaperFigure, Is.Null);
            Assert.That(section.Reading, Is.Not.Empty);
            Assert.That(section.Figures, Has.Count.GreaterThanOrEqualTo(2));
        }

        Assert.That(report.Sections.SelectMany(s => s.Figures).Select(f => f.Id), Is.Unique);
    }

    // κ error of the paper's start a against that of zero start b, the other tests held: what the trials say decides.
    [TestCase(1.0, 0.01, Standing.Shown)]
    [TestCase(0.01, 1.0, Standing.NotShown)]
    public void Standing_FollowsTheNumbers(double paper, double zero, Standing expected)
    {
        TrialRecord[] records =
        [
            .. from cell in Catalogue.Find("exp10")!.CellsAt(64)
               from trial in Enumerable.Range(0, 50)
               let exact = cell.Condition["gradient"] == "population" && cell.Condition["start"] == "zero" && cell.Condition["noise"] == "0"
               let error = exact ? 1e-15 : (cell.Condition["start"] == "paper" ? paper : zero) * (1 + 0.001 * trial)
               select new TrialRecord("exp10", cell.Condition, trial, 42, cell.Protocol.Fingerprint(42),
                   new SortedDictionary<string, double>(StringComparer.Ordinal)
                   {
                       ["condition_number"] = error,
                       ["kappa"] = Math.Exp(error),
                       ["kappa_target"] = 1,
                   },
                   new SortedDictionary<string, double[]>(StringComparer.Ordinal)),
        ];
        Answer answer = Questions.Answer(records).Single(a => a.Question.Id == "terms");
        Assert.That(answer.Standing, Is.EqualTo(expected), string.Join("\n", answer.Reasons));
        Assert.That(Questions.Answer(records).Where(a => a.Question.Id != "terms").Select(a => a.Standing), Is.All.EqualTo(Standing.NotRun));
    }
}

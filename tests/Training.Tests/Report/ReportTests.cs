using System.Text.Json.Nodes;
using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Report;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class ReportTests
{
    [Test]
    public void EveryFigureOfThePaper_HasItsRow()
    {
        Report.Report report = Report.Report.Build(Trials.Paper());
        Assert.That(report.Sections.Select(s => s.PaperFigure), Is.EqualTo(Enumerable.Range(3, 9)));
        Assert.That(report.Sections.Select(s => s.Departure), Is.All.Null);
        Assert.That(report.Findings.Select(f => f.Claim), Is.EqualTo(Ledger.Claims));
        foreach (Section section in report.Sections)
        {
            Claim[] claims = [.. Ledger.Claims.Where(c => c.Experiment == section.Id)];
            Assert.That(section.Comparison.Take(claims.Length).Select(r => (r.Quantity, r.Paper)), Is.EqualTo(claims.Select(c => (c.Statement, c.Published.Text))));
            Assert.That(section.Comparison.Skip(claims.Length).Select(r => r.Paper), Is.All.Null);
        }

        Assert.That(report.Sections.SelectMany(s => s.Comparison).Select(r => r.Mean), Has.None.EqualTo("–"));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void TinyRun_GivesEverySection_AndSaysHowItDiffers(int trials)
    {
        Report.Report report = Report.Report.Build(Trials.Tiny(trials));
        Assert.That(report.Sections.Select(s => s.Id), Is.EqualTo(Catalogue.Paper.Select(e => e.Name)));
        foreach (Section section in report.Sections)
        {
            Assert.That(section.Reading, Is.Not.Empty);
            Assert.That(section.Departure, Does.Contain("d = 8 here").And.Contain($"{trials} trial").And.Contain("training differs"));
            Assert.That(section.Comparison, Is.Not.Empty);
            Assert.That(section.Comparison.Select(r => r.Trials), Is.All.EqualTo(trials));
            AssertDrawable(section);
        }
    }

    [Test]
    public void AnyExperimentAlone_GivesItsSection([Values(1, 2, 3, 4, 5, 6, 7, 8, 9)] int number)
    {
        TrialRecord[] records = [.. Trials.Paper().Where(r => r.Experiment == $"exp{number}" && r.Trial == 4)];
        Report.Report report = Report.Report.Build(records);
        Assert.That(report.Sections.Select(s => s.Id), Is.EqualTo([$"exp{number}"]));
        AssertDrawable(report.Sections[0]);
    }

    [Test]
    public void AnyConditionAlone_GivesItsSection()
    {
        foreach (IGrouping<(string, Condition), TrialRecord> cell in Trials.Paper().GroupBy(r => (r.Experiment, r.Condition)))
        {
            Report.Report report = Report.Report.Build([.. cell]);
            Assert.That(report.Sections, Has.Count.EqualTo(1), $"{cell.Key}");
            AssertDrawable(report.Sections[0]);
        }
    }

    [Test]
    public void NoRecords_GiveNoSections()
    {
        Report.Report report = Report.Report.Build([]);
        Assert.That(report.Sections, Is.Empty);
        Assert.That(report.Findings.Select(f => f.Verdict), Is.All.EqualTo(Verdict.NotRun));
    }

    [Test]
    public void WhatIsNotFinite_IsCountedAndLeftOut()
    {
        Report.Report report = Report.Report.Build(Trials.Paper((_, name, trial) => (name, trial) switch
        {
            ("condition_number", 0) => double.NaN,
            ("condition_number", 1) => double.PositiveInfinity,
            ("overall", _) => double.NaN,
            ("effective_rank", _) => 0,
            _ => 0.25,
        }));
        foreach (Section section in report.Sections)
            AssertDrawable(section);
        ComparisonRow kappa = Row(report, "exp4", "κ error, standard"), overall = Row(report, "exp7", "Overall error, 1 layer");
        Assert.That((kappa.Mean, kappa.Median, kappa.Trials, kappa.NotFinite), Is.EqualTo(("0.250 ± 0.000", "0.250", 10, 2)));
        Assert.That((overall.Mean, overall.Median, overall.NotFinite), Is.EqualTo(("–", "–", 10)));
        Assert.That(report.Sections[0].Departure, Does.Contain("NaN or ∞"));
    }

    [TestCase(0.05, "75.0")]
    [TestCase(0.1, "50.0")]
    [TestCase(0.3, "−50.0")]
    public void Reductions_AreThoseOfTheRecords(double corrected, string percent)
    {
        Report.Report report = Report.Report.Build(Trials.Paper((condition, name, _) =>
            name == "row_norms" && condition["strategy"] == "multipliers" ? corrected : 0.2));
        Assert.That(Row(report, "exp4", "Row-norm reduction by multipliers").Mean, Is.EqualTo($"{percent}\u202f%"));
        Assert.That(Row(report, "exp6", "Row-norm improvement, low rank").Mean, Is.EqualTo($"{percent}\u202f%"));
        Assert.That(report.Sections.Single(s => s.Id == "exp4").Reading, Does.Contain($"multipliers {percent}\u202f% and 0.0\u202f%"));
    }

    [Test]
    public void Ratios_AreOfMeansAndOfMedians()
    {
        // Means 4 and 1.45, medians 2 and 1.45.
        Report.Report report = Report.Report.Build(Trials.Paper((_, name, trial) =>
            name == "condition_number" ? (trial == 9 ? 22 : 2) : 1 + 0.1 * trial));
        ComparisonRow rate = Row(report, "exp8", "κ error over row-norm error, η = 0.01");
        Assert.That((rate.Mean, rate.Median), Is.EqualTo(("2.76×", "1.38×")));
        ComparisonRow last = Row(report, "exp9", "κ error over row-norm error after the last step");
        Assert.That((last.Mean, last.Median), Is.EqualTo(("2.76×", "1.38×")));
        Assert.That(report.Sections[^1].Reading, Does.Contain("2.76×"));
    }

    [Test]
    public void OtherDimensions_GiveWayToThePapers()
    {
        List<TrialRecord> records = Trials.Paper();
        records.AddRange(Trials.Tiny(1));
        Report.Report report = Report.Report.Build(records);
        Section corrections = report.Sections.Single(s => s.Id == "exp4");
        Assert.That(corrections.Comparison.Select(r => r.Trials), Is.All.EqualTo(10));
        Assert.That(corrections.Departure, Is.EqualTo("Trials at d = 8 are not shown."));
        Assert.That(report.Sections[0].Comparison.Select(r => r.Quantity), Has.Member("κ error, d = 8"));
    }

    [Test]
    public void OrderOfRecords_DoesNotMatter()
    {
        List<TrialRecord> records = Trials.Paper();
        string forwards = Text(Report.Report.Build(records));
        records.Reverse();
        Assert.That(Text(Report.Report.Build(records)), Is.EqualTo(forwards));

        static string Text(Report.Report report) => string.Join('\n', report.Sections.SelectMany(s => s.Figures
            .Select(f => f.Specification.ToJsonString()).Concat(s.Comparison.Select(r => r.ToString())).Append(s.Reading)));
    }

    private static ComparisonRow Row(Report.Report report, string section, string quantity) =>
        report.Sections.Single(s => s.Id == section).Comparison.Single(r => r.Quantity == quantity);

    private static void AssertDrawable(Section section)
    {
        Assert.That(section.Figures, Is.Not.Empty);
        foreach (Figure figure in section.Figures)
        {
            JsonNode specification = JsonNode.Parse(figure.Specification.ToJsonString())!;
            Assert.That(specification["title"]!.GetValue<string>(), Is.EqualTo(figure.Title).And.Not.Empty);
            Assert.That(figure.Caption, Does.Contain("trial"));
            JsonArray rows = specification["data"]!["values"]!.AsArray();
            Assert.That(rows, Is.Not.Empty, figure.Id);
            // All ordinates are logarithmic: what is drawn is positive, or null.
            foreach (JsonNode? row in rows)
                foreach (string field in (string[])["mean", "median", "low", "high", "y"])
                    if (row![field] is JsonValue value)
                        Assert.That(value.GetValue<double>(), Is.Positive.And.LessThan(double.PositiveInfinity), $"{figure.Id} {field}");
        }
    }
}

using System.Text.Json.Nodes;
using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;
using static Kappa.Training.Claims.Published;

namespace Kappa.Training.Tests;

public class LedgerTests
{
    private static readonly (string, object) s_sgd = ("optimizer", "sgd"), s_adam = ("optimizer", "adam");

    /// <summary>The paper's 15 trials of experiment 2, with these errors under SGD and twice or more under Adam.</summary>
    private static TrialRecord[] Records(Func<int, double> sgd, Func<int, double>? adam = null, int trials = 15) =>
    [
        .. from cell in Catalogue.Find("exp2")!.CellsAt(128)
           from trial in Enumerable.Range(0, trials)
           let value = cell.Condition["optimizer"] == "sgd" ? sgd(trial) : (adam ?? (k => 2 * sgd(k)))(trial)
           select new TrialRecord("exp2", cell.Condition, trial, 42, cell.Protocol.Fingerprint(42), new() { ["condition_number"] = value }, []),
    ];

    private static Finding Judge(Published published, Measure measure, IEnumerable<TrialRecord> records, string? unrecovered = null,
        params Evidence[] evidence) =>
        Ledger.Judge([new Claim("id", "exp2", "§4.2", "something", published, measure) { Unrecovered = unrecovered, Evidence = evidence }], records)[0];

    private static Measure Sgd => Measures.Value("condition_number", s_sgd);

    private static Measure Quotient => Measures.LeastRatio(["condition_number"], [s_adam], [s_sgd]);

    // Mean 0.9, median 0.5, standard deviation √(14·0.16 + 5.6²)/√15.
    private static double Heavy(int trial) => trial == 14 ? 6.5 : 0.5;

    [TestCase("0.90", null, Verdict.Reproduced, "agrees to the printed digits; the largest of 15 trials holds 48.1")]
    [TestCase("0.90 ± 1.50", null, Verdict.Reproduced, "agrees to the printed digits")]
    [TestCase("0.90 ± 2.50", null, Verdict.DirectionOnly, "The mean agrees and the standard deviation is 1.50, not 2.50")]
    [TestCase("0.93", null, Verdict.DirectionOnly, "0.900 instead of 0.93, which lies within our 95 % interval")]
    [TestCase("0.93", "the seed", Verdict.DependsOnProtocol, "the seed was not found")]
    [TestCase("≈ 0.91", null, Verdict.Reproduced, "within a unit of the last printed digit")]
    [TestCase("34.9", null, Verdict.NotReproduced, "outside our 95 % interval")]
    [TestCase("34.9 ± 126.8", "the seed", Verdict.NotReproduced, "one trial with an error near 524")]
    [TestCase("0.5–1.0", null, Verdict.Reproduced, "lies in the printed range")]
    public void Figure_IsJudgedByItsMean(string figure, string? unrecovered, Verdict verdict, string reason)
    {
        Finding finding = Judge(Figure(figure), Sgd, Records(Heavy), unrecovered);
        Assert.That(finding.Verdict, Is.EqualTo(verdict), finding.Reason);
        Assert.That(finding.Reason, Does.Contain(reason));
    }

    [Test]
    public void Reduction_OfTheSameSign_IsDirectionOnly()
    {
        Measure reduction = Measures.Reduction("condition_number", [s_adam], [s_sgd]);
        Assert.That(Judge(Figure("50 %"), reduction, Records(Heavy)).Verdict, Is.EqualTo(Verdict.Reproduced));
        Assert.That(Judge(Figure("93 %"), reduction, Records(Heavy)).Verdict, Is.EqualTo(Verdict.DirectionOnly));
        Assert.That(Judge(Figure("-93 %"), reduction, Records(Heavy)).Verdict, Is.EqualTo(Verdict.NotReproduced));
    }

    [Test]
    public void Direction_NeedsMeansAndMediansWithTheirIntervals()
    {
        Assert.That(Judge(Above(1), Quotient, Records(Heavy)).Verdict, Is.EqualTo(Verdict.Reproduced));
        // Means say 2, medians say 0.5.
        Finding disagree = Judge(Above(1), Quotient, Records(_ => 1, k => k == 0 ? 23 : 0.5));
        Assert.That(disagree.Verdict, Is.EqualTo(Verdict.DependsOnProtocol));
        Assert.That(disagree.Reason, Does.Contain("of means and not of medians"));
        Assert.That(Judge(Below(1), Quotient, Records(_ => 1, k => k == 0 ? 23 : 0.5)).Reason, Does.Contain("of medians and not of means"));
        // Both say more than 1, but few trials carry it.
        Finding unsure = Judge(Above(1), Quotient, Records(_ => 1, k => k < 8 ? 1.5 : 0.9));
        Assert.That(unsure.Verdict, Is.EqualTo(Verdict.DirectionOnly));
        Assert.That(unsure.Reason, Does.Contain("not with 95 % of the resamples of the median"));
        Assert.That(Judge(Above(3), Quotient, Records(Heavy)).Verdict, Is.EqualTo(Verdict.NotReproduced));
    }

    [Test]
    public void OtherRuns_GiveDirectionOnlyAtBest()
    {
        TrialRecord[] paper = Records(Heavy);
        (string Name, TrialRecord[] Records)[] others =
        [
            ("14 of the paper’s 15 trials", [.. paper.Where(r => r.Trial != 3)]),
            ("other training", [.. paper.Select(r => r with { Protocol = "00000000" })]),
            ("seed 43 instead of 42", [.. paper.Select(r => r with { Seed = 43 })]),
            ("d = 8 instead of 128", [.. paper.Select(r => r with { Condition = new Condition(("optimizer", r.Condition["optimizer"]!), ("d", 8)) })]),
        ];
        foreach ((string name, TrialRecord[] records) in others)
        {
            Finding figure = Judge(Figure("0.5–1.0"), Sgd, records), direction = Judge(Above(1), Quotient, records);
            Assert.That((figure.Verdict, direction.Verdict), Is.EqualTo((Verdict.DirectionOnly, Verdict.DirectionOnly)), name);
            Assert.That(figure.Reason, Does.Contain($"Not the paper’s run ({name}"));
            Assert.That(Judge(Figure("34.9"), Sgd, records).Verdict, Is.EqualTo(Verdict.NotReproduced), name);
        }
    }

    [Test]
    public void MoreTrials_AreJudgedBesideThePapers()
    {
        // From trial 15 on all errors are 3.
        Finding finding = Judge(Figure("0.90"), Sgd, Records(k => k < 15 ? Heavy(k) : 3, trials: 60));
        Assert.That((finding.Verdict, finding.Ours!.Trials), Is.EqualTo((Verdict.Reproduced, 15)));
        Assert.That((finding.More!.Verdict, finding.More.Estimate.Trials, finding.More.Estimate.Median.Low), Is.EqualTo((Verdict.NotReproduced, 60, 3.0)));
        Assert.That(finding.Reason, Does.Contain("Over 60 trials not reproduced: 2.48 (95 %: "));
        Assert.That(Judge(Figure("0.90"), Sgd, Records(Heavy)).More, Is.Null);
        // Where one of two cells alone has more, the two are compared over the paper's.
        TrialRecord[] one = [.. Records(Heavy, trials: 60).Where(r => r.Trial < 15 || r.Condition["optimizer"] == "sgd")];
        Assert.That(Judge(Above(1), Quotient, one).More, Is.Null);
        Assert.That(Judge(Figure("0.90"), Sgd, one).More!.Estimate.Trials, Is.EqualTo(60));
    }

    [Test]
    public void Evidence_AgainstAClaim_MakesItDependOnProtocol()
    {
        TrialRecord[] control = [.. Catalogue.Find("exp8")!.CellsAt(64).SelectMany(cell => Enumerable.Range(0, 10).Select(k => new TrialRecord(
            "exp8", cell.Condition, k, 42, cell.Protocol.Fingerprint(42), new() { ["condition_number"] = 0.5, ["row_norms"] = 1 }, [])))];
        Measure measure = Measures.Ratio("condition_number", "row_norms", ("learning_rate", 0.05));
        var against = new Evidence("exp8", "at another rate the ratio is", Above(1), measure);
        var for_ = against with { Expected = Below(1) };
        Finding refuted = Judge(Above(1), Quotient, [.. Records(Heavy), .. control], null, against);
        Assert.That(refuted.Verdict, Is.EqualTo(Verdict.DependsOnProtocol));
        Assert.That(refuted.Reason, Does.Contain("exp8: at another rate the ratio is 0.500×").And.Contain("(> 1 expected)"));
        Assert.That(Judge(Above(1), Quotient, [.. Records(Heavy), .. control], null, for_).Verdict, Is.EqualTo(Verdict.Reproduced));
        Assert.That(Judge(Above(1), Quotient, Records(Heavy), null, against).Verdict, Is.EqualTo(Verdict.Reproduced), "without its records evidence is silent");
    }

    [Test]
    public void WhatIsNotFinite_IsLeftOutAndSaid()
    {
        Finding finding = Judge(Figure("0.50"), Sgd, Records(k => k == 3 ? double.NaN : 0.5));
        Assert.That(finding.Verdict, Is.EqualTo(Verdict.Reproduced));
        Assert.That(finding.Reason, Does.Contain("1 of 15 trials gave NaN or ∞"));
        Finding nothing = Judge(Figure("0.50"), Sgd, Records(_ => double.PositiveInfinity));
        Assert.That(nothing.Verdict, Is.EqualTo(Verdict.NotReproduced));
        Assert.That(nothing.Ours!.MeanText, Is.EqualTo("–"));
    }

    [Test]
    public void ValuesThatTheRecordsLack_AreNotRun()
    {
        Assert.That(Judge(Figure("0.13"), Measures.Value("row_norms", s_sgd), Records(Heavy)).Verdict, Is.EqualTo(Verdict.NotRun));
        Assert.That(Judge(Above(1), Measures.Ratio("condition_number", "row_norms", s_sgd), Records(Heavy)).Verdict, Is.EqualTo(Verdict.NotRun));
    }

    [Test]
    public void Pairs_AreOfTheSameTrials()
    {
        // Trial 0 of Adam is missing: the ratio is over the other fourteen of both.
        Finding finding = Judge(Above(1), Quotient, Records(k => k == 0 ? 100 : 1).Where(r => r.Trial > 0 || r.Condition["optimizer"] == "sgd"));
        Assert.That((finding.Ours!.Mean.Low, finding.Ours.Trials), Is.EqualTo((2.0, 14)));
    }

    [Test]
    public void Claims_HaveIdsOfTheirOwn_AndExperimentsOfTheCatalogue()
    {
        Assert.That(Ledger.Claims.Select(c => c.Id), Is.Unique);
        Assert.That(Ledger.Claims.Select(c => (c.Experiment, c.Statement)), Is.Unique);
        foreach (Claim claim in Ledger.Claims)
        {
            Assert.That(Catalogue.Find(claim.Experiment), Is.Not.Null, claim.Id);
            Assert.That(claim.Id, Does.StartWith(claim.Experiment + "-"));
            Assert.That(claim.Where, Does.Match("^(§|Fig)"));
        }
    }

    [Test]
    public void PapersScale_GivesEveryClaimAnEstimate()
    {
        foreach (Finding finding in Ledger.Judge(Trials.Paper()))
        {
            Assert.That(finding.Ours, Is.Not.Null, finding.Claim.Id);
            Assert.That(finding.Ours!.Difference, Is.Null, finding.Claim.Id);
            Assert.That(finding.Reason, Does.EndWith("."));
        }
    }

    [Test]
    public void TinyRun_ReproducesNothing_AndSaysWhy()
    {
        List<TrialRecord> records = Trials.Tiny(2);
        IReadOnlyList<Finding> findings = Ledger.Judge(records);
        Assert.That(findings.Select(f => f.Verdict), Has.None.EqualTo(Verdict.Reproduced));
        Assert.That(findings.Select(f => f.Claim), Is.EqualTo(Ledger.Claims));
        Assert.That(findings.Where(f => f.Ours is not null).Select(f => f.Reason), Is.All.Contain("Not the paper’s run"));
        // A law in d needs two dimensions, a course two records; nothing else is missing.
        Assert.That(findings.Where(f => f.Ours is null).Select(f => f.Claim.Id),
            Is.EqualTo(["exp1-kappa-32", "exp1-kappa-512", "exp1-kappa-growth", "exp1-rows-flat",
                "exp9-plateau", "exp9-rows-vanish", "exp9-rows-exponential", "exp9-kappa-erratic"]));
        records.Reverse();
        Assert.That(Ledger.Judge(records).Select(f => f.ToJson()), Is.EqualTo(findings.Select(f => f.ToJson())));
    }

    [Test]
    public void NoRecords_AreNotRun()
    {
        Finding[] findings = [.. Ledger.Judge([])];
        Assert.That(findings.Select(f => f.Verdict), Is.All.EqualTo(Verdict.NotRun));
        Assert.That(Ledger.Count(findings), Is.EqualTo([(Verdict.NotRun, Ledger.Claims.Count)]));
        Assert.That(findings[0].Reason, Does.Contain("kappa run exp1"));
    }

    [Test]
    public void Json_HasNumbersAsNumbers()
    {
        JsonNode line = JsonNode.Parse(Judge(Figure("0.90 ± 1.50"), Sgd, Records(Heavy)).ToJson())!;
        Assert.That(line["mean"]!.GetValue<double>(), Is.EqualTo(0.9).Within(1e-15));
        Assert.That(line["median"]!.GetValue<double>(), Is.EqualTo(0.5));
        Assert.That(line["paperValue"]!.GetValue<double>(), Is.EqualTo(0.9));
        Assert.That(line["interval"]!.AsArray().Select(x => x!.GetValue<double>()), Is.Ordered);
        Assert.That(line["largestShare"]!.GetValue<double>(), Is.EqualTo(6.5 / 13.5).Within(1e-15));
        Assert.That((line["verdict"]!.GetValue<string>(), line["n"]!.GetValue<int>()), Is.EqualTo(("reproduced", 15)));
        JsonNode direction = JsonNode.Parse(Judge(Above(1), Quotient, Records(Heavy)).ToJson())!;
        Assert.That(direction["paperValue"], Is.Null);
        Assert.That(direction["accepted"]!.AsArray()[1], Is.Null);
    }
}

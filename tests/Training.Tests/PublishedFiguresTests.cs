using System.Collections.Concurrent;
using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

/// <summary>The paper's protocol at full scale gives the paper's figures: to the digits recovered from its random streams.</summary>
[Category("FullScale")]
public class PublishedFiguresTests
{
    private static readonly ConcurrentDictionary<(string, string), Lazy<TrialRecord[]>> s_cells = new();

    private static double Mean(string experiment, string condition, string component) => Values(experiment, condition, component).Average();

    private static double[] Values(string experiment, string condition, string component) =>
        [.. Records(experiment, condition).Select(r => r.Values[component])];

    private static TrialRecord[] Records(string experiment, string condition) => s_cells.GetOrAdd((experiment, condition), _ => new(() =>
    {
        Experiment e = Catalogue.Find(experiment)!;
        Cell cell = e.CellsAt(e.Dimensions[0]).Single(c => c.Condition.Key == condition);
        var records = new TrialRecord[e.Trials];
        Parallel.For(0, e.Trials, k => records[k] = Trial.Run(experiment, cell, k, 42, CancellationToken.None));
        return records;
    })).Value;

    // Half a unit of the last recovered digit, and the two last columns' own tolerance where a range is given.
    [TestCase("exp2", """{"optimizer":"sgd","d":128}""", "condition_number", 0.871, 0.0005)]
    [TestCase("exp2", """{"optimizer":"sgd","d":128}""", "row_norms", 0.1336, 0.00005)]
    [TestCase("exp2", """{"optimizer":"sgd","d":128}""", "overall", 0.1373, 0.00005)]
    [TestCase("exp2", """{"optimizer":"adam","d":128}""", "condition_number", 0.902, 0.0005)]
    [TestCase("exp2", """{"optimizer":"adam","d":128}""", "row_norms", 0.587, 0.0005)]
    [TestCase("exp2", """{"optimizer":"adam","d":128}""", "overall", 0.601, 0.0005)]
    [TestCase("exp4", """{"strategy":"standard","d":64}""", "row_norms", 0.1337, 0.00005)]
    [TestCase("exp4", """{"strategy":"standard","d":64}""", "condition_number", 1.2325, 0.00005)]
    [TestCase("exp4", """{"strategy":"standard","d":64}""", "kappa_target", 927.8, 0.05)]
    [TestCase("exp4", """{"strategy":"multipliers","d":64}""", "row_norms", 0.0443, 0.00005)]
    [TestCase("exp4", """{"strategy":"multipliers","d":64}""", "condition_number", 1.108, 0.0005)]
    [TestCase("exp4", """{"strategy":"spectral-regularization","d":64}""", "row_norms", 0.1337, 0.00005)]
    [TestCase("exp4", """{"strategy":"spectral-regularization","d":64}""", "condition_number", 0.292, 0.0005)]
    [TestCase("exp7", """{"model":"linear","depth":1,"d":64}""", "kappa", 1509.7, 0.05)]
    [TestCase("exp7", """{"model":"linear","depth":1,"d":64}""", "condition_number", 0.239, 0.0005)]
    [TestCase("exp7", """{"model":"linear","depth":1,"d":64}""", "overall", 0.0500, 0.00005)]
    [TestCase("exp7", """{"model":"linear","depth":2,"d":64}""", "kappa", 2.4257e5, 5)]
    [TestCase("exp7", """{"model":"linear","depth":2,"d":64}""", "condition_number", 653.2, 0.05)]
    [TestCase("exp7", """{"model":"linear","depth":2,"d":64}""", "overall", 0.220, 0.0005)]
    [TestCase("exp7", """{"model":"linear","depth":3,"d":64}""", "kappa", 4.788e6, 0.005 * 4.788e6)]
    [TestCase("exp7", """{"model":"linear","depth":3,"d":64}""", "condition_number", 13170, 0.005 * 13170)]
    [TestCase("exp7", """{"model":"linear","depth":3,"d":64}""", "overall", 0.261, 0.0005)]
    [TestCase("exp7", """{"model":"relu-mlp","depth":2,"d":64}""", "layer1_kappa", 2719, 0.5)]
    [TestCase("exp7", """{"model":"relu-mlp","depth":2,"d":64}""", "layer2_kappa", 6060, 0.5)]
    [TestCase("exp7", """{"model":"relu-mlp","depth":2,"d":64}""", "teacher_kappa", 1135.6, 0.05)]
    [TestCase("exp7", """{"model":"relu-mlp","depth":2,"d":64}""", "condition_number", 9.15, 0.005)]
    [TestCase("exp7", """{"model":"relu-mlp","depth":2,"d":64}""", "overall", 0.573, 0.0005)]
    [TestCase("exp8", """{"weight_decay":0,"d":64}""", "condition_number", 1.232, 0.0006)]
    [TestCase("exp8", """{"weight_decay":0.0001,"d":64}""", "condition_number", 1.232, 0.0006)]
    [TestCase("exp8", """{"weight_decay":0.001,"d":64}""", "condition_number", 1.233, 0.0006)]
    [TestCase("exp8", """{"weight_decay":0.01,"d":64}""", "condition_number", 1.237, 0.0006)]
    public void Mean_IsThePapers(string experiment, string condition, string component, double expected, double tolerance) =>
        Assert.That(Mean(experiment, condition, component), Is.EqualTo(expected).Within(tolerance));

    [TestCase("sgd", 1.397)]
    [TestCase("adam", 0.972)]
    public void Exp2_StandardDeviationIsThePapers(string optimizer, double expected) => Assert.That(
        Statistics.Of(Values("exp2", $$"""{"optimizer":"{{optimizer}}","d":128}""", "condition_number")).Std, Is.EqualTo(expected).Within(0.0005));

    [TestCase("row_norms", 0.643)]
    [TestCase("condition_number", 0.322)]
    public void Exp4_SvdCorrectionReducesBy(string component, double expected) => Assert.That(
        1 - Mean("exp4", """{"strategy":"svd-correction","d":64}""", component) / Mean("exp4", """{"strategy":"standard","d":64}""", component),
        Is.EqualTo(expected).Within(0.0005));

    [Test]
    public void Exp6_MultipliersImproveLowRankRowNormsBy() => Assert.That(
        1 - Mean("exp6", """{"structure":"low-rank","strategy":"multipliers","d":64}""", "row_norms")
            / Mean("exp6", """{"structure":"low-rank","strategy":"standard","d":64}""", "row_norms"),
        Is.EqualTo(0.292).Within(0.0005));

    [TestCase("0.001", 0.997, 0.0005)]
    [TestCase("0.01", 9.215, 0.0005)]
    public void Exp8_RatioOfConditionToRowNormError(string rate, double expected, double tolerance) => Assert.That(
        Mean("exp8", $$"""{"learning_rate":{{rate}},"d":64}""", "condition_number") / Mean("exp8", $$"""{"learning_rate":{{rate}},"d":64}""", "row_norms"),
        Is.EqualTo(expected).Within(tolerance));

    /// <summary>What the paper's protocol, once recovered, gives to every printed digit.</summary>
    [Test]
    public void Ledger_ReproducesWhatTheProtocolDetermines()
    {
        string[] exp4 = ["standard", "multipliers", "spectral-regularization", "svd-correction"];
        string[] exp7 = ["\"linear\",\"depth\":1", "\"linear\",\"depth\":2", "\"linear\",\"depth\":3", "\"relu-mlp\",\"depth\":2"];
        string[] exp8 = ["\"learning_rate\":0.001", "\"learning_rate\":0.01", "\"weight_decay\":0", "\"weight_decay\":0.0001", "\"weight_decay\":0.001", "\"weight_decay\":0.01"];
        string[] reproduced =
        [
            .. from finding in Ledger.Judge(
               [
                   .. new[] { "sgd", "adam" }.SelectMany(o => Records("exp2", $$"""{"optimizer":"{{o}}","d":128}""")),
                   .. exp4.SelectMany(s => Records("exp4", $$"""{"strategy":"{{s}}","d":64}""")),
                   .. new[] { "standard", "multipliers" }.SelectMany(s => Records("exp6", $$"""{"structure":"low-rank","strategy":"{{s}}","d":64}""")),
                   .. exp7.SelectMany(m => Records("exp7", $$"""{"model":{{m}},"d":64}""")),
                   .. exp8.SelectMany(h => Records("exp8", $$"""{{{h}},"d":64}""")),
                   .. Records("exp9", """{"d":128}"""),
               ])
               where finding.Verdict == Verdict.Reproduced
               select finding.Claim.Id,
        ];
        Assert.That(reproduced, Is.SupersetOf(new[]
        {
            "exp2-kappa-sgd", "exp2-rows-sgd", "exp2-overall-sgd", "exp2-kappa-adam", "exp2-rows-adam", "exp2-overall-adam",
            "exp4-rows-standard", "exp4-kappa-standard", "exp4-rows-multipliers", "exp4-kappa-multipliers",
            "exp4-reduction-rows-svd", "exp4-reduction-kappa-svd", "exp4-rows-regularization", "exp4-kappa-regularization", "exp6-low-rank",
            "exp7-target", "exp7-product-1", "exp7-kappa-1", "exp7-overall-1", "exp7-product-2", "exp7-kappa-2", "exp7-overall-2",
            "exp7-product-3", "exp7-kappa-3", "exp7-overall-3", "exp7-mlp-first", "exp7-mlp-second", "exp7-mlp-teacher", "exp7-kappa-mlp", "exp7-overall-mlp",
            "exp8-ratio-0.001", "exp8-ratio-0.01", "exp8-decay-0", "exp8-decay-1e-4", "exp8-decay-1e-3", "exp8-decay-1e-2",
            "exp9-rows-first", "exp9-rows-last", "exp9-kappa-first", "exp9-kappa-last",
        }));
    }

    [TestCase("row_norms", 0.9322, 0.00005, 6.62e-5, 0.005e-5)]
    [TestCase("condition_number", 0.7504, 0.00005, 0.01737, 0.000005)]
    public void Exp9_FirstAndLastErrors(string component, double first, double firstTolerance, double last, double lastTolerance)
    {
        TrialRecord[] records = Records("exp9", """{"d":128}""");
        Assert.That(records.Average(r => r.Series[component][0]), Is.EqualTo(first).Within(firstTolerance));
        Assert.That(records.Average(r => r.Series[component][^1]), Is.EqualTo(last).Within(lastTolerance));
    }
}

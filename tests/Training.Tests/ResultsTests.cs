using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class ResultsTests
{
    // numpy.percentile([3, 1, 10, 2], [25, 50, 75]) = [1.75, 2.5, 4.75]; std = sqrt(12.5)
    [Test]
    public void Statistics_AreNumPys()
    {
        Statistics s = Statistics.Of([3, 1, 10, 2]);
        Assert.That((s.N, s.Mean, s.Median, s.Q25, s.Q75, s.Max), Is.EqualTo((4, 4.0, 2.5, 1.75, 4.75, 10.0)));
        Assert.That(s.Std, Is.EqualTo(Math.Sqrt(12.5)));
        Assert.That(Statistics.Of([7]), Is.EqualTo(new Statistics(1, 7, 0, 7, 7, 7, 7)));
        Assert.That(Statistics.Of([1, double.NaN]).Max, Is.NaN);
        Assert.That(() => Statistics.Of([]), Throws.ArgumentException);
    }

    [Test]
    public void Record_RoundTripsEveryNumber()
    {
        var record = new TrialRecord("exp4", new Condition(("strategy", "multi\"pliers"), ("d", 64), ("rate", 0.001)), 3, uint.MaxValue, "0123abcd",
            new() { ["a"] = Math.PI, ["b"] = double.PositiveInfinity, ["c"] = double.NaN, ["d"] = double.Epsilon, ["e"] = -0.0 },
            new() { ["s"] = [1e300, double.NegativeInfinity, 0.1] });
        TrialRecord back = TrialRecord.FromJson(record.ToJson());
        Assert.That(back.Condition, Is.EqualTo(record.Condition));
        Assert.That(back.ToJson(), Is.EqualTo(record.ToJson()));
        Assert.That(BitConverter.DoubleToInt64Bits(back.Values["e"]), Is.EqualTo(BitConverter.DoubleToInt64Bits(-0.0)));
    }

    [Test]
    public void Summary_LineHasTheDocumentedFields()
    {
        TrialRecord[] records = [.. new[] { 1.0, 3.0 }.Select((x, k) => new TrialRecord(
            "exp4", new Condition(("strategy", "multipliers"), ("d", 64)), k, 42, "x", new() { ["condition_number"] = x, ["kappa"] = k == 0 ? double.PositiveInfinity : 1 }, []))];
        string[] lines = [.. Summary.Of(records).Select(s => s.ToJson())];
        Assert.That(lines[0], Is.EqualTo(
            """{"experiment":"exp4","condition":{"strategy":"multipliers","d":64},"component":"condition_number","n":2,"mean":2,"std":1,"median":2,"q25":1.5,"q75":2.5,"max":3}"""));
        Assert.That(lines[1], Does.Contain("\"mean\":null").And.Contain("\"max\":null"));
    }
}

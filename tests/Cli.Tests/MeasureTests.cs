using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class MeasureTests : WorkingFolder
{
    // The matrix [[3, 0], [4, 5]] has σ = √45, √5: κ = 3, |det| = 15.
    [Test]
    public void Svd_GivesEveryMeasureOfAKnownMatrix()
    {
        NpyWriter.Write(File("a.npy"), 2, 2, [3, 0, 4, 5]);
        KappaProcess result = Kappa("svd", "a.npy", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        JsonNode json = JsonNode.Parse(result.Output)!;
        double tolerance = 16 * Math.ScaleB(1, -52);
        void AssertClose(JsonNode? actual, double expected) => Assert.That((double)actual!, Is.EqualTo(expected).Within(tolerance * Math.Abs(expected)));
        AssertClose(json["singularValues"]![0], Math.Sqrt(45));
        AssertClose(json["singularValues"]![1], Math.Sqrt(5));
        AssertClose(json["conditionNumber"], 3);
        AssertClose(json["spectralGap"], 2.0 / 3);
        AssertClose(json["frobeniusNorm"], Math.Sqrt(50));
        AssertClose(json["logVolume"], Math.Log2(15));
        Assert.That((int)json["effectiveRank"]!, Is.EqualTo(2));
        Assert.That((string)json["algorithm"]!, Is.EqualTo("Bidiagonal"));
        Assert.That((int)json["sweeps"]!, Is.Zero);
        Assert.That((double)json["seconds"]!, Is.GreaterThanOrEqualTo(0));
        Assert.That(Kappa("svd", "a.npy").Output, Does.Contain("condition number").And.Contain("3"));
    }

    [Test]
    public void Svd_OfASingularMatrix_SaysWhyThereIsNoConditionNumber()
    {
        NpyWriter.Write(File("zero.npy"), 2, 3, new double[6]);
        JsonNode json = JsonNode.Parse(Kappa("svd", "zero.npy", "--json").Output)!;
        Assert.That(json["conditionNumber"], Is.Null);
        Assert.That((string?)json["conditionNumberReason"], Does.Contain("zero"));
    }

    [TestCase("Scalar")]
    [TestCase("vector128")]
    [TestCase("Vector256")]
    [TestCase("Vector512")]
    public void Cpu_ShowsTheForcedPath(string path)
    {
        KappaProcess result = Kappa("cpu", "--json", "--vector-path", path);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        JsonNode json = JsonNode.Parse(result.Output)!;
        Assert.That((string?)json["vectorPath"], Is.EqualTo(path).IgnoreCase);
        Assert.That((double)json["peakGflops"]!["f64"]!, Is.GreaterThan(0));
        Assert.That((double)json["peakGflops"]!["f32"]!, Is.GreaterThan(0));
        Assert.That(json["vectorPaths"]!.AsArray(), Has.Count.EqualTo(4));
    }

    [Test]
    public void Help_NamesEveryCommandAndExperiment()
    {
        KappaProcess help = Kappa();
        Assert.That(help.ExitCode, Is.Zero);
        foreach (string command in new[] { "run", "report", "svd", "imbalance", "cpu" })
            Assert.That(help.Output, Does.Contain(command));
        Assert.That(Kappa("run", "--help").Output, Does.Contain("exp1").And.Contain("exp9"));
        Assert.That(Kappa("--version").Output, Does.Match(@"^\d+\.\d+\.\d+"));
    }
}

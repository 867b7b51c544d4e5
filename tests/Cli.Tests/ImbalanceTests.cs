using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class ImbalanceTests : WorkingFolder
{
    private JsonNode Json(params string[] arguments)
    {
        KappaProcess result = Kappa(["imbalance", .. arguments, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Lines, Has.Length.EqualTo(1));
        return JsonNode.Parse(result.Output)!;
    }

    private static double[] Numbers(JsonNode? array) => [.. array!.AsArray().Select(x => (double)x!)];

    [Test]
    public void Problem_GivesEveryDerivativeAlongTraining()
    {
        const int d = 6;
        JsonNode json = Json("--dim", "6", "--steps", "20", "--seed", "3");
        Assert.That(((int)json["dimension"]!, (int)json["steps"]!, (int)json["seed"]!), Is.EqualTo((d, 20, 3)));
        Assert.That(Numbers(json["targetSingularValues"]), Has.Length.EqualTo(d).And.Ordered.Descending);
        JsonArray points = json["points"]!.AsArray();
        Assert.That(points.Select(p => (int)p!["step"]!), Is.EqualTo(Enumerable.Range(0, 11).Select(k => 2 * k)));
        foreach (JsonNode? point in points)
        {
            double[] derivatives = Numbers(point!["derivatives"]), differences = Numbers(point["differences"]);
            Assert.That((double)point["ratio"]!, Is.EqualTo(Math.Abs(derivatives[0] / derivatives[^1])));
            double tolerance = (64 + 3 * d) * d * Math.ScaleB(1, -52) * Math.Sqrt(2 * (double)point["loss"]!);
            for (int i = 0; i < d; i++)
                Assert.That(derivatives[i], Is.EqualTo(differences[i]).Within(tolerance));
            foreach (string name in new[] { "singularValues", "expected", "overTarget" })
                Assert.That(Numbers(point[name]), Has.Length.EqualTo(d), name);
        }

        Assert.That((double)json["disagreement"]!, Is.EqualTo(points.Max(p => (double)p!["disagreement"]!)));
        Assert.That(Kappa("imbalance", "--dim", "6", "--steps", "20").Output, Does.Contain("g₁/g_min").And.Contain("After step 20"));
    }

    [Test]
    public void OneDimension_HasNoExponentAndSaysWhy()
    {
        JsonNode json = Json("--dim", "1", "--steps", "1");
        Assert.That((double)json["points"]![0]!["ratio"]!, Is.EqualTo(1));
        Assert.That(json["points"]![0]!["exponent"], Is.Null);
        Assert.That((string?)json["points"]![0]!["exponentReason"], Does.Contain("fewer than two"));
    }

    // W = diag(3, 2, 1): uᵢᵀGvᵢ is G's diagonal, 16 + 9 + 4 of ‖G‖² = 30.
    [Test]
    public void OwnMatrix_GivesItsDerivativesThreeWays()
    {
        NpyWriter.Write(File("w.npy"), 3, 3, [3, 0, 0, 0, 2, 0, 0, 0, 1]);
        NpyWriter.Write(File("g.npy"), 3, 3, [4, 1, 0, 0, -3, 0, 0, 0, 2]);
        string[] files = ["--matrix", "w.npy", "--gradient", "g.npy"];
        JsonNode json = Json(files);
        double epsilon = Math.ScaleB(1, -52);
        foreach (string name in new[] { "derivatives", "innerProducts" })
            Assert.That(Numbers(json[name]), Is.EqualTo(new double[] { 4, -3, 2 }).Within(9 * epsilon * 4), name);
        // h balances truncation and rounding: both are of order (ε/p²)^⅔ of ‖G‖ and well below √ε of it.
        Assert.That(Numbers(json["velocities"]), Is.EqualTo(new double[] { -4, 3, -2 }).Within(Math.Sqrt(epsilon) * 5));
        Assert.That((double)json["diagonalShare"]!, Is.EqualTo(29 / 30.0).Within(9 * epsilon));
        Assert.That((double)json["ratio"]!, Is.EqualTo(2).Within(9 * epsilon));
        Assert.That((int)json["compared"]!, Is.EqualTo(3));
        Assert.That(Kappa(["imbalance", .. files]).Output, Does.Contain("uᵢᵀGvᵢ").And.Contain("3 of 3 compared"));
    }

    [Test]
    public void RepeatedSingularValues_AreNotComparedAndSaysWhy()
    {
        NpyWriter.Write(File("w.npy"), 2, 2, [1, 0, 0, 1]);
        NpyWriter.Write(File("g.npy"), 2, 2, [1, 2, 3, 4]);
        JsonNode json = Json("--matrix", "w.npy", "--gradient", "g.npy");
        Assert.That(json["velocityDisagreement"], Is.Null);
        Assert.That((string?)json["velocityDisagreementReason"], Does.Contain("no singular value can be compared"));
        Assert.That((string?)json["velocityReasons"]![0], Is.EqualTo("equal to singular value 2"));
    }

    [Test]
    public void ZeroGradient_IsNullWithAReason()
    {
        NpyWriter.Write(File("w.npy"), 1, 2, [1, 2]);
        NpyWriter.Write(File("g.npy"), 1, 2, [0, 0]);
        JsonNode json = Json("--matrix", "w.npy", "--gradient", "g.npy");
        foreach (string name in new[] { "ratio", "diagonalShare", "disagreement", "velocityDisagreement" })
        {
            Assert.That(json[name], Is.Null, name);
            Assert.That((string?)json[name + "Reason"], Does.Contain("zero"), name);
        }
    }

    [TestCase("--gradient is missing", "--matrix", "w.npy")]
    [TestCase("--matrix is missing", "--gradient", "w.npy")]
    [TestCase("--dim belongs to the paper's problem", "--matrix", "w.npy", "--gradient", "w.npy", "--dim", "8")]
    [TestCase("wide.npy is 1×4, w.npy is 2×2", "--matrix", "w.npy", "--gradient", "wide.npy")]
    [TestCase("nan.npy: element (1, 0) of the 2×2 matrix is NaN", "--matrix", "nan.npy", "--gradient", "w.npy")]
    [TestCase("nan.npy: element (1, 0) of the 2×2 matrix is NaN", "--matrix", "w.npy", "--gradient", "nan.npy", "--json")]
    [TestCase("A 0×2 matrix has no singular values", "--matrix", "empty.npy", "--gradient", "empty.npy")]
    [TestCase("there is no such file", "--matrix", "w.npy", "--gradient", "missing.npy")]
    [TestCase("no .npy file", "--matrix", "text.npy", "--gradient", "w.npy")]
    [TestCase("--dim must be a whole number", "--dim", "0")]
    [TestCase("--steps must be a whole number", "--steps", "-1")]
    [TestCase("--seed must be a whole number", "--seed", "x")]
    [TestCase("exceeds a 32-bit seed", "--seed", "4294967295", "--dim", "4")]
    public void BadInput_IsOneLine(string message, params string[] arguments)
    {
        NpyWriter.Write(File("w.npy"), 2, 2, [1, 2, 3, 5]);
        NpyWriter.Write(File("wide.npy"), 1, 4, [1, 2, 3, 5]);
        NpyWriter.Write(File("nan.npy"), 2, 2, [1, 2, double.NaN, 5]);
        NpyWriter.Write(File("empty.npy"), 0, 2, []);
        System.IO.File.WriteAllText(File("text.npy"), "1 2\n3 4\n");
        AssertRefused(Kappa(["imbalance", .. arguments]), message);
    }
}

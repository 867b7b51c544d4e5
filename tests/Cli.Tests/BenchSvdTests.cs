using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class BenchSvdTests : WorkingFolder
{
    // LAPACK's own threshold for its test ratios.
    private const double Threshold = 35;

    private static readonly string[] s_drivers = ["gesdd", "gesvj", "gejsv"];

    private static string RatioOf(string driver) => $"ratio{char.ToUpperInvariant(driver[0])}{driver[1..]}";

    private JsonObject[] Svd(params string[] arguments)
    {
        KappaProcess result = Kappa(["bench", "svd", "--rounds", "1", "--json", .. arguments]);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        return [.. result.Lines.Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    [Test]
    public void Svd_OfAnyFamilyAndJob_FillsItsFields(
        [Values("gaussian", "graded", "dense-ill", "ones", "clustered")] string family, [Values("values", "full", "kappa")] string job)
    {
        JsonObject[] rows = Svd("--sizes", "1,19", "--family", family, "--job", job, "--against", "none");
        Assert.That(rows.Select(row => $"{row["type"]} {row["n"]}"), Is.EqualTo(new[] { "f64 1", "f64 19", "f32 1", "f32 19" }));
        foreach (JsonObject row in rows)
        {
            Assert.That((string?)row["job"], Is.EqualTo(job));
            Assert.That((string?)row["family"], Is.EqualTo(family));
            Assert.That((int)row["threads"]!, Is.EqualTo(1));
            Assert.That((int)row["rounds"]!, Is.EqualTo(1));
            Assert.That((string?)row["algorithm"], Is.Not.Empty);
            Assert.That((double)row["seconds"]!, Is.GreaterThan(0));
            Assert.That((int)row["sweeps"]! > 0, Is.EqualTo((string)row["algorithm"]! == "Jacobi" || job == "full"));
            AssertErrors(row, job);
            foreach (string field in s_drivers.Concat(s_drivers.Select(RatioOf)).Append("against").Append("againstVersion"))
            {
                Assert.That(row.ContainsKey(field), field);
                Assert.That(row[field], Is.Null, field);
            }
        }
    }

    [TestCase("auto", "Bidiagonal")]
    [TestCase("bidiagonal", "Bidiagonal")]
    [TestCase("jacobi", "Jacobi")]
    public void Svd_ByAnAlgorithm_NamesIt(string algorithm, string named)
    {
        foreach (string job in new[] { "values", "full" })
            foreach (JsonObject row in Svd("--sizes", "19", "--job", job, "--algorithm", algorithm, "--against", "none"))
                Assert.That((string?)row["algorithm"], Is.EqualTo(named));
    }

    [Test]
    public void Svd_OnSeveralThreads_SaysWhatTheyGain()
    {
        int threads = Math.Min(2, Environment.ProcessorCount);
        foreach (JsonObject row in Svd("--sizes", "20", "--threads", $"{threads}", "--against", "none"))
            foreach (string field in new[] { "speedup", "independentSpeedup" })
                Assert.That((double?)row[field], threads == 1 ? Is.Null : Is.GreaterThan(0), field);
        KappaProcess table = Kappa("bench", "svd", "--sizes", "20", "--threads", $"{threads}", "--rounds", "1");
        Assert.That(table.ExitCode, Is.Zero, table.Errors);
        foreach (string column in new[] { "1 thread/ours", $"{threads} calls" })
            Assert.That(table.Output.Contains(column, StringComparison.Ordinal), Is.EqualTo(threads > 1), column);
    }

    // A = B·D: each σ, however small, is good to about nε times κ(B), which is of order n.
    [Test]
    public void Svd_OfGradedMatrices_KeepsSmallSingularValues([Values("values", "full", "kappa")] string job)
    {
        foreach (JsonObject row in Svd("--sizes", "24", "--family", "graded", "--job", job, "--against", "none"))
            Assert.That((double)row["relativeError"]!, Is.LessThan(Threshold * 24));
    }

    [Test]
    public void Svd_BesideAnotherLibrary_MeasuresBothAlike([Values("values", "full", "kappa")] string job)
    {
        foreach (JsonObject row in Svd("--sizes", "1,2,21", "--job", job))
        {
            foreach (string driver in s_drivers)
            {
                // Whether this machine has another library is its own affair.
                if (row["against"] is null)
                {
                    Assert.That(row[driver], Is.Null);
                    Assert.That(row[RatioOf(driver)], Is.Null);
                    continue;
                }

                JsonObject theirs = row[driver]!.AsObject();
                Assert.That((int)theirs["info"]!, Is.Zero);
                Assert.That((double)row[RatioOf(driver)]!, Is.EqualTo((double)theirs["seconds"]! / (double)row["seconds"]!));
                Assert.That((double)theirs["ratioQ25"]!, Is.EqualTo((double)row[RatioOf(driver)]!));
                Assert.That((double)theirs["ratioQ75"]!, Is.EqualTo((double)row[RatioOf(driver)]!));
                AssertErrors(theirs, job);
            }
        }
    }

    [Test]
    public void Svd_ShowsATable()
    {
        KappaProcess result = Kappa("bench", "svd", "--sizes", "5", "--rounds", "2", "--against", "none");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("values, gaussian").And.Contain("theirs").And.Contain("2 rounds"));
        Assert.That(result.Errors, Does.Contain("2 of 2: f32 5×5"));
    }

    [Test]
    public void Svd_AsMarkdown_SaysWhatWasMeasuredWhenAndWhere()
    {
        KappaProcess result = Kappa("bench", "svd", "--sizes", "3,5", "--type", "f64", "--rounds", "1", "--against", "none", "--job", "full", "--markdown");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Lines[0], Is.EqualTo("# A = UΣVᵀ, full, gaussian"));
        Assert.That(result.Lines[1], Does.Contain("`kappa bench svd --sizes 3,5 --type f64").And.Contain("1 thread, 1 round"));
        Assert.That(result.Lines[2], Does.Match(@"^- \d{4}-\d\d-\d\d, Kappa \d+\.\d+\.\d+, \.NET "));
        string[] table = [.. result.Lines.Where(line => line.StartsWith('|'))];
        Assert.That(table, Has.Length.EqualTo(4));
        Assert.That(table.Select(line => line.Count(c => c == '|')), Is.All.EqualTo(12));
        Assert.That(table[2], Does.StartWith("| f64 | 3 | "));
    }

    [TestCase("--type must be one of f64, f32, not 'f16'", "--type", "f16")]
    [TestCase("--job must be one of values, full, kappa, not 'u'", "--job", "u")]
    [TestCase("--family must be one of gaussian, graded, dense-ill, ones, clustered, not 'zeros'", "--family", "zeros")]
    [TestCase("--sizes must be whole numbers from 1 to 16384", "--sizes", "8,0")]
    [TestCase("--sizes must be whole numbers from 1 to 16384", "--sizes", "16385")]
    [TestCase("--rounds must be a whole number", "--rounds", "-1")]
    [TestCase("--threads must be a whole number", "--threads", "0")]
    [TestCase("--json and --markdown exclude each other", "--json", "--markdown")]
    [TestCase("cannot load missing.so: there is no such file", "--against", "missing.so")]
    [TestCase("'--layout' is not understood", "--layout", "NN")]
    public void BadInput_IsOneLine_AndExitCode2(string message, params string[] arguments) => AssertRefused(Kappa(["bench", "svd", .. arguments]), message);

    [Test]
    [Platform("Linux")]
    public void ALibraryWithoutDecompositions_IsRefused() =>
        AssertRefused(Kappa("bench", "svd", "--against", "libc.so.6"), "libc.so.6 was loaded, but lacks the routine dgesdd_");

    private static void AssertErrors(JsonObject row, string job)
    {
        foreach (string field in new[] { "residual", "orthogonalityU", "orthogonalityV" })
            if (job == "full")
                Assert.That((double)row[field]!, Is.InRange(0, Threshold), field);
            else
                Assert.That(row[field], Is.Null, field);
        if (job == "kappa")
        {
            Assert.That(row["ordered"], Is.Null);
            Assert.That(row["normwiseError"], Is.Null);
        }
        else
        {
            Assert.That((bool)row["ordered"]!);
            Assert.That((double)row["normwiseError"]!, Is.InRange(0, Threshold));
        }

        Assert.That(row["relativeError"], Is.Not.Null);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class BenchGemmTests : WorkingFolder
{
    private static readonly string[] s_theirs = ["against", "againstVersion", "againstGflops", "ratio", "ratioQ25", "ratioQ75", "largestDifference"];

    private JsonObject[] Gemm(params string[] arguments)
    {
        KappaProcess result = Kappa(["bench", "gemm", "--rounds", "1", "--json", .. arguments]);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        return [.. result.Lines.Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    [Test]
    public void Gemm_OfBothTypes_FillsEveryField()
    {
        JsonObject[] rows = Gemm("--sizes", "4,9");
        Assert.That(rows.Select(row => $"{row["type"]} {row["m"]}×{row["n"]}×{row["k"]}"),
            Is.EqualTo(new[] { "f64 4×4×4", "f64 9×9×9", "f32 4×4×4", "f32 9×9×9" }));
        foreach (JsonObject row in rows)
        {
            Assert.That((string?)row["layout"], Is.EqualTo("NN"));
            Assert.That((int)row["threads"]!, Is.EqualTo(1));
            Assert.That((int)row["rounds"]!, Is.EqualTo(1));
            foreach (string field in new[] { "speedup", "independentSpeedup" })
                Assert.That(row.ContainsKey(field) && row[field] is null, field);
            Assert.That((double)row["gflops"]!, Is.GreaterThan(0));
            Assert.That((double)row["peak"]!, Is.GreaterThan(0));
            Assert.That((double)row["fractionOfPeak"]!, Is.EqualTo((double)row["gflops"]! / (double)row["peak"]!));
            AssertTheirs(row);
        }
    }

    [TestCase("NN")]
    [TestCase("NT")]
    [TestCase("TN")]
    [TestCase("tt")]
    public void Gemm_OfAnyLayout_IsTheProductOfTheOtherLibrary(string layout)
    {
        JsonObject[] rows = Gemm("--shapes", "5x7x11,17X3×29", "--layout", layout);
        Assert.That(rows.Select(row => $"{row["type"]} {row["m"]}×{row["n"]}×{row["k"]}"),
            Is.EqualTo(new[] { "f64 5×7×11", "f64 17×3×29", "f32 5×7×11", "f32 17×3×29" }));
        foreach (JsonObject row in rows)
        {
            Assert.That((string?)row["layout"], Is.EqualTo(layout).IgnoreCase);
            AssertTheirs(row);
        }
    }

    [Test]
    public void Gemm_WithoutAnotherLibrary_HasNulls()
    {
        JsonObject row = Gemm("--type", "f32", "--sizes", "8", "--against", "none").Single();
        Assert.That((double)row["gflops"]!, Is.GreaterThan(0));
        foreach (string field in s_theirs)
        {
            Assert.That(row.ContainsKey(field), field);
            Assert.That(row[field], Is.Null, field);
        }
    }

    [Test]
    public void Gemm_OnSeveralThreads_CountsThemIntoThePeak()
    {
        int threads = Math.Min(2, Environment.ProcessorCount);
        JsonObject row = Gemm("--type", "f64", "--sizes", "160", "--threads", $"{threads}").Single();
        Assert.That((int)row["threads"]!, Is.EqualTo(threads));
        foreach (string field in new[] { "speedup", "independentSpeedup" })
            Assert.That((double?)row[field], threads == 1 ? Is.Null : Is.GreaterThan(0), field);
        AssertTheirs(row);
    }

    [Test]
    public void Gemm_ShowsATable()
    {
        KappaProcess result = Kappa("bench", "gemm", "--shapes", "3x5x7", "--rounds", "2", "--against", "none");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("theirs").And.Contain("3×5×7").And.Contain("2 rounds"));
        Assert.That(result.Errors, Does.Contain("2 of 2: f32 3×5×7"));
    }

    [Test]
    public void Gemm_AsMarkdown_HasARowPerProduct()
    {
        KappaProcess result = Kappa("bench", "gemm", "--shapes", "3x5x7,2x2x2", "--type", "f64", "--rounds", "1", "--against", "none", "--markdown");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Lines[0], Is.EqualTo("# C ← AB, NN"));
        Assert.That(result.Lines.Where(line => line.StartsWith("| f64 | 3×5×7 | ", StringComparison.Ordinal)).ToArray(), Has.Length.EqualTo(1));
        Assert.That(result.Lines.Where(line => line.StartsWith('|')).ToArray(), Has.Length.EqualTo(4));
    }

    [Test]
    [Platform("Linux")]
    public void Gemm_Interrupted_ExitsWith130()
    {
        using Process process = KappaProcess.Start(Folder, "bench", "gemm", "--sizes", "8,16", "--rounds", "2000", "--json");
        // A second is enough for the measurement to have begun; uninterrupted, it takes a minute.
        Thread.Sleep(1000);
        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(130), errors);
    }

    [TestCase("Required command was not provided", "bench")]
    [TestCase("--type must be one of f64, f32, not 'f16'", "bench", "gemm", "--type", "f16")]
    [TestCase("--layout must be one of NN, NT, TN, TT, not 'NX'", "bench", "gemm", "--layout", "NX")]
    [TestCase("--sizes must be whole numbers", "bench", "gemm", "--sizes", "0")]
    [TestCase("--sizes must be whole numbers", "bench", "gemm", "--sizes", "8,,9")]
    [TestCase("--shapes must be shapes MxNxK", "bench", "gemm", "--shapes", "8x8")]
    [TestCase("--shapes must be shapes MxNxK", "bench", "gemm", "--shapes", "8x0x8")]
    [TestCase("--shapes must be shapes MxNxK", "bench", "gemm", "--shapes", "8x8x8x8")]
    [TestCase("--shapes must be shapes MxNxK", "bench", "gemm", "--shapes", "8x-8x8")]
    [TestCase("--sizes and --shapes exclude each other", "bench", "gemm", "--sizes", "8", "--shapes", "8x8x8")]
    [TestCase("99999×99999×99999 is too large", "bench", "gemm", "--sizes", "8,99999")]
    [TestCase("1×2147483647×1 is too large", "bench", "gemm", "--shapes", "1x2147483647x1")]
    [TestCase("--json and --markdown exclude each other", "bench", "gemm", "--markdown", "--json")]
    [TestCase("--rounds must be a whole number", "bench", "gemm", "--rounds", "0")]
    [TestCase("--threads must be a whole number", "bench", "gemm", "--threads", "0")]
    [TestCase("cannot load missing.so: there is no such file", "bench", "gemm", "--against", "missing.so")]
    [TestCase("cannot load .: it is a folder", "bench", "gemm", "--against", ".")]
    public void BadInput_IsOneLine_AndExitCode2(string message, params string[] arguments) => AssertRefused(Kappa(arguments), message);

    [Test]
    public void AFileThatIsNoLibrary_IsRefused()
    {
        System.IO.File.WriteAllText(File("text.so"), "no library");
        AssertRefused(Kappa("bench", "gemm", "--against", "text.so"), "cannot load text.so: it is no library");
    }

    [Test]
    [Platform("Linux")]
    public void ALibraryWithoutProducts_IsRefused() =>
        AssertRefused(Kappa("bench", "gemm", "--against", "libc.so.6"), "libc.so.6 was loaded, but lacks the routine dgemm_");

    // Whether this machine has another library is its own affair; where it has one, both computed the same.
    private static void AssertTheirs(JsonObject row)
    {
        if (row["against"] is null)
        {
            Assert.That(s_theirs.Select(field => row[field]), Is.All.Null);
            return;
        }

        Assert.That((string?)row["against"], Is.EqualTo("openblas"));
        Assert.That((string?)row["againstVersion"], Does.Contain("OpenBLAS"));
        Assert.That((double)row["againstGflops"]!, Is.GreaterThan(0));
        Assert.That((double)row["ratio"]!, Is.GreaterThan(0));
        Assert.That((double)row["ratioQ25"]!, Is.LessThanOrEqualTo((double)row["ratio"]!));
        Assert.That((double)row["ratioQ75"]!, Is.GreaterThanOrEqualTo((double)row["ratio"]!));
        // Two sums of k products differ by at most 2kε Σ|a||b|, and with these draws Σ|a||b| < k max |C|.
        double epsilon = Math.ScaleB(1, (string?)row["type"] == "f64" ? -52 : -23), k = (double)row["k"]!;
        Assert.That((double)row["largestDifference"]!, Is.LessThanOrEqualTo(2 * k * k * epsilon));
    }
}

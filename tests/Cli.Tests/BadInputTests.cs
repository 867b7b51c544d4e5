using NUnit.Framework;

namespace Kappa.Cli.Tests;

/// <summary>Bad input is one clear line on stderr and exit code 2, and nothing is lost.</summary>
public class BadInputTests : WorkingFolder
{
    [TestCase("there is no experiment 'exp0'", "run", "exp0")]
    [TestCase("there is no option '--bogus'", "run", "exp1", "--bogus")]
    [TestCase("Required argument missing", "run")]
    [TestCase("'frobnicate' is not understood", "frobnicate")]
    [TestCase("--dims must be whole numbers", "run", "exp1", "--dims", "0")]
    [TestCase("--dims must be whole numbers", "run", "exp1", "--dims", "8,,16")]
    [TestCase("--dims must be whole numbers", "run", "exp1", "--dims", "8;16")]
    [TestCase("--dims must be whole numbers", "run", "exp1", "--dims", "99999999999")]
    [TestCase("--trials must be a whole number", "run", "exp1", "--trials", "-3")]
    [TestCase("--trials must be a whole number", "run", "exp1", "--trials", "0")]
    [TestCase("--trials must be a whole number", "run", "exp1", "--trials", "ten")]
    [TestCase("--epochs must be a whole number", "run", "exp1", "--epochs", "1.5")]
    [TestCase("--seed must be a whole number", "run", "exp1", "--seed", "-1")]
    [TestCase("exceeds a 32-bit seed", "run", "exp1", "--seed", "4294967295")]
    [TestCase("--threads must be a whole number", "run", "exp1", "--threads", "0")]
    [TestCase("--vector-path must be one of", "cpu", "--vector-path", "AVX9")]
    [TestCase("there is no such file", "svd", "missing.npy")]
    [TestCase("it is a folder", "svd", ".")]
    [TestCase("holds no trials.jsonl", "report", "nowhere")]
    public void OneLine_AndExitCode2(string message, params string[] arguments)
    {
        AssertRefused(Kappa(arguments), message);
        Assert.That(Directory.EnumerateFileSystemEntries(Folder), Is.Empty);
    }

    [TestCase("cut short", new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0 })]
    [TestCase("no .npy file", new byte[] { 1, 2, 3 })]
    [TestCase("no .npy file", new byte[0])]
    public void Svd_RefusesFilesThatAreNoMatrix(string message, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File("a.npy"), bytes);
        AssertRefused(Kappa("svd", "a.npy"), message);
    }

    [Test]
    public void Svd_NamesTheFirstNaN()
    {
        NpyWriter.Write(File("nan.npy"), 2, 2, [1, 2, double.NaN, 4]);
        AssertRefused(Kappa("svd", "nan.npy", "--json"), "nan.npy: Element (1, 0) of the 2×2 matrix is NaN.");
    }

    [Test]
    public void EnvironmentVariable_ThatNamesNoPath_IsRefused()
    {
        AssertRefused(KappaProcess.Run(Folder, "dotnet", [KappaProcess.Assembly, "cpu"], new() { ["KAPPA_VECTOR_PATH"] = "AVX9" }), "KAPPA_VECTOR_PATH is 'AVX9'");
    }

    [Test]
    public void UnwritableFolder_IsRefused()
    {
        System.IO.File.WriteAllText(File("occupied"), "a file, no folder");
        AssertRefused(Kappa("run", "exp4", "--quick", "--out", "occupied/run"), "cannot write results to occupied/run");
        Assert.That(System.IO.File.ReadAllText(File("occupied")), Is.EqualTo("a file, no folder"));
    }

    [Test]
    public void FullDisk_IsOneLine()
    {
        if (!System.IO.File.Exists("/dev/full"))
            return;
        Directory.CreateDirectory(File("full"));
        System.IO.File.CreateSymbolicLink(File("full/trials.jsonl"), "/dev/full");
        AssertRefused(Kappa("run", "exp4", "--quick", "--out", "full"), "cannot write results to full");
    }

    [Test]
    public void ExistingResults_StayAsTheyAre()
    {
        string[] run = ["run", "exp4", "--trials", "1", "--dims", "8", "--epochs", "5", "--out", "r"];
        Assert.That(Kappa(run).ExitCode, Is.Zero);
        string before = System.IO.File.ReadAllText(File("r/trials.jsonl"));
        AssertRefused(Kappa(run), "already holds results");
        AssertRefused(Kappa([.. run, "--resume", "--seed", "1"]), "another seed");
        Assert.That(System.IO.File.ReadAllText(File("r/trials.jsonl")), Is.EqualTo(before));
    }
}

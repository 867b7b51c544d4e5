using System.Diagnostics;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class RunTests : WorkingFolder
{
    private static readonly string[] s_small = ["run", "all", "--trials", "2", "--dims", "12", "--epochs", "60"];

    private string Results(string folder) =>
        System.IO.File.ReadAllText(File($"{folder}/trials.jsonl")) + System.IO.File.ReadAllText(File($"{folder}/results.jsonl"))
        + System.IO.File.ReadAllText(File($"{folder}/report.html"));

    [Test]
    public void Run_WritesResultsAndPageAndSaysWhere()
    {
        KappaProcess result = Kappa("run", "exp4", "--quick");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        string page = Path.Combine("out", "exp4", "report.html");
        Assert.That(result.Errors, Does.Contain($"Page: {page}"));
        Assert.That(System.IO.File.Exists(File(page)));
        Assert.That(result.Output, Does.Contain("svd-correction").And.Contain("condition number"));
        Assert.That(Kappa("run", "exp4", "--quick").Errors, Does.Contain(Path.Combine("out", "exp4-2", "report.html")));
    }

    [Test]
    public void Json_IsLinesOfJsonAndNothingElse()
    {
        KappaProcess result = Kappa("run", "exp4", "exp7", "--quick", "--json", "--trials-out", "--out", "r");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        JsonNode[] lines = [.. result.Lines.Select(line => JsonNode.Parse(line)!)];
        JsonNode[] trials = [.. lines.Where(line => line["trial"] is not null)], summaries = [.. lines.Where(line => line["component"] is not null)];
        Assert.That(trials, Has.Length.EqualTo(2 * 4 + 2 * 4));
        Assert.That(trials.Length + summaries.Length, Is.EqualTo(lines.Length));
        JsonNode multipliers = summaries.Single(s => (string?)s["condition"]!["strategy"] == "multipliers" && (string?)s["component"] == "condition_number");
        Assert.That((int)multipliers["condition"]!["d"]!, Is.EqualTo(64));
        Assert.That((int)multipliers["n"]!, Is.EqualTo(2));
        foreach (string field in new[] { "mean", "std", "median", "q25", "q75", "max" })
            Assert.That((double)multipliers[field]!, Is.GreaterThanOrEqualTo(0), field);
        Assert.That(summaries.Select(s => (string?)s["component"]), Is.SupersetOf(new[]
        {
            "row_norms", "col_norms", "singular_values", "condition_number", "effective_rank", "spectral_gap", "frobenius", "overall", "kappa", "kappa_target", "layer_kappa",
        }));
    }

    [Test]
    public void Threads_DoNotChangeABit()
    {
        Assert.That(Kappa([.. s_small, "--threads", "1", "--out", "one"]).ExitCode, Is.Zero);
        Assert.That(Kappa([.. s_small, "--threads", "2", "--out", "two"]).ExitCode, Is.Zero);
        Assert.That(Results("two"), Is.EqualTo(Results("one")));
    }

    [TestCase("-KILL", 137)]
    [TestCase("-INT", 130)]
    [Platform("Linux")]
    public void KilledAndResumed_IsTheUndisturbedRun(string signal, int exitCode)
    {
        string[] run = ["run", "all", "--trials", "3", "--dims", "24"];
        Assert.That(Kappa([.. run, "--out", "whole"]).ExitCode, Is.Zero);
        using (Process process = KappaProcess.Start(Folder, [.. run, "--out", "cut"]))
        {
            // Some trials are done and some are not: the moment after the tenth line.
            while (!process.HasExited && (!System.IO.File.Exists(File("cut/trials.jsonl")) || System.IO.File.ReadLines(File("cut/trials.jsonl")).Count() < 10))
                Thread.Sleep(5);
            using (Process kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
                kill.WaitForExit();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.EqualTo(exitCode));
            // A process that died of the signal reports the same code as one that ended itself: only the latter has a last word.
            Assert.That(errors, signal == "-INT" ? Does.Contain("trials are saved in cut") : Does.Not.Contain("saved"));
        }

        Assert.That(System.IO.File.ReadLines(File("cut/trials.jsonl")).Count(), Is.GreaterThanOrEqualTo(10));
        Assert.That(System.IO.File.Exists(File("cut/report.html")), Is.False);
        KappaProcess resumed = Kappa([.. run, "--resume", "--out", "cut"]);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Errors);
        Assert.That(resumed.Errors, Does.Contain("trials are already in cut"));
        Assert.That(Results("cut"), Is.EqualTo(Results("whole")));
    }

    [Test]
    public void Resume_WithoutOut_TakesTheLatestRun()
    {
        Kappa("run", "exp4", "--quick");
        string before = Results("out/exp4");
        KappaProcess result = Kappa("run", "exp4", "--quick", "--resume");
        Assert.That(result.Errors, Does.Contain("8 of 8 trials are already in"));
        Assert.That(Results("out/exp4"), Is.EqualTo(before));
    }

    [Test]
    public void Report_RebuildsThePage()
    {
        Assert.That(Kappa([.. s_small, "--out", "r"]).ExitCode, Is.Zero);
        string before = Results("r");
        System.IO.File.Delete(File("r/report.html"));
        System.IO.File.Delete(File("r/results.jsonl"));
        KappaProcess result = Kappa("report", "r", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That((string?)JsonNode.Parse(result.Output)!["page"], Is.EqualTo(Path.Combine("r", "report.html")));
        Assert.That(Results("r"), Is.EqualTo(before));
    }
}

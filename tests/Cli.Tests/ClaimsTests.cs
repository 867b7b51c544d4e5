using System.Text.Json.Nodes;
using Kappa.Cli.Commands;
using Kappa.Training.Claims;
using NUnit.Framework;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Kappa.Cli.Tests;

public class ClaimsTests : WorkingFolder
{
    private static readonly string[] s_small = ["run", "exp2", "exp7", "--trials", "2", "--dims", "8", "--epochs", "5", "--out", "r"];

    [Test]
    public void Json_IsALinePerClaim()
    {
        Assert.That(Kappa(s_small).ExitCode, Is.Zero);
        KappaProcess result = Kappa("claims", "r", "--json");
        Assert.That((result.ExitCode, result.Errors), Is.EqualTo((0, "")));
        JsonNode[] all = [.. result.Lines.Select(line => JsonNode.Parse(line)!)], lines = [.. all.Where(l => l["id"] is not null)];
        JsonNode[] questions = all[lines.Length..];
        Assert.That(questions.Select(q => (string?)q["question"]), Is.EqualTo(Questions.All.Select(q => q.Id)));
        Assert.That(questions.Select(q => (string?)q["standing"]), Is.All.EqualTo("not run"));
        Assert.That(lines.Select(l => (string?)l["id"]), Is.EqualTo(Ledger.Claims.Select(c => c.Id)));
        JsonNode overall = lines.Single(l => (string?)l["id"] == "exp2-overall-sgd");
        Assert.That((double)overall["mean"]!, Is.InRange(0.5, 1.5));
        Assert.That(((int)overall["n"]!, (double)overall["paperValue"]!), Is.EqualTo((2, 0.14)));
        Assert.That((string?)overall["reason"], Does.Contain("2 of the paper’s 15 trials"));
        Assert.That(lines.Where(l => (string?)l["experiment"] == "exp1").Select(l => (string?)l["verdict"]), Is.All.EqualTo("not run"));
        Assert.That(lines.Select(l => (string?)l["verdict"]), Has.None.EqualTo("reproduced"));
    }

    [Test]
    public void Markdown_HasEveryClaimAndTheQuestionsThatWereRun()
    {
        Assert.That(Kappa("run", "exp2", "exp11", "--trials", "2", "--dims", "6,8", "--epochs", "5", "--out", "r").ExitCode, Is.Zero);
        KappaProcess result = Kappa("claims", "r", "--markdown");
        Assert.That((result.ExitCode, result.Errors), Is.EqualTo((0, "")));
        foreach (Claim claim in Ledger.Claims)
            Assert.That(result.Output, Does.Contain($"| {claim.Statement.Replace("|", "\\|")} ({claim.Where}) |"));
        Question[] shown = [.. Questions.All.Where(q => result.Output.Contains($"**{q.Text}**", StringComparison.Ordinal))];
        Assert.That(shown.Select(q => q.Id), Is.EqualTo(new[] { "dimension" }));
        Assert.That(result.Output, Does.Contain("- exp11: the exponent of d"));
    }

    [Test]
    public void ControlsWithoutAll_AreRefused() => AssertRefused(Kappa("run", "exp2", "--controls"), "--controls goes with 'all'");

    [Test]
    public void TornLastLine_IsLeftOutAndSaid()
    {
        Assert.That(Kappa(s_small).ExitCode, Is.Zero);
        string whole = Kappa("claims", "r", "--json").Output, trials = File("r/trials.jsonl");
        System.IO.File.AppendAllText(trials, "{\"experiment\":\"exp2\",\"cond");
        KappaProcess result = Kappa("claims", "r", "--json");
        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.Output, Is.EqualTo(whole));
        Assert.That(result.Errors, Does.Contain("the last line of the trials in r is torn (26 bytes) and left out"));
    }

    [Test]
    public void Table_TakesTheLatestRunOfAll()
    {
        Assert.That(Kappa("run", "all", "--trials", "1", "--dims", "8", "--epochs", "3").ExitCode, Is.Zero);
        KappaProcess result = Kappa("claims");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("exp9  Long training").And.Contain("exp9-plateau").And.Contain("not reproduced"));
        Assert.That(result.Output, Is.EqualTo(Kappa("claims", "out/all").Output));
    }

    [Test]
    public void Table_FitsIn80Columns()
    {
        var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 80;
        foreach (IRenderable part in ClaimsCommand.Show(Ledger.Judge([])))
            console.Write(part);
        string[] lines = text.ToString().Split('\n');
        Assert.That(lines.Max(line => line.Length), Is.LessThanOrEqualTo(80));
        Assert.That(lines[^2], Does.Contain($"{Ledger.Claims.Count} not run"));
    }

    [TestCase("nowhere holds no trials.jsonl", "claims", "nowhere")]
    [TestCase("start with 'kappa run all'", "claims")]
    [TestCase("'--bogus' is not understood", "claims", "r", "--bogus")]
    public void BadInput_IsOneLine(string message, params string[] arguments) => AssertRefused(Kappa(arguments), message);

    [Test]
    public void FileThatIsNoRun_IsRefused()
    {
        Directory.CreateDirectory(File("r"));
        System.IO.File.WriteAllText(File("r/trials.jsonl"), "{\"trial\":1}\n");
        AssertRefused(Kappa("claims", "r"), "none of the 1 lines of");
        AssertRefused(Kappa("claims", "r/trials.jsonl"), "holds no trials.jsonl");
    }
}

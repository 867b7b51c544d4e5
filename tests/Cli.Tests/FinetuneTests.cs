using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class FinetuneTests : WorkingFolder
{
    private static readonly string[] s_small = ["run", "finetune", "--quick", "--dims", "4", "--epochs", "1"];

    /// <summary>Ten classes of three pixels, told apart by their brightness.</summary>
    private string Data(string name, int offset = 0)
    {
        const int train = 200, test = 20, pixels = 3;
        byte[] x(int n) => [.. Enumerable.Range(0, n * pixels).Select(k => (byte)(20 * (k / pixels % 10) + k % 5 + offset))];
        byte[] y(int n) => [.. Enumerable.Range(0, n * 10).Select(k => (byte)(k / 10 % 10 == k % 10 ? 1 : 0))];
        (string Name, int Rows, int Columns, byte[] Bytes)[] tensors =
            [("Xtrain", train, pixels, x(train)), ("Ytrain", train, 10, y(train)), ("Xtest", test, pixels, x(test)), ("Ytest", test, 10, y(test))];
        var entries = new List<string>();
        int at = 0;
        foreach ((string tensor, int rows, int columns, byte[] bytes) in tensors)
            entries.Add($$"""  "{{tensor}}":{"dtype":"U8","shape":[{{rows}},{{columns}}],"data_offsets":[{{at}},{{at += bytes.Length}}]}""");
        byte[] header = Encoding.UTF8.GetBytes("{" + string.Join(",", entries) + "}"), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        System.IO.File.WriteAllBytes(File(name), [.. length, .. header, .. tensors.SelectMany(t => t.Bytes)]);
        return name;
    }

    [Test]
    public void QuickRun_GivesPageClaimsAndJson()
    {
        KappaProcess result = Kappa([.. s_small, "--json", "--trials-out", "--out", "r"]);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        JsonNode[] lines = [.. result.Lines.Select(line => JsonNode.Parse(line)!)];
        JsonNode[] trials = [.. lines.Where(l => l["trial"] is not null)];
        Assert.That(trials, Has.Length.EqualTo(2 * 2 * 11 * 3));
        Assert.That(trials.Select(t => t["series"]!["kappa"]!.AsArray().Count), Is.All.EqualTo(14));
        Assert.That(lines.Select(l => (string?)l["component"]), Is.SupersetOf(new[] { "new_accuracy", "old_accuracy", "forgetting" }));
        string page = System.IO.File.ReadAllText(File("r/report.html"));
        Assert.That(page, Does.Contain("Scale-Invariant Proxy").And.Contain("finetune-8").And.Not.Contain("Nine experiments"));
        KappaProcess claims = Kappa("claims", "r", "--json");
        JsonNode[] judged = [.. claims.Lines.Select(line => JsonNode.Parse(line)!)];
        Assert.That(judged.Where(l => l["id"] is not null).Select(l => (string?)l["experiment"]), Is.All.EqualTo("finetune").And.Exactly(8).Items);
        Assert.That(judged.Select(l => (string?)l["verdict"] ?? (string?)l["standing"]), Has.None.EqualTo("not run"));
    }

    [Test]
    public void Data_IsLearnedAndHeldOnTo()
    {
        string[] run = [.. s_small, "--trials", "1", "--data", Data("a.safetensors"), "--out", "r"];
        Assert.That(Kappa([.. run, "--threads", "1"]).ExitCode, Is.Zero);
        string before = System.IO.File.ReadAllText(File("r/trials.jsonl"));
        Assert.That(JsonNode.Parse(before.Split('\n')[0])!["protocol"]!.GetValue<string>(), Does.Match("^[0-9a-f]{8}-[0-9a-f]{16}$"));
        Assert.That(Kappa([.. run, "--resume"]).Errors, Does.Contain("66 of 66 trials are already in r"));
        AssertRefused(Kappa([.. s_small, "--trials", "1", "--data", Data("b.safetensors", offset: 1), "--out", "r", "--resume"]), "run with another seed, epochs, data or version");
        AssertRefused(Kappa([.. s_small, "--trials", "1", "--out", "r", "--resume"]), "run with another seed, epochs, data or version");
        Assert.That(System.IO.File.ReadAllText(File("r/trials.jsonl")), Is.EqualTo(before));
        Assert.That(Kappa([.. run[..^1], "two", "--threads", "2"]).ExitCode, Is.Zero);
        Assert.That(System.IO.File.ReadAllText(File("two/trials.jsonl")), Is.EqualTo(before));
    }

    [Test]
    public void Shards_MergeIntoTheSingleRun()
    {
        string[] run = [.. s_small, "--trials", "2", "--data", Data("a.safetensors")];
        Assert.That(Kappa([.. run, "--out", "whole"]).ExitCode, Is.Zero);
        foreach (string shard in new[] { "0/2", "1/2" })
            Assert.That(Kappa([.. run, "--out", "part", "--shard", shard]).ExitCode, Is.Zero);
        KappaProcess merged = Kappa("merge", "part-shard-0-of-2", "part-shard-1-of-2", "--out", "merged");
        Assert.That(merged.ExitCode, Is.Zero, merged.Errors);
        foreach (string name in new[] { "trials.jsonl", "results.jsonl", "report.html" })
            Assert.That(System.IO.File.ReadAllText(File($"merged/{name}")), Is.EqualTo(System.IO.File.ReadAllText(File($"whole/{name}"))), name);
        Assert.That(Kappa([.. s_small, "--trials", "2", "--data", Data("b.safetensors", offset: 1), "--out", "other", "--shard", "1/2"]).ExitCode, Is.Zero);
        AssertRefused(Kappa("merge", "part-shard-0-of-2", "other-shard-1-of-2", "--out", "mixed"), "run");
    }

    [TestCase("cannot read missing.safetensors: there is no such file", "run", "finetune", "--data", "missing.safetensors")]
    [TestCase("cannot read .: ", "run", "finetune", "--data", ".")]
    [TestCase("--data goes with 'finetune'", "run", "exp1", "--data", "missing.safetensors")]
    public void BadData_IsOneLine(string message, params string[] arguments)
    {
        AssertRefused(Kappa(arguments), message);
        Assert.That(Directory.EnumerateFileSystemEntries(Folder), Is.Empty);
    }

    [Test]
    public void FileThatIsNoData_IsRefusedByName()
    {
        System.IO.File.WriteAllText(File("a.safetensors"), "no tensors");
        AssertRefused(Kappa("run", "finetune", "--data", "a.safetensors"), "cannot read a.safetensors: ");
        byte[] header = Encoding.UTF8.GetBytes("""{"Xtrain":{"dtype":"U8","shape":[1,1],"data_offsets":[0,1]}}"""), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        System.IO.File.WriteAllBytes(File("a.safetensors"), [.. length, .. header, 7]);
        AssertRefused(Kappa("run", "finetune", "--data", "a.safetensors"), "it has no tensor Ytrain");
    }
}

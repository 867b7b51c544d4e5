using System.Diagnostics;
using System.Text.Json.Nodes;
using Kappa.Training.Checkpoints;
using Kappa.Training.Tests.Checkpoints;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class ScanCommandTests : WorkingFolder
{
    private static (string Name, ElementType Type, long[] Shape, byte[] Data) Random(string name, int seed, params int[] shape)
    {
        var random = new Random(seed);
        return (name, ElementType.F32, [.. shape.Select(n => (long)n)],
            [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).SelectMany(_ => BitConverter.GetBytes((float)(random.NextDouble() - 0.5)))]);
    }

    private void WriteModel(string name = "model.safetensors") => System.IO.File.WriteAllBytes(File(name), Safetensors.File(
        Random("conv.weight", 1, 6, 3, 2), Random("bias", 2, 5), Random("attn.qkv.weight", 3, 12, 4), ("zero \"q\", x", ElementType.F32, [3, 3], new byte[36]),
        ("like.weight", ElementType.F32, [3, 2], [.. new float[] { 3, 0, 0, 4, 0, 0 }.SelectMany(BitConverter.GetBytes)])));

    [Test]
    public void Json_IsALinePerTensor()
    {
        WriteModel();
        KappaProcess result = Kappa("scan", "model.safetensors", "--json", "--out", "s");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        JsonNode[] lines = [.. result.Lines.Select(line => JsonNode.Parse(line)!)];
        Assert.That(lines.Select(l => (string?)l["name"]), Is.EqualTo(new[] { "conv.weight", "bias", "attn.qkv.weight", "zero \"q\", x", "like.weight" }));
        JsonNode known = lines[4];
        Assert.That((double)known["conditionNumber"]!, Is.EqualTo(4.0 / 3).Within(1e-15));
        Assert.That((string?)known["matricization"], Is.EqualTo("3 × 2"));
        Assert.That(((double)known["sigmaMax"]!, (double)known["sigmaMin"]!, (double)known["frobeniusNorm"]!), Is.EqualTo((4.0, 3.0, 5.0)));
        Assert.That(known["rowNormSpread"], Is.Null, "a row is zero");
        Assert.That((double)known["logVolume"]!, Is.EqualTo(Math.Log2(12)).Within(1e-14));
        Assert.That((bool)known["likeRandom"]!, Is.False);
        Assert.That(known["singularValues"]!.AsArray().Select(s => (double)s!), Is.EqualTo(new[] { 4.0, 3.0 }));
        Assert.That((string?)lines[1]["conditionReason"], Is.EqualTo("a vector"));
        Assert.That((string?)lines[3]["conditionReason"], Is.EqualTo("singular: numerical rank 0 of 3"));
        Assert.That(lines[3]["conditionNumber"], Is.Null);
        Assert.That(System.IO.File.ReadAllLines(File("s/scan.jsonl")), Is.EqualTo(result.Lines));
        string page = System.IO.File.ReadAllText(File("s/report.html"));
        Assert.That(page, Does.Contain("attn.qkv.weight").And.Contain("zero &quot;q&quot;, x").And.Not.Contain("{{"));
        Assert.That(result.Errors, Does.Contain($"Page: {Path.Combine("s", "report.html")}"));
    }

    [Test]
    public void Csv_QuotesWhatNeedsIt()
    {
        WriteModel();
        KappaProcess result = Kappa("scan", "model.safetensors", "--csv", "--measures", "condition,sigmaMax", "--filter", "zero|like|bias");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output.Split("\r\n"), Is.EqualTo(new[]
        {
            "name,file,shape,dtype,matricization,rows,columns,parameters,conditionReason,conditionNumber,sigmaMax",
            "bias,model.safetensors,5,F32,,0,0,5,a vector,,",
            "\"zero \"\"q\"\", x\",model.safetensors,3x3,F32,3 × 3,3,3,9,singular,,0",
            $"like.weight,model.safetensors,3x2,F32,3 × 2,3,2,6,,{result.Output.Split(',')[^2]},4",
            "",
        }));
        Assert.That(double.Parse(result.Output.Split(',')[^2], System.Globalization.CultureInfo.InvariantCulture), Is.EqualTo(4.0 / 3).Within(1e-15));
        Assert.That(Directory.Exists(File("out/scan")));
    }

    [Test]
    public void Sort_Filter_AndSplit_AreFollowed()
    {
        WriteModel();
        JsonNode[] Lines(params string[] arguments) => [.. Kappa(["scan", "model.safetensors", "--json", .. arguments]).Lines.Select(line => JsonNode.Parse(line)!)];
        JsonNode[] descending = Lines("--sort", "sigmaMax:desc");
        Assert.That(descending.TakeWhile(l => l["sigmaMax"] is not null).Select(l => (double)l["sigmaMax"]!), Is.Ordered.Descending);
        Assert.That((string?)descending[^1]["name"], Is.EqualTo("bias"), "what has no value comes last");
        Assert.That(Lines("--sort", "sigmaMax").TakeWhile(l => l["sigmaMax"] is not null).Select(l => (double)l["sigmaMax"]!), Is.Ordered.And.Exactly(4).Items);
        Assert.That(Lines("--filter", "^attn", "--split", "qkv").Select(l => (string?)l["name"]),
            Is.EqualTo(new[] { "attn.qkv.weight[q]", "attn.qkv.weight[k]", "attn.qkv.weight[v]" }));
        Assert.That(Lines("--filter", "^attn", "--split", "qkv", "--split", "heads=2/1"), Has.Length.EqualTo(4));
    }

    [Test]
    public void Bench_TimesTheScan()
    {
        WriteModel();
        JsonNode line = JsonNode.Parse(Kappa("bench", "scan", "model.safetensors", "--rounds", "3", "--threads", "1", "--json").Lines.Single())!;
        Assert.That(((int)line["matrices"]!, (int)line["rounds"]!, (int)line["threads"]!), Is.EqualTo((4, 3, 1)));
        Assert.That((double)line["firstSeconds"]!, Is.GreaterThan(0));
        Assert.That((double)line["seconds"]!, Is.GreaterThan(0));
        Assert.That((double)line["secondsQ25"]!, Is.LessThanOrEqualTo((double)line["secondsQ75"]!));
        Assert.That(Kappa("bench", "scan", "model.safetensors", "--rounds", "1", "--measures", "condition").Output, Does.StartWith("4 matrices: "));
        AssertRefused(Kappa("bench", "scan", "missing.npz"), "missing.npz: there is no such file");
        Assert.That(Directory.GetFileSystemEntries(Folder), Has.Length.EqualTo(1));
    }

    [TestCase("missing.safetensors: there is no such file", "scan", "missing.safetensors")]
    [TestCase("cannot read bad.safetensors: it has 3 bytes", "scan", "bad.safetensors")]
    [TestCase("cannot read empty: the folder holds no model.safetensors.index.json", "scan", "empty")]
    [TestCase("none.safetensors holds no tensor", "scan", "none.safetensors")]
    [TestCase("--filter is no regular expression", "scan", "model.safetensors", "--filter", "(")]
    [TestCase("no tensor's name has 'nothing' in it", "scan", "model.safetensors", "--filter", "nothing")]
    [TestCase("--measures must be names among conditionNumber", "scan", "model.safetensors", "--measures", "kappa")]
    [TestCase("--sort must be a measure", "scan", "model.safetensors", "--sort", "kappa")]
    [TestCase("--sort must be a measure", "scan", "model.safetensors", "--sort", "sigmaMax:down")]
    [TestCase("--split must be qkv, heads=N or heads=N/K, not 'heads=0'", "scan", "model.safetensors", "--split", "heads=0")]
    [TestCase("--input-deviation must be a positive number", "scan", "model.safetensors", "--input-deviation", "0")]
    [TestCase("--json and --csv exclude each other", "scan", "model.safetensors", "--json", "--csv")]
    [TestCase("Required argument missing", "scan")]
    [TestCase("--count must be a whole number", "select", "model.safetensors", "--count", "0")]
    [TestCase("--by must be a measure", "select", "model.safetensors", "--by", "likeRandom")]
    [TestCase("--order must be one of smallest, largest", "select", "model.safetensors", "--order", "middle")]
    [TestCase("--format must be one of names, json, python", "select", "model.safetensors", "--format", "xml")]
    [TestCase("cannot read bad.safetensors", "select", "bad.safetensors")]
    public void BadInput_IsOneLine(string message, params string[] arguments)
    {
        WriteModel();
        Directory.CreateDirectory(File("empty"));
        System.IO.File.WriteAllBytes(File("bad.safetensors"), [1, 2, 3]);
        System.IO.File.WriteAllBytes(File("none.safetensors"), Safetensors.File());
        AssertRefused(Kappa(arguments), message);
        Assert.That(Directory.Exists(File("out")), Is.False);
    }

    [Test]
    public void Select_GivesNamesJsonAndPython()
    {
        WriteModel();
        KappaProcess names = Kappa("select", "model.safetensors", "--count", "2");
        Assert.That(names.ExitCode, Is.Zero, names.Errors);
        Assert.That(names.Lines, Has.Length.EqualTo(2));
        Assert.That(names.Lines[0], Is.EqualTo("like.weight"));
        Assert.That(names.Errors, Does.Contain("2 tensors of smallest conditionNumber").And.Contain("2 of 5 tensors have no conditionNumber and are left out"));

        KappaProcess json = Kappa("select", "model.safetensors", "--format", "json", "--order", "largest");
        JsonNode[] lines = [.. json.Lines.Select(line => JsonNode.Parse(line)!)];
        Assert.That(lines.Select(l => (int)l["rank"]!), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(lines.Select(l => (double)l["conditionNumber"]!), Is.Ordered.Descending);
        Assert.That((string?)lines[2]["name"], Is.EqualTo("like.weight"));
        Assert.That((long)lines[2]["parameters"]!, Is.EqualTo(6));

        // From a scan's folder: the same, without measuring again.
        Assert.That(Kappa("scan", "model.safetensors", "--out", "s").ExitCode, Is.Zero);
        System.IO.File.Delete(File("model.safetensors"));
        Assert.That(Kappa("select", "s", "--count", "2").Output, Is.EqualTo(names.Output));
        System.IO.File.WriteAllLines(File("s/scan.jsonl"), System.IO.File.ReadLines(File("s/scan.jsonl")).Take(3).ToArray());
        AssertRefused(Kappa("select", "s"), "s holds 3 of 5 tensors");
    }

    [Test]
    [Platform("Linux")]
    public void Select_PythonSetsRequiresGradByName()
    {
        WriteModel();
        string python = Kappa("select", "model.safetensors", "--by", "sigmaMax", "--order", "smallest", "--count", "1", "--format", "python").Output;
        Assert.That(python, Does.Contain("\"zero \\\"q\\\", x\",  # sigmaMax 0, 9 parameters").And.Contain("parameter.requires_grad = name in trainable"));
        if (!System.IO.File.Exists("/usr/bin/python3"))
        {
            TestContext.Out.WriteLine("Not run: there is no /usr/bin/python3.");
            return;
        }

        string program = "class P:\n    requires_grad = True\nclass M:\n    p = {'zero \"q\", x': P(), 'bias': P()}\n    def named_parameters(self):\n        return self.p.items()\nmodel = M()\n"
            + python + "print({n: p.requires_grad for n, p in model.named_parameters()})\n";
        System.IO.File.WriteAllText(File("select.py"), program);
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [File("select.py")]) { RedirectStandardOutput = true })!;
        Assert.That(process.StandardOutput.ReadToEnd().Trim(), Is.EqualTo("{'zero \"q\", x': True, 'bias': False}"));
        process.WaitForExit();
    }

    [TestCase("-KILL", 137)]
    [TestCase("-INT", 130)]
    [Platform("Linux")]
    public void KilledAndResumed_IsTheUndisturbedScan(string signal, int exitCode)
    {
        System.IO.File.WriteAllBytes(File("many.safetensors"), Safetensors.File([.. Enumerable.Range(0, 240).Select(i => Random($"w{i}", i, 120, 120))]));
        string[] scan = ["scan", "many.safetensors"];
        Assert.That(Kappa([.. scan, "--out", "whole", "--threads", "1"]).ExitCode, Is.Zero);
        using (Process process = KappaProcess.Start(Folder, [.. scan, "--out", "cut"]))
        {
            while (!process.HasExited && (!System.IO.File.Exists(File("cut/scan.jsonl")) || System.IO.File.ReadLines(File("cut/scan.jsonl")).Count() < 10))
                Thread.Sleep(5);
            using (Process kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
                kill.WaitForExit();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.EqualTo(exitCode));
            Assert.That(errors, signal == "-INT" ? Does.Contain("tensors are saved in cut") : Does.Not.Contain("saved"));
        }

        Assert.That(System.IO.File.Exists(File("cut/report.html")), Is.False);
        AssertRefused(Kappa([.. scan, "--out", "cut"]), "already holds results");
        AssertRefused(Kappa([.. scan, "--out", "cut", "--resume", "--filter", "w1"]), "a scan of other files or tensors");
        KappaProcess resumed = Kappa([.. scan, "--resume", "--out", "cut"]);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Errors);
        Assert.That(resumed.Errors, Does.Contain("tensors are already in cut"));
        foreach (string file in new[] { "scan.jsonl", "scan.json", "report.html" })
            Assert.That(System.IO.File.ReadAllText(File($"cut/{file}")), Is.EqualTo(System.IO.File.ReadAllText(File($"whole/{file}"))), file);
    }

    [Test]
    public void Silero_FourierBasisIsNoNumber()
    {
        if (SharedData.Find("silero-vad") is not string folder)
            return;
        KappaProcess result = Kappa("scan", folder, "--json", "--filter", "stft");
        JsonNode stft = JsonNode.Parse(result.Lines.Single())!;
        Assert.That(stft["conditionNumber"], Is.Null);
        Assert.That((string?)stft["conditionReason"], Does.StartWith("singular: numerical rank"));
        Assert.That((string?)stft["matricization"], Is.EqualTo("258 × (1·256)"));
    }
}

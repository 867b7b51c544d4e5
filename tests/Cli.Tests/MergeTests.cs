using System.Diagnostics;
using System.Text.Json.Nodes;
using Kappa.Training.Checkpoints;
using Kappa.Training.Tests.Checkpoints;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

public class MergeTests : WorkingFolder
{
    private static readonly string[] s_run = ["run", "exp1", "exp2", "--quick"];

    private string Results(string folder) =>
        string.Concat(new[] { "trials.jsonl", "results.jsonl", "report.html" }.Select(name => System.IO.File.ReadAllText(File($"{folder}/{name}"))));

    private KappaProcess Shard(int index, int count, params string[] more) => Kappa([.. s_run, "--shard", $"{index}/{count}", .. more]);

    [Test]
    public void MergedShards_AreTheSingleRun()
    {
        KappaProcess single = Kappa([.. s_run, "--out", "whole", "--json"]);
        for (int i = 0; i < 3; i++)
        {
            KappaProcess shard = Shard(i, 3, "--json");
            Assert.That(shard.ExitCode, Is.Zero, shard.Errors);
            JsonNode line = JsonNode.Parse(shard.Output)!;
            Assert.That((string?)line["folder"], Is.EqualTo(Path.Combine("out", $"exp1-exp2-shard-{i}-of-3")));
            Assert.That((string?)line["shard"], Is.EqualTo($"{i}/3"));
            Assert.That(Directory.EnumerateFiles(File((string)line["folder"]!)).Select(Path.GetFileName), Is.EquivalentTo(new[] { "trials.jsonl", "shard.json" }));
        }

        string[] shards = [.. Enumerable.Range(0, 3).Select(i => $"out/exp1-exp2-shard-{i}-of-3")];
        KappaProcess merged = Kappa(["merge", .. shards, "--json"]);
        Assert.That(merged.ExitCode, Is.Zero, merged.Errors);
        Assert.That(merged.Output, Is.EqualTo(single.Output));
        Assert.That(Results("out/exp1-exp2"), Is.EqualTo(Results("whole")));
        Assert.That(Directory.EnumerateFileSystemEntries(File("out/exp1-exp2")).Count(), Is.EqualTo(3));
        // A folder that is there stays as it is; without --out the next free one is made.
        AssertRefused(Kappa(["merge", .. shards, "--out", "out/exp1-exp2"]), "is already there");
        Assert.That(Kappa(["merge", .. shards]).Errors, Does.Contain(Path.Combine("out", "exp1-exp2-2", "report.html")));
    }

    [Test]
    public void MergedShardsOfAScan_AreTheSingleScan()
    {
        var random = new Random(3);
        byte[] Data(int count) => [.. Enumerable.Range(0, count).SelectMany(_ => BitConverter.GetBytes((float)(random.NextDouble() - 0.5)))];
        System.IO.File.WriteAllBytes(File("model.safetensors"), Safetensors.File(
            [.. Enumerable.Range(2, 9).Select(n => ($"w{n}", ElementType.F32, new long[] { 4 * n, 3 * n }, Data(12 * n * n))), ("bias", ElementType.F32, [5], Data(5))]));
        string[] scan = ["scan", "model.safetensors"];
        KappaProcess single = Kappa([.. scan, "--out", "whole", "--json"]);
        Assert.That(single.ExitCode, Is.Zero, single.Errors);
        for (int i = 0; i < 3; i++)
        {
            KappaProcess shard = Kappa([.. scan, "--shard", $"{i}/3", "--out", "s", "--json"]);
            Assert.That(shard.ExitCode, Is.Zero, shard.Errors);
            Assert.That((string?)JsonNode.Parse(shard.Output)!["shard"], Is.EqualTo($"{i}/3"));
        }

        string[] shards = [.. Enumerable.Range(0, 3).Select(i => $"s-shard-{i}-of-3")];
        AssertRefused(Kappa("merge", shards[0], shards[2], "--out", "m"), "of 10 tensors are missing; nothing is merged");
        AssertRefused(Kappa("select", shards[0]), "merge the shards");
        AssertRefused(Kappa([.. scan, "--shard", "0/3", "--out", "s", "--measures", "sigmaMax", "--resume"]), "a scan of other files or tensors");
        KappaProcess merged = Kappa(["merge", .. shards, "--out", "m", "--json"]);
        Assert.That(merged.ExitCode, Is.Zero, merged.Errors);
        Assert.That(merged.Output, Is.EqualTo(single.Output));
        foreach (string name in new[] { "scan.jsonl", "scan.json", "report.html" })
            Assert.That(System.IO.File.ReadAllText(File($"m/{name}")), Is.EqualTo(System.IO.File.ReadAllText(File($"whole/{name}"))), name);
        AssertRefused(Kappa("merge", "whole", shards[0], "--out", "n"), "whole holds a scan that is not in shards");
        Assert.That(Kappa([.. scan, "--shard", "0/3", "--measures", "sigmaMax", "--out", "other"]).ExitCode, Is.Zero);
        AssertRefused(Kappa("merge", shards[0], "other-shard-0-of-3", "--out", "n"), "are not of one scan");
        KappaProcess partial = Kappa("merge", shards[1], "--out", "n", "--partial", "--json");
        Assert.That((partial.ExitCode, partial.Lines.Length), Is.EqualTo((0, System.IO.File.ReadAllLines(File(shards[1] + "/scan.jsonl")).Length)), partial.Errors);
    }

    [Test]
    public void MissingTrials_AreRefusedOrSaid()
    {
        int lines = Kappa([.. s_run, "--out", "whole", "--json"]).Lines.Length;
        Assert.That(Shard(0, 2, "--out", "s").ExitCode, Is.Zero);
        AssertRefused(Kappa("merge", "s-shard-0-of-2", "--out", "m"), "of shard 1 of 2; nothing is merged");
        Assert.That(Directory.EnumerateFileSystemEntries(Folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "s-shard-0-of-2", "whole" }));
        KappaProcess partial = Kappa("merge", "s-shard-0-of-2", "--out", "m", "--partial");
        Assert.That(partial.ExitCode, Is.Zero, partial.Errors);
        Assert.That(partial.Errors, Does.Contain("of 8 trials are missing (exp1: "));
        // What is missing may be run there, without shards.
        Assert.That(Kappa([.. s_run, "--resume", "--out", "m", "--json"]).Lines, Has.Length.EqualTo(lines));
        Assert.That(Results("m"), Is.EqualTo(Results("whole")));
    }

    [Test]
    public void TornLastLine_IsLeftOutAndSaid()
    {
        Shard(0, 2, "--out", "s");
        Shard(1, 2, "--out", "s");
        System.IO.File.AppendAllText(File("s-shard-1-of-2/trials.jsonl"), "{\"exp");
        KappaProcess merged = Kappa("merge", "s-shard-0-of-2", "s-shard-1-of-2", "--out", "m");
        Assert.That(merged.ExitCode, Is.Zero, merged.Errors);
        Assert.That(merged.Errors, Does.Contain("the last line of the trials in s-shard-1-of-2 is torn (5 bytes)"));
    }

    [Test]
    [Platform("Linux")]
    public void InterruptedShard_GoesOnAsItSays()
    {
        string[] run = ["run", "exp1", "--trials", "6", "--dims", "48", "--epochs", "4000", "--shard", "0/2", "--out", "s", "--threads", "1"];
        string trials = File("s-shard-0-of-2/trials.jsonl");
        using (Process process = KappaProcess.Start(Folder, run))
        {
            while (!process.HasExited && (!System.IO.File.Exists(trials) || new FileInfo(trials).Length == 0))
                Thread.Sleep(5);
            using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
                kill.WaitForExit();
            Assert.That(process.StandardError.ReadToEnd(), Does.Contain("saved in s-shard-0-of-2; the same command with --resume goes on."));
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.EqualTo(CommandLine.Interrupted));
        }

        KappaProcess resumed = Kappa([.. run, "--resume"]);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Errors);
        Assert.That(resumed.Errors, Does.Contain("of 3 trials are already in s-shard-0-of-2"));
    }

    [Test]
    public void WhatIsNoShard_IsRefused()
    {
        Kappa([.. s_run, "--out", "whole"]);
        AssertRefused(Kappa("merge", "nowhere"), "nowhere holds no trials.jsonl");
        AssertRefused(Kappa("merge", "whole"), "whole holds no shard.json");
        Shard(0, 2, "--out", "s");
        Shard(1, 2, "--out", "s", "--seed", "7");
        AssertRefused(Kappa("merge", "s-shard-0-of-2", "s-shard-1-of-2"), "are not of one run");
        AssertRefused(Shard(0, 2, "--out", "s", "--seed", "7", "--resume"), "holds shard 0/2 of a run");
        AssertRefused(Kappa([.. s_run, "--shard", "2/2"]), "--shard must be i/N");
        Assert.That(Directory.Exists(File("out")), Is.False);
    }

    [Test]
    public void Scheduler_DecidesUnlessTheOptionDoes()
    {
        Dictionary<string, string> pod = new() { ["JOB_COMPLETION_INDEX"] = "1", ["KAPPA_SHARDS"] = "3" };
        KappaProcess Run(params string[] more) => KappaProcess.Run(Folder, "dotnet", [KappaProcess.Assembly, .. s_run, .. more], pod);
        Assert.That(Run("--out", "a").Errors, Does.StartWith("Shard 1/3, as JOB_COMPLETION_INDEX says"));
        Shard(1, 3, "--out", "b");
        Assert.That(System.IO.File.ReadAllText(File("a-shard-1-of-3/trials.jsonl")), Is.EqualTo(System.IO.File.ReadAllText(File("b-shard-1-of-3/trials.jsonl"))));
        Assert.That(Run("--out", "c", "--shard", "0/1").Errors, Does.Contain("8 trials in").And.Not.Contain("Shard"));
        Assert.That(System.IO.File.Exists(File("c/report.html")));
        pod["KAPPA_SHARDS"] = "1";
        AssertRefused(Run("--out", "d"), "JOB_COMPLETION_INDEX is 1, and KAPPA_SHARDS 1");
        Assert.That(Directory.Exists(File("d")), Is.False);
    }
}

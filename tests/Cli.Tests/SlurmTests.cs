using System.Runtime.Versioning;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

/// <summary>The scripts of docs/cluster as they are, on a real Slurm.</summary>
[Category("Slurm")]
[Platform("Linux")]
[SupportedOSPlatform("linux")]
public class SlurmTests : WorkingFolder
{
    private const int Shards = 4;
    // Some seconds a shard: one has to be caught between its first trial and its last.
    private static readonly string[] s_run = ["exp1", "exp2", "--trials", "8", "--dims", "48", "--epochs", "4000"];

    private static readonly string[] s_ends = ["COMPLETED", "FAILED", "CANCELLED", "NODE_FAIL", "TIMEOUT"];

    private string Trials(int shard) => File($"run-shard-{shard}-of-{Shards}/trials.jsonl");

    private int Stored(int shard) => System.IO.File.Exists(Trials(shard)) ? System.IO.File.ReadAllText(Trials(shard)).Count(c => c == '\n') : 0;

    private string Log(string name) => System.IO.File.ReadAllText(File(name));

    /// <summary>A folder with the command under the name by which the scripts call it.</summary>
    private string Programs()
    {
        string programs = Directory.CreateDirectory(File("programs")).FullName, command = Path.Combine(programs, "kappa");
        System.IO.File.WriteAllText(command, $"#!/bin/sh\nexec dotnet '{KappaProcess.Assembly}' \"$@\"\n");
        System.IO.File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return programs;
    }

    [Test]
    public void KilledAndPreemptedTasks_EndAsTheSingleRun()
    {
        using var slurm = new SlurmCluster(Directory.CreateDirectory(File("slurm")).FullName, Programs());
        (string Array, string Merge) Submit() =>
            slurm.Run(Folder, Path.Combine(Documents.Folder, "cluster", "slurm-submit.sh"), [$"{Shards}", "run", "run", .. s_run]).Split(' ') is [string array, string merge]
                ? (array, merge)
                : throw new InvalidOperationException("The script prints two jobs.");
        void End(string job) => slurm.Await($"the end of job {job}", () => s_ends.Contains(slurm.Field(job, "JobState")));

        // Task 0 is killed, and task 1 gives way and starts again.
        (string array, string merge) = Submit();
        slurm.Await("a trial of shard 0", () => Stored(0) > 0);
        slurm.Run(Folder, "scancel", "--signal=KILL", "--full", $"{array}_0");
        slurm.Await("a trial of shard 1", () => Stored(1) > 0);
        slurm.Run(Folder, "scontrol", "requeue", $"{array}_1");
        // Slurm holds a requeued job back for two minutes.
        slurm.Await("the requeued task", () => slurm.Field($"{array}_1", "JobState") == "PENDING");
        slurm.Run(Folder, "scontrol", "update", $"JobId={array}_1", "StartTime=now");
        End(merge);

        // The job behind the array says what is missing, and makes nothing.
        Assert.That((slurm.Field(merge, "JobState"), slurm.Field(merge, "ExitCode")), Is.EqualTo(("FAILED", "2:0")));
        Assert.That(Log($"kappa-merge-{merge}.log"), Does.Contain("trials are missing").And.Contain("of shard 0 of 4; nothing is merged"));
        Assert.That(Directory.Exists(File("run")), Is.False);
        Assert.That(Log($"kappa-{array}_1.log"), Does.Contain($"Shard 1/{Shards}, as SLURM_ARRAY_TASK_ID says").And.Contain("trials are already in run-shard-1-of-4"));

        // The same again: what was done is kept.
        (array, merge) = Submit();
        End(merge);
        Assert.That(slurm.Field(merge, "JobState"), Is.EqualTo("COMPLETED"), Log($"kappa-merge-{merge}.log"));
        for (int i = 0; i < Shards; i++)
            Assert.That(Log($"kappa-{array}_{i}.log"), Does.Contain($"trials are already in run-shard-{i}-of-{Shards}"));
        Assert.That(Kappa(["run", .. s_run, "--out", "whole"]).ExitCode, Is.Zero);
        foreach (string name in new[] { "trials.jsonl", "results.jsonl", "report.html" })
            Assert.That(Log($"run/{name}"), Is.EqualTo(Log($"whole/{name}")), name);
    }
}

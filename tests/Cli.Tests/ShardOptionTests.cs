using Kappa.Training.Experiments;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

/// <summary>What schedulers say of the part of the work that a process is to do.</summary>
public class ShardOptionTests
{
    /// <summary>"NAME=value …" as an environment.</summary>
    private static Func<string, string?> Environment(string variables)
    {
        Dictionary<string, string> values = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        return name => values.GetValueOrDefault(name);
    }

    private static string Array(int id, int min, int step, int count) =>
        $"SLURM_ARRAY_TASK_ID={id} SLURM_ARRAY_TASK_MIN={min} SLURM_ARRAY_TASK_MAX={min + step * (count - 1)} SLURM_ARRAY_TASK_STEP={step} SLURM_ARRAY_TASK_COUNT={count}";

    [Test]
    public void NoScheduler_IsTheWhole() => Assert.That(ShardOption.FromScheduler(Environment(""), out _), Is.Null);

    [Test]
    public void SlurmArrays_MayStartAndStepAnywhere([Values(0, 1, 5)] int min, [Values(1, 3)] int step, [Values(1, 2, 7)] int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.That(ShardOption.FromScheduler(Environment(Array(min + i * step, min, step, count)), out string variable), Is.EqualTo(new Shard(i, count)));
            Assert.That(variable, Is.EqualTo("SLURM_ARRAY_TASK_ID"));
        }
    }

    [TestCase("JOB_COMPLETION_INDEX=0 KAPPA_SHARDS=1", "JOB_COMPLETION_INDEX", 0, 1)]
    [TestCase("JOB_COMPLETION_INDEX=7 KAPPA_SHARDS=8", "JOB_COMPLETION_INDEX", 7, 8)]
    // Two of eight tasks, submitted again: without KAPPA_SHARDS they would be halves.
    [TestCase("SLURM_ARRAY_TASK_ID=6 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_STEP=3 SLURM_ARRAY_TASK_COUNT=2 KAPPA_SHARDS=8", "SLURM_ARRAY_TASK_ID", 6, 8)]
    public void Count_MayBeGiven(string variables, string expected, int index, int count)
    {
        Assert.That(ShardOption.FromScheduler(Environment(variables), out string variable), Is.EqualTo(new Shard(index, count)));
        Assert.That(variable, Is.EqualTo(expected));
    }

    [TestCase("JOB_COMPLETION_INDEX=3", "KAPPA_SHARDS does not say of how many")]
    [TestCase("JOB_COMPLETION_INDEX=8 KAPPA_SHARDS=8", "JOB_COMPLETION_INDEX is 8, and KAPPA_SHARDS 8: shards are counted from 0")]
    [TestCase("JOB_COMPLETION_INDEX=0 KAPPA_SHARDS=0", "counted from 0")]
    [TestCase("JOB_COMPLETION_INDEX=-1 KAPPA_SHARDS=8", "JOB_COMPLETION_INDEX is '-1'")]
    [TestCase("JOB_COMPLETION_INDEX=1 KAPPA_SHARDS=eight", "KAPPA_SHARDS is 'eight'")]
    [TestCase("KAPPA_SHARDS=8", "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX")]
    [TestCase("SLURM_ARRAY_TASK_ID=1 JOB_COMPLETION_INDEX=1 KAPPA_SHARDS=8", "both")]
    [TestCase("SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MIN or SLURM_ARRAY_TASK_COUNT is not set")]
    // --array=1,3,7
    [TestCase("SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=3", "task 7 is not one of 3 from 1")]
    [TestCase("SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=3", "task 4 is not one of 3 from 1 in steps of 2")]
    [TestCase("SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=3", "task 0 is not one of 3")]
    [TestCase("SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=0 SLURM_ARRAY_TASK_COUNT=3", "in steps of 0")]
    public void Contradictions_AreRefused(string variables, string message) => Assert.That(
        () => ShardOption.FromScheduler(Environment(variables), out _), Throws.InstanceOf<UserException>().With.Message.Contains(message));
}

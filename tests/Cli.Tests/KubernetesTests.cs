using NUnit.Framework;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Kappa.Cli.Tests;

/// <summary>
/// The manifests of docs/cluster. There is no Kubernetes here: they are read with the fields of batch/v1, an unknown or repeated one
/// refused, and their containers' commands run as the pods would.
/// </summary>
public class KubernetesTests : WorkingFolder
{
    private static Job Read(string name) => new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).WithDuplicateKeyChecking()
        .Build().Deserialize<Job>(System.IO.File.ReadAllText(Path.Combine(Documents.Folder, "cluster", name)));

    private static void AssertSound(Job job)
    {
        Assert.That((job.ApiVersion, job.Kind), Is.EqualTo(("batch/v1", "Job")));
        Assert.That(job.Metadata!.Name, Does.Match("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"));
        PodSpec pod = job.Spec!.Template!.Spec!;
        // A rule for failures of pods goes with this policy alone.
        Assert.That(pod.RestartPolicy, Is.EqualTo("Never"));
        Assert.That(pod.Containers, Has.Length.EqualTo(1));
        Container container = pod.Containers![0];
        Assert.That(container.VolumeMounts!.Select(m => m.Name), Is.EqualTo(pod.Volumes!.Select(v => v.Name)));
        Assert.That(container.VolumeMounts!.Single().MountPath, Is.EqualTo("/data"));
        Assert.That(pod.Volumes!.Single().PersistentVolumeClaim!.ClaimName, Is.EqualTo("kappa"));
        Assert.That(container.Image, Does.StartWith("mcr.microsoft.com/dotnet/runtime:10."));
    }

    /// <summary>Runs a container's command with a folder in the place of its volume, and two quick experiments in that of a long run.</summary>
    private KappaProcess RunPod(Container container, Dictionary<string, string> given)
    {
        string[] command = [.. container.Command!
            .Select(word => word.Replace("/data/kappa/kappa.dll", KappaProcess.Assembly, StringComparison.Ordinal).Replace("/data", Folder, StringComparison.Ordinal))
            .SelectMany(word => word switch { "all" => ["exp1", "exp2"], "--controls" => ["--quick"], _ => new[] { word } })];
        Dictionary<string, string> environment = new(given);
        foreach (Variable variable in container.Env ?? [])
            environment.Add(variable.Name!, variable.Value!);
        return KappaProcess.Run(Folder, command[0], command[1..], environment);
    }

    [Test]
    public void Pods_DoWhatOneMachineDoes()
    {
        Job run = Read("kubernetes-run.yaml"), merge = Read("kubernetes-merge.yaml");
        AssertSound(run);
        AssertSound(merge);
        JobSpec spec = run.Spec!;
        Assert.That(spec.CompletionMode, Is.EqualTo("Indexed"));
        Assert.That(spec.Parallelism, Is.InRange(1, spec.Completions));
        // Bad input ends the Job, for it would be as bad in the next pod.
        Assert.That(spec.PodFailurePolicy!.Rules!.Single(r => r.Action == "FailJob").OnExitCodes!.Values, Is.EqualTo(new[] { CommandLine.BadInput }));
        Container container = spec.Template!.Spec!.Containers![0];
        for (int i = 0; i < spec.Completions; i++)
        {
            KappaProcess pod = RunPod(container, new() { ["JOB_COMPLETION_INDEX"] = $"{i}" });
            Assert.That(pod.ExitCode, Is.Zero, pod.Errors);
            Assert.That(pod.Errors, Does.StartWith($"Shard {i}/{spec.Completions}, as JOB_COMPLETION_INDEX says"));
        }

        KappaProcess merged = RunPod(merge.Spec!.Template!.Spec!.Containers![0], []);
        Assert.That(merged.ExitCode, Is.Zero, merged.Errors);
        Assert.That(Kappa("run", "exp1", "exp2", "--quick", "--out", "whole").ExitCode, Is.Zero);
        foreach (string name in new[] { "trials.jsonl", "results.jsonl", "report.html" })
            Assert.That(System.IO.File.ReadAllText(File($"all/{name}")), Is.EqualTo(System.IO.File.ReadAllText(File($"whole/{name}"))), name);
    }

    // The fields of batch/v1 and v1 that the manifests use.
    private sealed class Job
    {
        public string? ApiVersion { get; init; }

        public string? Kind { get; init; }

        public Metadata? Metadata { get; init; }

        public JobSpec? Spec { get; init; }
    }

    private sealed class Metadata
    {
        public string? Name { get; init; }
    }

    private sealed class JobSpec
    {
        public string? CompletionMode { get; init; }

        public int Completions { get; init; }

        public int Parallelism { get; init; }

        public int BackoffLimit { get; init; }

        public PodFailurePolicy? PodFailurePolicy { get; init; }

        public PodTemplate? Template { get; init; }
    }

    private sealed class PodFailurePolicy
    {
        public Rule[]? Rules { get; init; }
    }

    private sealed class Rule
    {
        public string? Action { get; init; }

        public PodCondition[]? OnPodConditions { get; init; }

        public ExitCodes? OnExitCodes { get; init; }
    }

    private sealed class PodCondition
    {
        public string? Type { get; init; }

        public string? Status { get; init; }
    }

    private sealed class ExitCodes
    {
        public string? Operator { get; init; }

        public int[]? Values { get; init; }
    }

    private sealed class PodTemplate
    {
        public PodSpec? Spec { get; init; }
    }

    private sealed class PodSpec
    {
        public string? RestartPolicy { get; init; }

        public Container[]? Containers { get; init; }

        public Volume[]? Volumes { get; init; }
    }

    private sealed class Container
    {
        public string? Name { get; init; }

        public string? Image { get; init; }

        public string[]? Command { get; init; }

        public Variable[]? Env { get; init; }

        public Resources? Resources { get; init; }

        public Mount[]? VolumeMounts { get; init; }
    }

    private sealed class Variable
    {
        public string? Name { get; init; }

        public string? Value { get; init; }
    }

    private sealed class Resources
    {
        public Dictionary<string, string>? Requests { get; init; }

        public Dictionary<string, string>? Limits { get; init; }
    }

    private sealed class Mount
    {
        public string? Name { get; init; }

        public string? MountPath { get; init; }
    }

    private sealed class Volume
    {
        public string? Name { get; init; }

        public Claim? PersistentVolumeClaim { get; init; }
    }

    private sealed class Claim
    {
        public string? ClaimName { get; init; }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Training.Experiments;
using Kappa.Training.Results;

namespace Kappa.Training.Tuning;

/// <summary>What a classifier learns after its first task.</summary>
public enum SecondTask
{
    /// <summary>The same samples and classes, their features in another order; the first task is all of them in theirs.</summary>
    PermutedFeatures,

    /// <summary>The classes 5 … 9; the first task is the classes 0 … 4.</summary>
    NewClasses,
}

/// <summary>A classifier that learned one task and learns a second one by updating some of its weight tensors.</summary>
public sealed record TuningProtocol : TrialProtocol
{
    /// <summary>The second task.</summary>
    public SecondTask Task { get; init; }

    /// <summary>Which weight tensors learn it; biases, gains and shifts stay.</summary>
    public TensorChoice Choice { get; init; }

    /// <summary>Whether stem and head are no candidates, so that all candidates have one shape.</summary>
    public bool BlocksOnly { get; init; }

    /// <summary>N, how many of them.</summary>
    public int Count { get; init; } = 4;

    /// <summary>Adam's η for the second task.</summary>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>Passes over the second task's training samples.</summary>
    public override int Epochs { get; init; } = 12;

    /// <summary>d, the width.</summary>
    public int Width { get; init; } = 48;

    /// <summary>K, the number of residual blocks.</summary>
    public int Blocks { get; init; } = 6;

    /// <summary>B, samples per step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Adam's η for the first task.</summary>
    public double FirstRate { get; init; } = 0.001;

    /// <summary>Passes over the first task's training samples, all parameters trained.</summary>
    public int FirstEpochs { get; init; } = 10;

    /// <summary>The samples, or null for those of a teacher that each trial draws.</summary>
    [JsonIgnore]
    public Classification? Data { get; init; }

    /// <summary>The digest of the samples' file, which the fingerprint ends with; null of a teacher's.</summary>
    [JsonIgnore]
    public string? DataDigest { get => Data?.Digest ?? field; init; }

    private protected override int QuickEpochs => 2;

    internal override object Shared => (Task, Width, Blocks, BatchSize, FirstRate, FirstEpochs, Data);

    /// <summary>Eight hexadecimal digits that differ where the protocol or the seed differ, and after a hyphen the digest of the samples' file.</summary>
    public override string Fingerprint(uint seed) => base.Fingerprint(seed) + (DataDigest is null ? "" : $"-{DataDigest}");

    internal override TrialProtocol For(PlanSettings settings) => (TuningProtocol)base.For(settings) with { Data = settings.Data, DataDigest = settings.DataDigest };

    internal override IEnumerable<TrialRecord> Run(
        IReadOnlyList<(string Experiment, Cell Cell)> members, int trial, uint seed, bool hasSpareThread, CancellationToken cancellation) =>
        Data?.Digest == DataDigest
            ? new TuningGroup(this, checked(seed + 100 * (uint)trial), cancellation).Adapt(members, trial, seed)
            : throw new InvalidOperationException("The samples that this plan is for are not at hand.");

    private protected override byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, TuningContext.Default.TuningProtocol);
}

[JsonSerializable(typeof(TuningProtocol))]
internal sealed partial class TuningContext : JsonSerializerContext;

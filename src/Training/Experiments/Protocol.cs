using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Training.Corrections;
using Kappa.Training.Results;
using Kappa.Training.Targets;

namespace Kappa.Training.Experiments;

/// <summary>What is trained.</summary>
public enum Student
{
    /// <summary>y = W_L ⋯ W₁ x.</summary>
    Linear,

    /// <summary>y = W₂ max(W₁ x, 0), taught by a network of the same shape.</summary>
    ReluMlp,
}

/// <summary>Which update rule trains it.</summary>
public enum UpdateRule
{
    /// <summary>Stochastic gradient descent.</summary>
    Sgd,

    /// <summary>Adam with β = (0.9, 0.999), ε = 1e-8.</summary>
    Adam,

    /// <summary>Gradient descent with momentum 0.9.</summary>
    Momentum,

    /// <summary>Muon: momentum 0.95, its sum orthogonalised by Newton–Schulz.</summary>
    Muon,
}

/// <summary>How the learning rate changes over the T steps of a trial.</summary>
public enum Schedule
{
    /// <summary>η.</summary>
    Constant,

    /// <summary>η(1 − t/T) at step t = 0 … T − 1.</summary>
    Linear,

    /// <summary>η(1 + cos(πt/T))/2.</summary>
    Cosine,
}

/// <summary>Where a linear student's gradient comes from.</summary>
public enum Sampling
{
    /// <summary>A batch: G = (XWᵀ − XW*ᵀ − N)ᵀX/B.</summary>
    Batch,

    /// <summary>The whole distribution of X, with the batch's label noise: G = W − W* − NᵀX/B. One layer only.</summary>
    Population,
}

/// <summary>What the student's layers start from; the stream is drawn from alike for all of them.</summary>
public enum Start
{
    /// <summary>N(0, 1) times <see cref="Protocol.InitialScale"/>^(1/L) times √(2/d).</summary>
    Gaussian,

    /// <summary>The identity times <see cref="Protocol.InitialScale"/>^(1/L).</summary>
    Identity,
}

/// <summary>What a trial measures along the way, beside the errors at its end.</summary>
public enum Recording
{
    /// <summary>Nothing.</summary>
    Final,

    /// <summary>All component errors after step 1 and after every <see cref="Protocol.RecordEvery"/>-th step.</summary>
    Errors,

    /// <summary>|uᵢᵀ G vᵢ| and σᵢ of the current W before every step, and the spectra of W and W* at the end.</summary>
    GradientSignal,
}

/// <summary>A student that learns a target matrix, or a network of them, from noisy samples.</summary>
public sealed record Protocol : TrialProtocol
{
    /// <summary>How W* is drawn.</summary>
    public TargetStructure Structure { get; init; } = TargetStructure.Heterogeneous;

    /// <summary>d: W* is d×d.</summary>
    public int Dimension { get; init; } = 64;

    /// <summary>What is trained.</summary>
    public Student Student { get; init; } = Student.Linear;

    /// <summary>L, the number of weight matrices of a linear student.</summary>
    public int Depth { get; init; } = 1;

    /// <summary>Which update rule trains it.</summary>
    public UpdateRule Rule { get; init; } = UpdateRule.Sgd;

    /// <summary>η.</summary>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>λ, added to the gradient as λW.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Learning rate of learnable multipliers, or null for none.</summary>
    public double? MultiplierRate { get; init; }

    /// <summary>The spectral regularisation, or null for none.</summary>
    public SpectralRegularization? Regularization { get; init; }

    /// <summary>The SVD correction, or null for none.</summary>
    public SvdCorrection? Correction { get; init; }

    /// <summary>Steps; an epoch is one batch.</summary>
    public override int Epochs { get; init; } = 200;

    /// <summary>B, samples per batch.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Standard deviation of the label noise.</summary>
    public double Noise { get; init; } = 0.01;

    /// <summary>The initial weights are N(0, 1) times this^(1/L) times √(2/d).</summary>
    public double InitialScale { get; init; } = 0.1;

    /// <summary>The training stream is RandomState(seed + 100k + this); null: the target's own stream goes on.</summary>
    public int? TrainingStream { get; init; } = 7;

    /// <summary>How the learning rate changes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Schedule Schedule { get; init; }

    /// <summary>Where the gradient comes from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Sampling Sampling { get; init; }

    /// <summary>What the layers start from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Start Start { get; init; }

    /// <summary>κ* of a target of prescribed spectrum; 0 for those that have none to prescribe.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double TargetCondition { get; init; }

    /// <summary>Whether the trial ends with the mean of its iterates over the last half of the steps instead of the last iterate.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Averaging { get; init; }

    /// <summary>What is measured along the way.</summary>
    public Recording Recording { get; init; } = Recording.Final;

    /// <summary>Steps from one record of errors to the next.</summary>
    public int RecordEvery { get; init; } = 1;

    private protected override int QuickEpochs => 50;

    /// <summary>All that draws from the stream; where the target's own stream goes on, the batches depend on what the target drew.</summary>
    internal override object Shared => (TrainingStream, Dimension, BatchSize, Depth,
        TrainingStream is null ? Structure : (TargetStructure?)null, TrainingStream is null ? Student : (Student?)null);

    internal override IEnumerable<TrialRecord> Run(
        IReadOnlyList<(string Experiment, Cell Cell)> members, int trial, uint seed, bool hasSpareThread, CancellationToken cancellation) =>
        Cohort.Run(members, trial, seed, hasSpareThread, cancellation);

    private protected override byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ProtocolContext.Default.Protocol);
}

[JsonSerializable(typeof(Protocol))]
internal sealed partial class ProtocolContext : JsonSerializerContext;

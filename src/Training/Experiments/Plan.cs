using System.Text.Json.Serialization;
using Kappa.Training.Results;
using Kappa.Training.Tuning;

namespace Kappa.Training.Experiments;

/// <summary>What a run is asked for; null stands for the paper's value.</summary>
public sealed record PlanSettings
{
    /// <summary>Trials per cell.</summary>
    public int? Trials { get; init; }

    /// <summary>Dimensions d.</summary>
    public IReadOnlyList<int>? Dimensions { get; init; }

    /// <summary>Steps per trial.</summary>
    public int? Epochs { get; init; }

    /// <summary>The seed of trial 0; trial k has seed + 100k.</summary>
    public uint Seed { get; init; } = 42;

    /// <summary>What classifiers learn, or null for the classes of a drawn teacher.</summary>
    [JsonIgnore]
    public Classification? Data { get; init; }

    /// <summary>The digest of what classifiers learn: all that a plan needs of it, but to be run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DataDigest { get => Data?.Digest ?? field; init; }

    /// <summary>A small run for a first look: 2 trials, d ≤ 64, 50 steps, or 2 passes over the data, unless given otherwise.</summary>
    public bool Quick { get; init; }
}

/// <summary>One trial to run.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Trial">k.</param>
/// <param name="Fingerprint">Of protocol and seed.</param>
public sealed record PlannedTrial(Experiment Experiment, Cell Cell, int Trial, string Fingerprint)
{
    /// <summary>Where the trial's record belongs.</summary>
    public TrialKey Key => new(Experiment.Name, Cell.Condition, Trial);
}

/// <summary>The list of trials that a run consists of, in the order in which they start.</summary>
public sealed class Plan
{
    private const int QuickTrials = 2, QuickDimension = 64;

    /// <summary>Expands experiments into trials.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message names it.</exception>
    public Plan(IReadOnlyList<Experiment> experiments, PlanSettings settings)
    {
        Experiments = experiments;
        Seed = settings.Seed;
        var trials = new List<PlannedTrial>();
        foreach (Experiment experiment in experiments)
        {
            int count = settings.Trials ?? (settings.Quick ? QuickTrials : experiment.Trials);
            if (count < 1)
                throw new ArgumentOutOfRangeException(nameof(settings), $"trials must be at least 1, not {count}");
            if (settings.Seed + 100L * count > uint.MaxValue)
                throw new ArgumentOutOfRangeException(nameof(settings), $"seed {settings.Seed} + 100 × {count} trials exceeds a 32-bit seed");
            IEnumerable<int> dimensions = settings.Dimensions
                ?? (settings.Quick ? experiment.Dimensions.Select(d => Math.Min(d, QuickDimension)) : experiment.Dimensions);
            foreach (int d in dimensions.Distinct())
            {
                if (d < 1 || d > MaximumDimension)
                    throw new ArgumentOutOfRangeException(nameof(settings), $"a dimension must be between 1 and {MaximumDimension}, not {d}");
                foreach (Cell cell in experiment.CellsAt(d))
                {
                    Cell adjusted = cell with { Protocol = cell.Protocol.For(settings) };
                    if (adjusted.Protocol.Epochs < 1)
                        throw new ArgumentOutOfRangeException(nameof(settings), $"epochs must be at least 1, not {adjusted.Protocol.Epochs}");
                    string fingerprint = adjusted.Protocol.Fingerprint(settings.Seed);
                    for (int k = 0; k < count; k++)
                        trials.Add(new PlannedTrial(experiment, adjusted, k, fingerprint));
                }
            }
        }

        Trials = trials;
    }

    private Plan(Plan whole, IReadOnlyList<PlannedTrial> part)
    {
        Experiments = [.. whole.Experiments.Where(e => part.Any(t => t.Experiment == e))];
        Seed = whole.Seed;
        Trials = part;
    }

    /// <summary>The largest d accepted: a trial holds about twenty d×d matrices of 8-byte numbers.</summary>
    public const int MaximumDimension = 8192;

    /// <summary>The experiments, in order.</summary>
    public IReadOnlyList<Experiment> Experiments { get; }

    /// <summary>The seed of trial 0.</summary>
    public uint Seed { get; }

    /// <summary>The trials, in order.</summary>
    public IReadOnlyList<PlannedTrial> Trials { get; }

    /// <summary>The trials of one shard, in this plan's order, and the experiments that have any: the shards take about the same time.</summary>
    /// <remarks>Trials that see the same batches stay together, so that each batch is drawn by one shard alone.</remarks>
    public Plan Of(Shard shard)
    {
        int[] parts = Assign(shard.Count);
        return new Plan(this, [.. Trials.Where((_, i) => parts[i] == shard.Index)]);
    }

    /// <summary>The number of the shard that each trial belongs to, of so many.</summary>
    internal int[] Assign(int count)
    {
        IReadOnlyList<IReadOnlyList<PlannedTrial>> cohorts = Cohort.Group(Trials);
        int[] parts = Shard.Assign(cohorts, Cost.Of, count);
        var part = new Dictionary<PlannedTrial, int>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < parts.Length; i++)
            foreach (PlannedTrial trial in cohorts[i])
                part[trial] = parts[i];
        return [.. Trials.Select(t => part[t])];
    }
}

using System.Globalization;
using Kappa.Training.Experiments;

namespace Kappa.Training.Results;

/// <summary>The trials of a run's shards, put together again.</summary>
public sealed class ShardMerge
{
    private readonly Dictionary<TrialKey, (TrialRecord Record, string Directory)> _records = [];
    private readonly int[] _counts;

    /// <summary>Puts shards together. A trial that several of them hold is kept once.</summary>
    /// <param name="shards">Folders of shards of one run; which parts, and of how many, does not matter.</param>
    /// <exception cref="ResultsException">A folder is no shard's, belongs to another run, or two folders disagree about a trial; the message names them.</exception>
    public ShardMerge(IReadOnlyList<TrialStore> shards)
    {
        ArgumentOutOfRangeException.ThrowIfZero(shards.Count);
        ShardManifest first = Manifest(shards[0]);
        foreach (TrialStore shard in shards)
            if (!Manifest(shard).IsOfTheRunOf(first))
                throw new ResultsException(
                    $"{shards[0].Directory} and {shard.Directory} are not of one run: they differ in experiments, settings or seed (see their {ShardManifest.Name})");
        Plan = first.Whole();
        _counts = [.. shards.Select(s => Manifest(s).Shard.Count).Distinct()];
        Dictionary<TrialKey, PlannedTrial> planned = Plan.Trials.ToDictionary(t => t.Key);
        foreach (TrialStore shard in shards)
            foreach (TrialRecord record in shard.Records)
                Add(record, shard.Directory, planned);

        Missing = [.. Plan.Trials.Where(t => !_records.ContainsKey(t.Key))];
    }

    /// <summary>The run.</summary>
    public Plan Plan { get; }

    /// <summary>The trials, in no particular order.</summary>
    public IEnumerable<TrialRecord> Records => _records.Values.Select(r => r.Record);

    /// <summary>The run's trials that no shard holds, in the plan's order.</summary>
    public IReadOnlyList<PlannedTrial> Missing { get; }

    /// <summary>"3 of 40 trials are missing (exp1: 1, exp4: 2), of shards 2 and 5 of 8".</summary>
    public string DescribeMissing()
    {
        string experiments = string.Join(", ", Missing.GroupBy(t => t.Experiment.Name).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}: {g.Count()}")));
        string text = $"{Missing.Count} of {Plan.Trials.Count} trials are missing ({experiments})";
        if (_counts is not [int count])
            return text;
        HashSet<TrialKey> missing = [.. Missing.Select(t => t.Key)];
        int[] parts = Plan.Assign(count);
        int[] incomplete = [.. parts.Where((_, i) => missing.Contains(Plan.Trials[i].Key)).Distinct().Order()];
        return $"{text}, of {(incomplete.Length == 1 ? "shard" : "shards")} {string.Join(", ", incomplete)} of {count}";
    }

    private static ShardManifest Manifest(TrialStore store) => store.Manifest
        ?? throw new ResultsException($"{store.Directory} holds no {ShardManifest.Name}: only what 'kappa run' wrote in shards is merged");

    private void Add(TrialRecord record, string directory, Dictionary<TrialKey, PlannedTrial> planned)
    {
        var key = new TrialKey(record.Experiment, record.Condition, record.Trial);
        string trial = $"trial {record.Trial} of {record.Experiment} ({record.Condition})";
        if (planned.GetValueOrDefault(key)?.Fingerprint != record.Protocol)
            throw new ResultsException($"{directory} holds {trial}, which is not of its run, or by another version's protocol");
        if (!_records.TryAdd(key, (record, directory)) && _records[key].Record.ToJson() != record.ToJson())
            throw new ResultsException($"{_records[key].Directory} and {directory} disagree about {trial}");
    }
}

using Kappa.Training.Experiments;

namespace Kappa.Training.Results;

/// <summary>What a record is filed under.</summary>
/// <param name="Experiment">"exp1" … "exp9".</param>
/// <param name="Condition">The cell.</param>
/// <param name="Trial">k.</param>
public readonly record struct TrialKey(string Experiment, Condition Condition, int Trial);

/// <summary>A folder of results: trials.jsonl, to which each trial is appended as it ends, and results.jsonl, made from it.</summary>
/// <remarks>A run killed at any moment leaves whole lines; a folder has one writer and any readers.</remarks>
public sealed class TrialStore : IDisposable
{
    private const string TrialsName = "trials.jsonl", ResultsName = "results.jsonl";
    private readonly Dictionary<TrialKey, TrialRecord> _records = [];
    private LineLog _log = null!;

    private TrialStore(string directory) => Directory = directory;

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>Bytes of a torn last line, which do not count; 0 where there was none.</summary>
    public int TornBytes => _log.TornBytes;

    /// <summary>Lines of a folder opened for reading that are no record, as another version may write them; they are left out.</summary>
    public int UnsoundLines => _log.UnsoundLines;

    /// <summary>The records, in no particular order.</summary>
    public IReadOnlyCollection<TrialRecord> Records => _records.Values;

    /// <summary>Which part of which run the folder is, null where it is no shard's.</summary>
    public ShardManifest? Manifest { get; private set; }

    /// <summary>Whether a folder holds trials.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, TrialsName));

    /// <summary>Opens a folder for a run, creating it where it is not there.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="resume">Whether trials already there are kept and gone on from; where not, their presence is an error.</param>
    /// <param name="manifest">Which part of which run the folder is to hold, null for the whole of one.</param>
    /// <exception cref="ResultsException">
    /// The folder cannot be written, is in use, holds trials and resume is not asked for, or holds those of another shard.
    /// </exception>
    public static TrialStore Open(string directory, bool resume, ShardManifest? manifest = null)
    {
        var store = new TrialStore(directory);
        store._log = LineLog.Open(directory, TrialsName, resume, store.Add, () => store.Claim(manifest));
        return store;
    }

    /// <summary>Reads a folder without changing its trials, as far as it is sound: see <see cref="TornBytes"/> and <see cref="UnsoundLines"/>.</summary>
    /// <exception cref="ResultsException">The folder holds no trials, or none that can be read.</exception>
    public static TrialStore Read(string directory)
    {
        if (!Exists(directory))
            throw new ResultsException($"{directory} holds no {TrialsName}");
        var store = new TrialStore(directory);
        store._log = LineLog.Read(directory, TrialsName, store.Add);
        store.Manifest = ShardManifest.Read(directory);
        return store.UnsoundLines == 0 || store._records.Count > 0
            ? store
            : throw new ResultsException($"none of the {store.UnsoundLines} lines of {Path.Combine(directory, TrialsName)} is a trial record of this version");
    }

    /// <summary>The plan's trials that are not stored yet, in the plan's order.</summary>
    /// <exception cref="ResultsException">A stored trial of the same cell and number followed another protocol or seed.</exception>
    public IReadOnlyList<PlannedTrial> Missing(Plan plan)
    {
        var missing = new List<PlannedTrial>();
        foreach (PlannedTrial planned in plan.Trials)
        {
            if (!_records.TryGetValue(planned.Key, out TrialRecord? record))
                missing.Add(planned);
            else if (record.Protocol != planned.Fingerprint)
                throw new ResultsException(
                    $"{Directory} holds {planned.Experiment.Name} ({planned.Cell.Condition}) run with another seed, epochs, data or version; choose another folder with --out");
        }

        return missing;
    }

    /// <summary>Appends a record, in one write.</summary>
    /// <exception cref="ResultsException">The folder cannot be written; what was stored before stays.</exception>
    public void Append(TrialRecord record)
    {
        _log.Append(record.ToJson());
        Add(record);
    }

    /// <summary>Puts the trials into the plan's order, others behind them, and writes results.jsonl: the same bytes however the run went.</summary>
    /// <remarks>A shard has no results.jsonl: it would summarise the part of the trials that happens to be there.</remarks>
    /// <exception cref="ResultsException">The folder cannot be written; the trials stay as they were.</exception>
    public void Complete(Plan plan)
    {
        var order = new Dictionary<TrialKey, int>();
        foreach (PlannedTrial planned in plan.Trials)
            order.TryAdd(planned.Key, order.Count);
        TrialRecord[] sorted =
        [
            .. _records.Values.OrderBy(r => order.GetValueOrDefault(new TrialKey(r.Experiment, r.Condition, r.Trial), int.MaxValue))
                .ThenBy(r => r.Experiment, StringComparer.Ordinal).ThenBy(r => r.Condition.Key, StringComparer.Ordinal).ThenBy(r => r.Trial),
        ];
        _log.Replace(sorted.Select(r => r.ToJson()));
        _records.Clear();
        foreach (TrialRecord record in sorted)
            _records.Add(new TrialKey(record.Experiment, record.Condition, record.Trial), record);
        if (Manifest is null)
            WriteSummaries();
    }

    /// <summary>Writes results.jsonl from the records, in their order.</summary>
    /// <exception cref="ResultsException">The folder cannot be written.</exception>
    public void WriteSummaries() => AtomicFile.Write(Path.Combine(Directory, ResultsName), Summary.Of(_records.Values).Select(s => s.ToJson()));

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    /// <summary>Writes shard.json, or sees that what the folder holds is of the same shard.</summary>
    private void Claim(ShardManifest? manifest)
    {
        Manifest = ShardManifest.Read(Directory);
        if (Manifest?.ToJson() != manifest?.ToJson())
        {
            if (_records.Count > 0)
                throw new ResultsException(
                    $"{Directory} holds {(Manifest is null ? "a run that is not in shards" : $"shard {Manifest.Shard} of a run")}, and this is another one; choose another folder with --out");
            string path = Path.Combine(Directory, ShardManifest.Name);
            if (manifest is null)
                File.Delete(path);
            else
                AtomicFile.Write(path, [manifest.ToJson()]);
        }

        Manifest = manifest;
    }

    private void Add(string line) => Add(TrialRecord.FromJson(line));

    private void Add(TrialRecord record) => _records[new TrialKey(record.Experiment, record.Condition, record.Trial)] = record;
}

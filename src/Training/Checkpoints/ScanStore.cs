using System.Text.Json;
using System.Text.Json.Nodes;
using Kappa.Training.Experiments;
using Kappa.Training.Results;

namespace Kappa.Training.Checkpoints;

/// <summary>A folder of a scan: scan.jsonl, to which each record is appended as it is there, and scan.json, which says what was measured, and which part of it where it is a shard's.</summary>
/// <remarks>A scan killed at any moment leaves whole lines; a folder has one writer and any readers.</remarks>
public sealed class ScanStore : IDisposable
{
    private const string RecordsName = "scan.jsonl", SettingsName = "scan.json";
    private readonly Dictionary<string, ScanRecord> _records = [];
    private LineLog _log = null!;

    private ScanStore(string directory) => Directory = directory;

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>Bytes of a torn last line, which do not count; 0 where there was none.</summary>
    public int TornBytes => _log.TornBytes;

    /// <summary>Lines of a folder opened for reading that are no record, as another version may write them; they are left out.</summary>
    public int UnsoundLines => _log.UnsoundLines;

    /// <summary>The records, in the order in which they were stored.</summary>
    public IReadOnlyCollection<ScanRecord> Records => _records.Values;

    /// <summary>Whether a folder holds a scan.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, RecordsName));

    /// <summary>The names of the matrices that the scan is of, in the checkpoint's order; more than there are records where it is not finished, or a shard's.</summary>
    public IReadOnlyList<string> Planned { get; private set; } = [];

    /// <summary>Which part of the scan the folder holds; null where it holds all.</summary>
    public Shard? Shard { get; private set; }

    /// <summary>What was scanned and how, without the shard: the same for all parts of one scan.</summary>
    internal string Description { get; private set; } = "";

    /// <summary>Opens a folder for a scan, creating it where it is not there.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="settings">What is measured.</param>
    /// <param name="plan">The matrices that are scanned, by all shards together.</param>
    /// <param name="resume">Whether records already there are kept and gone on from; where not, their presence is an error.</param>
    /// <param name="shard">Which part of the scan the folder is to hold, null for all of it.</param>
    /// <exception cref="ResultsException">The folder cannot be written or is in use, or holds records and resume is not asked for or its scan was another one.</exception>
    public static ScanStore Open(string directory, ScanSettings settings, IReadOnlyList<TensorMatrix> plan, bool resume, Shard? shard = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(plan);
        return Open(directory, Describe(settings, plan), [.. plan.Select(m => m.Name)], resume, shard);
    }

    /// <summary>Opens a new folder for a scan that is known by its description.</summary>
    internal static ScanStore Open(string directory, string description, IReadOnlyList<string> planned, bool resume, Shard? shard)
    {
        var store = new ScanStore(directory) { Planned = planned, Shard = shard, Description = description };
        store._log = LineLog.Open(directory, RecordsName, resume, store.Add, () =>
        {
            string wanted = WithShard(description, shard), path = Path.Combine(directory, SettingsName);
            if (store._records.Count == 0)
                AtomicFile.Write(path, [wanted]);
            else if (!File.Exists(path) || File.ReadAllText(path).TrimEnd('\n') != wanted)
                throw new ResultsException($"{directory} holds a scan of other files or tensors, another shard, or other measures or splits; choose another folder with --out");
        });
        return store;
    }

    /// <summary>Reads a folder without changing it, as far as it is sound: see <see cref="TornBytes"/> and <see cref="UnsoundLines"/>.</summary>
    /// <exception cref="ResultsException">The folder holds no scan, or none that can be read.</exception>
    public static ScanStore Read(string directory)
    {
        if (!Exists(directory))
            throw new ResultsException($"{directory} holds no {RecordsName}");
        var store = new ScanStore(directory);
        store._log = LineLog.Read(directory, RecordsName, store.Add);
        LineLog.Read(directory, SettingsName, store.Understand);
        if (store.Description.Length == 0)
            throw new ResultsException($"{Path.Combine(directory, SettingsName)} does not say what was scanned");
        return store.UnsoundLines == 0 || store._records.Count > 0
            ? store
            : throw new ResultsException($"none of the {store.UnsoundLines} lines of {Path.Combine(directory, RecordsName)} is a record of this version");
    }

    /// <summary>The matrices of a plan that have no record yet.</summary>
    public IReadOnlyList<TensorMatrix> Missing(IReadOnlyList<TensorMatrix> plan) => [.. plan.Where(m => !_records.ContainsKey(m.Name))];

    /// <summary>The records of a plan's matrices, in its order.</summary>
    public IReadOnlyList<ScanRecord> Of(IReadOnlyList<TensorMatrix> plan) => [.. plan.Where(m => _records.ContainsKey(m.Name)).Select(m => _records[m.Name])];

    /// <summary>Appends a record, in one write.</summary>
    /// <exception cref="ResultsException">The folder cannot be written; what was stored before stays.</exception>
    public void Append(ScanRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _log.Append(record.ToJson());
        _records[record.Name] = record;
    }

    /// <summary>Puts the records into the order of all matrices of the checkpoint: the same bytes however the scan went.</summary>
    /// <exception cref="ResultsException">The folder cannot be written; the records stay as they were.</exception>
    public void Complete() => _log.Replace(Planned.Where(_records.ContainsKey).Select(name => _records[name].ToJson()));

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    private void Add(string line)
    {
        var record = ScanRecord.FromJson(line);
        _records[record.Name] = record;
    }

    private void Understand(string line)
    {
        var json = JsonNode.Parse(line) as JsonObject;
        if (json?["matrices"] is not JsonArray names || names.Any(n => n?.GetValueKind() != JsonValueKind.String)
            || json["shard"] is JsonNode shard && (shard.GetValueKind() != JsonValueKind.String || (Shard = Shard.Parse((string)shard!)) is null))
            throw new JsonException($"{SettingsName} does not say what was scanned.");
        Planned = [.. names.Select(n => (string)n!)];
        json.Remove("shard");
        Description = json.ToJsonString();
    }

    private static string WithShard(string description, Shard? shard) =>
        shard is null ? description : $$"""{"shard":"{{shard}}",{{description[1..]}}""";

    // A file is known by its path, length and time of its last change.
    private static string Describe(ScanSettings settings, IReadOnlyList<TensorMatrix> plan)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("settings", settings.Fingerprint);
            json.WriteStartArray("matrices");
            foreach (TensorMatrix matrix in plan)
                json.WriteStringValue(matrix.Name);
            json.WriteEndArray();
            json.WriteStartArray("files");
            foreach (string file in plan.Select(m => m.Tensor.File).Distinct())
            {
                var info = new FileInfo(file);
                json.WriteStartObject();
                json.WriteString("file", file);
                json.WriteNumber("bytes", info.Length);
                json.WriteString("changed", info.LastWriteTimeUtc);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}

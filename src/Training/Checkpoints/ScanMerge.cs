using System.Globalization;
using Kappa.Training.Results;

namespace Kappa.Training.Checkpoints;

/// <summary>The records of a scan's shards, put together again.</summary>
public sealed class ScanMerge
{
    private readonly Dictionary<string, (ScanRecord Record, string Directory)> _records = [];
    private readonly ScanStore _first;

    /// <summary>Puts shards together. A matrix that several of them hold is kept once.</summary>
    /// <param name="shards">Folders of shards of one scan; which parts, and of how many, does not matter.</param>
    /// <exception cref="ResultsException">A folder is no shard's, belongs to another scan, or two folders disagree about a matrix; the message names them.</exception>
    public ScanMerge(IReadOnlyList<ScanStore> shards)
    {
        ArgumentOutOfRangeException.ThrowIfZero(shards.Count);
        _first = shards[0];
        foreach (ScanStore shard in shards)
        {
            if (shard.Shard is null)
                throw new ResultsException($"{shard.Directory} holds a scan that is not in shards");
            if (shard.Description != _first.Description)
                throw new ResultsException($"{_first.Directory} and {shard.Directory} are not of one scan: they differ in files, tensors or settings (see their scan.json)");
            foreach (ScanRecord record in shard.Records)
                if (!_records.TryAdd(record.Name, (record, shard.Directory)) && _records[record.Name].Record.ToJson() != record.ToJson())
                    throw new ResultsException($"{_records[record.Name].Directory} and {shard.Directory} disagree about {Checkpoint.Quote(record.Name)}");
        }

        Missing = [.. _first.Planned.Where(name => !_records.ContainsKey(name))];
    }

    /// <summary>The names of the scan's matrices that no shard holds, in the checkpoint's order.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>"3 of 40 tensors are missing".</summary>
    public string DescribeMissing() => string.Create(CultureInfo.InvariantCulture, $"{Missing.Count} of {_first.Planned.Count} tensors are missing");

    /// <summary>The records, in the checkpoint's order.</summary>
    public IReadOnlyList<ScanRecord> Records => [.. _first.Planned.Where(_records.ContainsKey).Select(name => _records[name].Record)];

    /// <summary>Writes them into a new folder: the bytes of a scan that was not in shards.</summary>
    /// <exception cref="ResultsException">The folder cannot be written, or holds a scan.</exception>
    public void WriteTo(string directory)
    {
        using ScanStore store = ScanStore.Open(directory, _first.Description, _first.Planned, resume: false, shard: null);
        foreach (ScanRecord record in Records)
            store.Append(record);
        store.Complete();
    }
}

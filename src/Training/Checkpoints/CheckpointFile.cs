namespace Kappa.Training.Checkpoints;

/// <summary>A file of a checkpoint, and the tensors that an index says it holds.</summary>
internal sealed record CheckpointFile(string Path, IReadOnlyList<string> Required)
{
    private static readonly string[] s_endings = [".safetensors", ".npz", ".npy"];

    /// <summary>The files that a path stands for: itself, the shards of an index, or a folder's.</summary>
    public static IReadOnlyList<CheckpointFile> At(string path)
    {
        string index = System.IO.Path.Combine(path, ShardIndex.FileName);
        if (File.Exists(index))
            path = index;
        List<CheckpointFile> files = [];
        Checkpoint.Named(path, () => files.AddRange(
            Directory.Exists(path) ? Folder(path) : path.EndsWith(ShardIndex.Ending, StringComparison.OrdinalIgnoreCase) ? Shards(path) : [new CheckpointFile(path, [])]));
        return files;
    }

    /// <summary>Whether the path ends so, in capitals or not.</summary>
    public bool HasEnding(string ending) => Path.EndsWith(ending, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<CheckpointFile> Folder(string path)
    {
        CheckpointFile[] files = [.. Directory.EnumerateFiles(path)
            .Select(f => new CheckpointFile(f, [])).Where(f => s_endings.Any(f.HasEnding)).OrderBy(f => f.Path, StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new InvalidDataException($"the folder holds no {ShardIndex.FileName} and no *.safetensors, *.npz or *.npy");
    }

    private static IEnumerable<CheckpointFile> Shards(string index)
    {
        string folder = System.IO.Path.GetDirectoryName(index)!;
        foreach ((string shard, IReadOnlyList<string> tensors) in ShardIndex.Read(index))
        {
            string path = System.IO.Path.Combine(folder, shard);
            if (!File.Exists(path))
                throw new InvalidDataException($"its shard {Checkpoint.Quote(shard)}, for tensor {Checkpoint.Quote(tensors[0])}, is not there");
            yield return new CheckpointFile(path, tensors);
        }
    }
}

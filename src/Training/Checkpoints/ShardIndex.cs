using System.Text.Json;

namespace Kappa.Training.Checkpoints;

/// <summary>The index of a checkpoint in several safetensors files: which of them, its shards, holds which tensor.</summary>
internal static class ShardIndex
{
    /// <summary>The name of the index in a folder.</summary>
    public const string FileName = "model.safetensors.index.json";

    /// <summary>The ending by which a file is known to be an index.</summary>
    public const string Ending = ".safetensors.index.json";

    /// <summary>Reads the index: for every shard, in ordinal order of their names, the tensors that it must hold.</summary>
    /// <exception cref="InvalidDataException">It is no index, or a shard's name is no plain file name.</exception>
    public static IReadOnlyList<(string Shard, IReadOnlyList<string> Tensors)> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > SafetensorsHeader.MaxBytes)
            throw new InvalidDataException($"the index has {file.Length} bytes; {SafetensorsHeader.MaxBytes} are read");
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        SafetensorsHeader.RequireUtf8(bytes, 0);
        var shards = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var tensors = new HashSet<string>();
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException("the index has no weight_map");
            foreach (JsonProperty entry in map.EnumerateObject())
            {
                string tensor = Checkpoint.Quote(entry.Name);
                if (!tensors.Add(entry.Name))
                    throw new InvalidDataException($"the index has tensor {tensor} a second time");
                if (entry.Value.ValueKind != JsonValueKind.String)
                    throw new InvalidDataException($"the index has no file name for tensor {tensor}");
                string shard = entry.Value.GetString()!;
                // '/' and '\' part folders on one system or another; a name without them cannot leave the index's folder.
                if (shard is "" or "." or ".." || shard.AsSpan().IndexOfAny("/\\:\0") >= 0)
                    throw new InvalidDataException($"the index has {Checkpoint.Quote(shard)} for tensor {tensor}, which is no plain file name");
                if (!shards.TryGetValue(shard, out IReadOnlyList<string>? held))
                    shards.Add(shard, held = new List<string>());
                ((List<string>)held).Add(entry.Name);
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"the index is no JSON at byte {e.BytePositionInLine} of line {e.LineNumber + 1}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException("the index has half a surrogate pair in a name", e);
        }

        return [.. shards.Select(s => (s.Key, s.Value))];
    }
}

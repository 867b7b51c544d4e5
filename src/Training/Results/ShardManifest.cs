using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Training.Experiments;

namespace Kappa.Training.Results;

/// <summary>What the folder of a shard says of itself in shard.json: which part it is, and of which run.</summary>
/// <param name="Shard">i/N.</param>
/// <param name="Experiments">The names of the run's experiments, in order.</param>
/// <param name="Settings">What the run was asked for.</param>
public sealed record ShardManifest(Shard Shard, IReadOnlyList<string> Experiments, PlanSettings Settings)
{
    internal const string Name = "shard.json";

    /// <summary>The plan of the whole run.</summary>
    /// <exception cref="ResultsException">This version has no such experiment, or refuses the settings.</exception>
    public Plan Whole()
    {
        try
        {
            return new Plan(
                [.. Experiments.Select(e => Catalogue.Find(e) ?? throw new ResultsException($"{Name} names '{e}', which this version does not have"))], Settings);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new ResultsException($"{Name} asks for what this version does not run: {e.Message.Split(" (Parameter")[0]}", e);
        }
    }

    /// <summary>Whether both are parts of one run: the same experiments, settings and seed. How many parts there are does not matter.</summary>
    public bool IsOfTheRunOf(ShardManifest other) => (this with { Shard = other.Shard }).ToJson() == other.ToJson();

    /// <summary>Reads what a folder says of itself; null where it says nothing: it is no shard's.</summary>
    /// <exception cref="ResultsException">The file is there and cannot be understood.</exception>
    internal static ShardManifest? Read(string directory)
    {
        string path = Path.Combine(directory, Name);
        if (!File.Exists(path))
            return null;
        try
        {
            Line? line = JsonSerializer.Deserialize(File.ReadAllText(path), ShardContext.Default.Line);
            return line is { Shard: not null, Experiments: not null, Settings: not null } && Shard.Parse(line.Shard) is Shard shard
                && line.Experiments.All(e => e is not null)
                    ? new ShardManifest(shard, line.Experiments, line.Settings)
                    : throw new JsonException("A part is missing.");
        }
        catch (JsonException e)
        {
            throw new ResultsException($"{path} does not say which shard of which run this is", e);
        }
    }

    internal string ToJson() => JsonSerializer.Serialize(new Line(Shard.ToString(), [.. Experiments], Settings), ShardContext.Default.Line);

    internal sealed record Line(string? Shard, string[]? Experiments, PlanSettings? Settings);
}

[JsonSerializable(typeof(ShardManifest.Line))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
internal sealed partial class ShardContext : JsonSerializerContext;

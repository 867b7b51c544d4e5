using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Training.Experiments;

namespace Kappa.Training.Results;

/// <summary>What one trial measured: one line of trials.jsonl.</summary>
/// <param name="Experiment">"exp1" … "exp18", "finetune".</param>
/// <param name="Condition">The cell.</param>
/// <param name="Trial">k.</param>
/// <param name="Seed">The seed of trial 0.</param>
/// <param name="Protocol">The fingerprint of protocol and seed.</param>
/// <param name="Values">Named numbers at the end of the trial.</param>
/// <param name="Series">Named sequences: over steps ("step" holds them) or over singular values ("index").</param>
public sealed record TrialRecord(
    string Experiment,
    Condition Condition,
    int Trial,
    uint Seed,
    string Protocol,
    SortedDictionary<string, double> Values,
    SortedDictionary<string, double[]> Series)
{
    /// <summary>|ln κ − ln κ*|, the error of κ on a logarithmic scale: the same for a κ that is c times too large or too small.</summary>
    [JsonIgnore]
    public double LogKappaError => Math.Abs(Math.Log(Number("kappa")) - Math.Log(Number("kappa_target")));

    /// <summary>The fingerprint without the digest of a data file.</summary>
    [JsonIgnore]
    public string Training => Protocol.Split('-')[0];

    /// <summary>A number measured at the end, NaN where the record has none of that name.</summary>
    public double Number(string name) => Values.GetValueOrDefault(name, double.NaN);

    /// <summary>The record as one line of JSON; numbers round-trip, NaN and ∞ stand as strings.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RecordContext.Default.TrialRecord);

    /// <summary>Reads a line back.</summary>
    /// <exception cref="JsonException">The line is no record.</exception>
    public static TrialRecord FromJson(string line)
    {
        TrialRecord record = JsonSerializer.Deserialize(line, RecordContext.Default.TrialRecord) ?? throw new JsonException("A record is an object.");
        if (record.Experiment is null || record.Condition is null || record.Protocol is null || record.Values is null || record.Series is null)
            throw new JsonException("A record lacks a part.");
        return record;
    }
}

[JsonSerializable(typeof(TrialRecord))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
internal sealed partial class RecordContext : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Training.Experiments;

namespace Kappa.Training.Results;

/// <summary>One number of one cell over its trials: a line of results.jsonl and of the command's --json.</summary>
/// <param name="Experiment">"exp1" … "exp9".</param>
/// <param name="Condition">The cell.</param>
/// <param name="Component">What was measured.</param>
/// <param name="Statistics">Its summary.</param>
public sealed record Summary(string Experiment, Condition Condition, string Component, Statistics Statistics)
{
    /// <summary>{"experiment", "condition", "component", "n", "mean", "std", "median", "q25", "q75", "max"}; null where not finite.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new Line(Experiment, Condition, Component, Statistics.N, Finite(Statistics.Mean), Finite(Statistics.Std),
            Finite(Statistics.Median), Finite(Statistics.Q25), Finite(Statistics.Q75), Finite(Statistics.Max)),
        SummaryContext.Default.Line);

    /// <summary>Summaries of every value of every cell, in order of experiment, cell and component.</summary>
    /// <param name="records">Records in any order.</param>
    public static IReadOnlyList<Summary> Of(IEnumerable<TrialRecord> records) =>
    [
        .. from cell in records.GroupBy(r => (r.Experiment, r.Condition))
           let trials = cell.OrderBy(r => r.Trial).ToArray()
           from component in trials[0].Values.Keys
           select new Summary(cell.Key.Experiment, cell.Key.Condition, component,
               Statistics.Of([.. trials.Select(t => t.Values.GetValueOrDefault(component, double.NaN))])),
    ];

    private static double? Finite(double x) => double.IsFinite(x) ? x : null;

    internal sealed record Line(string Experiment, Condition Condition, string Component, int N,
        double? Mean, double? Std, double? Median, double? Q25, double? Q75, double? Max);
}

[JsonSerializable(typeof(Summary.Line))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class SummaryContext : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>A line of the ledger: a claim, what a run has in its place, and the verdict.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Ours">The quantity in as many trials as the paper ran, or in those there are; null where the claim was not run.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">One or two sentences, their numbers computed from the trials.</param>
/// <param name="More">The same over all trials, where there are more than the paper ran; else null.</param>
public sealed record Finding(Claim Claim, Estimate? Ours, Verdict Verdict, string Reason, FurtherTrials? More)
{
    /// <summary>One line of JSON: numbers as numbers, null where there is none or it is not finite; per cent as fractions.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new Line(Claim.Id, Claim.Experiment, Claim.Where, Claim.Statement,
            Claim.Published.Text, Claim.Published.Value, Claim.Published.Std, Ends(Claim.Published.Accepted), Claim.Measure.Unit.ToString().ToLowerInvariant(),
            Claim.Measure.Method, Single(Ours?.Mean), Number(Ours?.Std), Single(Ours?.Median), Ends(Ours?.MeanInterval), Ends(Ours?.MedianInterval),
            Ours?.Parts.Count > 1 ? [.. Ours.Parts.Select(p => new Part(p.Name, Number(p.Mean), Number(p.Median), Ends(p.MeanInterval), Ends(p.MedianInterval)))] : null,
            Ours?.Trials ?? 0, Ours?.NotFinite ?? 0, Number(Ours?.LargestShare), Number(Ours?.TopShare),
            Verdict.Name(), Reason,
            More is null ? null : new Further(More.Estimate.Trials, Single(More.Estimate.Mean), Single(More.Estimate.Median),
                Ends(More.Estimate.MeanInterval), Ends(More.Estimate.MedianInterval), Number(More.Estimate.LargestShare), Number(More.Estimate.TopShare),
                More.Verdict.Name(), More.Reason)),
        FindingContext.Default.Line);

    private static double? Number(double? x) => x is double number && double.IsFinite(number) ? number : null;

    private static double? Single(Interval? range) => range is Interval r && r.Low == r.High ? Number(r.Low) : null;

    private static double?[]? Ends(Interval? interval) =>
        interval is Interval i && !double.IsNaN(i.Low) ? [Number(i.Low), Number(i.High)] : null;

    internal sealed record Part(string Name, double? Mean, double? Median, double?[]? Interval, double?[]? MedianInterval);

    internal sealed record Further(int N, double? Mean, double? Median, double?[]? Interval, double?[]? MedianInterval,
        double? LargestShare, double? TopShare, string Verdict, string Reason);

    internal sealed record Line(string Id, string Experiment, string Where, string Claim,
        string Paper, double? PaperValue, double? PaperStd, double?[]? Accepted, string Unit,
        string Method, double? Mean, double? Std, double? Median, double?[]? Interval, double?[]? MedianInterval,
        Part[]? Parts, int N, int NotFinite, double? LargestShare, double? TopShare,
        string Verdict, string Reason, Further? More);
}

/// <summary>A claim over more trials than the paper ran.</summary>
/// <param name="Estimate">The quantity over all trials.</param>
/// <param name="Verdict">The verdict by the same rule.</param>
/// <param name="Reason">Why.</param>
public sealed record FurtherTrials(Estimate Estimate, Verdict Verdict, string Reason)
{
    internal FurtherTrials(Estimate estimate, (Verdict Verdict, string Reason) judged)
        : this(estimate, judged.Verdict, judged.Reason)
    {
    }
}

[JsonSerializable(typeof(Finding.Line))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class FindingContext : JsonSerializerContext;

using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>The rules that lead from numbers to a verdict.</summary>
/// <remarks>
/// A figure is reproduced where the mean over the paper's own trials agrees with it as <see cref="Published.Rule"/> says, and
/// so does a printed standard deviation. Where it does not: if the paper leaves open what decides it, and the figure lies
/// within our 95 % interval, it depends on protocol; if it differs by a factor of two at most, or lies on the same side of no
/// change (with the interval), direction only; else it is not reproduced. A direction is reproduced where the paper's own
/// trials show it in means and in medians, with both 95 % intervals; direction only where an interval leaves it open; it
/// depends on protocol where one of the averages shows it and the other does not; else it is not reproduced. Trials that are
/// not the paper's give direction only at best.
/// </remarks>
internal static class Judgement
{
    // A mean that one trial holds a third of, or that is twice its median, is a poor summary, and the reason says so.
    private const double HeavyShare = 1.0 / 3, HeavyRatio = 2;

    // A change of the other sign is worth a word from half a per cent on.
    private const double Noticeable = 0.005;

    public static (Verdict Verdict, string Reason) Of(Claim claim, Estimate ours)
    {
        (Verdict verdict, string reason) = Of(claim.Published, ours, claim.Unrecovered);
        if (ours.NotFinite > 0)
            reason += $"; {ours.NotFinite} of {ours.Trials} trials gave NaN or ∞ and are left out";
        if (ours.Difference is not string difference)
            return (verdict, char.ToUpperInvariant(reason[0]) + reason[1..] + ".");
        return ((Verdict)Math.Max((int)verdict, (int)Verdict.DirectionOnly), $"Not the paper’s run ({difference}): {Lower(reason)}.");
    }

    /// <summary>What a control experiment says: whether it speaks for the claim, and a sentence.</summary>
    public static (bool Supports, string Sentence) Of(Evidence evidence, Estimate ours)
    {
        (Verdict verdict, string sentence) = Weigh(evidence, ours);
        return (verdict is Verdict.Reproduced or Verdict.DirectionOnly, sentence);
    }

    /// <summary>How well a test holds, and a sentence.</summary>
    public static (Verdict Verdict, string Sentence) Weigh(Evidence evidence, Estimate ours) => (
        Of(evidence.Expected, ours, null).Item1,
        $"{evidence.Experiment}: {evidence.Statement} {Averages(ours)}{(evidence.Expected.IsDirection ? $" ({evidence.Expected.Text} expected)" : "")}.");

    private static (Verdict, string) Of(Published published, Estimate ours, string? unrecovered) =>
        !double.IsFinite(ours.Mean.Low) ? (Verdict.NotReproduced, "No trial gave a finite number")
        : published.IsDirection ? Direction(published, ours)
        : Figure(published, ours, unrecovered);

    private static (Verdict, string) Direction(Published published, Estimate ours)
    {
        bool mean = ours.Parts.All(p => published.Accepted.Contains(p.Mean)), median = ours.Parts.All(p => published.Accepted.Contains(p.Median));
        bool meanSure = ours.Parts.All(p => published.Accepted.Contains(p.MeanInterval)), medianSure = ours.Parts.All(p => published.Accepted.Contains(p.MedianInterval));
        string what = Averages(ours);
        return (mean, median) switch
        {
            (true, true) when meanSure && medianSure => (Verdict.Reproduced, $"{published.Text} holds: {what}"),
            (true, true) => (Verdict.DirectionOnly, $"{published.Text} holds, but not with 95 % of the resamples{Which(meanSure, medianSure)}: {what}"),
            (true, false) => (Verdict.DependsOnProtocol, $"{published.Text} holds of means and not of medians: {what}"),
            (false, true) => (Verdict.DependsOnProtocol, $"{published.Text} holds of medians and not of means: {what}"),
            _ => (Verdict.NotReproduced, $"{published.Text} does not hold: {what}"),
        };

        static string Which(bool meanSure, bool medianSure) => meanSure ? " of the median" : medianSure ? " of the mean" : "";
    }

    private static (Verdict, string) Figure(Published published, Estimate ours, string? unrecovered)
    {
        bool mean = ours.Parts.All(p => published.Accepted.Contains(p.Mean));
        bool std = ours.Std is not double s || published.AcceptedStd.Contains(s);
        if (mean && std)
            return (Verdict.Reproduced, $"{(ours.Parts.Count > 1 ? "Each mean" : "The mean")} {published.Rule}{Tail(ours)}");
        string differs = mean ? $"The mean agrees and the standard deviation is {ours.Text(ours.Std ?? double.NaN)}, not {ours.Text(published.Std ?? double.NaN)}"
            : ours.Parts.Count > 1 ? $"Not in {published.Text}: {string.Join(", ", ours.Parts.Where(p => !published.Accepted.Contains(p.Mean)).Select(Part))}"
            : $"{ours.Text(ours.Mean)} instead of {published.Text}";
        bool within = ours.Parts.All(p => p.MeanInterval.Meets(published.Accepted));
        string interval = ours.Trials < 2 || ours.Parts.Count > 1 ? "" : $", which lies {(within ? "within" : "outside")} our 95 % interval {ours.IntervalText}";
        string tail = Tail(ours);
        if (unrecovered is not null && within)
            return (Verdict.DependsOnProtocol, $"{differs}{interval}; {unrecovered} was not found{tail}");
        if (unrecovered is not null)
            tail = $"; {unrecovered} was not found{OneTrial(published, ours.Trials)}{tail}";
        return (SameDirection(published, ours) ? Verdict.DirectionOnly : Verdict.NotReproduced, $"{differs}{interval}{tail}");

        string Part(EstimatePart part) => $"{part.Name.Replace('_', ' ')} with {ours.Text(part.Mean)} (95 %: {ours.Text(part.MeanInterval)})";
    }

    private static bool SameDirection(Published published, Estimate ours)
    {
        double neutral = ours.Unit == Unit.Times ? 1 : 0;
        return ours.Unit == Unit.Number
            ? ours.Parts.All(p => p.Mean >= published.Accepted.Low / 2 && p.Mean <= 2 * published.Accepted.High)
            : published.Accepted.Low > neutral ? ours.MeanInterval.Low > neutral : published.Accepted.High < neutral && ours.MeanInterval.High < neutral;
    }

    // Of n numbers ≥ 0 the standard deviation is at most √(n − 1) times the mean: where one of them alone is not 0.
    private static string OneTrial(Published published, int trials)
    {
        if (published is not { Value: double mean, Std: double std } || trials < 2)
            return "";
        double part = std / mean / Math.Sqrt(trials - 1);
        return part > 0.9
            ? $"; the printed ± is {NumberText.Percent(part)} of the most that {trials} trials can have, so that one trial with an error near {NumberText.Number(mean * trials)} made the printed mean"
            : "";
    }

    private static string Tail(Estimate ours)
    {
        if (ours.Std is null)
            return ours.Unit == Unit.Percent && ours.Mean.Low * ours.Median.Low < 0 && Math.Abs(ours.Median.Low) > Noticeable ? $"; of medians it is {ours.MedianText}" : "";
        var remarks = new List<string>();
        if (ours.LargestShare > HeavyShare && ours.Trials > 3)
            remarks.Add($"the largest of {ours.Trials} trials holds {NumberText.Percent(ours.LargestShare ?? double.NaN)} of it");
        if (ours.Mean.Low > HeavyRatio * ours.Median.Low)
            remarks.Add($"the median is {ours.MedianText}");
        return remarks.Count > 0 ? "; " + string.Join(" and ", remarks) : "";
    }

    /// <summary>"0.372 (95 %: 0.10–0.61), of medians 0.296 (0.05–0.50)".</summary>
    public static string Averages(Estimate ours)
    {
        return Text(ours.Mean, ours.MeanInterval, "95 %: ") is var mean && Text(ours.Median, ours.MedianInterval, "") is var median && ours.Trials > 1
            ? $"{mean}, of medians {median}"
            : mean;

        string Text(Interval value, Interval interval, string label) =>
            double.IsNaN(interval.Low) ? ours.Text(value) : $"{ours.Text(value)} ({label}{ours.Text(interval)})";
    }

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];
}

using System.Globalization;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using static Kappa.Training.Claims.Measures;
using static Kappa.Training.Claims.Published;

namespace Kappa.Training.Claims;

/// <summary>
/// The case study of <i>The condition number as a scale-invariant proxy for information encoding in neural units</i>: what it says, as
/// far as a small classifier can show it, and what a critical reader asks.
/// </summary>
/// <remarks>
/// The paper has one run of each of two strategies, word error rates of a large language model that learns speech: 5.61 % after 12
/// days with the 100 tensors of smallest κ, falling all the way, against 6.13 % at day 3 and rising after with the 100 of largest κ.
/// Twelve passes over the second task stand for the twelve days.
/// </remarks>
internal static class SecondPaper
{
    private const string Name = "finetune", Where = "§4.3, Fig. 1";

    // The paper's two strategies train with the same settings and about as many parameters.
    private const double Rate = 0.001;

    private static readonly (string Id, string Name)[] Tasks = [("permuted", "permuted pixels"), ("classes", "new classes")];

    /// <summary>Its claims, per task.</summary>
    public static IReadOnlyList<Claim> Claims { get; } =
    [
        .. from task in Tasks
           let smallest = Blocks(task.Name, "smallest κ")
           let largest = Blocks(task.Name, "largest κ")
           from claim in new Claim[]
           {
               new($"finetune-{task.Id}-smallest-falls", Name, Where, $"Smallest κ, {task.Name}: the new task’s error falls to the end: last over first quarter",
                   Below(1, "< 1 (down to 5.61 % at day 12)"), LateOverEarly(smallest)),
               new($"finetune-{task.Id}-largest-rises", Name, Where, $"Largest κ, {task.Name}: the new task’s error rises after a good start: last over first quarter",
                   Above(1, "> 1 (6.13 % at day 3, rising)"), LateOverEarly(largest)),
               new($"finetune-{task.Id}-smallest-wins", Name, Where, $"Smallest κ, {task.Name}: the last error over the least of largest κ",
                   Below(1, "< 1 (5.61 % to 6.13 %)"), PairPerTrial("last error of the one over the least of the other", Unit.Times,
                       (s, l) => Errors(s)[^1] / Errors(l).Min(), smallest, largest)),
               new($"finetune-{task.Id}-forgets-less", Name, "§4.2, §4.3", $"Smallest κ, {task.Name}: forgetting less that of largest κ",
                   Below(0, "< 0"), Difference("forgetting", smallest, largest)),
           }
           select claim,
    ];

    /// <summary>What a critical reader asks.</summary>
    public static IReadOnlyList<Question> Questions { get; } =
    [
        new("kappa-alone", "Among tensors of one shape, do those of smallest κ learn or forget otherwise than those of largest κ?",
            "No: what they learn differs by less than 2 % of the test samples, and what they forget by less than 10 %, at every rate and at the same accuracy.",
        [
            .. from task in Tasks
               from test in (IEnumerable<Evidence>)
               [
                   new(Name, $"{task.Name}: new accuracy of smallest κ less that of largest κ is", Within(-0.02, 0.02, "within ±2 %"), Difference("new_accuracy", Blocks(task.Name, "smallest κ"), Blocks(task.Name, "largest κ"))),
                   .. from rate in FineTuning.Rates
                      select new Evidence(Name, $"{task.Name}, η = {rate.ToString(CultureInfo.InvariantCulture)}: forgetting of the one less that of the other is", Within(-0.1, 0.1, "within ±10 %"), Difference("forgetting", Blocks(task.Name, "smallest κ", rate), Blocks(task.Name, "largest κ", rate))),
                   new(Name, $"{task.Name}: at the largest new accuracy that both reach it is", Within(-0.1, 0.1, "within ±10 %"), Matched(Blocks(task.Name, "smallest κ"), Blocks(task.Name, "largest κ"))),
               ]
               select test,
        ]),
        new("chance", "Do tensors of smallest κ forget less than random ones of the same shape?",
            "On permuted pixels they do, and so do those of largest κ; on new classes neither does.",
        [
            .. from task in Tasks
               from strategy in new[] { "smallest κ", "largest κ" }
               select new Evidence(Name, $"{task.Name}: forgetting of {strategy} less that of random ones is", task.Id == "permuted" ? Below(0) : Within(-0.05, 0.05, "within ±5 %"),
                   Difference("forgetting", Blocks(task.Name, strategy), Blocks(task.Name, "random"))),
        ]),
        new("shape", "With all tensors as candidates, what makes smallest κ the better choice: κ, or the shape?",
            "The shape. It always takes stem and head, the tensors that are not square, and gains by them on both tasks; with random tensors instead of "
                + "the other two it is as good.",
        [
            .. from task in Tasks
               let smallest = Every(task.Name, "smallest κ")
               from test in new Evidence[]
               {
                   new(Name, $"{task.Name}: the part of trials in which smallest κ takes stem and head is", Above(0.9, "> 90 %"), PerTrial("1 where stem and head are chosen, else 0", Unit.Percent, t => t.Series["chosen"] is [1, .., 1] ? 1 : 0, smallest)),
                   new(Name, $"{task.Name}: new accuracy with them less that of the blocks of smallest κ is", Above(0), Difference("new_accuracy", smallest, Blocks(task.Name, "smallest κ"))),
                   new(Name, $"{task.Name}: forgetting with them less that of the blocks of smallest κ is", Below(0), Difference("forgetting", smallest, Blocks(task.Name, "smallest κ"))),
                   new(Name, $"{task.Name}: new accuracy of smallest κ less that of stem, head and random ones is", Within(-0.02, 0.02, "within ±2 %"), Difference("new_accuracy", smallest, Every(task.Name, "stem and head"))),
                   new(Name, $"{task.Name}: forgetting of the one less that of the other is", Within(-0.05, 0.05, "within ±5 %"), Difference("forgetting", smallest, Every(task.Name, "stem and head"))),
               }
               select test,
        ]),
        new("place", "Among tensors of one shape, does the place in the network matter?",
            "It does: the first ones learn the second task better, and the last ones keep the first task better.",
        [
            .. from task in Tasks
               from value in new[] { ("new_accuracy", "new accuracy"), ("forgetting", "forgetting") }
               select new Evidence(Name, $"{task.Name}: {value.Item2} of the first less that of the last is", Above(0), Difference(value.Item1, Blocks(task.Name, "first"), Blocks(task.Name, "last"))),
        ]),
        new("few-or-all", "Do few tensors of smallest κ forget less than all tensors together?",
            "Not among tensors of one shape: they learn less, and all tensors have forgotten less where they have learned as much.",
        [
            .. from task in Tasks
               let few = Blocks(task.Name, "smallest κ")
               let all = Every(task.Name, "all")
               from test in new Evidence[]
               {
                   new(Name, $"{task.Name}: new accuracy of smallest κ less that of all tensors is", Below(0), Difference("new_accuracy", few, all)),
                   new(Name, $"{task.Name}: forgetting of the one less that of the other at the largest new accuracy that both reach is", Above(0), Matched(few, all)),
               }
               select test,
        ]),
        new("order", "Among tensors of one shape, is the order of κ that of the initial weights?",
            "No: the first task makes it anew.",
        [
            .. from task in Tasks
               select new Evidence(Name, $"{task.Name}: the rank correlation of κ before and after the first task is", Within(-0.5, 0.5, "within ±0.5"), Value("kappa_rank_correlation", Blocks(task.Name, "smallest κ"))),
        ]),
    ];

    /// <summary>
    /// Of the first paper's items and this one's those that trials speak of: the first's, and this one's where trials of it are there;
    /// where they are the only ones, this one's alone.
    /// </summary>
    public static IEnumerable<T> Beside<T>(IReadOnlyList<T> first, IReadOnlyList<T> second, IEnumerable<TrialRecord> records)
    {
        HashSet<string> run = [.. records.Select(r => r.Experiment)];
        bool tuned = run.Remove(Name);
        return [.. tuned && run.Count == 0 ? [] : first, .. tuned ? second : []];
    }

    /// <summary>Forgetting at the largest accuracy on the new task that both trials reach, that of the one less that of the other.</summary>
    internal static double AtMatchedAccuracy(TrialRecord one, TrialRecord other)
    {
        double reached = Math.Min(one.Series["new_accuracy"].Max(), other.Series["new_accuracy"].Max());
        return ForgettingAt(one, reached) - ForgettingAt(other, reached);
    }

    /// <summary>The drop of the old task's accuracy where that of the new one first reaches a number, between two passes in proportion.</summary>
    private static double ForgettingAt(TrialRecord trial, double accuracy)
    {
        double[] fresh = trial.Series["new_accuracy"], old = trial.Series["old_accuracy"];
        int at = Array.FindIndex(fresh, a => a >= accuracy);
        double part = at == 0 ? 0 : (accuracy - fresh[at - 1]) / (fresh[at] - fresh[at - 1]);
        return old[0] - (at == 0 ? old[0] : old[at - 1] + part * (old[at] - old[at - 1]));
    }

    private static Measure Difference(string name, (string, object)[] one, (string, object)[] other) =>
        PairPerTrial($"difference of {name.Replace('_', ' ')}", Unit.Percent, (a, b) => a.Number(name) - b.Number(name), one, other);

    private static Measure Matched((string, object)[] one, (string, object)[] other) =>
        PairPerTrial("difference of forgetting at the largest new accuracy that both reach", Unit.Percent, AtMatchedAccuracy, one, other);

    /// <summary>The error after the last pass over that after the first quarter of the passes.</summary>
    private static Measure LateOverEarly((string, object)[] levels) => PerTrial(
        "error on the new task after the last pass over that after the first quarter of them", Unit.Times,
        t => Errors(t) is var e ? e[^1] / e[Math.Max(0, e.Length / 4 - 1)] : double.NaN, levels);

    /// <summary>The new task's error after each pass, the half of one sample at least.</summary>
    private static double[] Errors(TrialRecord trial) => [.. trial.Series["new_accuracy"].Skip(1).Select(a => Math.Max(1 - a, LeastError))];

    // Of a thousand test samples.
    private const double LeastError = 0.0005;

    private static (string, object)[] Blocks(string task, string strategy, double rate = Rate) => Levels(task, strategy, "blocks", rate);

    private static (string, object)[] Every(string task, string strategy) => Levels(task, strategy, "all tensors", Rate);

    private static (string, object)[] Levels(string task, string strategy, string among, double rate) =>
        [("task", task), ("strategy", strategy), ("among", among), ("learning_rate", rate)];
}

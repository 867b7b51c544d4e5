using System.Globalization;
using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using Kappa.Training.Tuning;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Selective fine-tuning: errors on both tasks along the second one, what was forgotten for what was learned, and κ of every tensor.</summary>
internal static class TuningSection
{
    private static readonly (string Strategy, string Among, Series Series)[] Strategies =
    [
        ("smallest κ", "blocks", new Series("smallest κ", Palette.Blue)),
        ("largest κ", "blocks", new Series("largest κ", Palette.Vermilion, "diamond")),
        ("random", "blocks", new Series("random", Palette.Grey, "cross")),
        ("first", "blocks", new Series("first", Palette.Sky, "triangle-up")),
        ("last", "blocks", new Series("last", Palette.Orange, "triangle-down")),
        ("smallest κ", "all tensors", new Series("smallest κ of all tensors", Palette.Green, "square")),
        ("stem and head", "all tensors", new Series("stem, head and random", Palette.Purple, "triangle-left")),
        ("all", "all tensors", new Series("all tensors", Palette.Ink, "triangle-right")),
    ];

    public static Section Build(CellSet cells)
    {
        string[] tasks = [.. Enum.GetValues<SecondTask>().Select(FineTuning.Name).Where(t => cells.Find(("task", t)) is not null)];
        double rate = FineTuning.Rates.OrderBy(r => Math.Abs(Math.Log(r / 0.001))).First(r => cells.Find(("learning_rate", r)) is not null);
        return Section.Of(cells, null, tasks.SelectMany(t => Reading(cells, t, rate)),
        [
            .. from task in tasks.Index()
               from figure in Figures(cells, task.Item, rate, 4 * task.Index)
               select figure,
        ],
        [
            .. from task in tasks
               from strategy in Strategies
               where Find(cells, task, strategy, rate) is not null
               from value in new[] { ("new_accuracy", "New accuracy"), ("forgetting", "Forgetting") }
               select ComparisonRow.Of($"{value.Item2}, {strategy.Series.Name}, {task}, η = {rate.ToString(CultureInfo.InvariantCulture)}", null,
                   Measures.Value(value.Item1, Levels(task, strategy, rate)), cells),
        ]);
    }

    private static IEnumerable<string> Reading(CellSet cells, string task, double rate)
    {
        string[] results =
        [
            .. from strategy in Strategies
               let cell = Find(cells, task, strategy, rate)
               where cell is not null
               select $"{strategy.Series.Name} {Percent(cell.Value("new_accuracy").Mean)} and {Percent(cell.Value("forgetting").Mean)}",
        ];
        yield return $"{Capital(task)}, η = {rate.ToString(CultureInfo.InvariantCulture)}: mean accuracy on the new task, and what the old one lost: {string.Join("; ", results)}.";
    }

    private static IEnumerable<Figure> Figures(CellSet cells, string task, double rate, int number)
    {
        (Series Series, CellTrials Cell)[] shown =
        [
            .. from strategy in Strategies
               let cell = Find(cells, task, strategy, rate)
               where cell is not null
               select (strategy.Series, cell),
        ];
        if (shown.Length == 0)
            yield break;
        string extent = $"{Capital(task)}, η = {rate.ToString(CultureInfo.InvariantCulture)}, {cells.Extent}";
        Series[] series = [.. shown.Select(s => s.Series)];
        foreach (string which in new[] { "new", "old" })
        {
            var plot = new LinePlot($"Error on the {which} task, {task}", XAxis.Linear("pass", "passes over the new task"), "part of the test samples", series) { OfMedians = true };
            yield return new Figure($"finetune-{++number}", plot.Title,
                $"The part of the {which} task's test samples that are taken for another of its classes, after each pass; before the first one at 0. "
                    + $"Median (line) and quartiles (band) over trials; an error of 0 has no mark. {extent}.",
                plot.Draw(LinePlot.Along(shown[0].Cell.Axis("epoch"), shown.Select(s => (s.Series.Name, Errors(s.Cell, $"{which}_accuracy"))))));
        }

        var scatter = new ScatterPlot($"Forgotten for learned, {task}", "error on the new task", "error on the old task", series);
        yield return new Figure($"finetune-{++number}", scatter.Title,
            $"Both errors after the last pass: trials small, their means large. Nearer to the lower left is better. {extent}.",
            scatter.Draw([.. shown.Select(s => (s.Series.Name, Last(s.Cell, "new_accuracy"), Last(s.Cell, "old_accuracy")))]));

        CellTrials any = shown[0].Cell;
        Sample[] kappa = any.Series("kappa");
        string[] names = ResidualMlp.Names(kappa.Length);
        var strip = new StripPlot($"κ of every tensor, {task}", "κ");
        yield return new Figure($"finetune-{++number}", strip.Title, $"Before the second task. Points: trials; diamonds: medians, bars: quartiles. {extent}.",
            strip.Draw([.. kappa.Select((sample, i) => (names[i], sample.Values.ToArray()))]));
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static CellTrials? Find(CellSet cells, string task, (string Strategy, string Among, Series) strategy, double rate) =>
        cells.Find(Levels(task, strategy, rate));

    private static (string, object)[] Levels(string task, (string Strategy, string Among, Series) strategy, double rate) =>
        [("task", task), ("strategy", strategy.Strategy), ("among", strategy.Among), ("learning_rate", rate)];

    private static Sample[] Errors(CellTrials cell, string series) =>
        [.. cell.Series(series).Select(sample => new Sample(sample.Values.Select(a => 1 - a)))];

    private static double[] Last(CellTrials cell, string value) => [.. cell.Value(value).Values.Select(a => 1 - a)];
}

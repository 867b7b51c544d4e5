using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using Kappa.Training.Theory;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>The controls: every trial's κ error under each condition, what else tells the result, and the questions answered by it.</summary>
internal static class ControlSection
{
    private static readonly string[] Colours =
        [Palette.Blue, Palette.Vermilion, Palette.Green, Palette.Orange, Palette.Purple, Palette.Sky, Palette.Grey, Palette.Ink];

    public static Section Build(CellSet cells) => Section.Of(cells, null, Reading(cells),
    [
        .. Strips(cells),
        .. Followed(cells),
        .. BySingularValue(cells),
        .. BesideTheory(cells),
    ],
    [
        .. from cell in cells.Cells
           let levels = Levels(cell)
           from row in new[]
           {
               ComparisonRow.Of($"κ error, {Label(cell)}", null, Measures.Value("condition_number", levels), cells),
               ComparisonRow.Of($"overall error, {Label(cell)}", null, Measures.Value("overall", levels), cells),
           }
           select row,
    ]);

    private static IEnumerable<string?> Reading(CellSet cells)
    {
        CellTrials[] ordered = [.. cells.Cells.Where(c => double.IsFinite(c.Value("condition_number").Median)).OrderBy(c => c.Value("condition_number").Median)];
        if (ordered.Length < 2)
            yield break;
        yield return $"The median κ error goes from {Number(ordered[0].Value("condition_number").Median)} ({Label(ordered[0])}) to "
            + $"{Number(ordered[^1].Value("condition_number").Median)} ({Label(ordered[^1])}).";
        CellTrials tail = ordered.MaxBy(c => c.Value("condition_number").TopShare(Estimate.TopFraction))!;
        Sample heaviest = tail.Value("condition_number");
        if (heaviest.Trials >= 20)
            yield return $"The largest 5 % of the trials hold up to {Percent(heaviest.TopShare(Estimate.TopFraction))} of a mean ({Label(tail)}).";
    }

    private static IEnumerable<Figure> Strips(CellSet cells)
    {
        string name = cells.Experiment.Name;
        foreach ((string component, string axis, int number) in new[] { ("condition_number", "κ error |κ − κ*|/κ*", 1), ("overall", "overall error ‖W − W*‖/‖W*‖", 2) })
        {
            var plot = new StripPlot(number == 1 ? "κ error of every trial" : "Overall error of every trial", axis);
            yield return new Figure($"{name}-{number}", plot.Title, $"{axis}. {StripPlot.Legend} {cells.Extent}.",
                plot.Draw([.. cells.Cells.Select(c => (Label(c), c.Trials.Select(t => t.Number(component)).ToArray()))]));
        }
    }

    /// <summary>Where errors were recorded along the way: medians over steps.</summary>
    private static IEnumerable<Figure> Followed(CellSet cells)
    {
        CellTrials[] recorded = [.. cells.Cells.Where(c => c.Axis("step").Length > 1 && c.Series("condition_number").Length > 1)];
        if (recorded.Length == 0)
            yield break;
        Series[] series = [.. recorded.Select((c, i) => new Series(Label(c), Colours[i % Colours.Length]))];
        foreach ((string component, string title, int number) in new[] { ("condition_number", "κ error in training", 3), ("overall", "Overall error in training", 4) })
        {
            var plot = new LinePlot(title, XAxis.Linear("step", "step"), "relative error", series) { OfMedians = true };
            yield return new Figure($"{cells.Experiment.Name}-{number}", title, $"Median (line) and quartiles (band) over trials. {cells.Extent}.",
                plot.Draw([.. recorded.SelectMany((c, i) => LinePlot.Along(c.Axis("step"), [(series[i].Name, c.Series(component))]))]));
        }
    }

    /// <summary>Where the gradient's signal was recorded: gᵢ/σᵢ* by index, and theory beside what each σᵢ missed.</summary>
    private static IEnumerable<Figure> BySingularValue(CellSet cells)
    {
        CellTrials[] recorded = [.. cells.Cells.Where(c => c.Axis("spectrum_target").Length > 0 && c.Axis("gradient_mean").Length > 0)];
        if (recorded.Length == 0)
            yield break;
        var x = XAxis.Linear("i", "index i of the singular value");
        double[] index = recorded[0].Axis("index");
        Series[] series = [.. recorded.Select((c, i) => new Series(Label(c), Colours[i % Colours.Length]))];
        var relative = new LinePlot("Gradient per distance", x, "gᵢ/σᵢ*", series) { OfMedians = true };
        yield return new Figure($"{cells.Experiment.Name}-3", relative.Title,
            $"The gradient of each singular value, averaged over training, over the value it has to reach: median and quartiles over trials. {cells.Extent}.",
            relative.Draw([.. recorded.SelectMany((c, i) => LinePlot.Along(index, [(series[i].Name, Ratio(c, "gradient_mean", "spectrum_target", (g, s) => g / s))]))]));
        CellTrials first = recorded[0];
        if (first.Axis("predicted_sigma").Length == 0)
            yield break;
        Series[] ends = [new Series("|σᵢ − σᵢ*|, measured", Palette.Vermilion), new Series("|σᵢ − predicted mean|, measured", Palette.Blue), new Series("predicted standard deviation", Palette.Grey)];
        var distance = new LinePlot($"Theory beside data, {Label(first)}", x, "distance after the last step", ends) { OfMedians = true };
        yield return new Figure($"{cells.Experiment.Name}-4", distance.Title,
            "How far each singular value is from its target, and how far from what the closed form of noisy descent predicts, beside the predicted "
                + $"standard deviation: median and quartiles over trials. {cells.Extent}.",
            distance.Draw(LinePlot.Along(index,
            [
                (ends[0].Name, Ratio(first, "spectrum", "spectrum_target", (a, b) => Math.Abs(a - b))),
                (ends[1].Name, Ratio(first, "spectrum", "predicted_sigma", (a, b) => Math.Abs(a - Math.Abs(b)))),
                (ends[2].Name, first.Series("predicted_deviation")),
            ])));
    }

    /// <summary>Where plain descent of one layer was varied in d, or followed under noise: the κ error and what the closed form makes of each σ_min*.</summary>
    private static IEnumerable<Figure> BesideTheory(CellSet cells)
    {
        const string caption = "Medians and quartiles over trials: the κ error, and 0.6745·s/(σ_min*(1 − (1 − η)^t)) of each trial's σ_min*, s from the closed form of noisy descent";
        var protocol = new Protocol();
        double Level(TrialRecord trial, double noise, int steps)
        {
            int d = (int)trial.Condition.Number("d");
            return new NoisyDescent(d, protocol.BatchSize, protocol.LearningRate, noise)
                .ConditionNumberError(trial.Number("sigma_min_target"), protocol.InitialScale * Math.Sqrt(2.0 / d), steps);
        }

        if (cells.Experiment == Exp11ManyTrials.Description)
        {
            Series[] lines = [new Series("measured", Palette.Vermilion, "diamond"), new Series("theory", Palette.Grey)];
            var plot = new LinePlot("κ error against d, beside theory", XAxis.Logarithmic("d", "dimension d", [.. cells.Dimensions.Select(d => (double)d)]), "κ error", lines)
            {
                OfMedians = true,
                Marked = true,
            };
            yield return new Figure("exp11-5", plot.Title, $"{caption}, after {protocol.Epochs} steps. {cells.TrialCount} at each d.", plot.Draw(
            [
                .. cells.Cells.Select(c => new SeriesPoint(lines[0].Name, c.Condition.Number("d"), c.Value("condition_number"))),
                .. cells.Cells.Select(c => new SeriesPoint(lines[1].Name, c.Condition.Number("d"), new Sample(c.Trials.Select(t => Level(t, protocol.Noise, protocol.Epochs))))),
            ]));
        }

        CellTrials[] noisy = [.. cells.Cells.Where(c => c.Condition["step_size"] == "constant 0.01" && c.Condition.Number("noise") >= 0.01 && c.Axis("step").Length > 1)];
        if (noisy.Length == 0)
            yield break;
        string[] measured = [Palette.Blue, Palette.Vermilion], theory = [Palette.Sky, Palette.Orange];
        Series[] series =
        [
            .. noisy.Select((c, i) => new Series($"σ = {c.Condition["noise"]}, measured", measured[i % measured.Length])),
            .. noisy.Select((c, i) => new Series($"σ = {c.Condition["noise"]}, theory", theory[i % theory.Length])),
        ];
        var steps = new LinePlot("κ error in training, beside theory", XAxis.Linear("step", "step"), "κ error", series) { OfMedians = true };
        yield return new Figure($"{cells.Experiment.Name}-5", steps.Title, $"{caption}. {cells.Extent}.", steps.Draw(
        [
            .. noisy.SelectMany((c, i) => LinePlot.Along(c.Axis("step"), [(series[i].Name, c.Series("condition_number"))])),
            .. noisy.SelectMany((c, i) => LinePlot.Along(c.Axis("step"),
                [(series[noisy.Length + i].Name, [.. c.Axis("step").Select(t => new Sample(c.Trials.Select(r => Level(r, c.Condition.Number("noise"), (int)t))))])])),
        ]));
    }

    /// <summary>A number made of two series of each trial, position by position.</summary>
    private static Sample[] Ratio(CellTrials cell, string above, string below, Func<double, double, double> combine)
    {
        double[][] trials =
        [
            .. from t in cell.Trials
               where t.Series.ContainsKey(above) && t.Series.ContainsKey(below)
               select t.Series[above].Zip(t.Series[below], combine).ToArray(),
        ];
        int length = trials.Length == 0 ? 0 : trials.Min(t => t.Length);
        return [.. Enumerable.Range(0, length).Select(i => new Sample(trials.Select(t => t[i])))];
    }

    private static (string, object)[] Levels(CellTrials cell) => [.. cell.Condition.Names.Select(n => (n, (object)cell.Condition[n]!))];

    /// <summary>The condition without d, which the caption has; d alone where it is all that varies.</summary>
    private static string Label(CellTrials cell)
    {
        string[] names = [.. cell.Condition.Names.Where(n => n != "d")];
        return names.Length == 0
            ? $"d = {cell.Condition["d"]}"
            : string.Join(", ", names.Select(n => double.IsFinite(cell.Condition.Number(n)) ? $"{Short(n)}\u00a0{cell.Condition[n]}" : cell.Condition[n]));

        static string Short(string name) => name == "learning_rate" ? "η" : name.Replace('_', '\u00a0');
    }
}

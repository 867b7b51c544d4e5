using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 7, the paper's figure 9.</summary>
internal static class DepthSection
{
    private const string Linear = "Linear network", Mlp = "ReLU MLP";

    private static readonly string[] Colours = [Palette.Sky, Palette.Blue, Palette.Green];
    private static readonly string[] Shapes = ["circle", "square", "triangle-up"];

    public static Section Build(CellSet cells)
    {
        (CellTrials Cell, string Group, string Name)[] models = [.. cells.Cells.Select(c => (c, Group(c), Name(c)))];
        Series[] groups =
        [
            .. new[] { new Series(Linear, Palette.Blue), new Series(Mlp, Palette.Purple, "square") }
                .Where(s => models.Any(m => m.Group == s.Name)),
        ];
        var layers = XAxis.Ordinal("model", "layers", models.Select(m => m.Name));
        var depth = new LinePlot("κ error by depth", layers, "relative error of κ", groups)
        {
            Marked = true,
            WithOther = true,
        };
        var scatter = new ScatterPlot("Overall and κ error", "overall error", "relative error of κ",
        [
            .. models.Select((m, i) => m.Group == Mlp
                ? new Series(OneLine(m.Name), Palette.Purple, "diamond")
                : new Series(OneLine(m.Name), Colours[i % Colours.Length], Shapes[i % Shapes.Length])),
        ]);
        return Section.Of(cells, 9, Reading(cells),
        [
            new Figure("exp7-1", depth.Title,
                "κ error of the product of all layers (for the MLP, the mean over its layers): mean (filled) ± 1 standard "
                    + "deviation and median (hollow, dashed). A bar that meets the lower edge goes on below it. "
                    + $"{cells.Extent}.",
                depth.Draw([.. models.Select(m => new SeriesPoint(m.Group, m.Name, m.Cell.Value("condition_number")))])),
            new Figure("exp7-2", scatter.Title,
                $"κ error against ‖W − W*‖/‖W*‖ of the product: each trial small, the means large. {cells.Extent}.",
                scatter.Draw(
                [
                    .. models.Select(m => (OneLine(m.Name), Numbers(m.Cell, "overall"), Numbers(m.Cell, "condition_number"))),
                ])),
        ]);

        static string Group(CellTrials cell) => cell.Condition["model"] == "relu-mlp" ? Mlp : Linear;

        static string Name(CellTrials cell) => cell.Condition["model"] == "relu-mlp"
            ? $"{cell.Condition["depth"]}\n{Mlp}"
            : $"{cell.Condition["depth"]}\nlinear";

        static string OneLine(string name) => name.Split('\n') is [var layers, "linear"]
            ? $"{layers} linear layer{(layers == "1" ? "" : "s")}"
            : $"{name.Split('\n')[0]}-layer {Mlp}";

        static double[] Numbers(CellTrials cell, string name) =>
            [.. cell.Trials.Select(t => t.Values.GetValueOrDefault(name, double.NaN))];
    }

    private static IEnumerable<string?> Reading(CellSet cells)
    {
        CellTrials[] linear =
        [
            .. cells.Cells.Where(c => c.Condition["model"] == "linear").OrderBy(c => c.Condition.Number("depth")),
        ];
        if (linear.Length > 0)
        {
            string layers = linear is [var only] && only.Condition["depth"] == "1" ? "layer" : "layers";
            yield return $"With {Enumerate(linear.Select(c => c.Condition["depth"]!))} linear {layers} the mean κ error is "
                + $"{Values("condition_number", s => s.Mean)} (median {Values("condition_number", s => s.Median)}) and the mean "
                + $"overall error {Values("overall", s => s.Mean)}.";
        }

        if (cells.Find(("model", "relu-mlp")) is CellTrials mlp)
            yield return $"The ReLU MLP’s layers have a mean κ error of {Number(mlp.Value("condition_number").Mean)} at an "
                + $"overall error of {Number(mlp.Value("overall").Mean)}.";

        string Values(string component, Func<Sample, double> statistic) =>
            Enumerate(linear.Select(c => Number(statistic(c.Value(component)))));
    }
}

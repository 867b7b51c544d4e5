using System.Globalization;
using Kappa.Training.Claims;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 3, the paper's figure 5.</summary>
internal static class GradientSignalSection
{
    private static readonly string[] Colours = [Palette.Vermilion, Palette.Orange, Palette.Green, Palette.Blue];

    public static Section Build(CellSet cells)
    {
        CellTrials cell = cells.Cells[0];
        double[] index = cell.Axis("index"), step = cell.Axis("step");
        int[] followed =
        [
            .. cell.Trials.SelectMany(t => t.Series.Keys).Where(k => k.StartsWith("sigma_", StringComparison.Ordinal))
                .Select(k => int.Parse(k.AsSpan("sigma_".Length), CultureInfo.InvariantCulture)).Distinct().Order(),
        ];
        Series[] series = [.. followed.Select((i, place) => new Series($"i = {i}", Colours[place % Colours.Length]))];
        var steps = XAxis.Linear("step", "step");
        var byIndex = new LinePlot("Gradient by singular value", XAxis.Linear("i", "index i of the singular value"),
            "|∂L/∂σᵢ|, mean over steps", [new Series("gradient", Palette.Blue)]);
        var sigma = new LinePlot("Singular values in training", steps, "σᵢ", series) { OfMedians = true };
        var gradient = new LinePlot("Gradients in training", steps, "|∂L/∂σᵢ|", series) { OfMedians = true };
        return Section.Of(cells, 5, Reading(cell),
        [
            new Figure("exp3-1", byIndex.Title,
                "|∂L/∂σᵢ| = |uᵢᵀGvᵢ| in the SVD of the current W, averaged over training: mean and ± 1 standard deviation over "
                    + $"trials. {cells.Extent}.",
                byIndex.Draw(Points(["gradient_mean"], index, _ => "gradient"))),
            new Figure("exp3-2", sigma.Title, $"σᵢ of the current W: median and quartiles over trials. {cells.Extent}.",
                sigma.Draw(Points(followed.Select(i => $"sigma_{i}"), step, Name))),
            new Figure("exp3-3", gradient.Title,
                $"|∂L/∂σᵢ| of the same singular values at every step: median and quartiles over trials. {cells.Extent}.",
                gradient.Draw(Points(followed.Select(i => $"gradient_{i}"), step, Name))),
        ],
        [
            ComparisonRow.Of("Mean |∂L/∂σ| of σ₁", "Fig. 5", Measures.Value("gradient_top"), cells),
            ComparisonRow.Of("Mean |∂L/∂σ| of the smallest σ", "Fig. 5", Measures.Value("gradient_bottom"), cells),
        ]);

        static string Name(string key) => $"i = {key[(key.IndexOf('_', StringComparison.Ordinal) + 1)..]}";

        List<SeriesPoint> Points(IEnumerable<string> names, double[] axis, Func<string, string> name) =>
            LinePlot.Along(axis, names.Select(n => (name(n), cell.Series(n))));
    }

    private static IEnumerable<string?> Reading(CellTrials cell)
    {
        Sample ratio = cell.Value("gradient_ratio"), top = cell.Value("gradient_top"), bottom = cell.Value("gradient_bottom");
        yield return $"Averaged over training, the largest singular value receives {Times(ratio.Mean)} the gradient of the "
            + $"smallest (median {Times(ratio.Median)}): {Number(top.Mean)} against {Number(bottom.Mean)}.";
    }
}

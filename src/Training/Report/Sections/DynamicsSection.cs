using Kappa.Training.Claims;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 5, the paper's figure 7.</summary>
internal static class DynamicsSection
{
    public static Section Build(CellSet cells)
    {
        CellTrials cell = cells.Cells[0];
        return Section.Of(cells, 7, Reading(cell),
        [
            Evolution("exp5-1", "Norms and matrix", "row_norms", "col_norms", "singular_values", "frobenius", "overall"),
            Evolution("exp5-2", "Shape of the spectrum", "condition_number", "spectral_gap", "effective_rank"),
        ],
        [
            ComparisonRow.Of("κ error after the last step", "Fig. 7", Measures.At(true, "condition_number"), cells),
            ComparisonRow.Of("Row-norm error after the last step", "Fig. 7", Measures.At(true, "row_norms"), cells),
        ]);

        Figure Evolution(string id, string title, params string[] components)
        {
            Series[] series = [.. components.Select(Palette.Component)];
            var plot = new LinePlot(title, XAxis.Linear("step", "step"), "relative error", series)
            {
                OfMedians = true,
                WithOther = true,
            };
            return new Figure(id, title, "Relative error after each step: median (solid) and quartiles (band) over trials, mean "
                + $"(dashed). An error of 0 has no line; a band that meets the lower edge goes on below it; "
                + $"lines that coincide cover each other. {cells.Extent}.",
                plot.Draw(LinePlot.Along(cell.Axis("step"), components.Select((c, i) => (series[i].Name, cell.Series(c))))));
        }
    }

    private static IEnumerable<string?> Reading(CellTrials cell)
    {
        Sample[] rows = cell.Series("row_norms"), kappa = cell.Series("condition_number");
        if (rows.Length < 2 || kappa.Length < 2)
            yield break;
        yield return $"The mean row-norm error rises at {Rising(rows)} of the steps, the mean κ error at {Rising(kappa)}.";
        if (cell.Trials.Count > 1)
            yield return $"After the last step the standard deviation over trials is {Percent(rows[^1].Std / rows[^1].Mean)} of the "
                + $"mean row-norm error and {Percent(kappa[^1].Std / kappa[^1].Mean)} of the mean κ error.";

        static string Rising(Sample[] samples) => Percent(Measures.RisingPart([.. samples.Select(s => s.Mean)]));
    }
}

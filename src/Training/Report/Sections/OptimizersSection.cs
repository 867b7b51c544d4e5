using Kappa.Training.Components;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using static Kappa.Training.Results.NumberText;

namespace Kappa.Training.Report.Sections;

/// <summary>Experiment 2, the paper's figure 4.</summary>
internal static class OptimizersSection
{
    private static readonly (string Level, Series Series)[] Optimizers =
        [("sgd", new Series("SGD", Palette.Blue)), ("adam", new Series("Adam", Palette.Orange))];

    public static Section Build(CellSet cells)
    {
        (string Level, Series Series)[] run = [.. Optimizers.Where(o => cells.Find(("optimizer", o.Level)) is not null)];
        var plot = new BarPlot("SGD and Adam", "relative error",
            [.. ComponentErrors.Names.Select(c => Palette.Component(c).Name)], [.. run.Select(o => o.Series)]);
        return Section.Of(cells, 4, Reading(cells),
        [
            new Figure("exp2-1", plot.Title, $"Relative error of each component. {BarPlot.Legend} {cells.Extent}.", plot.Draw(
            [
                .. from component in ComponentErrors.Names
                   from optimizer in run
                   let cell = cells.Find(("optimizer", optimizer.Level))
                   select (Palette.Component(component).Name, optimizer.Series.Name, cell.Value(component)),
            ])),
        ]);
    }

    private static IEnumerable<string?> Reading(CellSet cells)
    {
        CellTrials? sgd = cells.Find(("optimizer", "sgd")), adam = cells.Find(("optimizer", "adam"));
        if (sgd is null || adam is null)
            yield break;
        Sample sgdKappa = sgd.Value("condition_number"), adamKappa = adam.Value("condition_number");
        yield return $"Adam’s mean overall error is {Number(adam.Value("overall").Mean)}, that of SGD "
            + $"{Number(sgd.Value("overall").Mean)}.";
        yield return $"Their mean κ errors are {Number(adamKappa.Mean)} and {Number(sgdKappa.Mean)}, with medians of "
            + $"{Number(adamKappa.Median)} and {Number(sgdKappa.Median)}.";
    }
}

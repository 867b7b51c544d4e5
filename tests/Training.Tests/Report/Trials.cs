using Kappa.Training.Components;
using Kappa.Training.Experiments;
using Kappa.Training.Results;

namespace Kappa.Training.Tests;

/// <summary>Records to report on.</summary>
internal static class Trials
{
    private static readonly string[] Measured =
    [
        .. ComponentErrors.Names, "kappa", "kappa_target", "layer_kappa", "layer1_kappa", "layer2_kappa", "layer3_kappa",
        "teacher_kappa", "gradient_top", "gradient_bottom", "gradient_ratio",
    ];

    /// <summary>Every trial of the paper's protocol, without training: the numbers are those of a function.</summary>
    public static List<TrialRecord> Paper(Func<Condition, string, int, double> value) =>
    [
        .. from experiment in Catalogue.Paper
           from d in experiment.Dimensions
           from cell in experiment.CellsAt(d)
           from trial in Enumerable.Range(0, experiment.Trials)
           select new TrialRecord(experiment.Name, cell.Condition, trial, 42, cell.Protocol.Fingerprint(42),
               new(Measured.ToDictionary(name => name, name => value(cell.Condition, name, trial)), StringComparer.Ordinal),
               Series(name => value(cell.Condition, name, trial))),
    ];

    /// <summary>The same with numbers that differ from each other.</summary>
    public static List<TrialRecord> Paper() => Paper((_, name, trial) => (name.Length + 1) * (1 + 0.1 * trial));

    /// <summary>Trials that did train, for three steps on 8×8.</summary>
    public static List<TrialRecord> Tiny(int trials) =>
    [
        .. from experiment in Catalogue.Paper
           from cell in experiment.CellsAt(8)
           let tiny = cell with { Protocol = cell.Protocol with { Epochs = 3 } }
           from trial in Enumerable.Range(0, trials)
           select Trial.Run(experiment.Name, tiny, trial, 42, CancellationToken.None),
    ];

    private static SortedDictionary<string, double[]> Series(Func<string, double> value)
    {
        var series = new SortedDictionary<string, double[]>(StringComparer.Ordinal) { ["step"] = [1, 2, 3], ["index"] = [1, 2] };
        foreach (string name in (string[])[.. ComponentErrors.Names, "sigma_1", "sigma_2", "gradient_1", "gradient_2"])
            series[name] = [value(name), value(name) / 2, value(name) / 4];
        series["gradient_mean"] = [value("gradient_top"), value("gradient_bottom")];
        return series;
    }
}

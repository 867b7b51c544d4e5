using System.Globalization;
using Kappa.Training.Experiments;
using Kappa.Training.Results;

namespace Kappa.Cli;

/// <summary>Names the folder of a run that was given none: out/all, out/exp4, …, then out/all-2, so that no run overwrites another.</summary>
internal static class RunFolder
{
    private const string Parent = "out";

    /// <summary>The next free folder, or with resume the latest one that holds trials.</summary>
    public static string Choose(IReadOnlyList<Experiment> experiments, bool resume)
    {
        string name = experiments.SequenceEqual(Catalogue.Paper) ? "all"
            : experiments.SequenceEqual(Catalogue.All) ? "all-controls" : string.Join('-', experiments.Select(e => e.Name));
        string first = Path.Combine(Parent, name), latest = first, next = first;
        for (int i = 2; TrialStore.Exists(next); i++)
        {
            latest = next;
            next = first + "-" + i.ToString(CultureInfo.InvariantCulture);
        }

        return resume ? latest : next;
    }
}

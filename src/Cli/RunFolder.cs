using System.Globalization;
using Kappa.Training.Experiments;
using Kappa.Training.Results;

namespace Kappa.Cli;

/// <summary>Where runs are kept: names the folder of a run that was given none, so that no run overwrites another, and reads stored ones.</summary>
internal static class RunFolder
{
    private const string Parent = "out";

    /// <summary>The folder of a part of what a folder is for: DIR-shard-i-of-N, so that every task of a job array can be given the same DIR.</summary>
    public static string Of(string directory, Shard? shard) => shard is null ? directory
        : string.Create(CultureInfo.InvariantCulture, $"{Path.TrimEndingDirectorySeparator(directory)}-shard-{shard.Index}-of-{shard.Count}");

    /// <summary>The next free folder of out/all, out/all-2, … or out/exp4, …; with resume the latest one that holds trials.</summary>
    public static string Choose(IReadOnlyList<Experiment> experiments, bool resume, Shard? shard = null)
    {
        string name = experiments.SequenceEqual(Catalogue.Paper) ? "all"
            : experiments.SequenceEqual(Catalogue.All) ? "all-controls" : string.Join('-', experiments.Select(e => e.Name));
        return Choose(Of(name, shard), resume, TrialStore.Exists);
    }

    /// <summary>The next free folder of out/NAME, out/NAME-2, …; with resume the latest one that is in use.</summary>
    public static string Choose(string name, bool resume, Func<string, bool> isInUse)
    {
        string first = Path.Combine(Parent, name), latest = first, next = first;
        for (int i = 2; isInUse(next); i++)
        {
            latest = next;
            next = first + "-" + i.ToString(CultureInfo.InvariantCulture);
        }

        return resume ? latest : next;
    }

    /// <summary>The latest folder that 'kappa run all' made for itself, with controls or without.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public static string LatestOfAll()
    {
        string[] runs = [.. new[] { Catalogue.Paper, Catalogue.All }.Select(e => Choose(e, resume: true)).Where(TrialStore.Exists)];
        return runs.MaxBy(Directory.GetLastWriteTimeUtc)
            ?? throw new UserException($"{Choose(Catalogue.Paper, resume: true)} holds no trials; start with 'kappa run all', or name the folder of a run");
    }

    /// <summary>Reads a folder as far as it is sound, and says on stderr where it is not.</summary>
    /// <exception cref="ResultsException">The folder holds no trials, or they cannot be read.</exception>
    public static TrialStore Read(string directory)
    {
        TrialStore store = TrialStore.Read(directory);
        NoteUnsound(store);
        return store;
    }

    /// <summary>Says on stderr what of a folder was left out.</summary>
    public static void NoteUnsound(TrialStore store)
    {
        if (store.TornBytes > 0)
            Terminal.Errors.WriteLine($"kappa: the last line of the trials in {store.Directory} is torn ({store.TornBytes} bytes) and left out");
        if (store.UnsoundLines > 0)
            Terminal.Errors.WriteLine($"kappa: {store.UnsoundLines} lines of the trials in {store.Directory} are no records of this version and left out");
    }
}

using System.CommandLine;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa merge DIR….</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        Argument<string[]> directories = new("DIR") { Description = "The folders of a run's shards.", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = new("--out") { Description = "The new folder. Default: a new folder in out/, named as the run's.", HelpName = "DIR" };
        Option<bool> partial = new("--partial") { Description = "Merge what is there, where trials are missing." };
        Option<bool> json = Options.Json();
        var command = new Command("merge", "Put the shards of a run together: the folder that one machine would have made.") { directories, output, partial, json };
        command.SetAction(parsed => Merge(parsed.GetValue(directories)!, parsed.GetValue(output), parsed.GetValue(partial), parsed.GetValue(json)));
        return command;
    }

    private static void Merge(string[] directories, string? output, bool partial, bool json)
    {
        TrialStore[] shards = [.. directories.Select(TrialStore.Read)];
        var merge = new ShardMerge(shards);
        if (merge.Missing.Count > 0 && !partial)
            throw new UserException($"{merge.DescribeMissing()}; nothing is merged: run them with --resume, or merge what is there with --partial");
        string directory = Path.TrimEndingDirectorySeparator(output ?? RunFolder.Choose(merge.Plan.Experiments, resume: false));
        if (File.Exists(directory) || Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            throw new UserException($"{directory} is already there; choose another folder with --out");
        using TrialStore merged = Write(merge, directory);
        foreach (TrialStore shard in shards)
            RunFolder.NoteUnsound(shard);
        if (merge.Missing.Count > 0)
            Terminal.Errors.WriteLine($"kappa: {merge.DescribeMissing()}");
        ResultOutput.Write(merged, merge.Plan, json, trials: false);
        Terminal.Notes.WriteLine($"{merged.Records.Count} trials of {directories.Length} shards. Page: {Path.Combine(directory, "report.html")}");
    }

    /// <summary>Makes the folder beside its place and moves it there when it is whole.</summary>
    private static TrialStore Write(ShardMerge merge, string directory)
    {
        string unfinished = $"{directory}.unfinished-{Environment.ProcessId}";
        try
        {
            using (TrialStore store = TrialStore.Open(unfinished, resume: false))
            {
                foreach (TrialRecord record in merge.Records)
                    store.Append(record);
                store.Complete(merge.Plan);
                ReportCommand.WritePage(store);
            }

            if (Directory.Exists(directory))
                Directory.Delete(directory);
            Directory.Move(unfinished, directory);
            return TrialStore.Read(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"cannot write {directory}: {e.Message}");
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }
    }
}

using System.CommandLine;
using Kappa.Training.Checkpoints;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa merge DIR….</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        Argument<string[]> directories = new("DIR") { Description = "The folders of a run's or a scan's shards.", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = new("--out") { Description = "The new folder. Default: a new folder in out/, named as the run's or scan's.", HelpName = "DIR" };
        Option<bool> partial = new("--partial") { Description = "Merge what is there, where trials or tensors are missing." };
        Option<bool> json = Options.Json();
        var command = new Command("merge", "Put the shards of a run or a scan together: the folder that one machine would have made.") { directories, output, partial, json };
        command.SetAction(parsed =>
        {
            string[] shards = parsed.GetValue(directories)!;
            Action<string[], string?, bool, bool> merge = shards.All(ScanStore.Exists) ? MergeScan : MergeRun;
            merge(shards, parsed.GetValue(output), parsed.GetValue(partial), parsed.GetValue(json));
        });
        return command;
    }

    private static void MergeRun(string[] directories, string? output, bool partial, bool json)
    {
        TrialStore[] shards = [.. directories.Select(TrialStore.Read)];
        var merge = new ShardMerge(shards);
        if (merge.Missing.Count > 0 && !partial)
            throw new UserException($"{merge.DescribeMissing()}; nothing is merged: run them with --resume, or merge what is there with --partial");
        string directory = output ?? RunFolder.Choose(merge.Plan.Experiments, resume: false);
        Make(directory, unfinished =>
        {
            using TrialStore store = TrialStore.Open(unfinished, resume: false);
            foreach (TrialRecord record in merge.Records)
                store.Append(record);
            store.Complete(merge.Plan);
            ReportCommand.WritePage(store);
        });
        using TrialStore merged = TrialStore.Read(directory);
        foreach (TrialStore shard in shards)
            RunFolder.NoteUnsound(shard);
        if (merge.Missing.Count > 0)
            Terminal.Errors.WriteLine($"kappa: {merge.DescribeMissing()}");
        ResultOutput.Write(merged, merge.Plan, json, trials: false);
        Terminal.Notes.WriteLine($"{merged.Records.Count} trials of {directories.Length} shards. Page: {Path.Combine(directory, "report.html")}");
    }

    private static void MergeScan(string[] directories, string? output, bool partial, bool json)
    {
        ScanStore[] shards = [.. directories.Select(ScanStore.Read)];
        var merge = new ScanMerge(shards);
        if (merge.Missing.Count > 0 && !partial)
            throw new UserException($"{merge.DescribeMissing()}; nothing is merged: scan them with --resume, or merge what is there with --partial");
        string directory = output ?? RunFolder.Choose("scan", resume: false, ScanStore.Exists);
        Make(directory, unfinished =>
        {
            merge.WriteTo(unfinished);
            ScanCommand.WritePage(merge.Records, unfinished, directory);
        });
        foreach (ScanStore shard in shards.Where(s => s.TornBytes > 0))
            Terminal.Errors.WriteLine($"kappa: the last line of the scan in {shard.Directory} is torn ({shard.TornBytes} bytes) and left out");
        if (merge.Missing.Count > 0)
            Terminal.Errors.WriteLine($"kappa: {merge.DescribeMissing()}");
        if (json)
            ScanOutput.WriteJson(merge.Records);
        else
            ScanOutput.Show(merge.Records);
    }

    /// <summary>Makes the folder beside its place and moves it there when it is whole.</summary>
    private static void Make(string path, Action<string> write)
    {
        string directory = Path.TrimEndingDirectorySeparator(path), unfinished = $"{directory}.unfinished-{Environment.ProcessId}";
        if (File.Exists(directory) || Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            throw new UserException($"{directory} is already there; choose another folder with --out");
        try
        {
            write(unfinished);
            if (Directory.Exists(directory))
                Directory.Delete(directory);
            Directory.Move(unfinished, directory);
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

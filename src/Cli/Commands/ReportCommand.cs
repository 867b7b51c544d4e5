using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using Kappa.Cli.Page;
using Kappa.Training.Report;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa report DIR.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "A folder that 'kappa run' wrote to." };
        Option<bool> json = Options.Json();
        var command = new Command("report", "Rebuild the page and the summaries from stored trials.") { directory, json };
        command.SetAction(parsed =>
        {
            using TrialStore store = RunFolder.Read(parsed.GetValue(directory)!);
            store.WriteSummaries();
            string page = WritePage(store);
            if (parsed.GetValue(json))
                Terminal.WriteJson(new JsonObject { ["page"] = page, ["trials"] = store.Records.Count });
            else
                Terminal.Tables.WriteLine($"{store.Records.Count} trials. Page: {page}");
        });
        return command;
    }

    /// <summary>Makes the page of a store's trials; returns where it is.</summary>
    public static string WritePage(TrialStore store)
    {
        TrialRecord[] records = [.. store.Records];
        string path = Path.Combine(store.Directory, "report.html");
        string settings = string.Join(' ', records.Select(r => r.Experiment).Distinct())
            + ", seed " + string.Join(' ', records.Select(r => r.Seed).Distinct());
        string version = typeof(ReportCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        try
        {
            PageWriter.Write(Report.Build(records), new RunInfo(settings, version.Split('+')[0], records.Length), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"cannot write {path}: {e.Message}");
        }

        return path;
    }
}

using System.Globalization;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli;

/// <summary>A run's results on stdout: a table per experiment for people, JSON lines for programs.</summary>
internal static class ResultOutput
{
    public static void Write(TrialStore store, Plan plan, bool json, bool trials)
    {
        HashSet<TrialKey> planned = [.. plan.Trials.Select(t => t.Key)];
        TrialRecord[] records = [.. store.Records.Where(r => planned.Contains(new TrialKey(r.Experiment, r.Condition, r.Trial)))];
        IReadOnlyList<Summary> summaries = Summary.Of(records);
        if (trials)
            WriteTrials(records);
        if (json)
            foreach (Summary summary in summaries)
                Terminal.Lines.WriteLine(summary.ToJson());
        else
            foreach (Experiment experiment in plan.Experiments)
                Show(experiment, [.. summaries.Where(s => s.Experiment == experiment.Name)]);
    }

    /// <summary>A line per trial.</summary>
    public static void WriteTrials(IEnumerable<TrialRecord> records)
    {
        foreach (TrialRecord record in records)
            Terminal.Lines.WriteLine(record.ToJson());
    }

    private static void Show(Experiment experiment, Summary[] summaries)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title(new TableTitle(Markup.Escape($"{experiment.Name}  {experiment.Title}")));
        table.AddColumn("condition");
        foreach (string component in experiment.Highlights)
            table.AddColumn(new TableColumn(Markup.Escape(component.Replace('_', ' ') + "\nmean ± std (median)")).RightAligned());
        foreach (IGrouping<Condition, Summary> cell in summaries.GroupBy(s => s.Condition))
        {
            List<Text> row = [new Text(cell.Key.ToString())];
            foreach (string component in experiment.Highlights)
                row.Add(new Text(cell.FirstOrDefault(s => s.Component == component) is Summary found ? Format(found.Statistics) : "—"));
            table.AddRow(row);
        }

        Terminal.Tables.Write(table);
    }

    private static string Format(Statistics s) =>
        string.Create(CultureInfo.InvariantCulture, $"{s.Mean:G4} ± {s.Std:G3} ({s.Median:G3})");
}

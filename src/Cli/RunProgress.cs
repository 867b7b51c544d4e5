using System.Diagnostics;
using System.Globalization;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli;

/// <summary>Shows a run as it goes, on stderr: a bar per experiment on a terminal, a line per finished experiment elsewhere.</summary>
internal static class RunProgress
{
    /// <summary>Runs the work with a callback for each finished trial.</summary>
    public static void Show(Plan plan, TrialStore store, Action<Action<PlannedTrial>> work)
    {
        Dictionary<Experiment, int> total = plan.Trials.GroupBy(t => t.Experiment).ToDictionary(g => g.Key, g => g.Count());
        Dictionary<Experiment, int> left = total.Keys.ToDictionary(e => e, _ => 0);
        foreach (PlannedTrial missing in store.Missing(plan))
            left[missing.Experiment]++;
        if (!Terminal.Notes.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            ShowLines(left, total, work);
            return;
        }

        Terminal.Notes.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                Dictionary<Experiment, ProgressTask> bars = plan.Experiments.ToDictionary(e => e, e =>
                {
                    ProgressTask bar = context.AddTask($"{e.Name}  {e.Title}", autoStart: false, maxValue: total[e]);
                    bar.Value = total[e] - left[e];
                    return bar;
                });
                work(finished =>
                {
                    ProgressTask bar = bars[finished.Experiment];
                    if (!bar.IsStarted)
                        bar.StartTask();
                    bar.Increment(1);
                });
            });
    }

    private static void ShowLines(Dictionary<Experiment, int> left, Dictionary<Experiment, int> total, Action<Action<PlannedTrial>> work)
    {
        long start = Stopwatch.GetTimestamp();
        work(finished =>
        {
            if (--left[finished.Experiment] == 0)
                Terminal.Notes.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{finished.Experiment.Name}  {finished.Experiment.Title}: {total[finished.Experiment]} trials done at {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
        });
    }
}

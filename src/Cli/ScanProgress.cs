using System.Diagnostics;
using System.Globalization;
using Kappa.Training.Checkpoints;
using Spectre.Console;

namespace Kappa.Cli;

/// <summary>Shows a scan as it goes, on stderr: a bar on a terminal, a line every ten seconds elsewhere.</summary>
internal static class ScanProgress
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(10);

    /// <summary>Runs the work with a callback for each finished record.</summary>
    public static void Show(int missing, int all, Action<Action<ScanRecord>> work)
    {
        if (!Terminal.Notes.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            ShowLines(missing, all, work);
            return;
        }

        Terminal.Notes.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask bar = context.AddTask("tensors", maxValue: all);
                bar.Value = all - missing;
                work(finished =>
                {
                    bar.Description = Markup.Escape(finished.Name.Length > 40 ? "…" + finished.Name[^39..] : finished.Name);
                    bar.Increment(1);
                });
            });
    }

    private static void ShowLines(int missing, int all, Action<Action<ScanRecord>> work)
    {
        long start = Stopwatch.GetTimestamp(), last = start;
        work(_ =>
        {
            missing--;
            if (Stopwatch.GetElapsedTime(last) < s_between)
                return;
            last = Stopwatch.GetTimestamp();
            Terminal.Notes.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all - missing} of {all} at {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s"));
        });
    }
}

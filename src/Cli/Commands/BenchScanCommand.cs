using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Kappa.Training.Checkpoints;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa bench scan PATH….</summary>
internal static class BenchScanCommand
{
    private const int Rounds = 9;

    public static Command Create()
    {
        Argument<string[]> paths = new("PATH") { Description = "Files and folders, as for 'kappa scan'.", Arity = ArgumentArity.OneOrMore };
        Option<ScanMeasure[]?> measures = ScanCommand.Measures("--measures");
        Option<int?> threads = Options.Integer("--threads", "Threads. Default: one per core.", 1, 1024);
        Option<int?> rounds = Options.Integer("--rounds", $"Rounds after the first; the time is their median. Default: {Rounds}.", 1, 100_000);
        Option<bool> json = Options.Json();
        var command = new Command("scan", "Reading and measuring every tensor of a checkpoint: the first time, which compiles, and from then on.") { paths, measures, threads, rounds, json };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            ScanSettings settings = new() { Measures = parsed.GetResult(measures) is null ? ScanMeasure.All : parsed.GetValue(measures)! };
            int count = parsed.GetValue(threads) ?? Environment.ProcessorCount;
            Gemm.MaxThreads = count;
            double first = 0;
            int matrices = 0;
            List<double> seconds = [];
            try
            {
                for (int round = 0; round <= (parsed.GetValue(rounds) ?? Rounds); round++)
                {
                    long start = Stopwatch.GetTimestamp();
                    using (Checkpoint checkpoint = CheckpointInput.Open(parsed.GetValue(paths)!))
                    {
                        IReadOnlyList<TensorMatrix> plan = Scan.Plan(checkpoint, settings);
                        matrices = plan.Count(m => m.Reason is null);
                        CheckpointInput.Read(() =>
                        {
                            Scan.Run(plan, settings, count, _ => { }, cancellation);
                            return true;
                        });
                    }

                    double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    if (round == 0)
                        first = elapsed;
                    else
                        seconds.Add(elapsed);
                }
            }
            catch (OperationCanceledException)
            {
                return CommandLine.Interrupted;
            }

            Statistics later = Statistics.Of(seconds);
            if (parsed.GetValue(json))
                Terminal.WriteJson(new JsonObject
                {
                    ["matrices"] = matrices,
                    ["threads"] = count,
                    ["rounds"] = seconds.Count,
                    ["firstSeconds"] = first,
                    ["seconds"] = later.Median,
                    ["secondsQ25"] = later.Q25,
                    ["secondsQ75"] = later.Q75,
                });
            else
                Terminal.Tables.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{matrices} matrices: {later.Median:G4} s (quartiles {later.Q25:G4}, {later.Q75:G4}) in {seconds.Count} rounds, the first time {first:G4} s; {count} threads."));
            return CommandLine.Success;
        }, CancellationToken.None));
        return command;
    }
}

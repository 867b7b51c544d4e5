using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Kappa.Cli.Page;
using Kappa.Kernels;
using Kappa.Training.Checkpoints;
using Kappa.Training.Experiments;
using Kappa.Training.Report;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa scan PATH….</summary>
internal static class ScanCommand
{
    private static readonly TimeSpan s_longestMatch = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        Argument<string[]> paths = new("PATH")
        {
            Description = "Files (safetensors, an index *.safetensors.index.json, .npz, .npy) and folders of them.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> filter = new("--filter") { Description = "Only tensors in whose name this regular expression is found.", HelpName = "REGEX" };
        Option<ScanMeasure[]?> measures = Measures("--measures");
        Option<string[]> split = new("--split")
        {
            Description = "Measure parts of attention projections: qkv splits fused ones into three, heads=N[/K] those of queries into N heads and of keys and values into K (N).",
            HelpName = "qkv|heads=N",
        };
        Option<bool> integers = new("--integers") { Description = "Measure integers and booleans, too." };
        Option<double> deviation = new("--input-deviation")
        {
            Description = "σₓ of the entropy. Default: 1.",
            HelpName = "X",
            DefaultValueFactory = _ => 1,
            CustomParser = result => double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double x) && x > 0 && double.IsFinite(x)
                ? x
                : Options.Refuse<double>(result, "must be a positive number"),
        };
        Option<(ScanMeasure Measure, bool Descending)?> sort = new("--sort")
        {
            Description = "Order the output by a measure, the smallest first; with :desc the largest. What has no value comes last. Default: the checkpoint's order.",
            HelpName = "MEASURE[:desc]",
            CustomParser = result => result.Tokens[0].Value.Split(':') is [var name, .. var order] && order is [] or ["asc"] or ["desc"]
                && ScanMeasure.Find(name) is { } measure && measure != ScanMeasure.SingularValues
                    ? (measure, order is ["desc"])
                    : Options.Refuse<(ScanMeasure, bool)?>(result, "must be a measure, with :desc behind it for the largest first,"),
        };
        Option<int?> threads = Options.Integer("--threads", "Threads. Default: one per core. Results do not depend on it.", 1, 1024);
        Option<string?> output = new("--out") { Description = "Folder for results and page. Default: a new folder in out/.", HelpName = "DIR" };
        Option<bool> resume = new("--resume") { Description = "Go on with the folder of --out, or the latest scan in out/: finished tensors are kept." };
        Option<Shard?> shard = ShardOption.Create();
        Option<bool> json = Options.Json();
        Option<bool> csv = new("--csv") { Description = "Print comma-separated values on stdout, and nothing else there." };
        var command = new Command("scan", "κ and information measures of every tensor of a checkpoint, and their page.")
        {
            paths, filter, measures, split, integers, deviation, sort, threads, shard, output, resume, json, csv,
        };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            ScanSettings settings = new()
            {
                Matricization = Splits(parsed.GetValue(split) ?? []) with { Integers = parsed.GetValue(integers) },
                Measures = parsed.GetResult(measures) is null ? ScanMeasure.All : parsed.GetValue(measures)!,
                InputDeviation = parsed.GetValue(deviation),
            };
            using Checkpoint checkpoint = CheckpointInput.Open(parsed.GetValue(paths)!);
            IReadOnlyList<TensorMatrix> plan = Filtered(Scan.Plan(checkpoint, settings), parsed.GetValue(filter));
            bool resumed = parsed.GetValue(resume);
            Shard? part = ShardOption.Resolve(parsed.GetValue(shard), out string? note);
            string directory = parsed.GetValue(output) is string given ? RunFolder.Of(given, part) : RunFolder.Choose(RunFolder.Of("scan", part), resumed, ScanStore.Exists);
            using ScanStore store = ScanStore.Open(directory, settings, plan, resumed, part);
            if (note is not null)
                Terminal.Notes.WriteLine(note);
            if (!Run(part?.Of(plan, Scan.Cost) ?? plan, settings, store, parsed.GetValue(threads) ?? Environment.ProcessorCount, cancellation))
                return CommandLine.Interrupted;
            if (part is not null)
            {
                ScanOutput.WriteShard(store, parsed.GetValue(json));
                return CommandLine.Success;
            }

            IReadOnlyList<ScanRecord> records = Sorted(store.Of(plan), parsed.GetValue(sort));
            if (parsed.GetValue(json))
                ScanOutput.WriteJson(records);
            else if (parsed.GetValue(csv))
                ScanOutput.WriteCsv(records, settings.Measures);
            else
                ScanOutput.Show(records);
            WritePage(store.Of(plan), directory, directory);
            return CommandLine.Success;
        }, CancellationToken.None));
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(csv))
                result.AddError("--json and --csv exclude each other");
        });
        return command;
    }

    /// <summary>An option that takes measures by name.</summary>
    public static Option<ScanMeasure[]?> Measures(string name) => new(name)
    {
        Description = "What to measure. Default: all. Without those that need all singular values, one factorisation does. "
            + string.Join(", ", ScanMeasure.All.Select(m => m.Name + (m.NeedsSpectrum ? "*" : ""))) + " (* needs them); condition stands for conditionNumber.",
        HelpName = "NAME,NAME,…",
        CustomParser = result =>
        {
            ScanMeasure?[] found = [.. result.Tokens[0].Value.Split(',').Select(ScanMeasure.Find)];
            return found.Contains(null)
                ? Options.Refuse<ScanMeasure[]?>(result, $"must be names among {string.Join(", ", ScanMeasure.All.Select(m => m.Name))}, separated by commas")
                // In the order of output, each once.
                : [.. ScanMeasure.All.Where(found.Contains)];
        },
    };

    private static Matricization Splits(string[] splits)
    {
        var matricization = new Matricization();
        foreach (string split in splits)
            matricization = split == "qkv" ? matricization with { SplitFused = true }
                : split.StartsWith("heads=", StringComparison.Ordinal) && split[6..].Split('/') is [var heads, .. var keys] && keys.Length <= 1
                    && TryPositive(heads, out int queries) && TryPositive(keys is [var own] ? own : heads, out int keyHeads)
                    ? matricization with { Heads = queries, KeyHeads = keyHeads }
                : throw new UserException($"--split must be qkv, heads=N or heads=N/K, not '{split}'");
        return matricization;
    }

    private static bool TryPositive(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;

    private static IReadOnlyList<TensorMatrix> Filtered(IReadOnlyList<TensorMatrix> plan, string? filter)
    {
        if (filter is null)
            return plan;
        try
        {
            var pattern = new Regex(filter, RegexOptions.CultureInvariant, s_longestMatch);
            TensorMatrix[] matching = [.. plan.Where(m => pattern.IsMatch(m.Name))];
            return matching.Length > 0 ? matching : throw new UserException($"no tensor's name has '{filter}' in it");
        }
        catch (RegexParseException e)
        {
            throw new UserException($"--filter is no regular expression: {e.Message}");
        }
        catch (RegexMatchTimeoutException)
        {
            throw new UserException($"--filter takes too long to match; write '{filter}' more simply");
        }
    }

    private static bool Run(IReadOnlyList<TensorMatrix> plan, ScanSettings settings, ScanStore store, int threads, CancellationToken cancellation)
    {
        if (store.TornBytes > 0)
            Terminal.Notes.MarkupLineInterpolated($"[grey]The last line in {store.Directory} was torn ({store.TornBytes} bytes); its tensor is measured again.[/]");
        IReadOnlyList<TensorMatrix> missing = store.Missing(plan);
        if (missing.Count < plan.Count)
            Terminal.Notes.MarkupLineInterpolated($"[grey]{plan.Count - missing.Count} of {plan.Count} tensors are already in {store.Directory}.[/]");
        Gemm.MaxThreads = threads;
        long start = Stopwatch.GetTimestamp();
        try
        {
            ScanProgress.Show(missing.Count, plan.Count, finished => CheckpointInput.Read(() =>
            {
                Scan.Run(missing, settings, threads, record =>
                {
                    store.Append(record);
                    finished(record);
                }, cancellation);
                return true;
            }));
        }
        catch (OperationCanceledException)
        {
            Terminal.Notes.MarkupLineInterpolated(
                $"Stopped. {store.Of(plan).Count} of {plan.Count} tensors are saved in {store.Directory}; the same command with {(store.Shard is null ? $"--resume --out {store.Directory}" : "--resume")} goes on.");
            return false;
        }

        store.Complete();
        Terminal.Notes.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.Count} tensors in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s."));
        return true;
    }

    private static IReadOnlyList<ScanRecord> Sorted(IReadOnlyList<ScanRecord> records, (ScanMeasure Measure, bool Descending)? sort) => sort is not (var measure, var descending)
        ? records
        : [.. records.OrderBy(r => !double.IsFinite(r[measure])).ThenBy(r => descending ? -r[measure] : r[measure])];

    /// <summary>Makes the page, and says where it is or will be.</summary>
    public static void WritePage(IReadOnlyList<ScanRecord> records, string directory, string shown)
    {
        string path = Path.Combine(directory, "report.html");
        string version = typeof(ScanCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        try
        {
            PageFrame.Write(ScanPage.Render(records, version.Split('+')[0]), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"cannot write {path}: {e.Message}");
        }

        string[] likeRandom = [.. ScanReport.Build(records).LikeRandom.Select(ScanOutput.Plain)];
        if (likeRandom.Length > 0)
            Terminal.Notes.WriteLine(ScanPage.Warning(likeRandom));
        Terminal.Notes.WriteLine($"Page: {Path.Combine(shown, "report.html")}");
    }
}

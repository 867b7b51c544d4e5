using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using Kappa.Training.Tuning;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa run.</summary>
internal static class RunCommand
{
    private const string All = "all";

    public static Command Create()
    {
        Argument<string[]> names = new("experiment")
        {
            Description = "exp1 … exp18, finetune, or all, which stands for the paper's nine:\n" + string.Join('\n', Catalogue.Known.Select(e => $"{e.Name}  {e.Title}: {e.Question}")),
            Arity = ArgumentArity.OneOrMore,
        };
        Option<int?> trials = Options.Integer("--trials", "Trials per condition (the paper's: 10 or 15).", 1);
        Option<int[]?> dims = Options.Integers("--dims", "Dimensions d of the d×d target (the paper's depend on the experiment).", 1, Plan.MaximumDimension);
        Option<int?> epochs = Options.Integer("--epochs", "Training steps per trial (the paper's: 200, 300 or 1000).", 1);
        Option<uint?> seed = Options.Seed("Seed of the first trial; trial k has seed + 100k. Default: 42.");
        Option<int?> threads = Options.Integer("--threads", "Trials at a time. Default: one per core. Results do not depend on it.", 1, 1024);
        Option<Shard?> shard = ShardOption.Create();
        Option<string?> output = new("--out") { Description = "Folder for results and page; a shard's is DIR-shard-i-of-N. Default: a new folder in out/.", HelpName = "DIR" };
        Option<bool> resume = new("--resume") { Description = "Go on with the folder of --out, or the latest of this run in out/: finished trials are kept." };
        Option<bool> quick = new("--quick") { Description = "A small run for a first look: 2 trials, d ≤ 64, 50 steps; of finetune 2 passes over the data." };
        Option<string?> data = new("--data")
        {
            Description = "With finetune: a safetensors file with U8 Xtrain (n×p), Ytrain (n×10, one-hot), Xtest and Ytest. Default: the classes of a drawn teacher.",
            HelpName = "FILE",
        };
        Option<bool> controls = new("--controls") { Description = "With all: the controls exp10 … exp18, too; a few minutes." };
        Option<bool> json = Options.Json();
        Option<bool> trialsOut = new("--trials-out") { Description = "With --json: one line per trial, too, before the summaries." };
        var command = new Command("run", "Run experiments and make their page.") { names, trials, dims, epochs, seed, threads, shard, output, resume, quick, controls, data, json, trialsOut };
        // On a thread of its own: Ctrl-C is watched for only once the action has returned its task.
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(
            Resolve(parsed.GetValue(names)!, parsed.GetValue(controls)),
            new PlanSettings
            {
                Trials = parsed.GetValue(trials),
                Dimensions = parsed.GetResult(dims) is null ? null : parsed.GetValue(dims),
                Epochs = parsed.GetValue(epochs),
                Seed = parsed.GetValue(seed) ?? 42,
                Quick = parsed.GetValue(quick),
                Data = parsed.GetValue(data) is string path ? Read(path) : null,
            },
            parsed.GetValue(threads) ?? Environment.ProcessorCount,
            parsed.GetValue(shard),
            parsed.GetValue(output),
            parsed.GetValue(resume),
            parsed.GetValue(json),
            parsed.GetValue(trialsOut),
            cancellation), CancellationToken.None));
        command.Validators.Add(result => ValidateNames(result, names));
        command.Validators.Add(result =>
        {
            if (result.GetValue(controls) && !(result.GetValue(names) ?? []).Contains(All))
                result.AddError($"--controls goes with '{All}'; a control alone is named, as in 'kappa run exp10'");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(data) is not null && !(result.GetValue(names) ?? []).Contains(FineTuning.Description.Name))
                result.AddError($"--data goes with '{FineTuning.Description.Name}'; the other experiments draw what they learn");
        });
        return command;
    }

    private static Classification Read(string path)
    {
        try
        {
            return ClassificationFile.Read(path);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            string message = e.Message.StartsWith(path + ": ", StringComparison.Ordinal) ? e.Message[(path.Length + 2)..] : e.Message;
            throw new UserException($"cannot read {path}: {message}");
        }
    }

    private static void ValidateNames(CommandResult result, Argument<string[]> names)
    {
        foreach (string name in result.GetValue(names) ?? [])
            if (name.StartsWith('-'))
                result.AddError($"there is no option '{name}'; 'kappa run --help' lists them");
            else if (name != All && Catalogue.Find(name) is null)
                result.AddError($"there is no experiment '{name}'; choose from {string.Join(", ", Catalogue.Known.Select(e => e.Name))} or {All}");
    }

    private static IReadOnlyList<Experiment> Resolve(string[] names, bool controls) =>
        [.. Catalogue.Known.Where(e => names.Contains(e.Name) || names.Contains(All) && (controls ? Catalogue.All : Catalogue.Paper).Contains(e))];

    private static int Run(IReadOnlyList<Experiment> experiments, PlanSettings settings, int threads, Shard? given, string? output,
        bool resume, bool json, bool trialsOut, CancellationToken cancellation)
    {
        Plan plan;
        try
        {
            plan = new Plan(experiments, settings);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new UserException("", e);
        }

        Shard? shard = ShardOption.Resolve(given, out string? note);
        if (shard is not null)
            plan = plan.Of(shard);
        string directory = output is null ? RunFolder.Choose(experiments, resume, shard) : RunFolder.Of(output, shard);
        ShardManifest? manifest = shard is null ? null : new ShardManifest(shard, [.. experiments.Select(e => e.Name)], settings);
        using TrialStore store = TrialStore.Open(directory, resume, manifest);
        if (note is not null)
            Terminal.Notes.WriteLine(note);
        if (store.TornBytes > 0)
            Terminal.Notes.MarkupLineInterpolated($"[grey]The last line in {directory} was torn ({store.TornBytes} bytes); its trial runs again.[/]");
        int kept = plan.Trials.Count - store.Missing(plan).Count;
        if (kept > 0)
            Terminal.Notes.MarkupLineInterpolated($"[grey]{kept} of {plan.Trials.Count} trials are already in {directory}.[/]");
        // Trials share the cores; a product within one takes one thread.
        Gemm.MaxThreads = 1;
        long start = Stopwatch.GetTimestamp();
        try
        {
            RunProgress.Show(plan, store, finished => Runner.Run(plan, store, threads, finished, cancellation));
        }
        catch (OperationCanceledException)
        {
            int done = plan.Trials.Count - store.Missing(plan).Count;
            // A shard's folder is named from DIR of --out, which the command has or lacks as before.
            string again = shard is null ? $"--resume --out {directory}" : "--resume";
            Terminal.Notes.MarkupLineInterpolated($"Stopped. {done} of {plan.Trials.Count} trials are saved in {directory}; the same command with {again} goes on.");
            return CommandLine.Interrupted;
        }

        string time = string.Create(CultureInfo.InvariantCulture, $"{plan.Trials.Count} trials in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        store.Complete(plan);
        if (shard is null)
        {
            ResultOutput.Write(store, plan, json, trialsOut);
            Terminal.Notes.WriteLine($"{time}. Page: {ReportCommand.WritePage(store)}");
            return CommandLine.Success;
        }

        // Tables and page of a part of the trials would pass for those of the run.
        if (trialsOut)
            ResultOutput.WriteTrials(store.Records);
        if (json)
            Terminal.WriteJson(new JsonObject { ["folder"] = directory, ["shard"] = shard.ToString(), ["trials"] = plan.Trials.Count });
        Terminal.Notes.WriteLine($"{time}, shard {shard}: {directory}. 'kappa merge' puts the shards together.");
        return CommandLine.Success;
    }
}

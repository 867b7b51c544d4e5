using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Kappa.Training.Checkpoints;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa select PATH….</summary>
internal static class SelectCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = new("PATH")
        {
            Description = "A checkpoint, as for 'kappa scan', or the folder of a finished scan.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<int?> count = Options.Integer("--count", "How many tensors. Default: 100, as in the paper.", 1);
        Option<ScanMeasure> by = new("--by")
        {
            Description = "The measure to rank by: condition (default), or another name of 'kappa scan --measures'. Tensors without a finite value are left out: with condition these are "
                + "vectors, integers, rank-deficient matrices and those whose κ double precision does not resolve; conditionNonZero, κ over non-zero singular values, ranks rank-deficient ones, too. "
                + "Equal values go by name.",
            HelpName = "MEASURE",
            DefaultValueFactory = _ => ScanMeasure.ConditionNumber,
            CustomParser = result => ScanMeasure.Find(result.Tokens[0].Value) is { } measure && measure != ScanMeasure.SingularValues && measure != ScanMeasure.LikeRandom
                ? measure
                : Options.Refuse<ScanMeasure>(result, "must be a measure of 'kappa scan'"),
        };
        Option<string> order = Choice("--order", "Which first.", "smallest", "largest");
        Option<string> format = Choice("--format", "Lines of names, lines of JSON, or Python that sets requires_grad of a PyTorch model by name.", "names", "json", "python");
        var command = new Command("select", "The tensors to fine-tune: those of smallest condition number, by the paper.") { paths, count, by, order, format };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            ScanMeasure measure = parsed.GetValue(by)!;
            bool largest = parsed.GetValue(order) == "largest";
            IReadOnlyList<ScanRecord>? records = Records(parsed.GetValue(paths)!, measure, cancellation);
            if (records is null)
                return CommandLine.Interrupted;
            Selection selection;
            try
            {
                selection = Selection.Of(records, measure, parsed.GetValue(count) ?? 100, largest);
            }
            catch (ArgumentException e)
            {
                throw new UserException("", e);
            }

            string summary = string.Create(CultureInfo.InvariantCulture,
                $"{selection.Chosen.Count} tensors of {(largest ? "largest" : "smallest")} {measure.Name}, {selection.Chosen.Sum(r => r.Parameters):N0} of {selection.Parameters:N0} parameters; "
                + $"{selection.LeftOut.Count} of {records.Count} tensors have no {measure.Name} and are left out");
            Write(selection, measure, parsed.GetValue(format)!, summary);
            Terminal.Notes.WriteLine($"{summary}.");
            return CommandLine.Success;
        }, CancellationToken.None));
        return command;
    }

    private static Option<string> Choice(string name, string description, params string[] choices) => new(name)
    {
        Description = $"{description} Default: {choices[0]}.",
        HelpName = string.Join('|', choices),
        DefaultValueFactory = _ => choices[0],
        CustomParser = result => choices.Contains(result.Tokens[0].Value)
            ? result.Tokens[0].Value
            : Options.Refuse<string>(result, $"must be one of {string.Join(", ", choices)}"),
    };

    /// <summary>Records of a scan's folder, or of a scan now; null where it was interrupted.</summary>
    private static IReadOnlyList<ScanRecord>? Records(string[] paths, ScanMeasure measure, CancellationToken cancellation)
    {
        if (paths is [var directory] && ScanStore.Exists(directory))
        {
            using var store = ScanStore.Read(directory);
            if (store.Records.Count < store.Planned.Count)
                throw new UserException($"{directory} holds {store.Records.Count} of {store.Planned.Count} tensors; "
                    + (store.Shard is null ? "finish the scan with --resume" : "merge the shards with 'kappa merge'"));
            if (store.Records.All(r => r.Rows == 0 || !r.Values.ContainsKey(measure.Name)))
                throw new UserException($"the scan in {directory} has no {measure.Name}; scan again with it among --measures");
            return [.. store.Records];
        }

        using Checkpoint checkpoint = CheckpointInput.Open(paths);
        var settings = new ScanSettings { Measures = [measure] };
        IReadOnlyList<TensorMatrix> plan = Scan.Plan(checkpoint, settings);
        var records = new List<ScanRecord>();
        Gemm.MaxThreads = Environment.ProcessorCount;
        try
        {
            ScanProgress.Show(plan.Count, plan.Count, finished => CheckpointInput.Read(() =>
            {
                Scan.Run(plan, settings, Environment.ProcessorCount, record =>
                {
                    records.Add(record);
                    finished(record);
                }, cancellation);
                return true;
            }));
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return records;
    }

    private static void Write(Selection selection, ScanMeasure measure, string format, string summary)
    {
        if (format == "python")
        {
            Terminal.Lines.Write(Python(selection, measure, summary));
            return;
        }

        int rank = 0;
        foreach (ScanRecord record in selection.Chosen)
        {
            rank++;
            if (format == "names")
                Terminal.Lines.WriteLine(ScanOutput.Plain(record.Name));
            else
                Terminal.WriteJson(new JsonObject
                {
                    ["rank"] = rank,
                    ["name"] = record.Name,
                    ["parameters"] = record.Parameters,
                    [measure.Name] = record[measure],
                });
        }
    }

    private static string Python(Selection selection, ScanMeasure measure, string summary)
    {
        var text = new StringBuilder($"# {summary}.\ntrainable = {{\n");
        foreach (ScanRecord record in selection.Chosen)
            text.Append(CultureInfo.InvariantCulture, $"    {Literal(record.Name)},  # {measure.Name} {record[measure]:G6}, {record.Parameters} parameters\n");
        return text.Append("""
            }
            missing = trainable - {name for name, _ in model.named_parameters()}
            if missing:
                raise KeyError(f"the model has no parameters {sorted(missing)}")
            for name, parameter in model.named_parameters():
                parameter.requires_grad = name in trainable

            """).ToString();
    }

    /// <summary>A string of Python: what would end or change it is escaped.</summary>
    private static string Literal(string name)
    {
        var text = new StringBuilder("\"");
        foreach (char c in name)
            if (c is '"' or '\\')
                text.Append('\\').Append(c);
            else if (char.IsControl(c))
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                text.Append(c);
        return text.Append('"').ToString();
    }
}

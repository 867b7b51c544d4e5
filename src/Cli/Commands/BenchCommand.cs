using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Cli.Bench;
using Kappa.Kernels;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa bench.</summary>
internal static class BenchCommand
{
    private const string None = "none";
    private static readonly string[] s_types = ["f64", "f32"];
    private static readonly string[] s_layouts = ["NN", "NT", "TN", "TT"];
    private static readonly int[] s_sizes = [8, 16, 32, 64, 128, 256, 512, 1024];

    public static Command Create() => new("bench", "Measure the kernels here, beside another library.") { CreateGemm() };

    private static Command CreateGemm()
    {
        Option<string?> type = Choice("--type", "Element type. Default: both.", s_types);
        Option<int[]?> sizes = Options.Integers("--sizes", $"Square products, n×n by n×n. Default: {string.Join(',', s_sizes)}.", 1, int.MaxValue);
        Option<(int, int, int)[]?> shapes = Shapes();
        Option<string?> layout = Choice("--layout", "Whether A and B are stored as they are (N) or transposed (T). Default: NN.", s_layouts);
        Option<int?> threads = Options.Integer("--threads", "Threads of one product. Default: 1.", 1, Environment.ProcessorCount);
        Option<string?> against = new("--against")
        {
            Description = "The other library: openblas, blis, a path, or none. Default: openblas where there is one.",
            HelpName = "LIBRARY",
        };
        Option<int?> rounds = Options.Integer("--rounds", "Rounds; figures are medians over them. Default: 9.", 1, 100_000);
        Option<bool> json = Options.Json();
        var command = new Command("gemm", "Matrix products: ours, another library's and the FMA peak loop, interleaved.")
        {
            type, sizes, shapes, layout, threads, against, rounds, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(sizes) is not null && result.GetResult(shapes) is not null)
                result.AddError("--sizes and --shapes exclude each other");
        });
        command.SetAction((parsed, cancellation) =>
        {
            string[] types = parsed.GetValue(type) is string one ? [one] : s_types;
            (int M, int N, int K)[] products = parsed.GetResult(shapes) is not null
                ? parsed.GetValue(shapes)!
                : [.. (parsed.GetResult(sizes) is not null ? parsed.GetValue(sizes)! : s_sizes).Select(n => (n, n, n))];
            GemmCase[] cases = [.. types.SelectMany(t => products.Select(p => new GemmCase(t, p.M, p.N, p.K, parsed.GetValue(layout) ?? "NN")))];
            NativeBlas? other = FindOther(parsed.GetValue(against));
            foreach (GemmCase product in cases)
                CheckSize(product, other is not null);
            // A task of its own, because Ctrl-C is listened to only once this delegate has returned.
            return Task.Run(() => RunGemm(cases, parsed.GetValue(threads) ?? 1, parsed.GetValue(rounds) ?? 9, other, parsed.GetValue(json), cancellation), CancellationToken.None);
        });
        return command;
    }

    private static Option<string?> Choice(string name, string description, string[] values) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', values),
        CustomParser = result => values.FirstOrDefault(v => v.Equals(result.Tokens[0].Value, StringComparison.OrdinalIgnoreCase))
            ?? Options.Refuse<string>(result, $"must be one of {string.Join(", ", values)}"),
    };

    private static Option<(int M, int N, int K)[]?> Shapes() => new("--shapes")
    {
        Description = "Products of m×k by k×n, as MxNxK.",
        HelpName = "MxNxK,…",
        CustomParser = result =>
        {
            string[] parts = result.Tokens[0].Value.Split(',');
            var values = new (int, int, int)[parts.Length];
            for (int i = 0; i < parts.Length; i++)
            {
                int[] shape = [.. parts[i].Split('x', 'X', '×').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0)];
                if (shape is not [> 0, > 0, > 0])
                    return Options.Refuse<(int, int, int)[]?>(result, $"must be shapes MxNxK of whole numbers from 1 to {int.MaxValue}, separated by commas");
                values[i] = (shape[0], shape[1], shape[2]);
            }

            return values;
        },
    };

    private static NativeBlas? FindOther(string? against)
    {
        if (against is not null)
            return against.Equals(None, StringComparison.OrdinalIgnoreCase) ? null : NativeBlas.Load(against);
        NativeBlas? found = NativeBlas.FindOpenBlas();
        if (found is null)
            Terminal.Notes.MarkupLineInterpolated($"[grey]OpenBLAS was not found: ours alone is measured; --against takes the path of a library.[/]");
        return found;
    }

    private static void CheckSize(GemmCase product, bool hasOther)
    {
        // Matrix<T> may spend 64 bytes on alignment.
        const int Slack = 16;
        long a = (long)product.M * product.K, b = (long)product.K * product.N, c = (long)product.M * product.N;
        if (Math.Max(a, Math.Max(b, c)) > Array.MaxLength - Slack)
            throw new UserException($"{product.Shape} is too large: one of its matrices exceeds {Array.MaxLength - Slack} elements");
        double bytes = (double)(a + b + (hasOther ? 2 : 1) * c) * (product.Type == "f64" ? 8 : 4);
        double available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2.0;
        if (bytes > available)
            throw new UserException(string.Create(CultureInfo.InvariantCulture,
                $"{product.Shape} in {product.Type} is too large: its matrices need {bytes / (1 << 30):F1} GiB, and half of the memory is {available / (1 << 30):F1} GiB"));
    }

    private static int RunGemm(GemmCase[] cases, int threads, int rounds, NativeBlas? other, bool json, CancellationToken cancellation)
    {
        if (other is not null && !other.SetThreads(threads))
            Terminal.Notes.MarkupLineInterpolated($"[grey]{other.Name} offers no way known here to set its threads; it runs with its own number.[/]");
        Table table = NewTable(cases[0].Layout, threads, rounds, other);
        bool interrupted = false;
        try
        {
            ShowProgress(cases, rounds, bar: !json || Console.IsOutputRedirected, (product, roundDone) =>
            {
                GemmTiming timing = product.Type == "f64"
                    ? GemmComparison.Measure<double>(product, threads, rounds, other, roundDone, cancellation)
                    : GemmComparison.Measure<float>(product, threads, rounds, other, roundDone, cancellation);
                if (json)
                    Terminal.WriteJson(ToJson(product, timing, threads, rounds, other));
                else
                    AddRow(table, product, timing);
            });
        }
        catch (OperationCanceledException)
        {
            interrupted = true;
        }

        if (!json && table.Rows.Count > 0)
            Terminal.Tables.Write(table);
        if (interrupted)
            Terminal.Notes.WriteLine("Stopped.");
        return interrupted ? CommandLine.Interrupted : CommandLine.Success;
    }

    // A bar on a terminal, a line per finished product elsewhere.
    private static void ShowProgress(GemmCase[] cases, int rounds, bool bar, Action<GemmCase, Action> measure)
    {
        if (!bar || !Terminal.Notes.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                measure(cases[i], () => { });
                Terminal.Notes.WriteLine($"{i + 1} of {cases.Length}: {cases[i].Type} {cases[i].Shape}");
            }

            return;
        }

        // Drawn between rounds alone: a timer would draw within a sample.
        Terminal.Notes.Progress().AutoRefresh(false).AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask("warm-up", maxValue: (double)cases.Length * rounds);
            foreach (GemmCase product in cases)
            {
                task.Description = $"{product.Type} {product.Shape}";
                context.Refresh();
                measure(product, () =>
                {
                    task.Increment(1);
                    context.Refresh();
                });
            }
        });
    }

    private static JsonObject ToJson(GemmCase product, GemmTiming timing, int threads, int rounds, NativeBlas? other) => new()
    {
        ["type"] = product.Type,
        ["m"] = product.M,
        ["n"] = product.N,
        ["k"] = product.K,
        ["layout"] = product.Layout,
        ["threads"] = threads,
        ["rounds"] = rounds,
        ["gflops"] = timing.Gflops,
        ["peak"] = timing.Peak,
        ["fractionOfPeak"] = timing.Gflops / timing.Peak,
        ["against"] = other?.Name,
        ["againstVersion"] = other?.Version,
        ["againstGflops"] = timing.Theirs?.Gflops,
        ["ratio"] = timing.Theirs?.Ratio.Median,
        ["ratioQ25"] = timing.Theirs?.Ratio.Q25,
        ["ratioQ75"] = timing.Theirs?.Ratio.Q75,
        ["largestDifference"] = timing.Theirs is { LargestDifference: var difference } ? double.IsFinite(difference) ? difference : "NaN" : null,
    };

    private static Table NewTable(string layout, int threads, int rounds, NativeBlas? other)
    {
        string title = $"C ← AB, {layout}, {threads} {(threads == 1 ? "thread" : "threads")}, {rounds} {(rounds == 1 ? "round" : "rounds")}"
            + $"\nours: {Hardware.SelectedPath} on {Hardware.Processor}";
        if (other is not null)
            title += $"\ntheirs: {other.Version ?? other.Name}";
        Table table = new Table().Border(TableBorder.Rounded).Title(new TableTitle(Markup.Escape(title))).AddColumns("type", "m×n×k");
        foreach (string column in new[] { "ours\nGF/s", "% of\npeak", "theirs\nGF/s", "ours/theirs\n(quartiles)", "differ-\nence" })
            table.AddColumn(new TableColumn(column).RightAligned());
        return table;
    }

    private static void AddRow(Table table, GemmCase product, GemmTiming timing)
    {
        string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        OtherTiming? theirs = timing.Theirs;
        table.AddRow(
            product.Type,
            product.Shape,
            Number(timing.Gflops, "F1"),
            Number(100 * timing.Gflops / timing.Peak, "F0"),
            theirs is null ? "" : Number(theirs.Gflops, "F1"),
            theirs is null ? "" : $"{Number(theirs.Ratio.Median, "F2")} ({Number(theirs.Ratio.Q25, "F2")}–{Number(theirs.Ratio.Q75, "F2")})",
            theirs is null ? "" : Number(theirs.LargestDifference, "0.0E+0;;0"));
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Kappa.Training.Results;
using Spectre.Console;

namespace Kappa.Cli.Bench;

/// <summary>How a benchmark's results are printed.</summary>
internal enum BenchFormat
{
    /// <summary>A table for people.</summary>
    Table,

    /// <summary>JSON lines.</summary>
    Json,

    /// <summary>A table to be kept in a file.</summary>
    Markdown,
}

/// <summary>What the benchmarks' common options came to.</summary>
/// <param name="Types">f32, f64 or both.</param>
/// <param name="Threads">Threads of one call.</param>
/// <param name="Rounds">Rounds after the warm-up.</param>
/// <param name="Other">The other library, where there is one.</param>
/// <param name="Format">How to print.</param>
/// <param name="CommandLine">What the user typed.</param>
internal sealed record BenchSetting(string[] Types, int Threads, int Rounds, NativeBlas? Other, BenchFormat Format, string CommandLine)
{
    /// <summary>Threads and rounds in words.</summary>
    public string Effort => $"{Threads} {(Threads == 1 ? "thread" : "threads")}, {Rounds} {(Rounds == 1 ? "round" : "rounds")}";

    /// <summary>A table's columns, and with several threads those of <see cref="BenchRecord.Cells"/>.</summary>
    public string[] Columns(string[] columns) => Threads == 1 ? columns : [.. columns, "1 thread/ours\n(quartiles)", $"{Threads} calls\nat once"];
}

/// <summary>What a measurement puts out: its JSON line, and its rows of the table.</summary>
internal sealed record BenchRecord(JsonObject Json, string[][] Rows)
{
    /// <summary>A number for JSON, which has no NaN and no ∞: these stand as text.</summary>
    public static JsonNode? Number(double? value) => value is not double number ? null
        : double.IsFinite(number) ? number
        : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number for the table; nothing where there is none.</summary>
    public static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    /// <summary>The last cells of a row, what several threads gained; none where there is one.</summary>
    public static string[] Cells(Speedup? speedup) => speedup is null ? [] : [Text(speedup.Ours), Text(speedup.Independent, "F2")];

    /// <summary>A ratio for the table: the median and its quartiles.</summary>
    public static string Text(Statistics? ratio) => ratio is null ? "" : $"{Text(ratio.Median, "F2")} ({Text(ratio.Q25, "F2")}–{Text(ratio.Q75, "F2")})";
}

/// <summary>Measures one problem after another, with progress on stderr, and prints what came out.</summary>
/// <param name="setting">The common options.</param>
/// <param name="title">What is measured.</param>
/// <param name="columns">Heads of the table's columns.</param>
/// <param name="textColumns">How many of them, from the left, hold text.</param>
internal sealed class BenchRun(BenchSetting setting, string title, string[] columns, int textColumns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Measures all; what was done by the time of a Ctrl-C is printed.</summary>
    /// <returns>The exit code.</returns>
    public int Run<TCase>(TCase[] cases, Func<TCase, string> name, Func<TCase, Interleaving, BenchRecord> measure, CancellationToken cancellation)
    {
        bool interrupted = false;
        try
        {
            ShowProgress(cases, name, (problem, roundDone) =>
            {
                BenchRecord record = measure(problem, new Interleaving(setting.Threads, setting.Rounds, roundDone, cancellation));
                _rows.AddRange(record.Rows);
                if (setting.Format == BenchFormat.Json)
                    Terminal.WriteJson(record.Json);
            });
        }
        catch (OperationCanceledException)
        {
            interrupted = true;
        }

        if (_rows.Count > 0 && setting.Format == BenchFormat.Table)
            WriteTable();
        else if (_rows.Count > 0 && setting.Format == BenchFormat.Markdown)
            WriteMarkdown();
        if (interrupted)
            Terminal.Notes.WriteLine("Stopped.");
        return interrupted ? CommandLine.Interrupted : CommandLine.Success;
    }

    private string Ours => $"ours: {Hardware.SelectedPath} on {Hardware.Processor}";

    private string[] Theirs => setting.Other is null ? [] : [$"theirs: {setting.Other.Version ?? setting.Other.Name}"];

    // A bar on a terminal, a line per finished problem elsewhere.
    private void ShowProgress<TCase>(TCase[] cases, Func<TCase, string> name, Action<TCase, Action> measure)
    {
        bool bar = setting.Format != BenchFormat.Json || Console.IsOutputRedirected;
        if (!bar || !Terminal.Notes.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                measure(cases[i], () => { });
                Terminal.Notes.WriteLine($"{i + 1} of {cases.Length}: {name(cases[i])}");
            }

            return;
        }

        // Drawn between rounds alone: a timer would draw within a sample.
        Terminal.Notes.Progress().AutoRefresh(false).AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask("warm-up", maxValue: (double)cases.Length * setting.Rounds);
            foreach (TCase problem in cases)
            {
                task.Description = Markup.Escape(name(problem));
                context.Refresh();
                measure(problem, () =>
                {
                    task.Increment(1);
                    context.Refresh();
                });
            }
        });
    }

    private void WriteTable()
    {
        string head = string.Join('\n', [$"{title}, {setting.Effort}", Ours, .. Theirs]);
        Table table = new Table().Border(TableBorder.Rounded).Title(new TableTitle(Markup.Escape(head)));
        for (int i = 0; i < columns.Length; i++)
            table.AddColumn(i < textColumns ? new TableColumn(Markup.Escape(columns[i])) : new TableColumn(Markup.Escape(columns[i])).RightAligned());
        foreach (string[] row in _rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        Terminal.Tables.Write(table);
    }

    private void WriteMarkdown()
    {
        TextWriter lines = Terminal.Lines;
        string[] facts =
        [
            $"`{setting.CommandLine}`, {setting.Effort}",
            string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, Kappa {typeof(BenchRun).Assembly.GetName().Version!.ToString(3)}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}"),
            $"{Ours}, {Environment.ProcessorCount} cores",
            .. Theirs,
        ];
        lines.WriteLine($"# {title}\n\n- {string.Join("\n- ", facts)}\n");
        Row(columns.Select(column => column.ReplaceLineEndings(" ")));
        Row(columns.Select((_, i) => i < textColumns ? "---" : "--:"));
        foreach (string[] row in _rows)
            Row(row);

        void Row(IEnumerable<string> cells) => lines.WriteLine($"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");
    }
}

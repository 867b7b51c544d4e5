using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Training.Checkpoints;
using Kappa.Training.Report;
using Spectre.Console;

namespace Kappa.Cli;

/// <summary>A scan's records on stdout: a table for people, JSON lines or CSV for programs.</summary>
internal static class ScanOutput
{
    // What has room on a screen.
    private static readonly string[] s_shown =
        ["conditionNumber", "sigmaMax", "sigmaMin", "effectiveRank", "stableRank", "logVolume", "entropyDeficit", "randomDistance"];

    /// <summary>What a shard did: a note, and a line of JSON where that is asked for.</summary>
    public static void WriteShard(ScanStore store, bool json)
    {
        if (json)
            Terminal.WriteJson(new JsonObject { ["folder"] = store.Directory, ["shard"] = store.Shard!.ToString(), ["tensors"] = store.Records.Count });
        Terminal.Notes.WriteLine($"Shard {store.Shard}: {store.Directory}. 'kappa merge' puts the shards together.");
    }

    /// <summary>A line of JSON each.</summary>
    public static void WriteJson(IReadOnlyList<ScanRecord> records)
    {
        foreach (ScanRecord record in records)
            Terminal.Lines.WriteLine(record.ToJson());
    }

    /// <summary>A line each below a line of heads, after RFC 4180; spectra are left out.</summary>
    public static void WriteCsv(IReadOnlyList<ScanRecord> records, IReadOnlyList<ScanMeasure> measures)
    {
        ScanMeasure[] columns = [.. measures.Where(m => m != ScanMeasure.SingularValues)];
        WriteLine(["name", "file", "shape", "dtype", "matricization", "rows", "columns", "parameters", "conditionReason", .. columns.Select(m => m.Name)]);
        foreach (ScanRecord record in records)
            WriteLine(
            [
                record.Name, record.File, string.Join('x', record.Shape), record.ElementType, record.Matricization ?? "", Whole(record.Rows), Whole(record.Columns),
                Whole(record.Parameters), record.ConditionReason ?? "", .. columns.Select(m => Number(record[m], m)),
            ]);
    }

    /// <summary>A table with a row for every matrix, and below it how many tensors are none.</summary>
    public static void Show(IReadOnlyList<ScanRecord> records)
    {
        ScanRecord[] matrices = [.. records.Where(r => r.Rows > 0)];
        if (matrices.Length > 0)
        {
            ScanMeasure[] columns = [.. s_shown.Select(name => ScanMeasure.Find(name)!).Where(m => matrices.Any(r => double.IsFinite(r[m])))];
            Table table = new Table().Border(TableBorder.Rounded).AddColumn("tensor").AddColumn(new TableColumn("matrix").NoWrap());
            foreach (ScanMeasure measure in columns)
                table.AddColumn(new TableColumn(Markup.Escape(measure.Title)).RightAligned());
            table.AddColumn("remark");
            foreach (ScanRecord record in matrices)
                table.AddRow(
                [
                    new Text(Plain(record.Name)), new Text(record.Matricization ?? ""),
                    .. columns.Select(m => new Text(double.IsFinite(record[m]) ? record[m].ToString("G4", CultureInfo.InvariantCulture) : "—")),
                    new Text(ScanReport.Remark(record)),
                ]);
            Terminal.Tables.Write(table);
        }

        if (matrices.Length < records.Count)
            Terminal.Tables.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{records.Count - matrices.Length} of {records.Count} tensors are no matrices ({Reasons(records)}); --json, --csv and the page list them, too."));
    }

    /// <summary>A name without what would steer a terminal.</summary>
    public static string Plain(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    // "11 vectors" without the shapes that some reasons name.
    private static string Reasons(IReadOnlyList<ScanRecord> records) => string.Join(", ", records.Where(r => r.Rows == 0)
        .GroupBy(r => r.ConditionReason!.Split(':')[0]).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}: {g.Count()}")));

    private static void WriteLine(IEnumerable<string> fields) => Terminal.Lines.Write(string.Join(',', fields.Select(Quote)) + "\r\n");

    private static string Quote(string field) => field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value, ScanMeasure measure) => !double.IsFinite(value) ? ""
        : measure == ScanMeasure.LikeRandom ? (value != 0 ? "true" : "false")
        : value.ToString("R", CultureInfo.InvariantCulture);
}

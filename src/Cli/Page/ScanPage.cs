using System.Globalization;
using Kappa.Training.Checkpoints;
using Kappa.Training.Report;
using static Kappa.Cli.Page.PageFrame;

namespace Kappa.Cli.Page;

/// <summary>Makes the page of a scan.</summary>
internal static class ScanPage
{
    /// <summary>The page as text.</summary>
    public static string Render(IReadOnlyList<ScanRecord> records, string version)
    {
        var report = ScanReport.Build(records);
        string[] files = [.. records.Select(r => r.File).Distinct()];
        int matrices = records.Count(r => r.Rows > 0);
        return PageFrame.Render("scan.html", "The spectra of a checkpoint", version, report.Figures, new Dictionary<string, string>
        {
            ["lead"] = Text(string.Create(CultureInfo.InvariantCulture,
                $"{records.Count:N0} tensors with {records.Sum(r => r.Parameters):N0} parameters, {matrices:N0} of them matrices: their condition numbers, their ranks, and what their singular values share with a random matrix’s.")),
            ["files"] = string.Join(" ", files.Take(12).Append(files.Length > 12 ? $"… {files.Length} files" : "").Select(f => $"<span>{Html.Encode(f)}</span>")),
            ["tensors"] = records.Count.ToString("N0", CultureInfo.InvariantCulture),
            ["warning"] = report.LikeRandom.Count == 0 ? "" : $"""<p class="departure">{Text(Warning(report.LikeRandom))}</p>""",
            ["plots"] = string.Join("\n", report.Figures.Select(Figure)),
            ["table"] = Table(report),
        });
    }

    /// <summary>What is said of tensors that are like random matrices.</summary>
    public static string Warning(IReadOnlyList<string> likeRandom) =>
        $"{likeRandom.Count} {(likeRandom.Count == 1 ? "tensor" : "tensors")} cannot be told by {(likeRandom.Count == 1 ? "its" : "their")} singular values from a random matrix, as an initialisation draws it: "
        + string.Join(", ", likeRandom.Take(5)) + (likeRandom.Count > 5 ? ", …" : ".");

    private static string Table(ScanReport report) => $"""
        <div class="table" role="region" tabindex="0" aria-labelledby="table-title">
        <table data-sortable>
        <thead><tr>
        {string.Join("\n", report.Columns.Select((c, i) => $"<th scope=\"col\" data-sort=\"{(IsText(i) ? "text" : "number")}\"{(IsNumber(i) ? " class=\"number\"" : "")}>{Html.Encode(c)}</th>"))}
        </tr></thead>
        <tbody>
        {string.Join("\n", report.Rows.Select(row => $"<tr>{string.Concat(row.Select((cell, i) => Cell(i, cell)))}</tr>"))}
        </tbody>
        </table>
        </div>
        """;

    private static string Cell(int column, (string Text, string Key) cell) => column == 0
        ? $"<th scope=\"row\"><code>{Html.Encode(cell.Text)}</code></th>"
        : $"<td data-key=\"{Html.Encode(cell.Key)}\"{(IsNumber(column) ? " class=\"number\"" : "")}>{Html.Encode(cell.Text)}</td>";

    // Name, matrix, which is sorted by its size, type and remark come before the numbers.
    private static bool IsNumber(int column) => column > 3;

    private static bool IsText(int column) => column is 0 or 2 or 3;
}

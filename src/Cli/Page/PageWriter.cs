using System.Globalization;
using Kappa.Training.Report;
using static Kappa.Cli.Page.PageFrame;

namespace Kappa.Cli.Page;

/// <summary>Makes the report's page.</summary>
internal static class PageWriter
{
    /// <summary>Writes the page to a file, which is complete or absent at any time.</summary>
    /// <param name="report">What to show.</param>
    /// <param name="run">What the page says of the run.</param>
    /// <param name="path">The file; one that exists is replaced. Its folder must exist.</param>
    /// <exception cref="IOException">The file could not be written; what was there before is unchanged.</exception>
    public static void Write(Report report, RunInfo run, string path) => PageFrame.Write(Render(report, run), path);

    /// <summary>The page as text.</summary>
    /// <param name="report">What to show.</param>
    /// <param name="run">What the page says of the run.</param>
    public static string Render(Report report, RunInfo run) => PageFrame.Render(
        "template.html", report.Title, run.Version, report.Sections.SelectMany(section => section.Figures), new Dictionary<string, string>
        {
            ["settings"] = string.Join(" ", run.Settings.Split(' ').Select(word => $"<span>{Html.Encode(word)}</span>")),
            ["trials"] = run.Trials.ToString("N0", CultureInfo.InvariantCulture),
            ["contents"] = Contents("The paper’s experiments", report.Sections.Where(s => s.PaperFigure is not null))
                + Contents("Controls", report.Sections.Where(s => s is { PaperFigure: null, Substitute: null }))
                + Contents("The second paper’s case study", report.Sections.Where(s => s.Substitute is not null)),
            ["lead"] = string.Join("\n", Leads(report.Sections)),
            ["claims"] = ClaimsTable.Render(report.Findings, Text),
            ["questions"] = QuestionsTable.Render(report.Answers, Text),
            ["sections"] = string.Join("\n", report.Sections.Select(Section)),
        });

    private static IEnumerable<string> Leads(IReadOnlyList<Section> sections)
    {
        if (sections.Count == 0 || sections.Any(s => s.Substitute is null))
            yield return """
                <p class="lead">Nine experiments of <cite>Condition Number as a Non-Learned Matrix Property: Identifying and Correcting Spectral
                Optimization Flaws</cite>, run again: its claims judged by these trials, its figures
                drawn from them, and its numbers beside theirs.</p>
                """;
        if (sections.Any(s => s.Substitute is not null))
            yield return """
                <p class="lead">The case study of <cite>The Condition Number as a Scale-Invariant Proxy for Information Encoding in Neural
                Units</cite>, in small: which tensors of a trained network learn a second task, and what it forgets by that.</p>
                """;
    }

    private static string Contents(string title, IEnumerable<Section> sections) => !sections.Any() ? "" : $"""
        <h3>{title}</h3>
        <ol>
        {string.Join("\n", sections.Select(Entry))}
        </ol>

        """;

    private static string Entry(Section section) => $"""
        <li><a href="#{Html.Encode(section.Id)}">{Number(section)}. {Html.Encode(section.Title)}</a>{(section.PaperFigure is int figure ? $" <small>figure {figure}</small>" : "")}</li>
        """;

    private static string Section(Section section)
    {
        string id = Html.Encode(section.Id);
        return $"""
            <section id="{id}" aria-labelledby="{id}-title">
            <p class="place">Experiment {Number(section)} · {(section.PaperFigure is int figure ? $"the paper’s figure {figure}" : Text(section.Substitute ?? "a control that the paper lacks"))}</p>
            <h2 id="{id}-title">{Html.Encode(section.Title)}</h2>
            {Paragraph("question", section.Question)}
            {Paragraph("reading", section.Reading)}
            {Paragraph("departure", section.Departure)}
            <div class="figures">
            {string.Join("\n", section.Figures.Select(Figure))}
            </div>
            {(section.Comparison.Count > 0 ? Table(id, section.Comparison, besidePaper: section is not { PaperFigure: null, Substitute: null }) : "")}
            </section>
            """;
    }

    private static string Paragraph(string kind, string? text) =>
        string.IsNullOrEmpty(text) ? "" : $"""<p class="{kind}">{Text(text)}</p>""";

    // A control's table is as long as its figures are dense; it opens where someone asks for it, and in print.
    private static string Table(string id, IReadOnlyList<ComparisonRow> rows, bool besidePaper) => besidePaper
        ? $"<h3 id=\"{id}-table\">Beside the paper</h3>\n{Rows(id, rows, besidePaper)}"
        : $"<details class=\"numbers\">\n<summary><h3 id=\"{id}-table\">In numbers</h3> <small>{rows.Count} rows</small></summary>\n{Rows(id, rows, besidePaper)}\n</details>";

    private static string Rows(string id, IReadOnlyList<ComparisonRow> rows, bool besidePaper) => $"""
        <div class="table" role="region" tabindex="0" aria-labelledby="{id}-table">
        <table>
        <thead><tr>
        <th scope="col">Quantity</th>
        {(besidePaper ? "<th scope=\"col\" class=\"number\">Paper</th>" : "")}
        <th scope="col" class="number">Here, mean ± std</th>
        <th scope="col" class="number">95 % interval</th>
        <th scope="col" class="number">Here, median</th>
        <th scope="col" class="number">n</th>
        </tr></thead>
        <tbody>
        {string.Join("\n", rows.Select(row => Row(row, besidePaper)))}
        </tbody>
        </table>
        </div>
        """;

    private static string Row(ComparisonRow row, bool besidePaper) => $"""
        <tr><th scope="row">{Text(row.Quantity)}</th>
        {(besidePaper ? $"<td class=\"number paper\">{Text(row.Paper ?? "–")} <small>{Html.Encode(row.Where ?? "")}</small></td>" : "")}
        <td class="number">{Html.Encode(row.Mean)}</td>
        <td class="number">{Html.Encode(row.Interval)}</td>
        <td class="number">{Html.Encode(row.Median)}</td>
        <td class="number">{(row.NotFinite == 0 ? $"{row.Trials}" : $"{row.Trials - row.NotFinite} <small>of {row.Trials} finite</small>")}</td></tr>
        """;

    private static string Number(Section section) => Html.Encode(section.Id.Replace("exp", "", StringComparison.Ordinal));
}

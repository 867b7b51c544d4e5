using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Kappa.Training.Report;

namespace Kappa.Cli.Page;

/// <summary>Makes the report's page: one HTML file that holds its style, its scripts and its data, and fetches nothing.</summary>
/// <remarks>The same report and run give the same bytes.</remarks>
internal static class PageWriter
{
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    // In the order in which they depend on each other.
    private static readonly string[] Scripts = ["vega.min.js", "vega-lite.min.js", "vega-embed.min.js", "page.js"];
    private static readonly string[] Licences = ["vega", "vega-lite", "vega-embed"];

    /// <summary>Writes the page to a file, which is complete or absent at any time.</summary>
    /// <param name="report">What to show.</param>
    /// <param name="run">What the page says of the run.</param>
    /// <param name="path">The file; one that exists is replaced. Its folder must exist.</param>
    /// <exception cref="IOException">The file could not be written; what was there before is unchanged.</exception>
    public static void Write(Report report, RunInfo run, string path)
    {
        string full = Path.GetFullPath(path);
        string unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}");
        try
        {
            File.WriteAllText(unfinished, Render(report, run));
            File.Move(unfinished, full, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>The page as text.</summary>
    /// <param name="report">What to show.</param>
    /// <param name="run">What the page says of the run.</param>
    public static string Render(Report report, RunInfo run)
    {
        string[] scripts = [.. Scripts.Select(name => $"\n{AsScript(Resource(name))}\n")];
        var parts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["policy"] = Policy(scripts),
            ["title"] = Html.Encode(report.Title),
            ["version"] = Html.Encode(run.Version),
            ["style"] = Resource("page.css"),
            ["settings"] = string.Join(" ", run.Settings.Split(' ').Select(word => $"<span>{Html.Encode(word)}</span>")),
            ["trials"] = run.Trials.ToString("N0", CultureInfo.InvariantCulture),
            ["contents"] = Contents("The paper’s experiments", report.Sections.Where(s => s.PaperFigure is not null))
                + Contents("Controls", report.Sections.Where(s => s.PaperFigure is null)),
            ["claims"] = ClaimsTable.Render(report.Findings, Text),
            ["questions"] = QuestionsTable.Render(report.Answers, Text),
            ["sections"] = string.Join("\n", report.Sections.Select(Section)),
            ["licences"] = Html.Encode(string.Join("\n\n", Licences.Select(Licence))),
            ["figures"] = Figures(report),
            ["scripts"] = string.Join("\n", scripts.Select(script => $"<script>{script}</script>")),
        };

        // One pass over the template: what is put in is not searched for further places.
        var page = new StringBuilder();
        string[] pieces = Resource("template.html").Split("{{");
        page.Append(pieces[0]);
        foreach (string piece in pieces.Skip(1))
        {
            int end = piece.IndexOf("}}", StringComparison.Ordinal);
            page.Append(parts[piece[..end]]).Append(piece.AsSpan(end + 2));
        }

        return page.ToString();
    }

    // Only these very scripts run, and nothing is fetched. Figures style their text inline.
    private static string Policy(string[] scripts) =>
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'unsafe-inline'; script-src "
        + string.Join(" ", scripts.Select(s => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s)))}'"));

    // The two sequences that end or distort a script element; both can only stand in strings, where \x3C is the same character.
    private static string AsScript(string script) => script
        .Replace("</script", @"\x3C/script", StringComparison.OrdinalIgnoreCase)
        .Replace("<!--", @"\x3C!--", StringComparison.Ordinal);

    private static string Figures(Report report)
    {
        var figures = new JsonObject();
        foreach (Figure figure in report.Sections.SelectMany(section => section.Figures))
            figures[figure.Id] = figure.Specification.DeepClone();
        // The default encoder writes < and > as escapes, so that no data can end the element.
        return figures.ToJsonString();
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
            <p class="place">Experiment {Number(section)} · {(section.PaperFigure is int figure ? $"the paper’s figure {figure}" : "a control that the paper lacks")}</p>
            <h2 id="{id}-title">{Html.Encode(section.Title)}</h2>
            {Paragraph("question", section.Question)}
            {Paragraph("reading", section.Reading)}
            {Paragraph("departure", section.Departure)}
            <div class="figures">
            {string.Join("\n", section.Figures.Select(Figure))}
            </div>
            {(section.Comparison.Count > 0 ? Table(id, section.Comparison, besidePaper: section.PaperFigure is not null) : "")}
            </section>
            """;
    }

    private static string Paragraph(string kind, string? text) =>
        string.IsNullOrEmpty(text) ? "" : $"""<p class="{kind}">{Text(text)}</p>""";

    // The room that the figure takes when it is drawn, so that what follows stands where a link looks for it.
    private static string Figure(Figure figure) => $"""
        <figure>
        <div class="plot" role="img" data-figure="{Html.Encode(figure.Id)}" style="--height: {((int?)figure.Specification["height"] ?? 300) + 70}px" aria-label="{Text($"{figure.Title}. {figure.Caption}")}"></div>
        <figcaption>{Text(figure.Caption)}</figcaption>
        </figure>
        """;

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

    // Lines do not break within "d = 64", "≈ 0.13", "> 1", "0.87 ± 1.40", "67 %".
    private static string Text(string text) => Html.Encode(text
        .Replace(" = ", "\u00a0=\u00a0", StringComparison.Ordinal)
        .Replace(" ± ", "\u00a0±\u00a0", StringComparison.Ordinal)
        .Replace("≈ ", "≈\u00a0", StringComparison.Ordinal)
        .Replace("< ", "<\u00a0", StringComparison.Ordinal)
        .Replace("> ", ">\u00a0", StringComparison.Ordinal)
        .Replace(" %", "\u00a0%", StringComparison.Ordinal));

    private static string Licence(string name) => $"{name}\n\n{Resource($"{name}.LICENSE").Trim()}";

    private static string Number(Section section) => Html.Encode(section.Id.Replace("exp", "", StringComparison.Ordinal));

    private static string Resource(string name)
    {
        using Stream stream = typeof(PageWriter).Assembly.GetManifestResourceStream($"page/{name}")
            ?? throw new InvalidOperationException($"The program lacks its part {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Kappa.Training.Report;

namespace Kappa.Cli.Page;

/// <summary>What all pages share: one HTML file that holds its style, its scripts and its data, and fetches nothing.</summary>
/// <remarks>The same parts give the same bytes.</remarks>
internal static class PageFrame
{
    // In the order in which they depend on each other.
    private static readonly string[] Scripts = ["vega.min.js", "vega-lite.min.js", "vega-embed.min.js", "page.js"];
    private static readonly string[] Licences = ["vega", "vega-lite", "vega-embed"];

    /// <summary>Encodes what is no text for readers: names, ids.</summary>
    public static HtmlEncoder Html { get; } = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>Writes a page to a file, which is complete or absent at any time.</summary>
    /// <param name="page">The page.</param>
    /// <param name="path">The file; one that exists is replaced. Its folder must exist.</param>
    /// <exception cref="IOException">The file could not be written; what was there before is unchanged.</exception>
    public static void Write(string page, string path)
    {
        string full = Path.GetFullPath(path);
        string unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}");
        try
        {
            File.WriteAllText(unfinished, page);
            File.Move(unfinished, full, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Fills a template's places {{name}}.</summary>
    /// <param name="template">The template's file name.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="version">The version of the program.</param>
    /// <param name="figures">The figures that the page places.</param>
    /// <param name="content">HTML for the template's own places.</param>
    public static string Render(string template, string title, string version, IEnumerable<Figure> figures, Dictionary<string, string> content)
    {
        string[] scripts = [.. Scripts.Select(name => $"\n{AsScript(Resource(name))}\n")];
        var parts = new Dictionary<string, string>(content, StringComparer.Ordinal)
        {
            ["policy"] = Policy(scripts),
            ["title"] = Html.Encode(title),
            ["version"] = Html.Encode(version),
            ["style"] = Resource("page.css"),
            ["licences"] = Html.Encode(string.Join("\n\n", Licences.Select(Licence))),
            ["figures"] = Specifications(figures),
            ["scripts"] = string.Join("\n", scripts.Select(script => $"<script>{script}</script>")),
        };

        // One pass over the template: what is put in is not searched for further places.
        var page = new StringBuilder();
        string[] pieces = Resource(template).Split("{{");
        page.Append(pieces[0]);
        foreach (string piece in pieces.Skip(1))
        {
            int end = piece.IndexOf("}}", StringComparison.Ordinal);
            page.Append(parts[piece[..end]]).Append(piece.AsSpan(end + 2));
        }

        return page.ToString();
    }

    /// <summary>A figure's place and caption: the room that it takes when it is drawn, so that what follows stands where a link looks for it.</summary>
    public static string Figure(Figure figure) => $"""
        <figure>
        <div class="plot" role="img" data-figure="{Html.Encode(figure.Id)}" style="--height: {((int?)figure.Specification["height"] ?? 300) + 70}px" aria-label="{Text($"{figure.Title}. {figure.Caption}")}"></div>
        <figcaption>{Text(figure.Caption)}</figcaption>
        </figure>
        """;

    /// <summary>Encodes text for readers; lines do not break within "d = 64", "≈ 0.13", "> 1", "0.87 ± 1.40", "67 %".</summary>
    public static string Text(string text) => Html.Encode(text
        .Replace(" = ", "\u00a0=\u00a0", StringComparison.Ordinal)
        .Replace(" ± ", "\u00a0±\u00a0", StringComparison.Ordinal)
        .Replace("≈ ", "≈\u00a0", StringComparison.Ordinal)
        .Replace("< ", "<\u00a0", StringComparison.Ordinal)
        .Replace("> ", ">\u00a0", StringComparison.Ordinal)
        .Replace(" %", "\u00a0%", StringComparison.Ordinal));

    // Only these very scripts run, and nothing is fetched. Figures style their text inline.
    private static string Policy(string[] scripts) =>
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'unsafe-inline'; script-src "
        + string.Join(" ", scripts.Select(s => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s)))}'"));

    // The two sequences that end or distort a script element; both can only stand in strings, where \x3C is the same character.
    private static string AsScript(string script) => script
        .Replace("</script", @"\x3C/script", StringComparison.OrdinalIgnoreCase)
        .Replace("<!--", @"\x3C!--", StringComparison.Ordinal);

    private static string Specifications(IEnumerable<Figure> figures)
    {
        var specifications = new JsonObject();
        foreach (Figure figure in figures)
            specifications[figure.Id] = figure.Specification.DeepClone();
        // The default encoder writes < and > as escapes, so that no data can end the element.
        return specifications.ToJsonString();
    }

    private static string Licence(string name) => $"{name}\n\n{Resource($"{name}.LICENSE").Trim()}";

    private static string Resource(string name)
    {
        using Stream stream = typeof(PageFrame).Assembly.GetManifestResourceStream($"page/{name}")
            ?? throw new InvalidOperationException($"The program lacks its part {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}

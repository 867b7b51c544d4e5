using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kappa.Training.Report.Plots;

/// <summary>What all figures share: sizes, colour scales, numbers as JSON.</summary>
internal static class VegaLite
{
    /// <summary>A specification from its parts: the JSON of "encoding" and of the "layer"s, and the rows they draw.</summary>
    public static JsonObject Specification(string title, string encoding, string layers, JsonArray rows, int height = 300)
    {
        JsonObject specification = JsonNode.Parse($$"""
            {
              "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
              "title": {{Text(title)}},
              "width": "container",
              "height": {{height}},
              "data": {},
              "encoding": {{encoding}},
              "layer": {{layers}},
              "config": {
                "aria": false,
                "title": { "anchor": "start", "fontSize": 14, "fontWeight": 600, "offset": 10 },
                "axis": { "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400, "labelFlush": false },
                "legend": { "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 240 },
                "mark": { "invalid": "break-paths-filter-domains" },
                "view": { "stroke": null }
              }
            }
            """)!.AsObject();
        specification["data"]!["values"] = rows;
        return specification;
    }

    /// <summary>A colour channel over the field "series", with its legend above the figure.</summary>
    public static string Colour(IReadOnlyList<Series> series, string symbol) => $$"""
        {
          "field": "series", "type": "nominal", "title": null,
          "scale": { "domain": {{Names(series)}}, "range": {{List(series.Select(s => Text(s.Colour)))}} },
          "legend": {{(series.Count < 2 ? "null" : Legend(series, symbol))}}
        }
        """;

    /// <summary>A shape channel over the field "series" that shares the legend of <see cref="Colour"/>.</summary>
    public static string Shape(IReadOnlyList<Series> series) => $$"""
        {
          "field": "series", "type": "nominal", "title": null,
          "scale": { "domain": {{Names(series)}}, "range": {{List(series.Select(s => Text(s.Shape)))}} },
          "legend": {{(series.Count < 2 ? "null" : Legend(series, "symbol"))}}
        }
        """;

    /// <summary>A number for data: six significant digits, null where it is not finite.</summary>
    public static JsonNode? Number(double x) => double.IsFinite(x)
        ? JsonValue.Create(double.Parse(x.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))
        : null;

    /// <summary>A number for a logarithmic axis: null where it is not finite or not positive.</summary>
    public static JsonNode? Positive(double x) => x > 0 ? Number(x) : null;

    /// <summary>Every trial's number for a logarithmic axis, to four digits, which a mark's place does not show; what has no logarithm is left out.</summary>
    public static JsonArray Trials(IEnumerable<double> values) => new(
    [
        .. from x in values
           where x > 0 && double.IsFinite(x)
           select (JsonNode)double.Parse(x.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
    ]);

    /// <summary>A transform that makes of each row one row per trial, with its number in the field "trial".</summary>
    public const string ByTrial = """[{ "flatten": ["trials"], "as": ["trial"] }]""";

    public static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    public static string Literal(double x) => x.ToString("R", CultureInfo.InvariantCulture);

    public static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    private static string Names(IReadOnlyList<Series> series) => List(series.Select(s => Text(s.Name)));

    // A legend breaks into as many columns as there is room for, about the longest name wide each. The room is the container's:
    // the figure's own width follows from its legend and is known too late.
    private static string Legend(IReadOnlyList<Series> series, string symbol)
    {
        int entry = 24 + 13 * series.Max(s => s.Name.Length) / 2;
        string room = "(isFinite(containerSize()[0]) ? containerSize()[0] : width) + 0 * width - 60";
        string shape = symbol == "symbol" ? "" : $$"""
            "symbolType": "{{symbol}}", "symbolOpacity": 1, "symbolStrokeWidth": 3,
            """;
        return $$"""
            {
              "orient": "top", "direction": "horizontal", {{shape}}
              "columns": { "expr": "max(1, min({{series.Count}}, floor(({{room}}) / {{entry}})))" }
            }
            """;
    }
}

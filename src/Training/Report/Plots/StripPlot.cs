using System.Text.Json.Nodes;
using Kappa.Training.Results;

namespace Kappa.Training.Report.Plots;

/// <summary>Every trial of several conditions as a point on a logarithmic axis, one condition per line, with median and quartiles.</summary>
internal sealed record StripPlot(string Title, string XTitle)
{
    /// <summary>What a caption says of the marks.</summary>
    public const string Legend = "Points: trials; diamonds: medians, bars: quartiles. An error of 0 has no mark.";

    private const int LineHeight = 14, LineLength = 23;

    /// <summary>Draws the conditions from top to bottom.</summary>
    public JsonObject Draw(IReadOnlyList<(string Condition, double[] Trials)> strips)
    {
        var axis = LogAxis.Around(strips.SelectMany(s => s.Trials));
        var rows = new JsonArray();
        foreach ((string condition, double[] trials) in strips)
        {
            var sample = new Sample(trials);
            rows.Add((JsonNode)new JsonObject
            {
                ["condition"] = Lines(condition),
                ["median"] = VegaLite.Positive(sample.Median),
                ["low"] = VegaLite.Positive(sample.Q25),
                ["high"] = VegaLite.Positive(sample.Q75),
                ["mean"] = VegaLite.Number(sample.Mean),
                ["n"] = sample.Trials - sample.NotFinite,
                ["trials"] = VegaLite.Trials(trials),
            });
        }

        string x = axis.Channel(XTitle);
        int lines = strips.Max(s => Lines(s.Condition).Split('\n').Length);
        // Vega puts a label's first line beside the strip; its middle belongs there.
        string raised = VegaLite.List(Enumerable.Range(2, Math.Max(lines - 1, 1)).Select(n =>
            $$"""{ "test": "length(split(datum.value, '\\n')) == {{n}}", "value": {{-(n - 1) * LineHeight / 2}} }"""));
        string layers = $$"""
            [
              {
                "transform": {{VegaLite.ByTrial}},
                "mark": { "type": "point", "filled": true, "size": 22, "fillOpacity": 0.45, "color": "{{Palette.Sky}}" },
                "encoding": { "x": { "field": "trial", {{x}} } }
              },
              {
                "mark": { "type": "rule", "strokeWidth": 3, "color": "{{Palette.Blue}}" },
                "encoding": { "x": { "field": "low", {{x}} }, "x2": { "field": "high" } }
              },
              {
                "mark": { "type": "point", "shape": "diamond", "filled": true, "size": 90, "color": "{{Palette.Vermilion}}" },
                "encoding": {
                  "x": { "field": "median", {{x}} },
                  "tooltip": [
                    { "field": "condition", "title": " " }, { "field": "median", "format": ".3~g" },
                    { "field": "low", "format": ".3~g", "title": "25 %" }, { "field": "high", "format": ".3~g", "title": "75 %" },
                    { "field": "mean", "format": ".3~g" }, { "field": "n" }
                  ]
                }
              }
            ]
            """;
        string encoding = $$"""
            {
              "y": {
                "field": "condition", "type": "nominal", "title": null,
                "scale": { "domain": {{VegaLite.List(strips.Select(s => VegaLite.Text(Lines(s.Condition))))}} },
                "axis": {
                  "labelLimit": 200, "ticks": false, "labelPadding": 6, "labelOverlap": false,
                  "labelExpr": "split(datum.label, '\\n')", "labelLineHeight": {{LineHeight}},
                  "labelOffset": { "condition": {{raised}}, "value": 0 }
                }
              }
            }
            """;
        return VegaLite.Specification(Title, encoding, layers, rows, Math.Max(160, strips.Count * Math.Max(28, 12 + LineHeight * lines)));
    }

    /// <summary>A condition's name in lines that leave a narrow screen some room for the marks.</summary>
    private static string Lines(string condition)
    {
        var lines = new List<string>();
        foreach (string level in condition.Replace(", ", ",\n", StringComparison.Ordinal).Split('\n'))
        {
            // A level breaks only where it is longer than a line.
            foreach (string part in level.Length <= LineLength ? [level] : level.Split(' '))
            {
                if (lines.Count > 0 && lines[^1].Length + 1 + part.Length <= LineLength)
                    lines[^1] += $" {part}";
                else
                    lines.Add(part);
            }
        }

        return string.Join('\n', lines);
    }
}

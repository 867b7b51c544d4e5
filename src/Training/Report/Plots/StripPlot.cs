using System.Text.Json.Nodes;
using Kappa.Training.Results;

namespace Kappa.Training.Report.Plots;

/// <summary>Every trial of several conditions as a point on a logarithmic axis, one condition per line, with median and quartiles.</summary>
internal sealed record StripPlot(string Title, string XTitle)
{
    /// <summary>What a caption says of the marks.</summary>
    public const string Legend = "Points: trials; diamonds: medians, bars: quartiles. An error of 0 has no mark.";

    /// <summary>Draws the conditions from top to bottom.</summary>
    public JsonObject Draw(IReadOnlyList<(string Condition, double[] Trials)> strips)
    {
        var axis = LogAxis.Around(strips.SelectMany(s => s.Trials));
        var rows = new JsonArray();
        foreach ((string condition, double[] trials) in strips)
        {
            foreach (double x in trials)
                rows.Add((JsonNode)new JsonObject { ["condition"] = condition, ["what"] = "trial", ["x"] = VegaLite.Positive(x) });
            var sample = new Sample(trials);
            rows.Add((JsonNode)new JsonObject
            {
                ["condition"] = condition,
                ["what"] = "median",
                ["x"] = VegaLite.Positive(sample.Median),
                ["low"] = VegaLite.Positive(sample.Q25),
                ["high"] = VegaLite.Positive(sample.Q75),
                ["mean"] = VegaLite.Number(sample.Mean),
                ["n"] = sample.Trials - sample.NotFinite,
            });
        }

        string x1 = axis.Channel(XTitle);
        string layers = $$"""
            [
              {
                "transform": [{ "filter": "datum.what == 'trial'" }],
                "mark": { "type": "point", "filled": true, "size": 22, "fillOpacity": 0.45, "color": "{{Palette.Sky}}" }
              },
              {
                "transform": [{ "filter": "datum.what == 'median'" }],
                "mark": { "type": "rule", "strokeWidth": 3, "color": "{{Palette.Blue}}" },
                "encoding": { "x": { "field": "low", {{x1}} }, "x2": { "field": "high" } }
              },
              {
                "transform": [{ "filter": "datum.what == 'median'" }],
                "mark": { "type": "point", "shape": "diamond", "filled": true, "size": 90, "color": "{{Palette.Vermilion}}" },
                "encoding": {
                  "tooltip": [
                    { "field": "condition", "title": " " }, { "field": "x", "format": ".3~g", "title": "median" },
                    { "field": "low", "format": ".3~g", "title": "25 %" }, { "field": "high", "format": ".3~g", "title": "75 %" },
                    { "field": "mean", "format": ".3~g" }, { "field": "n" }
                  ]
                }
              }
            ]
            """;
        string encoding = $$"""
            {
              "x": { "field": "x", {{x1}} },
              "y": {
                "field": "condition", "type": "nominal", "title": null,
                "scale": { "domain": {{VegaLite.List(strips.Select(s => VegaLite.Text(s.Condition)))}} },
                "axis": { "labelLimit": 150, "ticks": false, "labelPadding": 6, "labelExpr": "split(datum.label, ', ')", "labelLineHeight": 12 }
              }
            }
            """;
        return VegaLite.Specification(Title, encoding, layers, rows, Math.Max(160, 40 + strips.Count * (strips.Any(s => s.Condition.Contains(", ")) ? 46 : 30)));
    }
}

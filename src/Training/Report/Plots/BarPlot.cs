using System.Text.Json.Nodes;
using Kappa.Training.Results;

namespace Kappa.Training.Report.Plots;

/// <summary>Grouped bars of means over a logarithmic ordinate, with whiskers of ± 1 standard deviation, every trial and the median.</summary>
internal sealed record BarPlot(string Title, string YTitle, IReadOnlyList<string> Categories, IReadOnlyList<Series> Groups)
{
    /// <summary>What a caption says of the marks.</summary>
    public const string Legend =
        "Bars: means; whiskers: ± 1 standard deviation, cut off at the lower edge; dots: trials; diamonds: medians; 0: an error of 0.";

    /// <summary>Draws one bar per category and group; a mean of 0 stands as "0".</summary>
    public JsonObject Draw(IReadOnlyList<(string Category, string Group, Sample Sample)> bars)
    {
        var axis = LogAxis.Around(bars.SelectMany(b => b.Sample.Values.Append(b.Sample.Mean).Append(b.Sample.Mean + b.Sample.Std)));
        var rows = new JsonArray();
        foreach ((string category, string group, Sample sample) in bars)
        {
            bool positive = sample.Mean > 0;
            rows.Add((JsonNode)new JsonObject
            {
                ["category"] = category,
                ["series"] = group,
                ["mean"] = VegaLite.Positive(sample.Mean),
                ["std"] = VegaLite.Number(sample.Std),
                ["median"] = VegaLite.Positive(sample.Median),
                ["low"] = positive ? VegaLite.Number(Math.Max(sample.Mean - sample.Std, axis.Low)) : null,
                ["high"] = positive ? VegaLite.Number(sample.Mean + sample.Std) : null,
                ["zero"] = sample.Mean == 0 ? VegaLite.Number(axis.Low) : null,
                ["n"] = sample.Trials - sample.NotFinite,
                ["trials"] = VegaLite.Trials(sample.Values),
            });
        }

        string y = axis.Channel(YTitle), narrow = $"width < {70 * Categories.Count}";
        string names = VegaLite.List(Groups.Select(g => VegaLite.Text(g.Name)));
        string offset = $$"""
            "xOffset": { "field": "series", "type": "nominal", "scale": { "domain": {{names}} } }
            """;
        string layers = $$"""
            [
              {
                "params": [{ "name": "pick", "select": { "type": "point", "fields": ["series"] }, "bind": "legend" }],
                "mark": { "type": "bar" },
                "encoding": {
                  {{offset}}, "y": { "field": "mean", {{y}} }, "y2": { "datum": {{VegaLite.Literal(axis.Low)}} },
                  "tooltip": [
                    { "field": "category", "title": " " }, { "field": "series", "title": "  " },
                    { "field": "mean", "format": ".3~g" }, { "field": "std", "format": ".3~g" },
                    { "field": "median", "format": ".3~g" }, { "field": "n" }
                  ]
                }
              },
              {
                "mark": { "type": "rule", "strokeWidth": 1.5 },
                "encoding": {
                  {{offset}}, "color": { "value": "{{Palette.Ink}}" },
                  "y": { "field": "low", {{y}} }, "y2": { "field": "high" }
                }
              },
              {
                "transform": {{VegaLite.ByTrial}},
                "mark": {
                  "type": "point", "filled": true, "fill": "white", "fillOpacity": 0.8, "stroke": "black", "strokeWidth": 0.7, "strokeOpacity": 0.8,
                  "size": { "expr": "min(15, pow({{VegaLite.Literal(0.4 / (Categories.Count * Groups.Count))}} * width, 2))" }
                },
                "encoding": { {{offset}}, "color": { "value": "white" }, "y": { "field": "trial", {{y}} } }
              },
              {
                "mark": {
                  "type": "point", "shape": "diamond", "filled": true, "fill": "white", "stroke": "black", "strokeWidth": 1,
                  "size": { "expr": "min(45, pow({{VegaLite.Literal(0.7 / (Categories.Count * Groups.Count))}} * width, 2))" }
                },
                "encoding": { {{offset}}, "color": { "value": "white" }, "y": { "field": "median", {{y}} } }
              },
              {
                "mark": { "type": "text", "text": "0", "fontSize": 12, "baseline": "bottom", "dy": -2 },
                "encoding": { {{offset}}, "color": { "value": "{{Palette.Ink}}" }, "y": { "field": "zero", {{y}} } }
              }
            ]
            """;
        string encoding = $$"""
            {
              "x": {
                "field": "category", "type": "nominal", "title": null,
                "scale": {
                  "domain": {{VegaLite.List(Categories.Select(VegaLite.Text))}}, "paddingInner": 0.25, "paddingOuter": 0.12
                },
                "axis": {
                  "grid": false, "ticks": false, "labelPadding": 6, "labelOverlap": false,
                  "labelExpr": "{{narrow}} ? datum.label : split(datum.label, ' ')",
                  "labelAngle": { "expr": "{{narrow}} ? -40 : 0" },
                  "labelAlign": { "expr": "{{narrow}} ? 'right' : 'center'" },
                  "labelBaseline": { "expr": "{{narrow}} ? 'middle' : 'top'" }
                }
              },
              "color": {{VegaLite.Colour(Groups, "square")}},
              "opacity": { "condition": { "param": "pick", "value": 1 }, "value": 0.12 }
            }
            """;
        return VegaLite.Specification(Title, encoding, layers, rows);
    }
}

using System.Text.Json.Nodes;
using Kappa.Training.Results;

namespace Kappa.Training.Report.Plots;

/// <summary>One quantity of each trial against another, both on logarithmic axes, with the means of each series.</summary>
internal sealed record ScatterPlot(string Title, string XTitle, string YTitle, IReadOnlyList<Series> Series)
{
    /// <summary>Draws the trials of each series small and (mean of x, mean of y) large.</summary>
    public JsonObject Draw(IReadOnlyList<(string Series, double[] X, double[] Y)> trials)
    {
        var rows = new JsonArray();
        foreach ((string series, double[] x, double[] y) in trials)
        {
            for (int k = 0; k < x.Length; k++)
                rows.Add((JsonNode)Row(series, "trial", x[k], y[k]));
            rows.Add((JsonNode)Row(series, "mean", new Sample(x).Mean, new Sample(y).Mean));
        }

        string across = LogAxis.Around(trials.SelectMany(t => t.X)).Channel(XTitle);
        string up = LogAxis.Around(trials.SelectMany(t => t.Y)).Channel(YTitle);
        string layers = $$"""
            [
              {
                "params": [{ "name": "pick", "select": { "type": "point", "fields": ["series"] }, "bind": "legend" }],
                "transform": [{ "filter": "datum.what == 'trial'" }],
                "mark": { "type": "point", "filled": true, "size": 40, "fillOpacity": 0.7 }
              },
              {
                "transform": [{ "filter": "datum.what == 'mean'" }],
                "mark": { "type": "point", "filled": true, "size": 190, "stroke": "{{Palette.Ink}}", "strokeWidth": 1.5 }
              }
            ]
            """;
        string encoding = $$"""
            {
              "x": { "field": "x", {{across}} },
              "y": { "field": "y", {{up}} },
              "color": {{VegaLite.Colour(Series, "symbol")}},
              "shape": {{VegaLite.Shape(Series)}},
              "opacity": { "condition": { "param": "pick", "value": 1 }, "value": 0.12 },
              "tooltip": [
                { "field": "series", "title": " " }, { "field": "what", "title": "  " },
                { "field": "x", "format": ".3~g", "title": {{VegaLite.Text(XTitle)}} },
                { "field": "y", "format": ".3~g", "title": {{VegaLite.Text(YTitle)}} }
              ]
            }
            """;
        return VegaLite.Specification(Title, encoding, layers, rows);

        static JsonObject Row(string series, string what, double x, double y) => new()
        {
            ["series"] = series,
            ["what"] = what,
            ["x"] = VegaLite.Positive(x),
            ["y"] = VegaLite.Positive(y),
        };
    }
}

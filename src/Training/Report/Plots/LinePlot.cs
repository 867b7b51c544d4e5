using System.Text.Json.Nodes;
using Kappa.Training.Results;

namespace Kappa.Training.Report.Plots;

/// <summary>A quantity of one series at one abscissa, over trials.</summary>
/// <param name="Series">The series' name.</param>
/// <param name="At">The abscissa as readers see it: a number, or a name on an ordinal axis.</param>
/// <param name="Sample">The quantity over trials.</param>
/// <param name="X">Where a number is drawn, if not at <paramref name="At"/>.</param>
internal sealed record SeriesPoint(string Series, object At, Sample Sample, double? X = null);

/// <summary>Lines over a logarithmic ordinate: of means with ± 1 standard deviation, or of medians with their quartiles.</summary>
internal sealed record LinePlot(string Title, XAxis X, string YTitle, IReadOnlyList<Series> Series)
{
    /// <summary>Whether the solid line is the median with quartiles, rather than the mean with ± 1 standard deviation.</summary>
    public bool OfMedians { get; init; }

    /// <summary>Whether the other of median and mean is drawn as a dashed line.</summary>
    public bool WithOther { get; init; }

    /// <summary>Whether a point is one number derived from all trials, without a spread.</summary>
    public bool Derived { get; init; }

    /// <summary>Whether single points are marked, with bars for the spread instead of a band.</summary>
    public bool Marked { get; init; }

    /// <summary>Whether every trial is drawn too, as a small point.</summary>
    public bool WithTrials { get; init; }

    /// <summary>The points of several series over the same abscissae.</summary>
    public static List<SeriesPoint> Along(double[] axis, IEnumerable<(string Name, Sample[] Samples)> series) =>
    [
        .. from s in series
           from i in Enumerable.Range(0, Math.Min(axis.Length, s.Samples.Length))
           select new SeriesPoint(s.Name, axis[i], s.Samples[i]),
    ];

    /// <summary>Draws the points, each series in the order given. What has no logarithm is left out.</summary>
    public JsonObject Draw(IReadOnlyList<SeriesPoint> points)
    {
        var axis = LogAxis.Around(points.SelectMany(p => Drawn(p.Sample)));
        var rows = new JsonArray();
        foreach (SeriesPoint point in points)
        {
            Sample sample = point.Sample;
            (double centre, double low, double high) = Spread(sample);
            bool positive = centre > 0 && high > 0;
            var row = new JsonObject
            {
                ["series"] = point.Series,
                ["x"] = point.At is string name ? name : VegaLite.Number(point.X ?? Convert.ToDouble(point.At, null)),
                ["mean"] = VegaLite.Positive(sample.Mean),
                ["std"] = VegaLite.Number(sample.Std),
                ["median"] = VegaLite.Positive(sample.Median),
                ["q25"] = VegaLite.Number(sample.Q25),
                ["q75"] = VegaLite.Number(sample.Q75),
                // Below the axis a logarithm has no end; the bar or band is cut off there.
                ["low"] = positive ? VegaLite.Number(Math.Max(low, axis.Low)) : null,
                ["high"] = positive ? VegaLite.Number(high) : null,
                ["n"] = sample.Trials - sample.NotFinite,
            };
            if (WithTrials)
                row["trials"] = VegaLite.Trials(sample.Values);
            if (point.X is not null)
                row["at"] = VegaLite.Number(Convert.ToDouble(point.At, null));
            rows.Add((JsonNode)row);
        }

        string y = axis.Channel(YTitle), solid = OfMedians ? "median" : "mean", other = OfMedians ? "mean" : "median";
        string spread = Marked
            ? """{ "type": "rule", "strokeWidth": 1.5 }"""
            : """{ "type": "area", "fillOpacity": 0.18, "strokeWidth": 0 }""";
        var layers = new List<string>
        {
            $$"""
            {
              "params": [{ "name": "pick", "select": { "type": "point", "fields": ["series"] }, "bind": "legend" }],
              "mark": {{spread}},
              "encoding": { "y": { "field": "low", {{y}} }, "y2": { "field": "high" } }
            }
            """,
            $$"""{ "mark": { "type": "line", "strokeWidth": 2 }, "encoding": { "y": { "field": "{{solid}}", {{y}} } } }""",
        };
        if (WithOther)
            layers.Add($$"""
                {
                  "mark": { "type": "line", "strokeWidth": 1.5, "strokeDash": [5, 3] },
                  "encoding": { "y": { "field": "{{other}}", {{y}} } }
                }
                """);
        if (Marked && WithOther)
            layers.Add($$"""
                {
                  "mark": { "type": "point", "filled": false, "size": 45, "strokeWidth": 1.5 },
                  "encoding": { "y": { "field": "{{other}}", {{y}} }, "shape": {{VegaLite.Shape(Series)}} }
                }
                """);
        if (WithTrials)
            layers.Add($$"""
                {
                  "transform": {{VegaLite.ByTrial}},
                  "mark": { "type": "point", "filled": true, "size": 15, "fillOpacity": 0.6 },
                  "encoding": { "y": { "field": "trial", {{y}} } }
                }
                """);
        layers.Add(Marked
            ? $$"""
              {
                "mark": { "type": "point", "filled": true, "size": 60 },
                "encoding": { "y": { "field": "{{solid}}", {{y}} }, "shape": {{VegaLite.Shape(Series)}}, "tooltip": {{Tooltip()}} }
              }
              """
            : $$"""
              {
                "mark": { "type": "point", "filled": true, "size": 80 },
                "encoding": { "y": { "field": "{{solid}}", {{y}} }, "opacity": { "value": 0 }, "tooltip": {{Tooltip()}} }
              }
              """);
        string encoding = $$"""
            {
              "x": { "field": "x", {{X.Channel}} },
              "color": {{VegaLite.Colour(Series, Marked ? "symbol" : "stroke")}},
              "opacity": { "condition": { "param": "pick", "value": 1 }, "value": 0.12 }
            }
            """;
        return VegaLite.Specification(Title, encoding, VegaLite.List(layers), rows);

        string Tooltip()
        {
            string numbers = Derived
                ? """{ "field": "mean", "format": ".3~g", "title": "value" }"""
                : """
                  { "field": "mean", "format": ".3~g" }, { "field": "std", "format": ".3~g" },
                  { "field": "median", "format": ".3~g" }, { "field": "q25", "format": ".3~g", "title": "25 %" },
                  { "field": "q75", "format": ".3~g", "title": "75 %" }, { "field": "n" }
                  """;
            return $$"""
                [
                  { "field": "series", "title": " " },
                  { "field": "{{(points.Any(p => p.X is not null) ? "at" : "x")}}", "title": {{VegaLite.Text(X.Name)}} },
                  {{numbers}}
                ]
                """;
        }
    }

    private (double Centre, double Low, double High) Spread(Sample sample) => OfMedians
        ? (sample.Median, sample.Q25, sample.Q75)
        : (sample.Mean, sample.Mean - sample.Std, sample.Mean + sample.Std);

    private IEnumerable<double> Drawn(Sample sample)
    {
        (double centre, double low, double high) = Spread(sample);
        yield return centre;
        yield return high;
        // A spread that reaches far below its centre would press everything else into the upper part of the axis.
        if (low > centre / 10)
            yield return low;
        if (WithOther)
            yield return OfMedians ? sample.Mean : sample.Median;
        if (WithTrials)
        {
            foreach (double trial in sample.Values)
                yield return trial;
        }
    }
}

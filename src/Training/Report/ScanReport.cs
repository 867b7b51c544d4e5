using System.Text.Json.Nodes;
using Kappa.Training.Checkpoints;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;

namespace Kappa.Training.Report;

/// <summary>What a scan found, as data: figures of κ and of spectra, and a table.</summary>
/// <param name="Figures">κ per tensor, and their spectra, as far as they were measured.</param>
/// <param name="Columns">The heads of the table; the first is the tensor's name.</param>
/// <param name="Rows">A row per record: a text for readers and a key to sort by in every column.</param>
/// <param name="LikeRandom">The tensors that cannot be told from random matrices.</param>
public sealed record ScanReport(
    IReadOnlyList<Figure> Figures, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<(string Text, string Key)>> Rows, IReadOnlyList<string> LikeRandom)
{
    // As many marks as a line of the figure tells apart.
    private const int MarksPerSpectrum = 40;
    private const int LineHeight = 18;

    // The table's readers have the figures for the spectrum and its edges, and the JSON for bounds.
    private static readonly string[] s_notInTable = ["conditionLower", "conditionUpper", "randomLower", "randomUpper", "likeRandom", "singularValues"];

    /// <summary>Builds it; every number comes from the records.</summary>
    /// <param name="records">In the order in which they are shown.</param>
    public static ScanReport Build(IReadOnlyList<ScanRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        ScanMeasure[] measured = [.. ScanMeasure.All.Where(m => !s_notInTable.Contains(m.Name) && records.Any(r => r.Values.ContainsKey(m.Name)))];
        ScanRecord[] conditioned = [.. records.Where(r => double.IsFinite(r[ScanMeasure.ConditionNumber]))];
        ScanRecord[] spectra = [.. records.Where(r => r.SingularValues is { Count: > 0 } sigma && sigma[0] > 0)];
        var figures = new List<Figure>();
        if (conditioned.Length > 0)
            figures.Add(new Figure("condition", "κ of every tensor",
                "κ = σ₁/σₘᵢₙ of every tensor, in the checkpoint’s order; without those that have none: vectors, and matrices whose rank is deficient or whose κ is beyond double precision.",
                Conditions(records)));
        if (spectra.Length > 0)
            figures.Add(new Figure("spectra", "Singular values beside a random matrix’s",
                "Singular values of every tensor, at most 40 of each, the largest and the smallest among them, as multiples of the upper edge of a random matrix’s. "
                + "Grey: between the edges of Marčenko and Pastur’s law, where a large random matrix of the same shape and Frobenius norm has all of them.",
                Spectra(spectra)));
        return new ScanReport(figures,
            ["tensor", "matrix", "type", "remark", .. measured.Select(m => m.Title)],
            [.. records.Select(r => Row(r, measured))],
            [.. records.Where(IsLikeRandom).Select(r => r.Name)]);
    }

    /// <summary>Why there is no κ, or that the tensor is like a random one; empty where there is nothing to remark.</summary>
    public static string Remark(ScanRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.ConditionReason ?? (IsLikeRandom(record) ? "like a random matrix" : "");
    }

    private static bool IsLikeRandom(ScanRecord record) => record[ScanMeasure.LikeRandom] == 1;

    private static IReadOnlyList<(string, string)> Row(ScanRecord record, ScanMeasure[] measured) =>
    [
        (record.Name, record.Name),
        (record.Matricization ?? string.Join(" × ", record.Shape), Key(record.Parameters)),
        (record.ElementType, record.ElementType),
        (Remark(record), Remark(record)),
        .. measured.Select(m => (m.IsCount && double.IsFinite(record[m]) ? NumberText.Whole(record[m]) : NumberText.Number(record[m]), Key(record[m]))),
    ];

    private static string Key(double x) => double.IsFinite(x) ? x.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : "";

    private static JsonObject Conditions(IReadOnlyList<ScanRecord> records)
    {
        var rows = new JsonArray();
        for (int i = 0; i < records.Count; i++)
            if (VegaLite.Positive(records[i][ScanMeasure.ConditionNumber]) is JsonNode condition)
                rows.Add((JsonNode)new JsonObject
                {
                    ["place"] = i + 1,
                    ["tensor"] = records[i].Name,
                    ["matrix"] = $"{records[i].Rows} × {records[i].Columns}",
                    ["condition"] = condition,
                });
        string up = LogAxis.Around(records.Select(r => r[ScanMeasure.ConditionNumber])).Channel("κ");
        return VegaLite.Specification("κ of every tensor", $$"""
            {
              "x": {
                "field": "place", "type": "quantitative", "title": "place in the checkpoint",
                "scale": { "domain": [0, {{records.Count + 1}}], "nice": false }, "axis": { "tickMinStep": 1, "grid": false }
              },
              "y": { "field": "condition", {{up}} },
              "tooltip": [
                { "field": "tensor", "title": " " }, { "field": "matrix", "title": "  " }, { "field": "condition", "format": ".4~g", "title": "κ" }
              ]
            }
            """, $$"""
            [ { "mark": { "type": "point", "filled": true, "size": 46, "fillOpacity": 0.8, "color": "{{Palette.Blue}}" } } ]
            """, rows);
    }

    private static JsonObject Spectra(ScanRecord[] records)
    {
        (ScanRecord Record, double Upper, double Lower)[] scaled = [.. records.Select(Scaled)];
        var axis = LogAxis.Around(scaled.SelectMany(s => s.Record.SingularValues!.Where(x => x > 1e-12 * s.Record.SingularValues![0]).Select(x => x / s.Upper)).Append(1));
        var rows = new JsonArray();
        foreach ((ScanRecord record, double upper, double lower) in scaled)
        {
            IReadOnlyList<double> sigma = record.SingularValues!;
            int marks = Math.Min(sigma.Count, MarksPerSpectrum);
            rows.Add((JsonNode)new JsonObject
            {
                ["tensor"] = record.Name,
                ["low"] = VegaLite.Number(Math.Max(lower / upper, axis.Low)),
                ["high"] = 1,
                // What rounding leaves of σ = 0 has no mark.
                ["trials"] = VegaLite.Trials(Enumerable.Range(0, marks)
                    .Select(i => sigma[marks == 1 ? 0 : (int)((long)i * (sigma.Count - 1) / (marks - 1))]).Where(x => x > 1e-12 * sigma[0]).Select(x => x / upper)),
            });
        }

        string x = axis.Channel("σ over the upper edge of a random matrix");
        return VegaLite.Specification("Singular values beside a random matrix’s", $$"""
            {
              "y": {
                "field": "tensor", "type": "nominal", "title": null, "scale": { "domain": {{VegaLite.List(scaled.Select(s => VegaLite.Text(s.Record.Name)))}} },
                "axis": {
                  "labelLimit": { "expr": "max(90, min(260, 0.4 * (isFinite(containerSize()[0]) ? containerSize()[0] : 650)))" },
                  "ticks": false, "labelPadding": 6, "labelOverlap": false, "labelFontSize": 11
                }
              }
            }
            """, $$"""
            [
              {
                "mark": { "type": "bar", "color": "{{Palette.Grey}}", "opacity": 0.3, "height": { "band": 0.8 } },
                "encoding": { "x": { "field": "low", {{x}} }, "x2": { "field": "high" } }
              },
              {
                "transform": {{VegaLite.ByTrial}},
                "mark": { "type": "tick", "thickness": 1.5, "color": "{{Palette.Blue}}", "opacity": 0.75, "tooltip": null },
                "encoding": { "x": { "field": "trial", {{x}} }, "tooltip": [{ "field": "tensor", "title": " " }, { "field": "trial", "format": ".3~g", "title": "σ/edge" }] }
              }
            ]
            """, rows, Math.Max(120, records.Length * LineHeight));
    }

    // The edges from the spectrum itself: ‖W‖²_F = Σσᵢ².
    private static (ScanRecord, double Upper, double Lower) Scaled(ScanRecord record)
    {
        double largest = record.SingularValues![0];
        double norm = largest * Math.Sqrt(record.SingularValues.Sum(s => s / largest * (s / largest)));
        var law = new Information.MarchenkoPastur(record.Rows, record.Columns, norm / Math.Sqrt(record.Rows) / Math.Sqrt(record.Columns));
        return (record, law.LargestSingularValue, law.SmallestSingularValue);
    }
}

namespace Kappa.Training.Report.Plots;

/// <summary>The horizontal axis of a <see cref="LinePlot"/>.</summary>
/// <param name="Name">What a tooltip calls the abscissa.</param>
/// <param name="Channel">The JSON of the encoding channel without its braces.</param>
/// <param name="IsOrdinal">Whether abscissae are names, evenly spaced, rather than numbers.</param>
internal sealed record XAxis(string Name, string Channel, bool IsOrdinal)
{
    /// <summary>A linear axis from the smallest to the largest abscissa.</summary>
    public static XAxis Linear(string name, string title) => new(name, $$"""
        "type": "quantitative", "title": {{VegaLite.Text(title)}},
        "scale": { "zero": false, "nice": false },
        "axis": { "grid": false, "tickCount": { "expr": "max(2, floor(width / 70))" } }
        """, false);

    /// <summary>A logarithmic axis ticked at given numbers, with some room beside them.</summary>
    public static XAxis Logarithmic(string name, string title, IReadOnlyList<double> ticks)
    {
        double low = ticks.Min(), high = ticks.Max(), room = Math.Max(Math.Pow(high / low, 0.08), 1.45);
        string domain = VegaLite.List([VegaLite.Literal(low / room), VegaLite.Literal(high * room)]);
        return new XAxis(name, $$"""
            "type": "quantitative", "title": {{VegaLite.Text(title)}},
            "scale": { "type": "log", "nice": false, "domain": {{domain}} },
            "axis": { "grid": false, "values": {{VegaLite.List(ticks.Select(VegaLite.Literal))}}, "format": "~r" }
            """, false);
    }

    /// <summary>Names in a given order.</summary>
    public static XAxis Ordinal(string name, string title, IEnumerable<string> names) => new(name, $$"""
        "type": "ordinal", "title": {{VegaLite.Text(title)}},
        "scale": { "type": "point", "padding": 0.5, "domain": {{VegaLite.List(names.Select(VegaLite.Text))}} },
        "axis": { "grid": false, "ticks": false, "labelPadding": 6, "labelAngle": 0, "labelExpr": "split(datum.label, '\\n')" }
        """, true);
}

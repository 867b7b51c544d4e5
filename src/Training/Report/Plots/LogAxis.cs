using System.Globalization;
using Kappa.Training.Results;

namespace Kappa.Training.Report.Plots;

/// <summary>A logarithmic axis that ends at its ticks: powers of ten, or 1, 2, 5, 10, … where it holds few of them.</summary>
internal sealed class LogAxis
{
    private readonly (int Digit, int Exponent)[] _ticks;

    private LogAxis((int, int)[] ticks) => _ticks = ticks;

    /// <summary>The lower end.</summary>
    public double Low => Value(_ticks[0]);

    /// <summary>The axis that holds the positive and finite among the values; one decade if there is none.</summary>
    public static LogAxis Around(IEnumerable<double> values)
    {
        double[] positive = [.. values.Where(x => x > 0 && double.IsFinite(x))];
        double least = positive.Length > 0 ? positive.Min() : 0.1, most = positive.Length > 0 ? positive.Max() : 1;
        int low = Math.Max((int)Math.Floor(Math.Log10(least) + 1e-9), -300);
        int high = Math.Max(Math.Min((int)Math.Ceiling(Math.Log10(most) - 1e-9), 300), low + 1);
        if (high - low > 3)
        {
            // At most nine labels: two of them would meet on a figure's height with more.
            int step = (high - low + 7) / 8;
            return new LogAxis([.. Enumerable.Range(0, (high - low + step - 1) / step + 1).Select(i => (1, low + i * step))]);
        }

        (int Digit, int Exponent)[] ticks =
            [.. Enumerable.Range(low, high - low).SelectMany(e => new[] { (1, e), (2, e), (5, e) }), (1, high)];
        int first = Array.FindLastIndex(ticks, t => Value(t) <= least * (1 + 1e-9));
        int last = Array.FindIndex(ticks, t => Value(t) >= most * (1 - 1e-9));
        first = Math.Max(first, 0);
        last = Math.Max(last < 0 ? ticks.Length - 1 : last, first + 1);
        // Two labels alone do not tell a logarithmic axis from a linear one.
        if (last - first < 2)
            (first, last) = first > 0 ? (first - 1, last) : (first, last + 1);
        return new LogAxis(ticks[first..(last + 1)]);
    }

    /// <summary>The JSON of an encoding channel without its braces: type, scale, title and axis.</summary>
    public string Channel(string title)
    {
        string numbers = VegaLite.List(_ticks.Select(Literal));
        string labels = string.Join(", ", _ticks.Select(t => $"'{Label(t)}'"));
        return $$"""
            "type": "quantitative",
            "title": {{VegaLite.Text(title)}},
            "scale": { "type": "log", "domain": [{{Literal(_ticks[0])}}, {{Literal(_ticks[^1])}}], "nice": false },
            "axis": {
              "values": {{numbers}},
              "labelExpr": {{VegaLite.Text($"[{labels}][indexof({numbers}, datum.value)]")}}
            }
            """;
    }

    private static string Literal((int Digit, int Exponent) tick) => $"{tick.Digit}e{tick.Exponent}";

    private static double Value((int Digit, int Exponent) tick) =>
        double.Parse(Literal(tick), CultureInfo.InvariantCulture);

    private static string Label((int Digit, int Exponent) tick) => (tick.Digit, tick.Exponent) switch
    {
        (_, >= -3 and <= 3) => Value(tick).ToString("#,0.###", CultureInfo.InvariantCulture),
        (1, _) => NumberText.PowerOfTen(tick.Exponent),
        _ => $"{tick.Digit}×{NumberText.PowerOfTen(tick.Exponent)}",
    };
}

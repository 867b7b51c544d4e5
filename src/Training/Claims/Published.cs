using System.Globalization;
using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>What the paper says of a quantity, and which numbers agree with it.</summary>
public sealed record Published
{
    private Published(string text, Interval accepted, string rule)
    {
        Text = text;
        Accepted = accepted;
        Rule = rule;
    }

    /// <summary>As printed, or for a direction the condition that it comes to.</summary>
    public string Text { get; }

    /// <summary>The numbers that agree; fractions where the paper prints per cent.</summary>
    public Interval Accepted { get; }

    /// <summary>Agreement in words: "agrees to the printed digits".</summary>
    public string Rule { get; }

    /// <summary>The printed number, or null of a range or a direction.</summary>
    public double? Value { get; private init; }

    /// <summary>The printed standard deviation, or null.</summary>
    public double? Std { get; private init; }

    /// <summary>Whether it is a direction, which means and medians must share, and no figure.</summary>
    public bool IsDirection { get; private init; }

    /// <summary>The numbers that round to the printed standard deviation.</summary>
    internal Interval AcceptedStd { get; private init; } = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>
    /// A printed figure: "0.87 ± 1.40", "67 %", "9.2×", "13,167", "6.6×10⁻⁵", and ranges as "10–100". A number agrees where it
    /// rounds to the printed digits; after "≈" where it differs by no more than one unit of the last of them.
    /// </summary>
    /// <param name="text">As printed.</param>
    /// <param name="relative">Instead of the digits, the relative difference that agrees.</param>
    /// <exception cref="FormatException">The text is no figure.</exception>
    public static Published Figure(string text, double? relative = null)
    {
        if (text.Split(" ± ") is [var mean, var std])
        {
            Published figure = Figure(mean, relative);
            return new Published(text, figure.Accepted, figure.Rule)
            {
                Value = figure.Value,
                Std = Read(std).Value,
                AcceptedStd = Around(Read(std), 0.5),
            };
        }

        if (text.Split('–') is [var low, var high])
        {
            // The sign of per cent stands behind the second number and means both.
            (double from, double fromUnit) = Read(text.EndsWith('%') ? low + " %" : low);
            (double to, double toUnit) = Read(high);
            return new Published(text, new Interval(from - fromUnit / 2, to + toUnit / 2), "lies in the printed range");
        }

        bool approximate = text.StartsWith("≈ ", StringComparison.Ordinal);
        (double value, double unit) = Read(approximate ? text[2..] : text);
        if (relative is double part)
            return new Published(text, new Interval(value * (1 - part), value * (1 + part)),
                string.Create(CultureInfo.InvariantCulture, $"agrees within {100 * part:G2} %"))
            {
                Value = value,
            };
        return new Published(text, Around((value, unit), approximate ? 1 : 0.5),
            approximate ? "agrees within a unit of the last printed digit" : "agrees to the printed digits")
        {
            Value = value,
        };
    }

    /// <summary>A direction that holds above a number.</summary>
    public static Published Above(double low, string? text = null) =>
        Direction(text ?? $"> {low.ToString(CultureInfo.InvariantCulture)}", new Interval(Math.BitIncrement(low), double.PositiveInfinity));

    /// <summary>A direction that holds below a number.</summary>
    public static Published Below(double high, string? text = null) =>
        Direction(text ?? $"< {high.ToString(CultureInfo.InvariantCulture)}", new Interval(double.NegativeInfinity, Math.BitDecrement(high)));

    /// <summary>A direction that holds in a closed interval.</summary>
    public static Published Within(double low, double high, string text) => Direction(text, new Interval(low, high));

    private static Published Direction(string text, Interval accepted) => new(text, accepted, "holds") { IsDirection = true };

    private static Interval Around((double Value, double Unit) printed, double units) =>
        new(printed.Value - units * printed.Unit, printed.Value + units * printed.Unit);

    /// <summary>A printed number and the unit of its last digit.</summary>
    private static (double Value, double Unit) Read(string text)
    {
        double scale = text.EndsWith(" %", StringComparison.Ordinal) ? 0.01 : 1;
        string digits = text.Replace(" %", "", StringComparison.Ordinal).TrimEnd('×').Replace(",", "", StringComparison.Ordinal);
        if (digits.Split("×10") is [var mantissa, var superscript])
        {
            string exponent = string.Concat(superscript.Select(c => c == '⁻' ? '-' : (char)('0' + "⁰¹²³⁴⁵⁶⁷⁸⁹".IndexOf(c, StringComparison.Ordinal))));
            scale *= double.Parse($"1e{exponent}", NumberStyles.Float, CultureInfo.InvariantCulture);
            digits = mantissa;
        }

        int point = digits.IndexOf('.', StringComparison.Ordinal);
        int decimals = point < 0 ? 0 : digits.Length - point - 1;
        return (double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture) * scale, Math.Pow(10, -decimals) * scale);
    }
}

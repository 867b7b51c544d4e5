using System.Text.Json.Nodes;
using Kappa.Training.Report.Plots;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class PlotTests
{
    [TestCase(0.134, "0.134")]
    [TestCase(13170.4, "13,170")]
    [TestCase(6.624e-5, "6.62×10⁻⁵")]
    [TestCase(-4.788e6, "−4.79×10⁶")]
    [TestCase(9.999e-4, "1.00×10⁻³")]
    [TestCase(0, "0")]
    [TestCase(double.NaN, "–")]
    [TestCase(double.PositiveInfinity, "–")]
    public void Number_HasThreeDigits(double x, string text) => Assert.That(NumberText.Number(x), Is.EqualTo(text));

    [TestCase(new[] { 1.0, 3.0 }, "2.00 ± 1.00")]
    [TestCase(new[] { 0.133, 0.1346 }, "0.1338 ± 0.0008")]
    [TestCase(new[] { 6e-5, 8e-5 }, "(7.00 ± 1.00)×10⁻⁵")]
    [TestCase(new[] { 2.0 }, "2.00")]
    [TestCase(new[] { 0.0, 0.0 }, "0 ± 0")]
    [TestCase(new[] { -1.0, 1.0 }, "0.00 ± 1.00")]
    [TestCase(new[] { double.NaN }, "–")]
    public void MeanStd_SharesItsDecimals(double[] values, string text) =>
        Assert.That(NumberText.MeanStd(new Sample(values)), Is.EqualTo(text));

    [TestCase(new[] { 0.017, 0.13 }, 0.01, 0.2)]
    [TestCase(new[] { 1e-5, 3.0 }, 1e-5, 10)]
    [TestCase(new[] { 0.0, -1, double.NaN, double.PositiveInfinity, 0.5 }, 0.2, 1)]
    [TestCase(new double[0], 0.1, 1)]
    [TestCase(new[] { 1e-320, 1e305 }, 1e-300, double.NaN)]
    public void LogAxis_HoldsThePositiveAndEndsAtTicks(double[] values, double low, double high)
    {
        JsonNode channel = JsonNode.Parse($"{{{LogAxis.Around(values).Channel("error")}}}")!;
        double[] domain = [.. channel["scale"]!["domain"]!.AsArray().Select(x => x!.GetValue<double>())];
        double[] ticks = [.. channel["axis"]!["values"]!.AsArray().Select(x => x!.GetValue<double>())];
        Assert.That(domain[0], Is.EqualTo(low).And.EqualTo(ticks[0]));
        Assert.That(domain[1], Is.EqualTo(ticks[^1]).And.LessThan(double.PositiveInfinity));
        if (!double.IsNaN(high))
            Assert.That(domain[1], Is.EqualTo(high));
        Assert.That(ticks, Is.Ordered.And.Length.InRange(3, 10));
    }

    [Test]
    public void EveryTrialWithALogarithm_IsInTheBarsAndStrips()
    {
        double[] trials = [0.0123456, 0, double.NaN, 2, double.PositiveInfinity];
        JsonObject bars = new BarPlot("t", "y", ["c"], [new Series("s", Palette.Blue)]).Draw([("c", "s", new Sample(trials))]);
        JsonObject strips = new StripPlot("t", "x").Draw([("c", trials)]);
        foreach (JsonObject plot in (JsonObject[])[bars, strips])
            Assert.That(plot["data"]!["values"]![0]!["trials"]!.ToJsonString(), Is.EqualTo("[0.01235,2]"));
        Assert.That(bars["layer"]![0]!["encoding"]!["y"]!["scale"]!["domain"]!.ToJsonString(), Does.StartWith("[1E-2,").Or.StartWith("[1e-2,"));
    }

    [TestCase("sampled", "sampled")]
    [TestCase("adam, η\u00a00.001, constant, steps\u00a0200", "adam, η\u00a00.001,\nconstant, steps\u00a0200")]
    [TestCase("multipliers and oracle penalty, η\u00a00.01", "multipliers and oracle\npenalty, η\u00a00.01")]
    public void LongConditions_BreakBetweenTheirLevels(string condition, string lines)
    {
        JsonObject plot = new StripPlot("t", "x").Draw([(condition, [1.0])]);
        Assert.That(plot["data"]!["values"]![0]!["condition"]!.GetValue<string>(), Is.EqualTo(lines));
        Assert.That(plot["encoding"]!["y"]!["scale"]!["domain"]![0]!.GetValue<string>(), Is.EqualTo(lines));
    }

    // Mean 2, standard deviation 4: the bar's lower end has no logarithm and is cut off at the axis.
    [Test]
    public void SpreadBelowZero_EndsAtTheAxis()
    {
        var plot = new LinePlot("t", XAxis.Linear("x", "x"), "y", [new Series("s", Palette.Blue)]);
        JsonObject specification = plot.Draw([new SeriesPoint("s", 1, new Sample([0, 0, 0, 0, 10]))]);
        JsonNode row = specification["data"]!["values"]![0]!;
        Assert.That(row["low"]!.GetValue<double>(), Is.EqualTo(2));
        Assert.That(row["high"]!.GetValue<double>(), Is.EqualTo(6));
        Assert.That(row["median"], Is.Null);
    }
}

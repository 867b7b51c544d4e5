using Kappa.Training.Claims;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class PublishedTests
{
    [TestCase("0.134", 0.1335, 0.1345)]
    [TestCase("0.60", 0.595, 0.605)]
    [TestCase("0.87 ± 1.40", 0.865, 0.875)]
    [TestCase("13,167", 13166.5, 13167.5)]
    [TestCase("67 %", 0.665, 0.675)]
    [TestCase("9.2×", 9.15, 9.25)]
    [TestCase("≈ 1.23", 1.22, 1.24)]
    [TestCase("≈ 928", 927, 929)]
    [TestCase("6.6×10⁻⁵", 6.55e-5, 6.65e-5)]
    [TestCase("4.8×10⁶", 4.75e6, 4.85e6)]
    [TestCase("0.03–0.13", 0.025, 0.135)]
    [TestCase("10–100×", 9.5, 100.5)]
    [TestCase("1,000–1,600", 999.5, 1600.5)]
    [TestCase("10–20 %", 0.095, 0.205)]
    public void Figure_AcceptsWhatRoundsToIt(string text, double low, double high)
    {
        Published figure = Published.Figure(text);
        Assert.That(figure.Text, Is.EqualTo(text));
        Assert.That(figure.Accepted.Low, Is.EqualTo(low).Within(1e-12).Percent);
        Assert.That(figure.Accepted.High, Is.EqualTo(high).Within(1e-12).Percent);
        Assert.That(figure.IsDirection, Is.False);
    }

    [Test]
    public void Figure_HasItsNumbers()
    {
        Published figure = Published.Figure("34.9 ± 126.8");
        Assert.That((figure.Value, figure.Std), Is.EqualTo(((double?)34.9, (double?)126.8)));
        Assert.That(Published.Figure("0.03–0.13").Value, Is.Null);
        Assert.That(Published.Figure("13,167", 0.005).Accepted.High, Is.EqualTo(13167 * 1.005));
        Assert.That(() => Published.Figure("large"), Throws.InstanceOf<FormatException>());
    }

    [Test]
    public void Direction_IsOpenAtItsEnd()
    {
        Assert.That(Published.Above(1).Accepted.Contains(1.0), Is.False);
        Assert.That(Published.Above(1).Accepted.Contains(1.0001));
        Assert.That(Published.Below(1).Accepted.Contains(1.0), Is.False);
        Assert.That(Published.Within(0, 0, "0").Accepted.Contains(0.0));
        Assert.That(Published.Above(1).IsDirection);
    }
}

using System.Globalization;

namespace Kappa.Training.Results;

/// <summary>A closed interval [low, high] of numbers; an end may be infinite, and both are NaN where there is no interval.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>No interval.</summary>
    public static Interval None { get; } = new(double.NaN, double.NaN);

    /// <summary>Whether a number lies in it; NaN lies in none.</summary>
    public bool Contains(double x) => x >= Low && x <= High;

    /// <summary>Whether another interval lies in it as a whole; one that is none does not.</summary>
    public bool Contains(Interval other) => Contains(other.Low) && Contains(other.High);

    /// <summary>Whether the two have a number in common.</summary>
    public bool Meets(Interval other) => Low <= other.High && other.Low <= High;

    /// <summary>"[0.1, 0.4]".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Low}, {High}]");
}

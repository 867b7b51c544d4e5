using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>How a quantity is written, and what is its neutral value.</summary>
public enum Unit
{
    /// <summary>A plain number; there is no neutral one.</summary>
    Number,

    /// <summary>A fraction, written in per cent: 0 is no change.</summary>
    Percent,

    /// <summary>A factor: 1 is no difference.</summary>
    Times,
}

/// <summary>How a quantity follows from the trials of an experiment.</summary>
public sealed class Measure
{
    private readonly Func<CellSet, Quantity?> _read;

    internal Measure(string method, Unit unit, Func<CellSet, Quantity?> read)
    {
        Method = method;
        Unit = unit;
        _read = read;
    }

    /// <summary>The computation in words.</summary>
    public string Method { get; }

    /// <summary>How it is written.</summary>
    public Unit Unit { get; }

    /// <summary>The quantity in an experiment's trials, or null where they do not have it.</summary>
    internal Estimate? Of(CellSet cells) =>
        _read(cells) is Quantity { Trials: > 0 } quantity && quantity.Samples.All(s => s.Trials > 0)
            ? new Estimate(quantity, Unit, cells.Difference(quantity.Cells, quantity.OverDimensions))
            : null;
}

/// <summary>
/// A quantity before it is decided which average is taken over trials: one formula gives it from means, from medians and from
/// those of every resample.
/// </summary>
/// <param name="Cells">The cells that it is read from, with the same trials each.</param>
/// <param name="Parts">What its numbers are, one name each; a single number needs none.</param>
/// <param name="Of">From an average of a sample over trials to the quantity's numbers.</param>
internal sealed record Quantity(IReadOnlyList<CellTrials> Cells, IReadOnlyList<string> Parts, Func<Func<Sample, double>, double[]> Of)
{
    /// <summary>The sample whose plain average it is, or null.</summary>
    public Sample? Single { get; init; }

    /// <summary>The samples behind it.</summary>
    public required IReadOnlyList<Sample> Samples { get; init; }

    /// <summary>Whether it needs the cells at all the paper's dimensions.</summary>
    public bool OverDimensions { get; init; }

    public int Trials => Cells.Count == 0 ? 0 : Cells[0].Trials.Count;
}

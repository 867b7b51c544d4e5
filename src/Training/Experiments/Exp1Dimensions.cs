namespace Kappa.Training.Experiments;

/// <summary>Experiment 1: component errors against the dimension.</summary>
public static class Exp1Dimensions
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp1", "Components and dimension", "Which components of W* does SGD learn, and how does that change with d?",
        15, [32, 64, 128, 256, 512], ["row_norms", "spectral_gap", "condition_number", "overall"],
        d => [new Cell(new Condition(("d", d)), new Protocol { Dimension = d })]);
}

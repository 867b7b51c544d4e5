namespace Kappa.Training.Experiments;

/// <summary>Experiment 5: component errors after every step.</summary>
public static class Exp5Dynamics
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp5", "Training dynamics", "How does each component's error evolve during training?",
        10, [64], ["row_norms", "spectral_gap", "condition_number", "overall"],
        d => [new Cell(new Condition(("d", d)), new Protocol { Dimension = d, Recording = Recording.Errors })]);
}

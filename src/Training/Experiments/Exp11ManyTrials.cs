namespace Kappa.Training.Experiments;

/// <summary>Experiment 11: experiment 1 with trials enough for a median and a tail.</summary>
public static class Exp11ManyTrials
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp11", "Dimension, over many trials", "Does the κ error grow with d in the median, and what does a mean of it tell?",
        200, [32, 64, 128, 256], ["condition_number", "row_norms", "overall"],
        d => [new Cell(new Condition(("d", d)), new Protocol { Dimension = d })]);
}

namespace Kappa.Training.Experiments;

/// <summary>Experiment 2: SGD against Adam.</summary>
public static class Exp2Optimizers
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp2", "Optimizers", "Does Adam learn the components better than SGD?",
        15, [128], ["row_norms", "singular_values", "condition_number", "overall"],
        d =>
        [
            new Cell(new Condition(("optimizer", "sgd"), ("d", d)), new Protocol { Dimension = d, TrainingStream = 50 }),
            new Cell(new Condition(("optimizer", "adam"), ("d", d)),
                new Protocol { Dimension = d, TrainingStream = 50, Rule = UpdateRule.Adam, LearningRate = 0.001 }),
        ]);
}

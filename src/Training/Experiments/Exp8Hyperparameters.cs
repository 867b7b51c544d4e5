namespace Kappa.Training.Experiments;

/// <summary>Experiment 8: learning rate and weight decay.</summary>
public static class Exp8Hyperparameters
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp8", "Hyperparameters", "Does the condition number's error depend on learning rate and weight decay?",
        10, [64], ["row_norms", "condition_number", "overall"],
        d =>
        [
            .. from rate in new[] { 0.001, 0.005, 0.01, 0.02, 0.05 }
               select new Cell(new Condition(("learning_rate", rate), ("d", d)), new Protocol { Dimension = d, LearningRate = rate }),
            .. from decay in new[] { 0, 1e-4, 1e-3, 1e-2 }
               select new Cell(new Condition(("weight_decay", decay), ("d", d)), new Protocol { Dimension = d, WeightDecay = decay }),
        ]);
}

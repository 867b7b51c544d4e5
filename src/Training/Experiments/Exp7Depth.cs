namespace Kappa.Training.Experiments;

/// <summary>Experiment 7: deep linear networks and a ReLU MLP.</summary>
public static class Exp7Depth
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp7", "Depth", "How does the condition number's error change with depth?",
        10, [64], ["kappa", "layer_kappa", "condition_number", "overall"],
        d =>
        [
            .. from depth in new[] { 1, 2, 3 }
               select new Cell(
                   new Condition(("model", "linear"), ("depth", depth), ("d", d)),
                   new Protocol { Dimension = d, Depth = depth, Epochs = 300, LearningRate = depth == 1 ? 0.01 : 0.005 }),
            new Cell(
                new Condition(("model", "relu-mlp"), ("depth", 2), ("d", d)),
                new Protocol { Dimension = d, Student = Student.ReluMlp, Depth = 2, Epochs = 300, LearningRate = 0.005 }),
        ]);
}

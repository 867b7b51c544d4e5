namespace Kappa.Training.Experiments;

/// <summary>Experiment 15: depth at one learning rate, followed for 3000 steps.</summary>
public static class Exp15MatchedDepth
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp15", "Depth, matched", "Does depth amplify the κ error at the same learning rate, the same start and the same overall error?",
        10, [64], ["kappa", "condition_number", "overall"],
        d =>
        [
            .. from start in new[] { Start.Gaussian, Start.Identity }
               from depth in new[] { 1, 2, 3 }
               select new Cell(
                   new Condition(("start", start == Start.Identity ? "identity" : "small gaussian"), ("depth", depth), ("d", d)),
                   new Protocol
                   {
                       Dimension = d,
                       Depth = depth,
                       LearningRate = 0.005,
                       Epochs = 3000,
                       Start = start,
                       InitialScale = start == Start.Identity ? 1 : 0.1,
                       Recording = Recording.Errors,
                       RecordEvery = 50,
                   }),
        ]);
}

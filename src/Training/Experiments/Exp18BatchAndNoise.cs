namespace Kappa.Training.Experiments;

/// <summary>Experiment 18: batch size and label noise.</summary>
public static class Exp18BatchAndNoise
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp18", "Batch size and label noise", "How does the κ error scale with B and σ?",
        30, [64], ["condition_number", "row_norms", "overall"],
        d =>
        [
            .. from batch in new[] { 16, 64, 256, 1024 }
               from noise in new[] { 0, 1e-3, 1e-2, 1e-1 }
               select new Cell(
                   new Condition(("batch", batch), ("noise", noise), ("d", d)),
                   new Protocol { Dimension = d, BatchSize = batch, Noise = noise }),
        ]);
}

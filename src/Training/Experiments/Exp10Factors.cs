namespace Kappa.Training.Experiments;

/// <summary>Experiment 10: what makes the κ error, in a full factorial.</summary>
public static class Exp10Factors
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp10", "What makes the κ error", "Is it the sampled gradient, the start, the label noise or the batch?",
        50, [64], ["condition_number", "overall"],
        d =>
        [
            .. from sampling in new[] { Sampling.Batch, Sampling.Population }
               from scale in new[] { 0.1, 0 }
               from noise in new[] { 0.01, 0 }
               from batch in new[] { 64, 1024 }
               select new Cell(
                   new Condition(("gradient", sampling == Sampling.Batch ? "sampled" : "population"), ("start", scale == 0 ? "zero" : "paper"),
                       ("noise", noise), ("batch", batch), ("d", d)),
                   new Protocol { Dimension = d, Sampling = sampling, InitialScale = scale, Noise = noise, BatchSize = batch }),
        ]);
}

namespace Kappa.Training.Experiments;

/// <summary>Experiment 12: the gradient that a singular value receives, beside the way that it has to go.</summary>
public static class Exp12SignalAndDistance
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp12", "Signal and distance", "Is g₁/g_min anything but σ₁/σ_min, and which end of the spectrum is learned better?",
        20, [64], ["gradient_ratio", "sigma_max_shift", "sigma_min_shift"],
        d =>
        [
            .. from sampling in new[] { Sampling.Batch, Sampling.Population }
               select new Cell(
                   new Condition(("gradient", sampling == Sampling.Batch ? "sampled" : "population"), ("d", d)),
                   new Protocol { Dimension = d, Sampling = sampling, Recording = Recording.GradientSignal }),
        ]);
}

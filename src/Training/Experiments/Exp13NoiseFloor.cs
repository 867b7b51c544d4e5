namespace Kappa.Training.Experiments;

/// <summary>Experiment 13: experiment 9 with other noise, a decayed step and an averaged end.</summary>
public static class Exp13NoiseFloor
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp13", "The noise floor", "Is the plateau of long training the label noise of a constant step, and does a decayed step pass below it?",
        10, [128], ["row_norms", "condition_number", "overall"],
        d =>
        [
            .. from noise in new[] { 0, 1e-3, 1e-2, 1e-1 }
               select At(d, noise, "constant 0.01", new Protocol()),
            // Twice the step: a decay from it travels as far as the constant one.
            At(d, 0.01, "linear from 0.02", new Protocol { Schedule = Schedule.Linear, LearningRate = 0.02 }),
            At(d, 0.01, "cosine from 0.02", new Protocol { Schedule = Schedule.Cosine, LearningRate = 0.02 }),
            At(d, 0.01, "constant 0.02, averaged", new Protocol { Averaging = true, LearningRate = 0.02 }),
        ]);

    private static Cell At(int d, double noise, string step, Protocol protocol) =>
        new(new Condition(("noise", noise), ("step_size", step), ("d", d)), protocol with
        {
            Dimension = d,
            Noise = noise,
            Epochs = 1000,
            TrainingStream = null,
            Recording = Recording.Errors,
            RecordEvery = 25,
        });
}

namespace Kappa.Training.Experiments;

/// <summary>Experiment 9: a thousand steps.</summary>
public static class Exp9LongTraining
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp9", "Long training", "Do the errors vanish when training goes on?",
        10, [128], ["row_norms", "spectral_gap", "condition_number", "overall"],
        d =>
        [
            new Cell(new Condition(("d", d)), new Protocol
            {
                Dimension = d,
                Epochs = 1000,
                TrainingStream = null,
                Recording = Recording.Errors,
                RecordEvery = 10,
            }),
        ]);
}

namespace Kappa.Training.Experiments;

/// <summary>Every experiment, in the paper's order.</summary>
public static class Catalogue
{
    /// <summary>exp1 … exp9.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        Exp1Dimensions.Description, Exp2Optimizers.Description, Exp3GradientSignal.Description,
        Exp4Corrections.Description, Exp5Dynamics.Description, Exp6Structures.Description,
        Exp7Depth.Description, Exp8Hyperparameters.Description, Exp9LongTraining.Description,
    ];

    /// <summary>The experiment of a name, or null.</summary>
    public static Experiment? Find(string name) => All.FirstOrDefault(e => e.Name == name);
}

namespace Kappa.Training.Experiments;

/// <summary>Every experiment.</summary>
public static class Catalogue
{
    /// <summary>The paper's, in its order: exp1 … exp9.</summary>
    public static IReadOnlyList<Experiment> Paper { get; } =
    [
        Exp1Dimensions.Description, Exp2Optimizers.Description, Exp3GradientSignal.Description,
        Exp4Corrections.Description, Exp5Dynamics.Description, Exp6Structures.Description,
        Exp7Depth.Description, Exp8Hyperparameters.Description, Exp9LongTraining.Description,
    ];

    /// <summary>The controls that the paper lacks: exp10 … exp18.</summary>
    public static IReadOnlyList<Experiment> Controls { get; } =
    [
        Exp10Factors.Description, Exp11ManyTrials.Description, Exp12SignalAndDistance.Description,
        Exp13NoiseFloor.Description, Exp14TunedOptimizers.Description, Exp15MatchedDepth.Description,
        Exp16CorrectionsApart.Description, Exp17Targets.Description, Exp18BatchAndNoise.Description,
    ];

    /// <summary>The paper's and the controls.</summary>
    public static IReadOnlyList<Experiment> All { get; } = [.. Paper, .. Controls];

    /// <summary>Those, and what is run by its own name alone: finetune.</summary>
    public static IReadOnlyList<Experiment> Known { get; } = [.. All, FineTuning.Description];

    /// <summary>The experiment of a name, or null.</summary>
    public static Experiment? Find(string name) => Known.FirstOrDefault(e => e.Name == name);
}

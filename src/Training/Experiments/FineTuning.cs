using Kappa.Training.Tuning;

namespace Kappa.Training.Experiments;

/// <summary>The second paper's case study in small: which tensors of a trained classifier learn a second task, and what it forgets by that.</summary>
public static class FineTuning
{
    /// <summary>Rates that every strategy is run with.</summary>
    public static IReadOnlyList<double> Rates { get; } = [0.0003, 0.001, 0.003];

    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "finetune", "Selective fine-tuning", "Does updating the tensors of smallest κ learn a second task and keep the first?",
        10, [48], ["new_accuracy", "old_accuracy", "forgetting"],
        d =>
        [
            .. from task in Enum.GetValues<SecondTask>()
               from strategy in new[]
               {
                   (TensorChoice.SmallestCondition, true), (TensorChoice.LargestCondition, true), (TensorChoice.Random, true),
                   (TensorChoice.First, true), (TensorChoice.Last, true),
                   (TensorChoice.SmallestCondition, false), (TensorChoice.LargestCondition, false), (TensorChoice.Random, false),
                   (TensorChoice.Ends, false), (TensorChoice.Head, false), (TensorChoice.All, false),
               }
               from rate in Rates
               select new Cell(
                   new Condition(("task", Name(task)), ("strategy", Name(strategy.Item1)), ("among", Among(strategy.Item2)), ("learning_rate", rate), ("d", d)),
                   new TuningProtocol { Task = task, Choice = strategy.Item1, BlocksOnly = strategy.Item2, LearningRate = rate, Width = d }),
        ])
    {
        Substitute = "a classifier of 14 tensors instead of a language model of 8 billion parameters",
    };

    /// <summary>"permuted pixels", "new classes".</summary>
    public static string Name(SecondTask task) => task == SecondTask.PermutedFeatures ? "permuted pixels" : "new classes";

    /// <summary>"smallest κ", "largest κ", "random", "first", "last", "stem and head", "head", "all".</summary>
    public static string Name(TensorChoice choice) => choice switch
    {
        TensorChoice.SmallestCondition => "smallest κ",
        TensorChoice.LargestCondition => "largest κ",
        TensorChoice.Ends => "stem and head",
        _ => choice.ToString().ToLowerInvariant(),
    };

    /// <summary>"blocks": the d×d tensors; "all tensors": stem and head are candidates, too.</summary>
    public static string Among(bool blocksOnly) => blocksOnly ? "blocks" : "all tensors";
}

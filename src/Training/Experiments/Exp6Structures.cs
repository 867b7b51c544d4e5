using Kappa.Training.Targets;

namespace Kappa.Training.Experiments;

/// <summary>Experiment 6: multipliers on three structures of target.</summary>
public static class Exp6Structures
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp6", "Target structures", "Do multipliers help whatever the structure of W*?",
        15, [64], ["row_norms", "condition_number", "overall"],
        d =>
        [
            .. from structure in new[] { ("heterogeneous", TargetStructure.Heterogeneous), ("low-rank", TargetStructure.LowRank), ("block-diagonal", TargetStructure.BlockDiagonal) }
               from multipliers in new[] { false, true }
               select new Cell(
                   new Condition(("structure", structure.Item1), ("strategy", multipliers ? "multipliers" : "standard"), ("d", d)),
                   new Protocol { Dimension = d, Structure = structure.Item2, MultiplierRate = multipliers ? Exp4Corrections.MultiplierRate : null }),
        ]);
}

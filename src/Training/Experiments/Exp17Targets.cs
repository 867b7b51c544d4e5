using Kappa.Training.Targets;

namespace Kappa.Training.Experiments;

/// <summary>Experiment 17: targets of prescribed spectrum.</summary>
public static class Exp17Targets
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp17", "Targets of prescribed κ", "Is the κ error the target's own nearness to a singular matrix?",
        30, [64], ["kappa_target", "condition_number", "overall"],
        d =>
        [
            new Cell(new Condition(("target", "heterogeneous"), ("d", d)), new Protocol { Dimension = d }),
            .. from condition in new[] { 2.0, 10, 100, 1000, 10000 }
               select new Cell(
                   new Condition(("target", "prescribed"), ("kappa", condition), ("d", d)),
                   new Protocol { Dimension = d, Structure = TargetStructure.Prescribed, TargetCondition = condition }),
        ]);
}

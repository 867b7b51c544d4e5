using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Turns gradients into updates.</summary>
/// <param name="learningRate">η of the first step.</param>
public abstract class Optimizer(double learningRate)
{
    /// <summary>η of the next step; a schedule sets it anew before each one.</summary>
    public double LearningRate { get; set; } = learningRate;

    /// <summary>Updates every parameter from its current gradient, all at once.</summary>
    public abstract void Step(IReadOnlyList<Parameter> parameters);
}

using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Turns gradients into updates.</summary>
public abstract class Optimizer
{
    /// <summary>Updates every parameter from its current gradient, all at once.</summary>
    public abstract void Step(IReadOnlyList<Parameter> parameters);
}

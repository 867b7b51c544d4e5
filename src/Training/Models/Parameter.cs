using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>A trained matrix and the gradient of the loss with respect to it.</summary>
/// <param name="value">The initial value, trained in place.</param>
/// <param name="learningRateScale">What the optimizer's learning rate is multiplied by for this parameter.</param>
public sealed class Parameter(Matrix<double> value, double learningRateScale = 1)
{
    /// <summary>The current value (m×n).</summary>
    public Matrix<double> Value { get; } = value;

    /// <summary>∂L/∂Value (m×n), as of the last backward pass.</summary>
    public Matrix<double> Gradient { get; } = new(value.Rows, value.Columns);

    /// <summary>What the optimizer's learning rate is multiplied by.</summary>
    public double LearningRateScale { get; } = learningRateScale;
}

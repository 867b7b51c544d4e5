using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>A trained matrix and the gradient of the loss with respect to it.</summary>
/// <param name="value">The initial value, trained in place.</param>
/// <param name="learningRateScale">What the optimizer's learning rate is multiplied by for this parameter.</param>
public sealed class Parameter(Matrix<double> value, double learningRateScale = 1)
{
    private Matrix<double>? _gradient;

    /// <summary>The current value (m×n).</summary>
    public Matrix<double> Value { get; } = value;

    /// <summary>∂L/∂Value (m×n), as of the last backward pass.</summary>
    public Matrix<double> Gradient => _gradient ??= new Matrix<double>(Value.Rows, Value.Columns);

    /// <summary>What the optimizer's learning rate is multiplied by.</summary>
    public double LearningRateScale { get; } = learningRateScale;

    /// <summary>Whether a backward pass leaves the gradient out; an optimizer is given only those that are not.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>Takes G = scale·EᵀX as the gradient; nothing where it is frozen. 2Bmn operations.</summary>
    /// <param name="scale">The factor.</param>
    /// <param name="e">E (B×m).</param>
    /// <param name="x">X (B×n).</param>
    internal void Receive(double scale, ReadOnlyMatrixView<double> e, ReadOnlyMatrixView<double> x)
    {
        if (!IsFrozen)
            Gemm.Multiply(scale, e.Transposed(), x, 0.0, Gradient);
    }
}

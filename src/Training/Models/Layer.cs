using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>One differentiable map of a network, on batches whose samples are rows.</summary>
public abstract class Layer
{
    /// <summary>What is trained.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Features in.</summary>
    public abstract int Inputs { get; }

    /// <summary>Features out.</summary>
    public abstract int Outputs { get; }

    /// <summary>The matrix W (outputs×inputs) that the layer applies, or null where it is no linear map.</summary>
    public virtual Matrix<double>? Weight => null;

    /// <summary>Y ← f(X), with X (B×inputs), Y (B×outputs).</summary>
    public abstract void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y);

    /// <summary>
    /// From ∂L/∂Y to the parameters' gradients, times <paramref name="scale"/>, and to ∂L/∂X, unscaled, unless that is empty.
    /// </summary>
    /// <param name="x">X (B×inputs) of the forward pass.</param>
    /// <param name="outputGradient">∂L/∂Y (B×outputs).</param>
    /// <param name="inputGradient">∂L/∂X (B×inputs), overwritten; empty (B×0) where nobody needs it.</param>
    /// <param name="scale">What the parameters' gradients are multiplied by: 1/B for a mean over the batch.</param>
    public abstract void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale);

    /// <summary>Adds a gradient with respect to <see cref="Weight"/> to the parameters' gradients, by the chain rule.</summary>
    /// <param name="gradient">∂R/∂W (outputs×inputs) of an addition R to the loss.</param>
    /// <exception cref="InvalidOperationException">The layer has no weight matrix.</exception>
    public virtual void AddGradient(Matrix<double> gradient) => throw new InvalidOperationException("This layer has no weight matrix.");
}

using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Y = max(X, 0), element by element; the derivative at 0 is taken as 0.</summary>
/// <param name="width">Features in and out.</param>
public sealed class Relu(int width) : Layer
{
    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters => [];

    /// <inheritdoc/>
    public override int Inputs => width;

    /// <inheritdoc/>
    public override int Outputs => width;

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y)
    {
        for (int i = 0; i < x.Rows; i++)
            for (int j = 0; j < x.Columns; j++)
                y[i, j] = Math.Max(x[i, j], 0);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        if (inputGradient.IsEmpty)
            return;
        for (int i = 0; i < x.Rows; i++)
            for (int j = 0; j < x.Columns; j++)
                inputGradient[i, j] = x[i, j] > 0 ? outputGradient[i, j] : 0;
    }
}

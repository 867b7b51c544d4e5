using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Y = X + f(X).</summary>
/// <remarks>∂L/∂X = ∂L/∂Y + f′(X)ᵀ ∂L/∂Y. Source: He et al., <i>Deep residual learning for image recognition</i> (2016), equation 1.</remarks>
public sealed class Residual : Layer
{
    private readonly Network _body;

    /// <summary>Builds the block for batches of a fixed size.</summary>
    /// <param name="batchSize">B ≥ 1.</param>
    /// <param name="layers">f, first applied first; its outputs are as many as its inputs.</param>
    /// <exception cref="ArgumentException">There is no layer, two neighbours do not fit, or f changes the number of features.</exception>
    public Residual(int batchSize, params IReadOnlyList<Layer> layers)
    {
        _body = new Network(batchSize, layers);
        if (Inputs != layers[^1].Outputs)
            throw new ArgumentException($"A residual block gives as many features as it takes; this one takes {Inputs} and gives {layers[^1].Outputs}.", nameof(layers));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters => _body.Parameters;

    /// <inheritdoc/>
    public override int Inputs => _body.Layers[0].Inputs;

    /// <inheritdoc/>
    public override int Outputs => Inputs;

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y)
    {
        _body.Forward(x).View.CopyTo(y);
        Add(x, y);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        _body.Backward(x, outputGradient, inputGradient, scale);
        if (!inputGradient.IsEmpty)
            Add(outputGradient, inputGradient);
    }

    private static void Add(ReadOnlyMatrixView<double> addition, MatrixView<double> sum)
    {
        for (int i = 0; i < sum.Rows; i++)
            RowSpans.Add(1, addition.RowSpan(i), sum.RowSpan(i));
    }
}

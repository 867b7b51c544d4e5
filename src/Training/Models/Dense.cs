using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Y = X Wᵀ.</summary>
/// <param name="weight">W (outputs×inputs), trained in place.</param>
public sealed class Dense(Matrix<double> weight) : Layer
{
    private readonly Parameter _weight = new(weight);

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters => [_weight];

    /// <inheritdoc/>
    public override int Inputs => _weight.Value.Columns;

    /// <inheritdoc/>
    public override int Outputs => _weight.Value.Rows;

    /// <inheritdoc/>
    public override Matrix<double> Weight => _weight.Value;

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y) =>
        Gemm.Multiply(1.0, x, _weight.Value.Transposed(), 0.0, y);

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        // First, since the weight may descend.
        if (!inputGradient.IsEmpty)
            Gemm.Multiply(1.0, outputGradient, _weight.Value, 0.0, inputGradient);
        _weight.Receive(scale, outputGradient, x);
    }

    /// <inheritdoc/>
    public override void AddGradient(Matrix<double> gradient)
    {
        Span<double> g = _weight.Gradient.Elements, addition = gradient.Elements;
        for (int i = 0; i < g.Length; i++)
            g[i] += addition[i];
    }
}

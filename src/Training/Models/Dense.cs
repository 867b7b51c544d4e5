using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Y = X Wᵀ + 1bᵀ, or Y = X Wᵀ.</summary>
public sealed class Dense : Layer
{
    private static readonly double[] s_one = [1];
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    /// <summary>A linear map, without a bias or with one.</summary>
    /// <param name="weight">W (outputs×inputs), trained in place.</param>
    /// <param name="bias">b (1×outputs), trained in place, or null for none.</param>
    /// <exception cref="ArgumentException">b does not have the outputs of W.</exception>
    public Dense(Matrix<double> weight, Matrix<double>? bias = null)
    {
        if (bias is not null && (bias.Rows != 1 || bias.Columns != weight.Rows))
            throw new ArgumentException($"A {weight.Rows}×{weight.Columns} weight takes a 1×{weight.Rows} bias, not {bias.Rows}×{bias.Columns}.", nameof(bias));
        _weight = new Parameter(weight);
        _bias = bias is null ? null : new Parameter(bias);
        Parameters = _bias is null ? [_weight] : [_weight, _bias];
    }

    /// <summary>W, and b where there is one.</summary>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public override int Inputs => _weight.Value.Columns;

    /// <inheritdoc/>
    public override int Outputs => _weight.Value.Rows;

    /// <inheritdoc/>
    public override Matrix<double> Weight => _weight.Value;

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y)
    {
        if (_bias is not null)
            new ReadOnlyMatrixView<double>(_bias.Value.Elements, y.Rows, y.Columns, 0, 1).CopyTo(y);
        Gemm.Multiply(1.0, x, _weight.Value.Transposed(), _bias is null ? 0.0 : 1.0, y);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        if (!inputGradient.IsEmpty)
            Gemm.Multiply(1.0, outputGradient, _weight.Value, 0.0, inputGradient);
        _weight.Receive(scale, outputGradient, x);
        _bias?.Receive(scale, new ReadOnlyMatrixView<double>(s_one, x.Rows, 1, 0, 1), outputGradient);
    }

    /// <inheritdoc/>
    public override void AddGradient(Matrix<double> gradient)
    {
        Span<double> g = _weight.Gradient.Elements, addition = gradient.Elements;
        for (int i = 0; i < g.Length; i++)
            g[i] += addition[i];
    }
}

using Kappa.Kernels;
using Kappa.Training.Models;

namespace Kappa.Training.Corrections;

/// <summary>Learnable multipliers: Y = X W_effᵀ, W_eff = diag(r) W diag(c), with W, r and c trained together.</summary>
/// <remarks>
/// By the chain rule from G = ∂L/∂W_eff: ∂L/∂W = diag(r) G diag(c), ∂L/∂rᵢ = Σⱼ Gᵢⱼ Wᵢⱼ cⱼ, ∂L/∂cⱼ = Σᵢ Gᵢⱼ rᵢ Wᵢⱼ. r = c = 1 at the
/// start. Source: Velikanov et al., <i>Learnable Multipliers</i> (2026).
/// </remarks>
public sealed class ScaledDense : Layer
{
    private readonly Parameter _weight, _rows, _columns;
    private readonly Matrix<double> _effective, _gradient;

    /// <summary>Multipliers of 1 around W.</summary>
    /// <param name="weight">W (outputs×inputs), trained in place.</param>
    /// <param name="learningRateScale">The multipliers' learning rate over that of W.</param>
    public ScaledDense(Matrix<double> weight, double learningRateScale)
    {
        _weight = new Parameter(weight);
        _rows = new Parameter(new Matrix<double>(weight.Rows, 1), learningRateScale);
        _columns = new Parameter(new Matrix<double>(1, weight.Columns), learningRateScale);
        _rows.Value.View.Fill(1);
        _columns.Value.View.Fill(1);
        _effective = weight.Clone();
        _gradient = new Matrix<double>(weight.Rows, weight.Columns);
        Parameters = [_weight, _rows, _columns];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public override int Inputs => _weight.Value.Columns;

    /// <inheritdoc/>
    public override int Outputs => _weight.Value.Rows;

    /// <summary>W_eff of the current W, r and c.</summary>
    public override Matrix<double> Weight
    {
        get
        {
            Span<double> c = _columns.Value.Elements;
            for (int i = 0; i < Outputs; i++)
            {
                double r = _rows.Value[i, 0];
                Span<double> w = _weight.Value.Row(i), e = _effective.Row(i);
                for (int j = 0; j < e.Length; j++)
                    e[j] = r * w[j] * c[j];
            }

            return _effective;
        }
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y) =>
        Gemm.Multiply(1.0, x, Weight.Transposed(), 0.0, y);

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        if (!inputGradient.IsEmpty)
            Gemm.Multiply(1.0, outputGradient, Weight, 0.0, inputGradient);
        Gemm.Multiply(scale, outputGradient.Transposed(), x, 0.0, _gradient);
        _weight.Gradient.Elements.Clear();
        _rows.Gradient.Elements.Clear();
        _columns.Gradient.Elements.Clear();
        AddGradient(_gradient);
    }

    /// <inheritdoc/>
    public override void AddGradient(Matrix<double> gradient)
    {
        Span<double> c = _columns.Value.Elements, dc = _columns.Gradient.Elements;
        for (int i = 0; i < Outputs; i++)
        {
            double r = _rows.Value[i, 0], dr = 0;
            Span<double> w = _weight.Value.Row(i), g = gradient.Row(i), dw = _weight.Gradient.Row(i);
            for (int j = 0; j < g.Length; j++)
            {
                dw[j] += r * g[j] * c[j];
                dr += g[j] * w[j] * c[j];
                dc[j] += g[j] * r * w[j];
            }

            _rows.Gradient[i, 0] += dr;
        }
    }
}

using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Every row to mean 0 and variance 1, then scaled and shifted by feature: y = g ∘ (x − μ)/√(v + ε) + s.</summary>
/// <remarks>
/// μ and v are the mean and the variance (divisor n) of the row's n features. With x̂ = (x − μ)/√(v + ε) and e = g ∘ ∂L/∂y,
/// ∂L/∂x = (e − mean(e) − x̂·mean(e ∘ x̂))/√(v + ε). O(Bn) each way; nothing is kept from one to the other.
/// Source: Ba, Kiros and Hinton, <i>Layer normalization</i> (2016), equation 4.
/// </remarks>
public sealed class LayerNorm : Layer
{
    /// <summary>ε, added to a row's variance.</summary>
    public const double Epsilon = 1e-5;

    private readonly Parameter _gain, _shift;

    /// <summary>Starts from g = 1 and s = 0.</summary>
    /// <param name="width">n ≥ 1, features in and out.</param>
    public LayerNorm(int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        _gain = new Parameter(new Matrix<double>(1, width));
        _gain.Value.View.Fill(1);
        _shift = new Parameter(new Matrix<double>(1, width));
    }

    /// <summary>g (1×n) and s (1×n).</summary>
    public override IReadOnlyList<Parameter> Parameters => [_gain, _shift];

    /// <inheritdoc/>
    public override int Inputs => _gain.Value.Columns;

    /// <inheritdoc/>
    public override int Outputs => Inputs;

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y)
    {
        ReadOnlySpan<double> gain = _gain.Value.Elements, shift = _shift.Value.Elements;
        for (int i = 0; i < x.Rows; i++)
        {
            (double mean, double inverse) = Moments(x, i);
            for (int j = 0; j < x.Columns; j++)
                y[i, j] = gain[j] * ((x[i, j] - mean) * inverse) + shift[j];
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        bool learn = !_gain.IsFrozen || !_shift.IsFrozen;
        Span<double> gain = _gain.Value.Elements, gainGradient = _gain.Gradient.Elements, shiftGradient = _shift.Gradient.Elements;
        if (learn)
        {
            gainGradient.Clear();
            shiftGradient.Clear();
        }

        for (int i = 0; i < x.Rows; i++)
        {
            (double mean, double inverse) = Moments(x, i);
            double sum = 0, product = 0;
            for (int j = 0; j < x.Columns; j++)
            {
                double normal = (x[i, j] - mean) * inverse, received = outputGradient[i, j];
                sum += gain[j] * received;
                product += gain[j] * received * normal;
                if (learn)
                {
                    gainGradient[j] += scale * (received * normal);
                    shiftGradient[j] += scale * received;
                }
            }

            if (inputGradient.IsEmpty)
                continue;
            sum /= x.Columns;
            product /= x.Columns;
            for (int j = 0; j < x.Columns; j++)
                inputGradient[i, j] = (gain[j] * outputGradient[i, j] - sum - (x[i, j] - mean) * inverse * product) * inverse;
        }
    }

    /// <summary>A row's mean and 1/√(v + ε), in two passes.</summary>
    private static (double Mean, double Inverse) Moments(ReadOnlyMatrixView<double> x, int row)
    {
        double mean = 0, variance = 0;
        for (int j = 0; j < x.Columns; j++)
            mean += x[row, j];
        mean /= x.Columns;
        for (int j = 0; j < x.Columns; j++)
            variance += (x[row, j] - mean) * (x[row, j] - mean);
        return (mean, 1 / Math.Sqrt(variance / x.Columns + Epsilon));
    }
}

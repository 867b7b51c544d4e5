using System.Numerics;
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
    private readonly double[] _normal;

    /// <summary>Starts from g = 1 and s = 0.</summary>
    /// <param name="width">n ≥ 1, features in and out.</param>
    public LayerNorm(int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        _gain = new Parameter(new Matrix<double>(1, width));
        _gain.Value.View.Fill(1);
        _shift = new Parameter(new Matrix<double>(1, width));
        _normal = new double[width];
        Parameters = [_gain, _shift];
    }

    /// <summary>g (1×n) and s (1×n).</summary>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public override int Inputs => _normal.Length;

    /// <inheritdoc/>
    public override int Outputs => _normal.Length;

    /// <inheritdoc/>
    public override void Forward(ReadOnlyMatrixView<double> x, MatrixView<double> y)
    {
        ReadOnlySpan<double> gain = _gain.Value.Elements, shift = _shift.Value.Elements;
        for (int i = 0; i < x.Rows; i++)
        {
            Normalize(x.RowSpan(i), _normal);
            Span<double> row = y.RowSpan(i);
            int j = 0;
            for (; j <= row.Length - Vector<double>.Count; j += Vector<double>.Count)
                (new Vector<double>(gain[j..]) * new Vector<double>(_normal, j) + new Vector<double>(shift[j..])).CopyTo(row[j..]);
            for (; j < row.Length; j++)
                row[j] = gain[j] * _normal[j] + shift[j];
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        ReadOnlySpan<double> gain = _gain.Value.Elements;
        if (!_gain.IsFrozen)
            _gain.Gradient.Elements.Clear();
        if (!_shift.IsFrozen)
            _shift.Gradient.Elements.Clear();
        for (int i = 0; i < x.Rows; i++)
        {
            ReadOnlySpan<double> received = outputGradient.RowSpan(i);
            double inverse = Normalize(x.RowSpan(i), _normal);
            if (!_shift.IsFrozen)
                RowSpans.Add(scale, received, _shift.Gradient.Elements);
            if (!_gain.IsFrozen)
            {
                Span<double> gradient = _gain.Gradient.Elements;
                for (int j = 0; j < gradient.Length; j++)
                    gradient[j] += scale * (received[j] * _normal[j]);
            }

            if (!inputGradient.IsEmpty)
                Backward(received, gain, inverse, inputGradient.RowSpan(i));
        }
    }

    /// <summary>∂L/∂x of the row whose x̂ is at hand.</summary>
    private void Backward(ReadOnlySpan<double> received, ReadOnlySpan<double> gain, double inverse, Span<double> gradient)
    {
        Vector<double> sums = default, products = default;
        int j = 0, whole = received.Length - Vector<double>.Count;
        for (; j <= whole; j += Vector<double>.Count)
        {
            Vector<double> e = new Vector<double>(gain[j..]) * new Vector<double>(received[j..]);
            sums += e;
            products += e * new Vector<double>(_normal, j);
        }

        double mean = Vector.Sum(sums), product = Vector.Sum(products);
        for (; j < received.Length; j++)
        {
            mean += gain[j] * received[j];
            product += gain[j] * received[j] * _normal[j];
        }

        mean /= received.Length;
        product /= received.Length;
        for (j = 0; j <= whole; j += Vector<double>.Count)
        {
            Vector<double> e = new Vector<double>(gain[j..]) * new Vector<double>(received[j..]);
            ((e - new Vector<double>(mean) - product * new Vector<double>(_normal, j)) * inverse).CopyTo(gradient[j..]);
        }

        for (; j < received.Length; j++)
            gradient[j] = (gain[j] * received[j] - mean - product * _normal[j]) * inverse;
    }

    /// <summary>x̂ of a row; returns 1/√(v + ε).</summary>
    private static double Normalize(ReadOnlySpan<double> x, Span<double> normal)
    {
        Vector<double> sums = default;
        int j = 0, whole = x.Length - Vector<double>.Count;
        for (; j <= whole; j += Vector<double>.Count)
            sums += new Vector<double>(x[j..]);
        double mean = Vector.Sum(sums);
        for (; j < x.Length; j++)
            mean += x[j];
        mean /= x.Length;

        sums = default;
        for (j = 0; j <= whole; j += Vector<double>.Count)
        {
            Vector<double> centred = new Vector<double>(x[j..]) - new Vector<double>(mean);
            sums += centred * centred;
            centred.CopyTo(normal[j..]);
        }

        double variance = Vector.Sum(sums);
        for (; j < x.Length; j++)
        {
            normal[j] = x[j] - mean;
            variance += normal[j] * normal[j];
        }

        double inverse = 1 / Math.Sqrt(variance / x.Length + Epsilon);
        for (j = 0; j <= whole; j += Vector<double>.Count)
            (new Vector<double>(normal[j..]) * inverse).CopyTo(normal[j..]);
        for (; j < x.Length; j++)
            normal[j] *= inverse;
        return inverse;
    }
}

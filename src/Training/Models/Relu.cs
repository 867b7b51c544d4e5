using System.Numerics;
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
        {
            ReadOnlySpan<double> from = x.RowSpan(i);
            Span<double> to = y.RowSpan(i);
            int j = 0;
            for (; j <= from.Length - Vector<double>.Count; j += Vector<double>.Count)
                Vector.Max(new Vector<double>(from[j..]), Vector<double>.Zero).CopyTo(to[j..]);
            for (; j < from.Length; j++)
                to[j] = Math.Max(from[j], 0);
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        if (inputGradient.IsEmpty)
            return;
        for (int i = 0; i < x.Rows; i++)
        {
            ReadOnlySpan<double> from = x.RowSpan(i), received = outputGradient.RowSpan(i);
            Span<double> to = inputGradient.RowSpan(i);
            int j = 0;
            for (; j <= from.Length - Vector<double>.Count; j += Vector<double>.Count)
            {
                Vector<long> positive = Vector.GreaterThan(new Vector<double>(from[j..]), Vector<double>.Zero);
                Vector.ConditionalSelect(positive, new Vector<double>(received[j..]), Vector<double>.Zero).CopyTo(to[j..]);
            }

            for (; j < from.Length; j++)
                to[j] = from[j] > 0 ? received[j] : 0;
        }
    }
}

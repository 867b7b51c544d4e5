using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>The loss of a classifier: L = −ln p_y per sample, p = softmax(z) over its outputs z.</summary>
public static class SoftmaxCrossEntropy
{
    /// <summary>The mean loss over a batch, and ∂L/∂z = p − 1_y of each sample.</summary>
    /// <remarks>ln Σ exp zⱼ is taken as max + ln Σ exp(zⱼ − max), which neither overflows nor loses a large z. O(BC), no allocation.</remarks>
    /// <param name="outputs">z (B×C).</param>
    /// <param name="labels">y, B numbers from 0 to C − 1.</param>
    /// <param name="gradient">∂L/∂z per sample (B×C), as <see cref="Network.Backward(ReadOnlyMatrixView{double}, ReadOnlyMatrixView{double})"/> takes it; overwritten, and may be z itself.</param>
    /// <returns>The mean over the batch of −ln p_y, in nats; NaN where an output is NaN or +∞.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or a label is none of the C.</exception>
    public static double Evaluate(ReadOnlyMatrixView<double> outputs, ReadOnlySpan<int> labels, MatrixView<double> gradient)
    {
        if (labels.Length != outputs.Rows || gradient.Rows != outputs.Rows || gradient.Columns != outputs.Columns)
            throw new ArgumentException(
                $"{outputs.Rows}×{outputs.Columns} outputs do not fit {labels.Length} labels and a {gradient.Rows}×{gradient.Columns} gradient.", nameof(labels));
        double loss = 0;
        for (int i = 0; i < outputs.Rows; i++)
        {
            int label = labels[i];
            if (label < 0 || label >= outputs.Columns)
                throw new ArgumentException($"Label {label} of sample {i} is none of the {outputs.Columns} classes.", nameof(labels));
            double most = double.NegativeInfinity, sum = 0, own = outputs[i, label];
            for (int j = 0; j < outputs.Columns; j++)
                most = Math.Max(most, outputs[i, j]);
            for (int j = 0; j < outputs.Columns; j++)
                sum += gradient[i, j] = Math.Exp(outputs[i, j] - most);
            for (int j = 0; j < outputs.Columns; j++)
                gradient[i, j] /= sum;
            gradient[i, label] -= 1;
            loss += Math.Log(sum) + most - own;
        }

        return loss / outputs.Rows;
    }
}

using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Layers applied one after the other: a linear map, a deep linear network, a ReLU MLP.</summary>
/// <remarks>Owns the activations of one batch size, so that a training step allocates nothing. Not thread-safe.</remarks>
public sealed class Network
{
    private readonly Matrix<double>[] _outputs;
    private readonly Matrix<double>[] _gradients;
    private readonly int _batchSize;

    /// <summary>Builds the chain for batches of a fixed size.</summary>
    /// <param name="batchSize">B ≥ 1.</param>
    /// <param name="layers">At least one; each one's inputs are the outputs of the one before.</param>
    /// <exception cref="ArgumentException">There is no layer, or two neighbours do not fit.</exception>
    public Network(int batchSize, params IReadOnlyList<Layer> layers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        if (layers.Count == 0)
            throw new ArgumentException("A network needs a layer.", nameof(layers));
        for (int i = 1; i < layers.Count; i++)
            if (layers[i].Inputs != layers[i - 1].Outputs)
                throw new ArgumentException($"Layer {i} takes {layers[i].Inputs} features, layer {i - 1} gives {layers[i - 1].Outputs}.", nameof(layers));
        _batchSize = batchSize;
        Layers = layers;
        Parameters = [.. layers.SelectMany(layer => layer.Parameters)];
        _outputs = [.. layers.Select(layer => new Matrix<double>(batchSize, layer.Outputs))];
        _gradients = [.. layers.Select((layer, i) => new Matrix<double>(batchSize, i == 0 ? 0 : layer.Inputs))];
    }

    /// <summary>The layers, first applied first.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>Everything that is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The layers' weight matrices, first applied first.</summary>
    public IEnumerable<Matrix<double>> Weights => Layers.Select(layer => layer.Weight).OfType<Matrix<double>>();

    /// <summary>W_L ⋯ W₁: the map itself where every layer is linear. 2d³ operations for each factor but the first.</summary>
    /// <param name="weights">W₁ … W_L, at least one.</param>
    /// <returns>A new matrix.</returns>
    public static Matrix<double> Product(IEnumerable<Matrix<double>> weights)
    {
        Matrix<double>? product = null;
        foreach (Matrix<double> weight in weights)
            product = product is null ? weight.Clone() : Gemm.Multiply<double>(weight, product);
        return product ?? throw new ArgumentException("A product needs a factor.", nameof(weights));
    }

    /// <summary>f(X) for X (B×inputs); the result is overwritten by the next call.</summary>
    public Matrix<double> Forward(ReadOnlyMatrixView<double> x)
    {
        for (int i = 0; i < Layers.Count; i++)
            Layers[i].Forward(i == 0 ? x : _outputs[i - 1], _outputs[i]);
        return _outputs[^1];
    }

    /// <summary>Every parameter's gradient of a loss averaged over the batch, after <see cref="Forward"/> of the same X.</summary>
    /// <param name="x">X (B×inputs).</param>
    /// <param name="outputGradient">∂L/∂Y per sample (B×outputs): Y − Y* for half the squared error.</param>
    public void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient) =>
        Backward(x, outputGradient, _gradients[0], 1.0 / _batchSize);

    /// <summary>
    /// The same as one layer's: to the parameters' gradients, times a scale, and to ∂L/∂X unless that is empty. Where it is, nothing
    /// is done for the layers before the first one that has a parameter to train.
    /// </summary>
    internal void Backward(ReadOnlyMatrixView<double> x, ReadOnlyMatrixView<double> outputGradient,
        MatrixView<double> inputGradient, double scale)
    {
        int first = 0;
        while (inputGradient.IsEmpty && first < Layers.Count && IsFrozen(Layers[first]))
            first++;
        for (int i = Layers.Count - 1; i >= first; i--)
            Layers[i].Backward(i == 0 ? x : _outputs[i - 1], i == Layers.Count - 1 ? outputGradient : _gradients[i + 1],
                i == first ? inputGradient : _gradients[i], scale);
    }

    private static bool IsFrozen(Layer layer)
    {
        for (int i = 0; i < layer.Parameters.Count; i++)
            if (!layer.Parameters[i].IsFrozen)
                return false;
        return true;
    }
}

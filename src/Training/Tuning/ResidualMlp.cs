using Kappa.Kernels;
using Kappa.Training.Models;

namespace Kappa.Training.Tuning;

/// <summary>A deep classifier: stem (d×p), K blocks x + V max(U·norm(x) + b, 0) + c with U, V (d×d), a norm, and head (C×d).</summary>
/// <remarks>
/// 2K + 2 weight matrices, each with a bias. Initial weights: stem and head N(0, 1/inputs), U N(0, 2/d), V N(0, 1/(Kd)), so that all
/// blocks together add about as much as they are given; biases 0, gains 1, shifts 0.
/// </remarks>
internal sealed class ResidualMlp
{
    /// <summary>Draws the initial weights, stem first and head last.</summary>
    /// <param name="batchSize">B.</param>
    /// <param name="inputs">p.</param>
    /// <param name="width">d.</param>
    /// <param name="blocks">K.</param>
    /// <param name="classes">C.</param>
    /// <param name="stream">Where they are drawn from.</param>
    public ResidualMlp(int batchSize, int inputs, int width, int blocks, int classes, GaussianStream stream)
    {
        var weights = new List<Parameter>();
        var layers = new List<Layer> { Linear(width, inputs, 1) };
        for (int block = 0; block < blocks; block++)
            layers.Add(new Residual(batchSize, new LayerNorm(width), Linear(width, width, 2), new Relu(width), Linear(width, width, 1.0 / blocks)));
        layers.Add(new LayerNorm(width));
        layers.Add(Linear(classes, width, 1));
        Network = new Network(batchSize, layers);
        Weights = weights;

        Dense Linear(int rows, int columns, double gain)
        {
            var weight = new Matrix<double>(rows, columns);
            stream.Fill(weight.Elements);
            double deviation = Math.Sqrt(gain / columns);
            foreach (ref double element in weight.Elements)
                element *= deviation;
            var layer = new Dense(weight, new Matrix<double>(1, rows));
            weights.Add(layer.Parameters[0]);
            return layer;
        }
    }

    /// <summary>The whole.</summary>
    public Network Network { get; }

    /// <summary>The weight matrices, stem first, then U and V of each block, head last.</summary>
    public IReadOnlyList<Parameter> Weights { get; }

    /// <summary>"stem", "block 1 in", "block 1 out", …, "head".</summary>
    /// <param name="count">2K + 2.</param>
    public static string[] Names(int count) =>
    [
        "stem",
        .. Enumerable.Range(0, count - 2).Select(i => $"block {i / 2 + 1} {(i % 2 == 0 ? "in" : "out")}"),
        "head",
    ];
}

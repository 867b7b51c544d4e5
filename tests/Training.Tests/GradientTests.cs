using Kappa.Kernels;
using Kappa.Training.Corrections;
using Kappa.Training.Models;
using NUnit.Framework;

namespace Kappa.Training.Tests;

/// <summary>Back-propagation against central differences of L = ‖f(X) − Y‖²_F/2B.</summary>
public class GradientTests
{
    private const int Batch = 7;

    private static readonly Dictionary<string, Func<GaussianStream, Network>> s_networks = new()
    {
        ["dense"] = s => new Network(Batch, new Dense(Draw(s, 4, 5))),
        ["deep linear"] = s => new Network(Batch, new Dense(Draw(s, 6, 5)), new Dense(Draw(s, 3, 6)), new Dense(Draw(s, 4, 3))),
        ["relu"] = s => new Network(Batch, new Dense(Draw(s, 6, 5)), new Relu(6), new Dense(Draw(s, 4, 6))),
        ["deep relu"] = s => new Network(Batch, new Dense(Draw(s, 6, 5)), new Relu(6), new Dense(Draw(s, 6, 6)), new Relu(6), new Dense(Draw(s, 4, 6))),
        ["multipliers"] = s => new Network(Batch, Scaled(s, 4, 5)),
        ["deep multipliers"] = s => new Network(Batch, Scaled(s, 6, 5), new Relu(6), Scaled(s, 4, 6)),
    };

    public static IEnumerable<string> Names => s_networks.Keys;

    [TestCaseSource(nameof(Names))]
    public void Backward_IsTheDerivativeOfTheLoss(string name)
    {
        var stream = new GaussianStream(11);
        Network network = s_networks[name](stream);
        Matrix<double> x = Draw(stream, Batch, network.Layers[0].Inputs), y = Draw(stream, Batch, network.Layers[^1].Outputs);
        Loss(network, x, y, out Matrix<double> residual);
        network.Backward(x, residual);

        // Truncation h²·L''' against rounding ε·L/h: h = ε^(1/3) leaves about ε^(2/3) of the largest terms.
        double h = Math.Cbrt(Math.ScaleB(1, -52));
        foreach (Parameter parameter in network.Parameters)
            for (int i = 0; i < parameter.Value.Elements.Length; i++)
            {
                double at = parameter.Value.Elements[i];
                parameter.Value.Elements[i] = at + h;
                double above = Loss(network, x, y, out _);
                parameter.Value.Elements[i] = at - h;
                double below = Loss(network, x, y, out _);
                parameter.Value.Elements[i] = at;
                double tolerance = 100 * h * h * (1 + above);
                Assert.That(parameter.Gradient.Elements[i], Is.EqualTo((above - below) / (2 * h)).Within(tolerance));
            }
    }

    [Test]
    public void Network_RefusesLayersThatDoNotFit()
    {
        var stream = new GaussianStream(1);
        Assert.That(() => new Network(Batch, new Dense(Draw(stream, 3, 2)), new Dense(Draw(stream, 3, 2))), Throws.ArgumentException);
        Assert.That(() => new Network(Batch), Throws.ArgumentException);
    }

    private static double Loss(Network network, Matrix<double> x, Matrix<double> y, out Matrix<double> residual)
    {
        residual = network.Forward(x).Clone();
        double sum = 0;
        for (int i = 0; i < residual.Elements.Length; i++)
        {
            residual.Elements[i] -= y.Elements[i];
            sum += residual.Elements[i] * residual.Elements[i];
        }

        return sum / (2 * Batch);
    }

    private static Matrix<double> Draw(GaussianStream stream, int rows, int columns)
    {
        var matrix = new Matrix<double>(rows, columns);
        stream.Fill(matrix.Elements);
        return matrix;
    }

    private static ScaledDense Scaled(GaussianStream stream, int outputs, int inputs)
    {
        var layer = new ScaledDense(Draw(stream, outputs, inputs), 0.1);
        stream.Fill(layer.Parameters[1].Value.Elements);
        stream.Fill(layer.Parameters[2].Value.Elements);
        return layer;
    }
}

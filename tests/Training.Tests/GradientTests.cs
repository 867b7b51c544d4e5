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
        ["bias"] = s => new Network(Batch, new Dense(Draw(s, 6, 5), Draw(s, 1, 6)), new Relu(6), new Dense(Draw(s, 4, 6), Draw(s, 1, 4))),
        ["layer norm"] = s => new Network(Batch, new Dense(Draw(s, 6, 5)), Normed(s, 6), new Dense(Draw(s, 4, 6))),
        ["residual"] = s => new Network(Batch, new Dense(Draw(s, 6, 5)), new Residual(Batch, new Dense(Draw(s, 3, 6), Draw(s, 1, 3)), new Relu(3), new Dense(Draw(s, 6, 3))), new Dense(Draw(s, 4, 6))),
        ["residual first"] = s => new Network(Batch, new Residual(Batch, Normed(s, 5), new Dense(Draw(s, 5, 5))), new Dense(Draw(s, 4, 5))),
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

    [TestCase(0)]
    [TestCase(1000)]
    public void SoftmaxCrossEntropy_IsTheDerivativeOfItsLoss(double shift)
    {
        // Adding a constant to all outputs of a sample changes nothing, however large it is.
        const int classes = 5;
        var stream = new GaussianStream(3);
        Matrix<double> z = Draw(stream, Batch, classes), gradient = new(Batch, classes), scratch = new(Batch, classes);
        int[] labels = [.. Enumerable.Range(0, Batch).Select(i => i * 3 % classes)];
        double expected = 0;
        for (int i = 0; i < Batch; i++)
            expected -= Math.Log(Math.Exp(z[i, labels[i]]) / z.Row(i).ToArray().Sum(Math.Exp)) / Batch;
        for (int i = 0; i < z.Elements.Length; i++)
            z.Elements[i] += shift;
        double eps = Math.ScaleB(1, -52), rounding = 10 * classes * eps * (1 + shift);
        Assert.That(SoftmaxCrossEntropy.Evaluate(z, labels, gradient), Is.EqualTo(expected).Within(rounding));
        double h = Math.Cbrt(eps * (1 + shift));
        for (int i = 0; i < z.Elements.Length; i++)
        {
            double at = z.Elements[i];
            z.Elements[i] = at + h;
            double above = SoftmaxCrossEntropy.Evaluate(z, labels, scratch);
            z.Elements[i] = at - h;
            double below = SoftmaxCrossEntropy.Evaluate(z, labels, scratch);
            z.Elements[i] = at;
            Assert.That(gradient.Elements[i] / Batch, Is.EqualTo((above - below) / (2 * h)).Within(10 * h * h));
        }

        for (int i = 0; i < Batch; i++)
            Assert.That(gradient.Row(i).ToArray().Sum(), Is.Zero.Within(classes * eps));
    }

    [Test]
    public void SoftmaxCrossEntropy_SurvivesExtremesAndRefusesWhatDoesNotFit()
    {
        Matrix<double> z = Matrix<double>.From(new double[] { 1e308, -1e308, 0 }, 1, 3), gradient = new(1, 3);
        Assert.That(SoftmaxCrossEntropy.Evaluate(z, [0], gradient), Is.Zero);
        Assert.That(gradient.Elements.ToArray(), Is.EqualTo(new double[] { 0, 0, 0 }));
        Assert.That(() => SoftmaxCrossEntropy.Evaluate(z, [3], gradient), Throws.ArgumentException.With.Message.Contains("Label 3 of sample 0"));
        Assert.That(() => SoftmaxCrossEntropy.Evaluate(z, [0, 1], gradient), Throws.ArgumentException);
        Assert.That(() => SoftmaxCrossEntropy.Evaluate(z, [0], new Matrix<double>(1, 2)), Throws.ArgumentException);
    }

    [Test]
    public void LayerNorm_GivesRowsOfMean0AndVariance1()
    {
        const int width = 9;
        var stream = new GaussianStream(4);
        Matrix<double> x = Draw(stream, Batch, width), y = new(Batch, width);
        for (int j = 0; j < width; j++)
            x[0, j] = 7;
        new LayerNorm(width).Forward(x, y);
        Assert.That(y.Row(0).ToArray(), Is.All.Zero);
        double eps = Math.ScaleB(1, -52);
        for (int i = 1; i < Batch; i++)
        {
            double[] row = y.Row(i).ToArray(), original = x.Row(i).ToArray();
            double mean = original.Average(), variance = original.Average(v => (v - mean) * (v - mean));
            Assert.That(row.Average(), Is.Zero.Within(width * eps));
            Assert.That(row.Average(v => v * v), Is.EqualTo(variance / (variance + LayerNorm.Epsilon)).Within(width * eps));
        }
    }

    [Test]
    public void FrozenParameters_GetNoGradientAndOthersTheSame()
    {
        (Parameter[] Parameters, double[][] Gradients) Run(params int[] frozen)
        {
            var stream = new GaussianStream(5);
            Network network = s_networks["residual"](stream);
            foreach (int i in frozen)
                network.Parameters[i].IsFrozen = true;
            Matrix<double> x = Draw(stream, Batch, 5), e = Draw(stream, Batch, 4);
            network.Forward(x);
            network.Backward(x, e);
            return ([.. network.Parameters], [.. network.Parameters.Select(p => p.Gradient.Elements.ToArray())]);
        }

        double[][] all = Run().Gradients, some = Run(0, 2).Gradients;
        for (int i = 0; i < all.Length; i++)
            Assert.That(some[i], i is 0 or 2 ? Is.All.Zero : Is.EqualTo(all[i]), $"{i}");
    }

    [Test]
    public void Layers_RefuseWhatDoesNotFit()
    {
        var stream = new GaussianStream(1);
        Assert.That(() => new Dense(Draw(stream, 3, 2), Draw(stream, 1, 2)), Throws.ArgumentException.With.Message.Contains("1×3 bias"));
        Assert.That(() => new Residual(Batch, new Dense(Draw(stream, 3, 2))), Throws.ArgumentException.With.Message.Contains("takes 2 and gives 3"));
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

    private static LayerNorm Normed(GaussianStream stream, int width)
    {
        var layer = new LayerNorm(width);
        foreach (Parameter parameter in layer.Parameters)
            stream.Fill(parameter.Value.Elements);
        return layer;
    }

    private static ScaledDense Scaled(GaussianStream stream, int outputs, int inputs)
    {
        var layer = new ScaledDense(Draw(stream, outputs, inputs), 0.1);
        stream.Fill(layer.Parameters[1].Value.Elements);
        stream.Fill(layer.Parameters[2].Value.Elements);
        return layer;
    }
}

using Kappa.Kernels;
using Kappa.Training.Models;
using Kappa.Training.Optimizers;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class OptimizerTests
{
    private static Parameter WithGradient(double value, double gradient, double scale = 1)
    {
        var parameter = new Parameter(Matrix<double>.From([value], 1, 1), scale);
        parameter.Gradient[0, 0] = gradient;
        return parameter;
    }

    [Test]
    public void Sgd_StepsDownTheGradientWithDecayAndScale()
    {
        Parameter p = WithGradient(2, 3, scale: 0.5);
        new Sgd(0.1, weightDecay: 0.01).Step([p]);
        Assert.That(p.Value[0, 0], Is.EqualTo(2 - 0.1 * 0.5 * (3 + 0.01 * 2)));
    }

    // By hand, with G = 4 then 2, η = 0.1: m₁ = 0.4, v₁ = 0.016, so the first step is η·4/(4 + ε);
    // m₂ = 0.56, v₂ = 0.019984: m̂ = 0.56/0.19, v̂ = 0.019984/0.001999.
    [Test]
    public void Adam_TwoStepsByHand()
    {
        Parameter p = WithGradient(1, 4);
        var adam = new Adam(0.1);
        adam.Step([p]);
        double expected = 1 - 0.1 * 4 / (4 + 1e-8);
        Assert.That(p.Value[0, 0], Is.EqualTo(expected).Within(8 * Math.ScaleB(1, -52)));
        p.Gradient[0, 0] = 2;
        adam.Step([p]);
        expected -= 0.1 * (0.56 / 0.19) / (Math.Sqrt(0.019984 / 0.001999) + 1e-8);
        Assert.That(p.Value[0, 0], Is.EqualTo(expected).Within(64 * Math.ScaleB(1, -52)));
    }

    // With XᵀX/B = I the gradient is exactly W − W*, so the error shrinks by (1 − η) per step.
    [Test]
    public void NoiselessSgd_OnAnOrthogonalBatch_ErrsByOneMinusEtaToTheT()
    {
        const int d = 12, steps = 50;
        const double eta = 0.03;
        var stream = new GaussianStream(3);
        Matrix<double> draws = new(d, d), target = new(d, d), start = new(d, d);
        stream.Fill(draws.Elements);
        stream.Fill(target.Elements);
        stream.Fill(start.Elements);
        using QrFactorization<double> qr = Qr.Factor<double>(draws);
        Matrix<double> x = qr.Q();
        foreach (ref double e in x.Elements)
            e *= Math.Sqrt(d);
        var student = new Network(d, new Dense(start.Clone()));
        var sgd = new Sgd(eta);
        for (int t = 0; t < steps; t++)
        {
            Matrix<double> difference = student.Forward(x);
            Gemm.Multiply(-1.0, x, target.Transposed(), 1.0, difference);
            student.Backward(x, difference);
            sgd.Step(student.Parameters);
        }

        double shrink = Math.Pow(1 - eta, steps), tolerance = steps * d * Math.ScaleB(1, -52) * Spectrum.FrobeniusNorm<double>(start);
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++)
                Assert.That(student.Weights.Single()[i, j] - target[i, j], Is.EqualTo(shrink * (start[i, j] - target[i, j])).Within(tolerance));
    }

    [Test]
    public void Momentum_SumsWhatCameBefore()
    {
        Parameter p = WithGradient(1, 4);
        var momentum = new Momentum(0.1, 0.5);
        momentum.Step([p]);
        Assert.That(p.Value[0, 0], Is.EqualTo(0.6).Within(4 * Math.ScaleB(1, -53)));
        p.Gradient[0, 0] = -1;
        momentum.Step([p]);
        Assert.That(p.Value[0, 0], Is.EqualTo(0.6 - 0.1 * (0.5 * 4 - 1)).Within(4 * Math.ScaleB(1, -53)));
    }

    // Five steps of the quintic take [0.05, 1] into [0.65, 1.25]; the vectors stay, so NS(M) and UVᵀ differ by no more than that.
    [TestCase(6, 6)]
    [TestCase(9, 4)]
    [TestCase(4, 9)]
    public void Muon_OrthogonalizesUpToTheQualityOfNewtonSchulz(int rows, int columns)
    {
        int p = Math.Min(rows, columns);
        SvdResult<double> draw = Svd.Decompose<double>(Gaussian(rows, columns));
        double[] sigma = [.. Enumerable.Range(0, p).Select(i => 3e5 * Math.Pow(0.1, (double)i / p))];
        Matrix<double> orthogonal = Muon.Orthogonalize(SpectralGradient.PullBack<double>(draw, sigma));
        double[] ends = Svd.Values<double>(orthogonal).SingularValues.ToArray();
        Assert.That(ends, Is.All.InRange(0.65, 1.25));
        Matrix<double> exact = SpectralGradient.PullBack<double>(draw, [.. Enumerable.Repeat(1.0, p)]);
        double tolerance = 20 * rows * columns * Math.ScaleB(1, -52);
        for (int i = 0; i < p; i++)
            for (int j = 0; j < p; j++)
            {
                // uᵢᵀ NS vⱼ is 0 off the diagonal: the same singular vectors as UVᵀ.
                double inner = 0, one = 0;
                for (int r = 0; r < rows; r++)
                    for (int c = 0; c < columns; c++)
                    {
                        inner += draw.U[r, i] * orthogonal[r, c] * draw.V[c, j];
                        one += draw.U[r, i] * exact[r, c] * draw.V[c, j];
                    }

                Assert.That(one, Is.EqualTo(i == j ? 1 : 0).Within(tolerance));
                Assert.That(inner, i == j ? Is.InRange(0.65, 1.25) : Is.Zero.Within(tolerance));
            }
    }

    [Test]
    public void Muon_OfNothing_IsNothing() => Assert.That(Spectrum.FrobeniusNorm<double>(Muon.Orthogonalize(new Matrix<double>(3, 5))), Is.Zero);

    // M = G at the first step: W moves by η√max(1, m/n)·NS(G).
    [Test]
    public void Muon_StepsByItsRateWhateverTheGradientsScale()
    {
        var tall = new Parameter(new Matrix<double>(8, 2));
        Gaussian(8, 2).View.CopyTo(tall.Gradient);
        Matrix<double> direction = Muon.Orthogonalize(tall.Gradient);
        new Muon(0.1).Step([tall]);
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 2; j++)
                Assert.That(tall.Value[i, j], Is.EqualTo(-0.2 * direction[i, j]).Within(Math.ScaleB(1, -52)));
    }

    // By whole matrices: the same products in the same order of summation, so the same bits, whatever the panels and the blocks of steps.
    [Test]
    public void LinearDescent_IsTheStep([Values(1, 3, 64, 128, 129, 160, 203)] int d, [Values(1, 2, 5)] int together)
    {
        const int batch = 6, steps = 5;
        const double noise = 0.5;
        var stream = new GaussianStream(9);
        Batch[] batches = [.. Enumerable.Range(0, steps).Select(_ => new Batch(Drawn(stream, batch, d), Drawn(stream, batch, d)))];
        double[] rates = [0.3, 0.1, 0, 0.2, 0.05];
        Matrix<double> start = Drawn(stream, d, d), transposed = Matrix<double>.From(start.Transposed()), error = new(batch, d), ours = new(d, d);
        var descent = new LinearDescent(start, batch, noise);
        for (int s = 0; s < steps; s += together)
            descent.Run(batches.AsSpan(s, Math.Min(together, steps - s)), rates.AsSpan(s));
        for (int s = 0; s < steps; s++)
        {
            batches[s].Noise.View.CopyTo(error);
            Gemm.Multiply(1.0, batches[s].X, transposed, -noise, error);
            Gemm.Multiply(-rates[s] * (1.0 / batch), batches[s].X.Transposed(), error, 1.0, transposed);
        }

        descent.CopyTo(ours);
        Assert.That(ours.Elements.ToArray(), Is.EqualTo(Matrix<double>.From(transposed.Transposed()).Elements.ToArray()));
        descent.Set(start);
        descent.CopyTo(ours);
        Assert.That(ours.Elements.ToArray(), Is.EqualTo(start.Elements.ToArray()));
    }

    private static Matrix<double> Drawn(GaussianStream stream, int rows, int columns)
    {
        var matrix = new Matrix<double>(rows, columns);
        stream.Fill(matrix.Elements);
        return matrix;
    }

    private static Matrix<double> Gaussian(int rows, int columns) => Drawn(new GaussianStream(11), rows, columns);
}

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
                Assert.That(student.Product()[i, j] - target[i, j], Is.EqualTo(shrink * (start[i, j] - target[i, j])).Within(tolerance));
    }
}

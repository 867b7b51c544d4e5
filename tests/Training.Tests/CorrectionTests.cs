using Kappa.Kernels;
using Kappa.Training.Corrections;
using Kappa.Training.Models;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class CorrectionTests
{
    private static Matrix<double> Draw(int d)
    {
        var matrix = new Matrix<double>(d, d);
        new GaussianStream(5).Fill(matrix.Elements);
        return matrix;
    }

    [Test]
    public void SvdCorrection_MovesTheSpectrumAndKeepsTheVectors()
    {
        Matrix<double> w = Draw(9);
        SvdResult<double> before = Svd.Decompose<double>(w);
        double[] target = [.. Enumerable.Range(0, 9).Select(i => 9.0 - i)];
        var correction = new SvdCorrection(Strength: 0.25, Period: 4);
        correction.Apply(2, w, target);
        Assert.That(Spectrum.RelativeDistance<double>(w, SpectralGradient.PullBack(before, before.SingularValues)), Is.LessThan(9 * 9 * Math.ScaleB(1, -52)));
        correction.Apply(3, w, target);
        double[] expected = [.. Enumerable.Range(0, 9).Select(i => 0.75 * before.SingularValues[i] + 0.25 * target[i])];
        Assert.That(Svd.Values<double>(w).SingularValues.ToArray(), Is.EqualTo(expected).Within(9 * 9 * Math.ScaleB(expected[0], -52)));
        Assert.That(Spectrum.RelativeDistance<double>(w, SpectralGradient.PullBack<double>(before, expected)), Is.LessThan(9 * 9 * Math.ScaleB(1, -52)));
    }

    [Test]
    public void SpectralRegularization_AddsThePenaltysGradientOnItsSteps()
    {
        var parameter = new Parameter(Draw(6));
        var regularization = new SpectralRegularization(Lambda: 0.2, Clip: 1e3, Period: 3);
        regularization.AddTo(0, parameter, 5);
        Assert.That(Spectrum.FrobeniusNorm<double>(parameter.Gradient), Is.Zero);
        regularization.AddTo(2, parameter, 5);
        SvdResult<double> svd = Svd.Decompose<double>(parameter.Value);
        double logRatio = Math.Log(svd.SingularValues[0] / svd.SingularValues[^1]) - Math.Log(5);
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++)
            {
                double top = svd.U[i, 0] * svd.V[j, 0] / svd.SingularValues[0], bottom = svd.U[i, 5] * svd.V[j, 5] / svd.SingularValues[^1];
                double expected = 2 * 0.2 * logRatio * (top - bottom);
                Assert.That(parameter.Gradient[i, j], Is.EqualTo(expected).Within(6 * 6 * Math.ScaleB(1 / svd.SingularValues[^1], -52)));
            }
    }

    [Test]
    public void SpectralRegularization_IsClipped()
    {
        var parameter = new Parameter(Draw(6));
        new SpectralRegularization(Lambda: 1e6, Clip: 0.5, Period: 1).AddTo(0, parameter, 5);
        Assert.That(Spectrum.FrobeniusNorm<double>(parameter.Gradient), Is.EqualTo(0.5).Within(36 * Math.ScaleB(1, -52)));
    }
}

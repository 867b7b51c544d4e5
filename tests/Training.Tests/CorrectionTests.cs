using Kappa.Kernels;
using Kappa.Training.Corrections;
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
        Assert.That(Enumerable.Range(0, 9).Where(correction.IsDue), Is.EqualTo(new[] { 3, 7 }));
        correction.Apply(w, target);
        double[] expected = [.. Enumerable.Range(0, 9).Select(i => 0.75 * before.SingularValues[i] + 0.25 * target[i])];
        Assert.That(Svd.Values<double>(w).SingularValues.ToArray(), Is.EqualTo(expected).Within(9 * 9 * Math.ScaleB(expected[0], -52)));
        Assert.That(Spectrum.RelativeDistance<double>(w, SpectralGradient.PullBack<double>(before, expected)), Is.LessThan(9 * 9 * Math.ScaleB(1, -52)));
    }

    [TestCase(null)]
    [TestCase(1.0)]
    public void SpectralRegularization_AddsThePenaltysGradient(double? assumed)
    {
        Matrix<double> w = Draw(6);
        var regularization = new SpectralRegularization(Lambda: 0.2, Clip: 1e3, Period: 3) { AssumedCondition = assumed };
        Assert.That(Enumerable.Range(0, 9).Where(regularization.IsDue), Is.EqualTo(new[] { 2, 5, 8 }));
        Matrix<double> gradient = regularization.Gradient(w, 5);
        SvdResult<double> svd = Svd.Decompose<double>(w);
        double logRatio = Math.Log(svd.SingularValues[0] / svd.SingularValues[^1]) - Math.Log(assumed ?? 5);
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++)
            {
                double top = svd.U[i, 0] * svd.V[j, 0] / svd.SingularValues[0], bottom = svd.U[i, 5] * svd.V[j, 5] / svd.SingularValues[^1];
                double expected = 2 * 0.2 * logRatio * (top - bottom);
                Assert.That(gradient[i, j], Is.EqualTo(expected).Within(6 * 6 * Math.ScaleB(1 / svd.SingularValues[^1], -52)));
            }
    }

    [Test]
    public void SpectralRegularization_IsClipped()
    {
        Matrix<double> gradient = new SpectralRegularization(Lambda: 1e6, Clip: 0.5, Period: 1).Gradient(Draw(6), 5);
        Assert.That(Spectrum.FrobeniusNorm<double>(gradient), Is.EqualTo(0.5).Within(36 * Math.ScaleB(1, -52)));
    }
}

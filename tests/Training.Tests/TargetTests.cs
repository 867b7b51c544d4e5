using Kappa.Kernels;
using Kappa.Training.Targets;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class TargetTests
{
    // r = RandomState(42); W = r.randn(4,4)*sqrt(2/4); W *= exp(0.5*r.randn(4))[:,None]; exp is within 1 ulp of NumPy's.
    [Test]
    public void Heterogeneous_IsNumPys()
    {
        Matrix<double> w = Target.Draw(TargetStructure.Heterogeneous, 4, new GaussianStream(42));
        AssertClose(w[0, 0], 0.21166938768434562);
        AssertClose(w[0, 3], 0.649022773312387);
        AssertClose(w[3, 3], -0.1962300893512988);

        static void AssertClose(double actual, double expected) =>
            Assert.That(actual, Is.EqualTo(expected).Within(4 * Math.ScaleB(Math.Abs(expected), -52)));
    }

    // r = RandomState(7); A = r.randn(20,16) @ r.randn(16,20) / sqrt(16*20)
    [Test]
    public void LowRank_IsNumPysAndHasRank16()
    {
        Matrix<double> w = Target.Draw(TargetStructure.LowRank, 20, new GaussianStream(7));
        double tolerance = 16 * Math.ScaleB(16, -52);
        Assert.That(w[0, 0], Is.EqualTo(0.23781281849961763).Within(tolerance));
        Assert.That(w[19, 19], Is.EqualTo(0.2881177173550433).Within(tolerance));
        Assert.That(Spectrum.NumericalRank(Svd.Values<double>(w).SingularValues, 20, 20), Is.EqualTo(Target.Rank));
    }

    [TestCase(64)]
    [TestCase(8)]
    [TestCase(13)]
    [TestCase(1)]
    public void BlockDiagonal_IsZeroOutsideItsBlocks(int d)
    {
        Matrix<double> w = Target.Draw(TargetStructure.BlockDiagonal, d, new GaussianStream(1));
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++)
                Assert.That(w[i, j] == 0, Is.EqualTo(i / Target.BlockOrder != j / Target.BlockOrder), $"({i}, {j})");
    }
}

using System.Numerics;
using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Imbalance;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class ImbalanceTests
{
    private static readonly double s_epsilon = Math.ScaleB(1, -52);

    private static Matrix<double> Gaussian(int rows, int columns, uint seed, double scale = 1)
    {
        var matrix = new Matrix<double>(rows, columns);
        new GaussianStream(seed).Fill(matrix.Elements);
        foreach (ref double e in matrix.Elements)
            e *= scale;
        return matrix;
    }

    private static Matrix<double> Diagonal(params double[] elements)
    {
        var matrix = new Matrix<double>(elements.Length, elements.Length);
        for (int i = 0; i < elements.Length; i++)
            matrix[i, i] = elements[i];
        return matrix;
    }

    [Test]
    public void DoubleDouble_HoldsProductsAndSumsOfIntegers()
    {
        var draws = new Random(1);
        // A double holds integers of 53 bits, a pair of them a product of 106.
        double Integer() => draws.NextInt64(1L << draws.Next(1, 54)) * (draws.Next(2) == 0 ? 1 : -1);
        static BigInteger Exact(DoubleDouble value) => new BigInteger(value.High) + new BigInteger(value.Low);
        for (int trial = 0; trial < 10_000; trial++)
        {
            double x = Integer(), y = Integer(), z = Integer();
            DoubleDouble product = (DoubleDouble)x * y, sum = product + x - z;
            BigInteger expected = new BigInteger(x) * new BigInteger(y);
            Assert.That(Exact(product), Is.EqualTo(expected));
            expected += new BigInteger(x) - new BigInteger(z);
            Assert.That((double)BigInteger.Abs(Exact(sum) - expected), Is.LessThanOrEqualTo(Math.ScaleB(Math.Abs((double)expected) + Math.Abs(x) + Math.Abs(z), -102)));
            Assert.That((double)sum, Is.EqualTo((double)expected).Within(s_epsilon * Math.Abs((double)expected)));
        }
    }

    // XᵀX/B = I and no noise: G = W − W*, and ∂L/∂σᵢ = σᵢ − wᵢ* for diagonal matrices.
    [Test]
    public void KnownProblem_HasItsDerivatives()
    {
        double[] sigma = [7, 5.1, 3.3, 0.7, 1e-3], target = [2.2, 6, 3.1, -0.4, 2e-3];
        const int batch = 16;
        var x = new Matrix<double>(batch, sigma.Length);
        for (int i = 0; i < sigma.Length; i++)
            x[i, i] = 4;
        Matrix<double> w = Diagonal(sigma);
        var loss = new BatchLoss(x, Diagonal(target), new Matrix<double>(batch, sigma.Length));
        SvdResult<double> svd = Svd.Decompose<double>(w);
        (double value, double[] differences) = loss.Differentiate(w, svd);
        double[] derivatives = SingularDerivatives.Of(svd, loss.Gradient(w));
        // u and v are unit vectors to within a few ε, here nearly coordinate vectors.
        double tolerance = 4 * sigma.Length * s_epsilon;
        for (int i = 0; i < sigma.Length; i++)
        {
            Assert.That(differences[i], Is.EqualTo(sigma[i] - target[i]).Within(tolerance * Math.Abs(sigma[i] - target[i])));
            Assert.That(derivatives[i], Is.EqualTo(differences[i]).Within(tolerance * Math.Abs(sigma[0] - target[0])));
        }

        Assert.That(value, Is.EqualTo(sigma.Zip(target, (s, t) => (s - t) * (s - t)).Sum() / 2).Within(tolerance * value));
    }

    // The same number by another way, Σ_b (E_b·u)(X_b·v)/B in double-double: the differences are good to their last bits.
    [TestCase(1, 1, 1)]
    [TestCase(3, 8, 5)]
    [TestCase(16, 16, 64)]
    [TestCase(40, 12, 7)]
    public void Differences_AreExactToTheirRounding(int rows, int columns, int batch)
    {
        Matrix<double> w = Gaussian(rows, columns, 1), target = Gaussian(rows, columns, 2), x = Gaussian(batch, columns, 3), noise = Gaussian(batch, rows, 4);
        var loss = new BatchLoss(x, target, noise);
        SvdResult<double> svd = Svd.Decompose<double>(w);
        (double value, double[] differences) = loss.Differentiate(w, svd);
        double[] derivatives = SingularDerivatives.Of(svd, loss.Gradient(w));
        for (int i = 0; i < differences.Length; i++)
        {
            DoubleDouble sum = 0;
            for (int b = 0; b < batch; b++)
            {
                DoubleDouble along = 0, input = 0;
                for (int j = 0; j < rows; j++)
                {
                    DoubleDouble error = -(DoubleDouble)noise[b, j];
                    for (int k = 0; k < columns; k++)
                        error += x[b, k] * ((DoubleDouble)w[j, k] - target[j, k]);
                    along += error * svd.U[j, i];
                }

                for (int k = 0; k < columns; k++)
                    input += (DoubleDouble)x[b, k] * svd.V[k, i];
                sum += along * input;
            }

            double exact = (double)sum / batch;
            Assert.That(differences[i], Is.EqualTo(exact).Within(2 * s_epsilon * Math.Abs(exact)));
            // Products of inner dimensions n, B and m + n, with ‖E‖ = √(2BL), ‖X‖ ≈ √(Bn).
            Assert.That(derivatives[i], Is.EqualTo(exact).Within((batch + rows + 2 * columns) * s_epsilon * columns * Math.Sqrt(2 * value)));
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(16)]
    [TestCase(48)]
    public void Trace_AgreesWithItsDifferences(int dimension)
    {
        ImbalanceTrace trace = ImbalanceTrace.Follow(dimension, 40, 42, CancellationToken.None);
        Assert.That(trace.Points.Select(p => p.Step), Is.EqualTo(Enumerable.Range(0, 11).Select(k => 4 * k)));
        foreach (ImbalancePoint point in trace.Points)
        {
            double bound = (64 + 3 * dimension) * s_epsilon * dimension * Math.Sqrt(2 * point.Loss);
            Assert.That(point.Disagreement, Is.LessThanOrEqualTo(bound / point.Differences.Max(Math.Abs)));
            Assert.That(point.RelativeDisagreement, Is.LessThanOrEqualTo(bound / point.Differences.Min(Math.Abs)).And.GreaterThanOrEqualTo(point.Disagreement));
        }
    }

    // Experiment 3 trains the same trial and reads |uᵢᵀGvᵢ| off every step.
    [Test]
    public void Trace_FollowsTheExperimentsTrial()
    {
        const int d = 16, steps = 30;
        TrialRecord record = Trial.Run("test", new Cell(new Condition(("d", d)),
            new Protocol { Dimension = d, Epochs = steps, Recording = Recording.GradientSignal }), 0, 42, CancellationToken.None);
        ImbalanceTrace trace = ImbalanceTrace.Follow(d, steps, 42, CancellationToken.None);
        foreach (ImbalancePoint point in trace.Points.SkipLast(1))
            foreach (int i in new[] { 0, 1, d - 1 })
            {
                double tolerance = (steps + 1) * d * s_epsilon;
                Assert.That(point.SingularValues[i], Is.EqualTo(record.Series[$"sigma_{i + 1}"][point.Step]).Within(tolerance * point.SingularValues[0]));
                // What the vectors of the smallest σ owe to rounding, they owe times ‖W‖ over the gap; 1000 is above it here.
                Assert.That(Math.Abs(point.Derivatives[i]), Is.EqualTo(record.Series[$"gradient_{i + 1}"][point.Step]).Within(1000 * tolerance * Math.Abs(point.Derivatives[0])));
            }

        Assert.That(trace.TargetRatio, Is.EqualTo(record.Values["kappa_target"]).Within(d * s_epsilon * record.Values["kappa_target"] * record.Values["kappa_target"]));
    }

    [Test]
    public void Exponent_IsThatOfAPowerLaw([Values(-1, 0, 0.5, 1, 2)] double exponent)
    {
        double[] sigma = [9, 4, 1, 0.3, 0.1];
        var trace = new ImbalanceTrace(5, 1, 0, sigma, []);
        Assert.That(trace.Exponent([.. sigma.Select(s => -3 * Math.Pow(s, exponent))]), Is.EqualTo(exponent).Within(64 * s_epsilon));
        Assert.That(trace.Exponent([1, 0, 0, 0, 0]), Is.NaN);
    }

    [Test]
    public void Trace_StopsAndRefuses()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(() => ImbalanceTrace.Follow(8, 5, 42, source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => ImbalanceTrace.Follow(0, 5, 42, CancellationToken.None), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => ImbalanceTrace.Follow(8, 0, 42, CancellationToken.None), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => ImbalanceTrace.Follow(8, 5, uint.MaxValue, CancellationToken.None), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static readonly int[][] s_shapes = [[1, 1], [1, 5], [5, 1], [7, 4], [4, 7], [16, 16], [33, 20]];

    // G = U diag(a) Vᵀ moves every σᵢ by aᵢ and nothing else.
    [TestCaseSource(nameof(s_shapes))]
    public void DiagonalGradient_GivesItsDiagonal(int rows, int columns)
    {
        Matrix<double> w = Gaussian(rows, columns, 5);
        SvdResult<double> svd = Svd.Decompose<double>(w);
        double[] a = [.. Enumerable.Range(0, svd.SingularValues.Length).Select(i => (i % 2 == 0 ? 1 : -1) * (1 + i / 4.0))];
        MatrixImbalance imbalance = MatrixImbalance.Measure(w, SpectralGradient.PullBack<double>(svd, a));
        double tolerance = 8 * Math.Max(rows, columns) * s_epsilon * a.Max(Math.Abs);
        for (int i = 0; i < a.Length; i++)
        {
            Assert.That(imbalance.Derivatives[i], Is.EqualTo(a[i]).Within(tolerance));
            Assert.That(imbalance.Products[i], Is.EqualTo(a[i]).Within(tolerance));
        }

        Assert.That(imbalance.Shares.Sum(), Is.EqualTo(1).Within(a.Length * tolerance));
        Assert.That(imbalance.Ratio, Is.EqualTo(1 / Math.Abs(a[^1])).Within(2 * tolerance));
    }

    // G = U K Vᵀ with a zero diagonal turns the singular vectors alone.
    [TestCase(6, 6)]
    [TestCase(9, 4)]
    public void OffDiagonalGradient_MovesNoSingularValue(int rows, int columns)
    {
        Matrix<double> w = Gaussian(rows, columns, 6);
        SvdResult<double> svd = Svd.Decompose<double>(w);
        int p = svd.SingularValues.Length;
        Matrix<double> k = Gaussian(p, p, 7);
        for (int i = 0; i < p; i++)
            k[i, i] = 0;
        Matrix<double> gradient = Gemm.Multiply<double>(Gemm.Multiply<double>(svd.U, k), svd.V.Transposed());
        MatrixImbalance imbalance = MatrixImbalance.Measure(w, gradient);
        double tolerance = 8 * Math.Max(rows, columns) * s_epsilon;
        Assert.That(imbalance.Products, Is.All.EqualTo(0).Within(tolerance * imbalance.GradientNorm));
        Assert.That(imbalance.Shares.Sum(), Is.LessThan(p * tolerance * tolerance));
    }

    [TestCaseSource(nameof(s_shapes))]
    public void ThreeWays_GiveTheSameDerivatives(int rows, int columns)
    {
        foreach ((double w, double g) in new[] { (1, 1), (1e-3, 1e3), (1e120, 1e-120), (1e-120, 1e120) })
        {
            MatrixImbalance imbalance = MatrixImbalance.Measure(Gaussian(rows, columns, 8, w), Gaussian(rows, columns, 9, g));
            double norm = imbalance.GradientSpectralNorm, delta = imbalance.Step * norm;
            int n = Math.Max(rows, columns);
            Assert.That(imbalance.Disagreement * imbalance.Products.Max(Math.Abs), Is.LessThanOrEqualTo(2 * (rows + columns) * s_epsilon * norm));
            for (int i = 0; i < imbalance.Gaps.Length; i++)
            {
                Assert.That(imbalance.IsComparable(i), "these spectra have gaps of a fraction of σ₁");
                double quotient = 4 * (delta / imbalance.Gaps[i]) * (delta / imbalance.Gaps[i]);
                double bound = norm * quotient / (1 - quotient) + 4 * n * s_epsilon * (imbalance.SingularValues[0] / imbalance.Step + norm);
                Assert.That(imbalance.Velocities[i], Is.EqualTo(-imbalance.Derivatives[i]).Within(bound));
            }

            // A balanced h: both parts of the bound are a small share of ‖G‖.
            Assert.That(imbalance.VelocityDisagreement * imbalance.Derivatives.Max(Math.Abs), Is.LessThan(1e-5 * norm));
        }
    }

    [Test]
    public void CloseSingularValues_AreNotCompared()
    {
        MatrixImbalance imbalance = MatrixImbalance.Measure(Diagonal(5, 3, 3 - 1e-9, 1, 1e-12), Gaussian(5, 5, 10));
        Assert.That(Enumerable.Range(0, 5).Select(imbalance.IsComparable), Is.EqualTo(new[] { true, false, false, true, false }));
        MatrixImbalance repeated = MatrixImbalance.Measure(Matrix<double>.Identity(4), Gaussian(4, 4, 11));
        Assert.That(Enumerable.Range(0, 4).Select(repeated.IsComparable), Is.All.False);
        Assert.That(repeated.VelocityDisagreement, Is.NaN);
    }

    [Test]
    public void ZeroMatrixAndZeroGradient_HaveNoQuotients()
    {
        MatrixImbalance still = MatrixImbalance.Measure(Gaussian(3, 4, 12), new Matrix<double>(3, 4));
        Assert.That(still.Derivatives.Concat(still.Velocities).Concat(still.Products), Is.All.Zero);
        Assert.That((still.Ratio, still.Disagreement, still.Shares[0]), Is.EqualTo((double.NaN, double.NaN, double.NaN)));
        MatrixImbalance zero = MatrixImbalance.Measure(new Matrix<double>(3, 4), Gaussian(3, 4, 13));
        Assert.That(zero.Velocities, Is.All.NaN);
        Assert.That(Enumerable.Range(0, 3).Select(zero.IsComparable), Is.All.False);
    }

    [Test]
    public void BadMatrices_AreRefused()
    {
        Matrix<double> broken = Gaussian(3, 2, 14);
        broken[2, 1] = double.NaN;
        Assert.That(() => MatrixImbalance.Measure(Gaussian(2, 3, 1), Gaussian(3, 2, 1)), Throws.ArgumentException.With.Message.Contains("G is 3×2, W is 2×3"));
        Assert.That(() => MatrixImbalance.Measure(new Matrix<double>(0, 3), new Matrix<double>(0, 3)), Throws.ArgumentException);
        Assert.That(() => MatrixImbalance.Measure(broken, Gaussian(3, 2, 1)), Throws.ArgumentException.With.Message.Contains("(2, 1)"));
        Assert.That(() => MatrixImbalance.Measure(Gaussian(3, 2, 1), broken), Throws.ArgumentException.With.Message.Contains("(2, 1)"));
    }
}

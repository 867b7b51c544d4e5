using System.Numerics;
using Kappa.Kernels.Jacobi;
using Kappa.Kernels.Simd;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Sweeps in which blocks of columns meet by products.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdBlockTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Where products begin with the widest vectors; narrower ones go on by rotations.
    private int Threshold => path == VectorPath.Vector512 ? 704 : 256;

    private static readonly double s_epsilon = Machine<T>.Epsilon;

    // The blocks that a single lane makes are too narrow to be used.
    private int Lanes => Machine<T>.Lanes(Path);

    private VectorPath Path => path == VectorPath.Scalar ? VectorPath.Vector128 : path;

    /// <summary>Sweeps over A's columns, each under an exponent of its own, with J beside them.</summary>
    private SweepsOf Sweep(Matrix<double> a, bool inBlocks = true, int threads = 1)
    {
        var sweeps = new SweepsOf { A = a, InBlocks = inBlocks, Threads = threads };
        VectorPaths.Run<T, SweepsOf>(Path, ref sweeps);
        return sweeps;
    }

    private struct SweepsOf : ILaneWork<T>
    {
        public Matrix<double> A, X, J;
        public bool InBlocks;
        public int Threads, Sweeps;
        public double LargestCosine;
        public bool Converged;

        public unsafe void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int m = A.Rows, n = A.Columns;
            using var buffer = new AlignedBuffer();
            nint size = ColumnPanels<T>.Size(L.Count, m, n, n);
            T* memory = buffer.Rent<T>(size);
            new Span<T>(memory, (int)size).Clear();
            var x = new ColumnPanels<T>(memory, L.Count, m, n, n);
            int[] exponents = [.. A.ColumnExponents()];
            for (int j = 0; j < x.Count * L.Count; j++)
                x.SquaredScale[j] = T.One;
            for (int j = 0; j < n; j++)
            {
                x.Exponent[j] = T.CreateTruncating(exponents[j]);
                for (int i = 0; i < m; i++)
                    x[i, j] = T.CreateTruncating(Math.ScaleB(A[i, j], -exponents[j]));
                x[m + j, j] = T.One;
            }

            T tolerance = T.Sqrt(T.CreateTruncating(n)) * T.CreateTruncating(s_epsilon / 2), cosine;
            (Sweeps, cosine, Converged) = Jacobi.Sweeps<T, V, L>.Run(x, tolerance, Threads, InBlocks);
            LargestCosine = cosine.Widened();
            X = Matrices.From(m, n, (i, j) => Element(x, i, j, (int)x.Exponent[j].Widened()));
            J = Matrices.From(n, n, (i, j) => Element(x, m + i, j, 0));
        }

        private static unsafe double Element(in ColumnPanels<T> x, int i, int j, int exponent) =>
            Math.ScaleB(x[i, j].Widened() * Math.Sqrt(x.SquaredScale[j].Widened()), exponent);
    }

    private static double[] Norms(Matrix<double> a) =>
        [.. Enumerable.Range(0, a.Columns).Select(j => Math.Sqrt(Enumerable.Range(0, a.Rows).Sum(i => a[i, j] * a[i, j])))];

    private static double LargestCosine(Matrix<double> a)
    {
        double[] norms = Norms(a);
        Matrix<double> unit = a.ScaledColumns(j => 1 / norms[j]), cosines = Matrix<double>.From(unit.Transposed()).Times(unit);
        double largest = 0;
        for (int i = 0; i < a.Columns; i++)
            for (int j = 0; j < i; j++)
                largest = Math.Max(largest, Math.Abs(cosines[i, j]));
        return largest;
    }

    /// <summary>Orthogonal columns, AJ = X, J orthogonal.</summary>
    private static void AssertHolds(SweepsOf swept)
    {
        Matrix<double> a = swept.A;
        double unit = Math.Max(a.Rows, a.Columns) * s_epsilon;
        Assert.That(swept.Converged, Is.True);
        Assert.That(LargestCosine(swept.X), Is.LessThan(unit));
        Assert.That(LargestCosine(swept.J), Is.LessThan(unit));
        Assert.That(Norms(swept.J), Has.All.EqualTo(1).Within(4 * unit));
        Matrix<double> product = a.Times(swept.J);
        double norm = Norms(a).Max();
        Assert.That(swept.X.Elements.ToArray(), Is.EqualTo(product.Elements.ToArray()).Within(Ratios.Threshold * unit * norm));
    }

    // Blocks: two, three (nobody meets one of them in a round), five with a panel of padding.
    private IEnumerable<int> Orders => [4 * Lanes, 5 * Lanes + 1, 9 * Lanes - 1];

    [Test]
    public void RandomColumnsBecomeOrthogonal([Values(0, 1, 2)] int order, [Values(0, 3)] int more)
    {
        int n = Orders.ElementAt(order);
        AssertHolds(Sweep(Matrices.Random(n + more, n, 3).Rounded<T>().Widened()));
    }

    // Exponents within 2^50 go with the products; beyond, some meetings are direct.
    [Test]
    public void GradedColumnsKeepAllDigits([Values(0, 1, 2)] int order, [Values(0, 20, 49, 90)] int span, [Values] bool rising)
    {
        int n = Orders.ElementAt(order);
        double[] d = [.. Enumerable.Range(0, n).Select(j => Math.Pow(2, -span * (double)j / n)).Order()];
        if (!rising)
            Array.Reverse(d);
        Matrix<double> mixed = Matrices.Orthogonal(n, 5).Times(Matrices.WithSingularValues(n, n, [.. d.Select(_ => 1.0)], 7));
        Matrix<double> a = mixed.ScaledColumns(j => d[j]).Rounded<T>().Widened();
        SweepsOf swept = Sweep(a);
        AssertHolds(swept);
        double[] sigma = [.. Norms(swept.X).OrderDescending()], expected = [.. d.OrderDescending()];
        for (int k = 0; k < n; k++)
            Assert.That(sigma[k] / expected[k], Is.EqualTo(1).Within(20 * n * s_epsilon));
    }

    // Columns e₀ + μeⱼ, of whose angles G's factor has lost two thirds of the digits, or all.
    [Test]
    public void NearlyDependentColumnsBecomeOrthogonal([Values(0, 1, 2)] int order, [Values(3, 2)] int part)
    {
        int n = Orders.ElementAt(order);
        double mu = Math.ScaleB(1, Math.ILogB(s_epsilon) / part);
        SweepsOf swept = Sweep(Matrices.Lauchli(n, mu));
        AssertHolds(swept);
        double[] sigma = [.. Norms(swept.X).OrderDescending()];
        Assert.That(sigma[0], Is.EqualTo(Math.Sqrt(n + mu * mu)).Within(20 * n * s_epsilon * sigma[0]));
        Assert.That(sigma[1..], Has.All.EqualTo(mu).Within(20 * n * s_epsilon * sigma[0]));
    }

    [Test]
    public void OrthogonalColumnsAreLeftAsTheyAre([Values(0, 1, 2)] int order)
    {
        int n = Orders.ElementAt(order);
        SweepsOf swept = Sweep(Matrices.From(n, n, (i, j) => i == j ? 1 + j : 0));
        Assert.That((swept.Sweeps, swept.LargestCosine), Is.EqualTo((1, 0.0)));
        Assert.That(swept.X.Elements.ToArray(), Is.EqualTo(swept.A.Elements.ToArray()));
    }

    [Test]
    public void BlocksNeedFewerSweepsThanPanels()
    {
        Matrix<double> a = Matrices.Random(9 * Lanes, 9 * Lanes, 4).Rounded<T>().Widened();
        Assert.That(Sweep(a).Sweeps, Is.LessThan(Sweep(a, inBlocks: false).Sweeps));
    }

    // Cosines of ε^⅖ between columns of different norms: after the first sweep only a few pairs, or none, are left to rotate.
    [Test]
    public void NearlyOrthogonalPanelsAreLookedAtFirst([Values(0, 1, 2)] int order, [Values(0.4, 0.3)] double power)
    {
        int n = Orders.ElementAt(order);
        double distance = Math.Pow(s_epsilon, power);
        Matrix<double> q = Matrices.Orthogonal(n, 3), noise = Matrices.Random(n, n, 4);
        Matrix<double> a = Matrices.From(n, n, (i, j) => (1 + j) * (q[i, j] + distance * noise[i, j] / Math.Sqrt(n))).Rounded<T>().Widened();
        SweepsOf swept = Sweep(a, inBlocks: false);
        AssertHolds(swept);
        Assert.That(swept.Sweeps, Is.InRange(2, 4));
        Assert.That(swept.LargestCosine, Is.LessThanOrEqualTo(Math.Sqrt(n) * s_epsilon / 2));
    }

    [Test]
    public void AnyNumberOfThreadsGivesTheSameBits([Values(2, 5)] int threads, [Values] bool inBlocks)
    {
        // Panels are shared from 192 columns on.
        int n = inBlocks ? 9 * Lanes : 200;
        Matrix<double> a = Matrices.Random(n, n, 6).Rounded<T>().Widened();
        SweepsOf one = Sweep(a, inBlocks), several = Sweep(a, inBlocks, threads);
        Assert.That(several.X.Elements.ToArray(), Is.EqualTo(one.X.Elements.ToArray()));
        Assert.That(several.J.Elements.ToArray(), Is.EqualTo(one.J.Elements.ToArray()));
    }

    [Category("Large")]
    [Test]
    public void DecompositionsAroundTheThresholdHold([Values(-1, 0, 1)] int more)
    {
        int n = Threshold + more;
        Matrix<T> a = Matrices.Random(n, n, (uint)n).Rounded<T>();
        AssertHolds(a, Svd.Decompose<T>(a, path, SvdAlgorithm.Jacobi));
    }

    // κ = 1/ε: U comes from the rotations.
    [Category("Large")]
    [Test]
    public void IllConditionedDecompositionsHold([Values] bool deficient)
    {
        int n = Threshold + 6;
        double[] sigma = [.. Enumerable.Range(0, n).Select(k => deficient && k > n / 2 ? 0 : Math.Pow(s_epsilon, k / (n - 1.0)))];
        Matrix<T> a = Matrices.WithSingularValues(n + 5, n, sigma, 8).Rounded<T>();
        SvdResult<T> svd = Svd.Decompose<T>(a, path, SvdAlgorithm.Jacobi);
        AssertHolds(a, svd);
        Assert.That(Svd.Values<T>(a, path, SvdAlgorithm.Jacobi).SingularValues.ToArray(), Is.EqualTo(svd.SingularValues.ToArray()));
    }

    [Category("Large")]
    [Test]
    public void GradedDecompositionsKeepAllDigits()
    {
        int n = Threshold + 8;
        double reach = 0.325 * Machine<T>.MaxExponent;
        var stream = new GaussianStream(4);
        double[] d = [.. Enumerable.Range(0, n).Select(_ => Math.Pow(2, reach * (2 * stream.NextUniform() - 1)))];
        Matrix<T> a = Matrices.Orthogonal(n, 9).ScaledColumns(j => d[j]).Rounded<T>();
        double[] sigma = Svd.Decompose<T>(a, path).SingularValues.Widened(), expected = [.. d.OrderDescending()];
        for (int k = 0; k < n; k++)
            Assert.That(sigma[k] / expected[k], Is.EqualTo(1).Within(20 * n * s_epsilon));
    }

    private static void AssertHolds(Matrix<T> a, SvdResult<T> svd)
    {
        Assert.That(svd.Converged, Is.True);
        Assert.That(Ratios.Residual(a, svd), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
    }
}

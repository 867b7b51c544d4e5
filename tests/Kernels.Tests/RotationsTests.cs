using System.Numerics;
using Kappa.Kernels.Jacobi;
using Kappa.Kernels.Simd;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Meetings of panels and blocks by rotations.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class RotationsTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly double s_epsilon = Machine<T>.Epsilon;

    private int Lanes => Machine<T>.Lanes(path);

    private struct LookAtPair : ILaneWork<T>
    {
        public int First, Second;

        /// <summary>Four panels of unit vectors under scales, of which two columns share an element of 4ε; who sees that, at a tolerance of ε.</summary>
        public unsafe void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int n = 4 * L.Count, first = First % n, second = Second % n;
            using var buffer = new AlignedBuffer();
            ColumnPanels<T> x = Zeros<V, L>(buffer, n + 1, n, 0);
            for (int j = 0; j < n; j++)
            {
                x.SquaredScale[j] = T.One / T.CreateTruncating(1 + j);
                x[1 + j, j] = T.One;
            }

            T epsilon = T.CreateTruncating(s_epsilon), tolerance = epsilon * epsilon;
            if (first != second)
                x[1 + first, second] = T.CreateTruncating(4) * epsilon;
            for (int p = 0; p < 4; p++)
                ScaledRotations<T, V, L>.Norms(x, p);
            int low = Math.Min(first, second) / L.Count, high = Math.Max(first, second) / L.Count;
            Assert.That(Rotations<T, V, L>.AreOrthogonal<TwoPanels<T, V, L, Ring>>(x, 0, 1, 0, tolerance), Is.EqualTo(first == second || high > 1));
            Assert.That(Rotations<T, V, L>.AreOrthogonal<TwoPanels<T, V, L, Cycle>>(x, 0, 1, 0, tolerance), Is.EqualTo(low != 0 || high != 1));
            Assert.That(Rotations<T, V, L>.AreOrthogonal<FourPanels<T, V, L>>(x, 0, 1, 0, tolerance), Is.EqualTo(low > 1 || high < 2));
        }
    }

    [Test]
    public void EveryPairOfColumnsIsLookedAt()
    {
        for (int i = 0; i < 4 * Lanes; i++)
            for (int j = 0; j < 4 * Lanes; j++)
            {
                var look = new LookAtPair { First = i, Second = j };
                VectorPaths.Run<T, LookAtPair>(path, ref look);
            }
    }

    /// <summary>Two blocks of columns j + 1 times as long as unit vectors with noise, under scales and exponents, and J = I.</summary>
    private static unsafe ColumnPanels<T> TwoBlocks<V, L>(AlignedBuffer buffer, double noise) where V : unmanaged where L : struct, ILanes<T, V>
    {
        int n = 4 * L.Count, m = n + 3;
        ColumnPanels<T> x = Zeros<V, L>(buffer, m, n, n);
        Matrix<double> q = Matrices.Orthogonal(m, 8), e = Matrices.Random(m, n, 7);
        for (int j = 0; j < n; j++)
        {
            x.SquaredScale[j] = T.One / T.CreateTruncating(1 + j % 3);
            x.Exponent[j] = T.CreateTruncating(8 * j / n);
            for (int i = 0; i < m; i++)
                x[i, j] = T.CreateTruncating((1 + j) * (q[i, j] + noise * e[i, j]));
            x[m + j, j] = T.One / T.Sqrt(x.SquaredScale[j]);
        }

        for (int p = 0; p < x.Count; p++)
            ScaledRotations<T, V, L>.Norms(x, p);
        return x;
    }

    private static unsafe ColumnPanels<T> Zeros<V, L>(AlignedBuffer buffer, int m, int n, int rotationRows) where V : unmanaged where L : struct, ILanes<T, V>
    {
        nint size = ColumnPanels<T>.Size(L.Count, m, n, rotationRows);
        T* memory = buffer.Rent<T>(size);
        new Span<T>(memory, (int)size).Clear();
        return new ColumnPanels<T>(memory, L.Count, m, n, rotationRows);
    }

    private static unsafe Matrix<double> Columns(ColumnPanels<T> x) =>
        Matrices.From(x.Rows, x.Columns, (i, j) => Math.ScaleB(x[i, j].Widened() * Math.Sqrt(x.SquaredScale[j].Widened()), (int)x.Exponent[j].Widened()));

    private static unsafe Matrix<double> Product(ColumnPanels<T> x) =>
        Matrices.From(x.Columns, x.Columns, (i, j) => x[x.Rows + i, j].Widened() * Math.Sqrt(x.SquaredScale[j].Widened()));

    private static double Cosine(Matrix<double> a, int i, int j)
    {
        double dot = 0, left = 0, right = 0;
        for (int k = 0; k < a.Rows; k++)
        {
            dot += a[k, i] * a[k, j];
            left += a[k, i] * a[k, i];
            right += a[k, j] * a[k, j];
        }

        return Math.Abs(dot) / Math.Sqrt(left * right);
    }

    private readonly struct OneStep : ILaneWork<T>
    {
        public unsafe void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            using var buffer = new AlignedBuffer();
            ColumnPanels<T> x = TwoBlocks<V, L>(buffer, noise: 0.3);
            x.Forget(0);
            FourPanels<T, V, L>.Start(x, 0, 1, x.Meeting(0));
            FourPanels<T, V, L>.Next(x, 0, 1, x.Meeting(0), x.Cosine(0), T.Zero);
            FourPanels<T, V, L>.Rotate(x, 0, 1, x.Meeting(0));
            Matrix<double> after = Columns(x);
            for (int lane = 0; lane < L.Count; lane++)
            {
                // q's columns have gone on to the lane before.
                int passed = (lane + L.Count - 1) % L.Count;
                Assert.That(Cosine(after, lane, 3 * L.Count + passed), Is.LessThan(10 * x.Rows * s_epsilon));
                Assert.That(Cosine(after, L.Count + lane, 2 * L.Count + passed), Is.LessThan(10 * x.Rows * s_epsilon));
            }
        }
    }

    [Test]
    public void TheSecondStepOfAPassKnowsWhatTheFirstDoes()
    {
        var work = new OneStep();
        VectorPaths.Run<T, OneStep>(path, ref work);
    }

    private readonly struct WholeMeeting : ILaneWork<T>
    {
        public unsafe void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            using var buffer = new AlignedBuffer();
            ColumnPanels<T> x = TwoBlocks<V, L>(buffer, noise: 1e-3);
            int n = x.Columns;
            Matrix<double> before = Columns(x);
            x.Forget(0);
            int* blocks = stackalloc int[2] { 0, 1 };
            Rotations<T, V, L>.Meet<FourPanels<T, V, L>>(x, blocks, blocks, 1, T.Zero);
            Matrix<double> after = Columns(x), product = before.Times(Product(x));
            for (int j = 0; j < n; j++)
            {
                double square = 0;
                for (int i = 0; i < x.Rows; i++)
                {
                    Assert.That(after[i, j], Is.EqualTo(product[i, j]).Within(20 * n * s_epsilon * 256 * n));
                    square += after[i, j] * after[i, j];
                }

                Assert.That(Math.ScaleB(x.SquaredNorm[j].Widened(), 2 * (int)x.Exponent[j].Widened()), Is.EqualTo(square).Within(4 * x.Rows * s_epsilon * square));
            }

            double largestBefore = 0, largest = 0;
            for (int i = 0; i < n / 2; i++)
                for (int j = n / 2; j < n; j++)
                    (largestBefore, largest) = (Math.Max(largestBefore, Cosine(before, i, j)), Math.Max(largest, Cosine(after, i, j)));
            // What later rotations of the meeting bring back is of second order.
            Assert.That(largest, Is.LessThan(largestBefore / 4));
            Assert.That(Math.Sqrt(L.Max(L.Load(x.Cosine(0))).Widened()), Is.EqualTo(largestBefore).Within(largestBefore / 2));
        }
    }

    [Test]
    public void ColumnsAcrossTwoBlocksAreRotated()
    {
        var work = new WholeMeeting();
        VectorPaths.Run<T, WholeMeeting>(path, ref work);
    }
}

using System.Numerics;
using Kappa.Kernels.Threads;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Products over threads, in bulk and from many callers at once: always the bits of one thread, and no garbage.</summary>
/// <remarks>Alone, because the most threads that products may take is one setting for all.</remarks>
[NonParallelizable]
[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
public sealed unsafe class GemmSharingTests<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Square, odd, wide, tall, deeper than KC, vectors of both kinds.
    private static readonly (int M, int N, int K)[] s_shapes =
        [(64, 64, 64), (97, 131, 89), (16, 700, 60), (700, 16, 60), (80, 90, 1200), (1, 3000, 90), (3000, 1, 90), (300, 300, 300)];

    private int _before;

    [OneTimeSetUp]
    public void AllowMoreThreadsThanCores() => (_before, Gemm.MaxThreads) = (Gemm.MaxThreads, 8);

    [OneTimeTearDown]
    public void RestoreThreads() => Gemm.MaxThreads = _before;

    private static Matrix<T> Random(int rows, int columns, uint seed) => Matrices.Random(rows, columns, seed).Rounded<T>();

    [Test]
    public void ThreadsDoNotChangeABit([ValueSource(nameof(s_shapes))] (int M, int N, int K) shape, [Values] bool transposeA, [Values] bool transposeB)
    {
        Matrix<T> a = transposeA ? Random(shape.K, shape.M, 1) : Random(shape.M, shape.K, 1);
        Matrix<T> b = transposeB ? Random(shape.N, shape.K, 2) : Random(shape.K, shape.N, 2);
        Matrix<T> one = Random(shape.M, shape.N, 3);
        Matrix<T> start = one.Clone();
        T half = T.One / (T.One + T.One);
        Multiply(one, 1);
        foreach (int threads in new[] { 2, 3, 8, 0 })
        {
            Matrix<T> many = start.Clone();
            Multiply(many, threads);
            Assert.That(many.Elements.SequenceEqual(one.Elements), Is.True, $"{threads} threads");
        }

        void Multiply(Matrix<T> c, int threads) => Gemm.Multiply(half, transposeA ? a.Transposed() : a, transposeB ? b.Transposed() : b,
            T.NegativeOne, c, maxThreads: threads);
    }

    [Test]
    public void CallersDoNotDisturbEachOther()
    {
        Matrix<T>[] expected = [.. s_shapes.Select((s, i) => Gemm.Multiply<T>(Random(s.M, s.K, (uint)i), Random(s.K, s.N, 50)))];
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, job =>
        {
            int i = job % s_shapes.Length;
            (int m, int n, int k) = s_shapes[i];
            var c = new Matrix<T>(m, n);
            Gemm.Multiply(T.One, Random(m, k, (uint)i), Random(k, n, 50), T.Zero, c, maxThreads: 1 + job % 4);
            Assert.That(c.Elements.SequenceEqual(expected[i].Elements), Is.True);
        });
    }

    [Test]
    public void NothingIsAllocatedAfterTheFirstCall(
        [ValueSource(nameof(s_shapes))] (int M, int N, int K) shape, [Values(1, 3)] int threads, [Values(1, 2)] int step)
    {
        Matrix<T> a = Random(shape.M, shape.K, 1), b = Random(shape.K, shape.N, 2), spread = new(shape.M, step * shape.N);
        Repeat();
        Assert.That(Garbage.Of(Repeat), Is.Zero);

        void Repeat()
        {
            // With a step of 2 neither rows nor columns of C are contiguous.
            var c = new MatrixView<T>(spread.Elements, shape.M, shape.N, step * shape.N, step);
            for (int i = 0; i < 10; i++)
                Gemm.Multiply(T.One, a, b, T.Zero, c, maxThreads: threads);
        }
    }

    [Test]
    public void ABatchIsItsProducts(
        [Values(0, 1, 70)] int count, [Values(2, 5, 17)] int order, [Values] bool sameB, [Values(1, 3)] int threads,
        [Values(VectorPath.Scalar, VectorPath.Vector128, VectorPath.Vector256, VectorPath.Vector512)] VectorPath path)
    {
        int size = order * order, gap = 3;
        T[] a = Random(1, count * (size + gap) + 1, 1).Elements.ToArray(), b = Random(1, count * size + size, 2).Elements.ToArray();
        T[] c = Random(1, count * (size + gap) + 1, 3).Elements.ToArray(), expected = [.. c];
        for (int i = 0; i < count; i++)
            Gemm.Multiply(
                T.One, new ReadOnlyMatrixView<T>(a.AsSpan(i * (size + gap)), order, order),
                new ReadOnlyMatrixView<T>(b.AsSpan(sameB ? 0 : i * size), order, order),
                T.NegativeOne, new MatrixView<T>(expected.AsSpan(i * (size + gap)), order, order), path);
        Gemm.MultiplyBatch<T>(count, order, order, order, T.One, a, size + gap, b, sameB ? 0 : size, T.NegativeOne, c, size + gap, path, threads);
        Assert.That(c, Is.EqualTo(expected));
    }

    [Test]
    public void ABatchThatCannotBeIsRefused()
    {
        T[] x = new T[40], y = new T[40];
        Assert.That(() => Gemm.MultiplyBatch<T>(3, 4, 4, 4, T.One, x, 16, x, 0, T.Zero, y, 16), Throws.ArgumentException.With.Message.Contains("do not fit"));
        Assert.That(() => Gemm.MultiplyBatch<T>(2, 4, 4, 4, T.One, x, 16, x, 0, T.Zero, y, 15), Throws.ArgumentException.With.Message.Contains("meet"));
        Assert.That(() => Gemm.MultiplyBatch<T>(2, 4, 4, 4, T.One, x, 16, y, 0, T.Zero, y, 16), Throws.ArgumentException.With.Message.Contains("shares"));
        Assert.That(() => Gemm.MultiplyBatch<T>(-1, 4, 4, 4, T.One, x, 16, x, 0, T.Zero, y, 16), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Gemm.MultiplyBatch<T>(2, 4, 4, 4, T.One, x, -1, x, 0, T.Zero, y, 16), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void CapsBelowOneAreRefused()
    {
        Assert.That(() => Gemm.MaxThreads = 0, Throws.InstanceOf<ArgumentOutOfRangeException>());
        var c = new Matrix<T>(2, 2);
        Assert.That(() => Gemm.Multiply(T.One, Matrix<T>.Identity(2), Matrix<T>.Identity(2), T.Zero, c, maxThreads: -1),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void WarmUpRunsOnEveryPath([ValueSource(typeof(Fixtures), nameof(Fixtures.Paths))] VectorPath path) =>
        Assert.That(() => Gemm.WarmUp<T>(path), Throws.Nothing);
}

/// <summary>The team of threads under the products.</summary>
[NonParallelizable]
public sealed unsafe class TeamTests
{
    private static readonly int[] s_calls = new int[1000];

    [Test]
    public void EveryChunkRunsOnce([Values(0, 1, 7, 1000)] int chunks, [Values(1, 2, 16)] int threads)
    {
        Array.Clear(s_calls);
        for (int repeat = 1; repeat <= 20; repeat++)
        {
            Team.Run(chunks, threads, null, &Count);
            Assert.That(s_calls, Is.EqualTo(Enumerable.Range(0, 1000).Select(i => i < chunks ? repeat : 0)));
        }
    }

    // A helper late from a phase of one size must not take part in the next with the old ticket.
    [Test]
    public void PhasesOfChangingSizeDoNotMix()
    {
        Array.Clear(s_calls);
        for (int repeat = 1; repeat <= 20_000; repeat++)
        {
            int chunks = repeat % 2 == 0 ? 40 : 2;
            Team.Run(chunks, 4, null, &Count);
            if (chunks == 2 && (s_calls[0] != repeat || s_calls[39] != repeat / 2))
                Assert.Fail($"phase {repeat}: chunk 0 ran {s_calls[0]} times, chunk 39 {s_calls[39]} times, not {repeat} and {repeat / 2}");
        }
    }

    [Test]
    public void AFailureReachesTheCallerAndTheTeamGoesOn()
    {
        Assert.That(() => Team.Run(50, 4, null, &Fail), Throws.InvalidOperationException);
        EveryChunkRunsOnce(7, 4);
    }

    [Test]
    public void ATeamWithinATeamRunsInPlace()
    {
        Array.Clear(s_calls);
        Team.Run(10, 3, null, &Nest);
        Assert.That(s_calls.Take(5), Is.All.EqualTo(10));
    }

    private static void Count(void* state, int chunk) => Interlocked.Increment(ref s_calls[chunk]);

    private static void Fail(void* state, int chunk)
    {
        if (chunk == 17)
            throw new InvalidOperationException("chunk 17");
    }

    private static void Nest(void* state, int chunk) => Team.Run(5, 3, null, &Count);
}

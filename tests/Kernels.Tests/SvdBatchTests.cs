using System.Numerics;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Decompositions in bulk and through a workspace: always the bits of a single call, and no garbage.</summary>
/// <remarks>Alone, because the most threads that a call may take is one setting for all.</remarks>
[Category("FullScale")]
[NonParallelizable]
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdBatchTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Gap = 3;

    // Square, tall enough for a QR before the bidiagonalisation, wide, vectors, nothing.
    private static readonly (int M, int N)[] s_shapes = [(16, 16), (33, 20), (40, 9), (7, 13), (64, 64), (1, 1), (1, 9), (9, 1), (0, 4), (4, 0)];

    private int _before;

    [OneTimeSetUp]
    public void AllowMoreThreadsThanCores() => (_before, Gemm.MaxThreads) = (Gemm.MaxThreads, 8);

    [OneTimeTearDown]
    public void RestoreThreads() => Gemm.MaxThreads = _before;

    /// <summary>Matrices of every kind in turn: even, graded columns, graded rows, rank 1, zero, near overflow.</summary>
    private static T[] Batch(int count, int m, int n)
    {
        var batch = new T[count * (m * n + Gap)];
        Array.Fill(batch, T.NaN);
        for (int k = 0; k < count; k++)
        {
            Matrix<double> a = Matrices.Random(m, n, (uint)k + 1);
            a = (k % 6) switch
            {
                1 => a.ScaledColumns(j => Math.ScaleB(1, -5 * j)),
                2 => Matrices.From(m, n, (i, j) => Math.ScaleB(a[i, j], -5 * i)),
                3 => Matrices.From(m, n, (i, j) => (1 + i % 3) * (2 - j % 2)),
                4 => new Matrix<double>(m, n),
                5 => a.Select(x => Math.ScaleB(x, Machine<T>.MaxExponent - 8)),
                _ => a,
            };
            a.Rounded<T>().Elements.CopyTo(batch.AsSpan(k * (m * n + Gap)));
        }

        return batch;
    }

    private static ReadOnlyMatrixView<T> Of(T[] batch, int k, int m, int n) => new(batch.AsSpan(k * (m * n + Gap), m * n), m, n);

    [Test]
    public void ABatchIsItsDecompositions([ValueSource(nameof(s_shapes))] (int M, int N) shape, [Values(0, 1, 13)] int count, [Values(1, 2, 5)] int threads)
    {
        (int m, int n) = shape;
        int p = Math.Min(m, n);
        T[] a = Batch(count, m, n), sigma = new T[count * (p + 1)], u = new T[count * (m * p + 2)], v = new T[count * (n * p + 1)];
        Assert.That(Svd.DecomposeBatch<T>(count, m, n, a, m * n + Gap, sigma, p + 1, u, m * p + 2, v, n * p + 1, path, maxThreads: threads), Is.Zero);
        for (int k = 0; k < count; k++)
        {
            SvdResult<T> svd = Svd.Decompose(Of(a, k, m, n), path, maxThreads: 1);
            Assert.That(sigma.AsSpan(k * (p + 1), p + 1).ToArray(), Is.EqualTo((T[])[.. svd.SingularValues, T.Zero]));
            Assert.That(u.AsSpan(k * (m * p + 2), m * p + 2).ToArray(), Is.EqualTo((T[])[.. svd.U.Elements, T.Zero, T.Zero]));
            Assert.That(v.AsSpan(k * (n * p + 1), n * p + 1).ToArray(), Is.EqualTo((T[])[.. svd.V.Elements, T.Zero]));
        }
    }

    [Test]
    public void ABatchOfValuesIsItsValues(
        [ValueSource(nameof(s_shapes))] (int M, int N) shape, [Values] SvdAlgorithm algorithm, [Values(1, 2, 5)] int threads)
    {
        const int Count = 13;
        (int m, int n) = shape;
        int p = Math.Min(m, n);
        T[] a = Batch(Count, m, n), sigma = new T[Count * (p + 1)];
        Assert.That(Svd.ValuesBatch<T>(Count, m, n, a, m * n + Gap, sigma, p + 1, path, algorithm, threads), Is.Zero);
        for (int k = 0; k < Count; k++)
            Assert.That(sigma.AsSpan(k * (p + 1), p + 1).ToArray(),
                Is.EqualTo((T[])[.. Svd.Values(Of(a, k, m, n), path, algorithm, 1).SingularValues, T.Zero]));
    }

    [Test]
    public void ABatchOfConditionNumbersIsTheValuesQuotients([Values(1, 5, 17)] int m, [Values(1, 6, 17)] int n, [Values(1, 5)] int threads)
    {
        const int Count = 13;
        T[] a = Batch(Count, m, n), kappa = new T[Count + 1];
        Assert.That(Svd.ConditionNumberBatch<T>(Count, m, n, a, m * n + Gap, kappa, path, maxThreads: threads), Is.Zero);
        for (int k = 0; k < Count; k++)
            Assert.That(kappa[k], Is.EqualTo(Spectrum.ConditionNumber(Svd.Values(Of(a, k, m, n), path).SingularValues)));
        Assert.That(kappa[Count], Is.EqualTo(T.Zero));
    }

    [Test]
    public void OneMatrixManyTimesNeedsNoStep()
    {
        T[] a = Batch(1, 5, 4), sigma = new T[12];
        Svd.ValuesBatch<T>(3, 5, 4, a, 0, sigma, 4, path);
        Assert.That(sigma, Is.EqualTo((T[])[.. sigma[..4], .. sigma[..4], .. sigma[..4]]));
        Assert.That(sigma[0], Is.GreaterThan(T.Zero));
    }

    [Test]
    public void NothingIsAllocatedAfterTheFirstCall([ValueSource(nameof(s_shapes))] (int M, int N) shape, [Values(1, 3)] int threads)
    {
        const int Count = 12;
        (int m, int n) = shape;
        int p = Math.Min(m, n);
        T[] a = Batch(Count, m, n), sigma = new T[Count * p], u = new T[Count * m * p], v = new T[Count * n * p], kappa = new T[p == 0 ? 0 : Count];
        using var workspace = new SvdWorkspace<T>();
        Repeat();
        Assert.That(Garbage.Of(Repeat), Is.Zero);

        void Repeat()
        {
            Svd.DecomposeBatch<T>(Count, m, n, a, m * n + Gap, sigma, p, u, m * p, v, n * p, path, maxThreads: threads);
            Svd.ValuesBatch<T>(Count, m, n, a, m * n + Gap, sigma, p, path, maxThreads: threads);
            Svd.ConditionNumberBatch<T>(kappa.Length, m, n, a, m * n + Gap, kappa, path, maxThreads: threads);
            for (int k = 0; k < Count; k++)
            {
                Svd.Decompose(Of(a, k, m, n), workspace, path, maxThreads: threads);
                Svd.Values(Of(a, k, m, n), workspace, path, maxThreads: threads);
            }
        }
    }

    [Test]
    public void NothingIsAllocatedForLargeMatricesEither([Values(1, 3)] int threads)
    {
        using SvdWorkspace<T> workspace = new(), other = new();
        // In bidiagonal form, by blocks and by panels.
        Matrix<T> even = Matrices.Random(256, 256, 1).Rounded<T>();
        Matrix<T> graded = Matrices.Random(230, 200, 2).ScaledColumns(j => Math.ScaleB(1, -j / 4)).Rounded<T>();
        Repeat();
        Assert.That(Garbage.Of(Repeat), Is.Zero);

        void Repeat()
        {
            Svd.Decompose(even, workspace, path, maxThreads: threads);
            Svd.Decompose(even, workspace, path, SvdAlgorithm.Jacobi, threads);
            Svd.Values(even, workspace, path, maxThreads: threads);
            Svd.Decompose(graded, other, path, maxThreads: threads);
            Svd.Values(graded, other, path, maxThreads: threads);
        }
    }

    [Test]
    public void AWorkspaceHoldsTheBitsOfAPlainCall([ValueSource(nameof(s_shapes))] (int M, int N) shape)
    {
        (int m, int n) = shape;
        T[] a = Batch(12, m, n);
        using var workspace = new SvdWorkspace<T>();
        for (int k = 0; k < 12; k++)
        {
            SvdResult<T> full = Svd.Decompose(Of(a, k, m, n), workspace, path), values = Svd.Values(Of(a, k, m, n), workspace, path);
            SvdResult<T> plain = Svd.Decompose(Of(a, k, m, n), path), plainValues = Svd.Values(Of(a, k, m, n), path);
            Assert.That(full.SingularValues.ToArray(), Is.EqualTo(plain.SingularValues.ToArray()));
            Assert.That(full.U.Elements.ToArray(), Is.EqualTo(plain.U.Elements.ToArray()));
            Assert.That(full.V.Elements.ToArray(), Is.EqualTo(plain.V.Elements.ToArray()));
            Assert.That(values.SingularValues.ToArray(), Is.EqualTo(plainValues.SingularValues.ToArray()));
            Assert.That((full.Sweeps, full.LargestCosine, full.Converged, full.Algorithm),
                Is.EqualTo((plain.Sweeps, plain.LargestCosine, plain.Converged, plain.Algorithm)));
            Assert.That((values.Algorithm, values.HasVectors), Is.EqualTo((plainValues.Algorithm, false)));
        }
    }

    [Test]
    public void AWorkspaceKeepsItsResultsWhileTheShapeStays()
    {
        Matrix<T> a = Matrices.Random(6, 5, 1).Rounded<T>();
        var workspace = new SvdWorkspace<T>();
        SvdResult<T> full = Svd.Decompose(a, workspace, path), values = Svd.Values(a, workspace, path);
        Assert.That(Svd.Decompose(a, workspace, path), Is.SameAs(full));
        Assert.That(Svd.Values(a, workspace, path), Is.SameAs(values).And.Not.SameAs(full));
        SvdResult<T> other = Svd.Decompose(a.Transposed(), workspace, path);
        Assert.That((other.Rows, other.Columns, full.Rows, full.Columns), Is.EqualTo((5, 6, 6, 5)));
        workspace.Dispose();
        Assert.That(() => Svd.Values(a, workspace, path), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(full.SingularValues.ToArray(), Is.EqualTo(Svd.Decompose<T>(a, path).SingularValues.ToArray()));
        Assert.That(() => Svd.Decompose(a, (SvdWorkspace<T>)null!, path), Throws.ArgumentNullException);
    }

    [Test]
    public void WhatIsNotFiniteIsNamedWithItsMatrix([Values(1, 5)] int threads)
    {
        const int M = 4, N = 5, Count = 20, Step = M * N + Gap;
        T[] a = Batch(Count, M, N), sigma = new T[Count * M], u = new T[Count * M * M], v = new T[Count * N * M], kappa = new T[Count];
        a[7 * Step + 2 * N + 3] = T.NaN;
        a[11 * Step + 1] = T.PositiveInfinity;
        foreach (Action door in new Action[]
        {
            () => Svd.ValuesBatch<T>(Count, M, N, a, Step, sigma, M, path, maxThreads: threads),
            () => Svd.ConditionNumberBatch<T>(Count, M, N, a, Step, kappa, path, maxThreads: threads),
            () => Svd.DecomposeBatch<T>(Count, M, N, a, Step, sigma, M, u, M * M, v, N * M, path, maxThreads: threads),
        })
            Assert.That(door, Throws.ArgumentException.With.Message.Contain("(2, 3)").And.Message.Contain("matrix 7 is")
                .And.Property(nameof(ArgumentException.ParamName)).EqualTo("a"));
    }

    [Test]
    public void ABatchThatCannotBeIsRefused()
    {
        T[] a = new T[24], s = new T[6], u = new T[18], v = new T[12];
        // Two 3×2 matrices: σ 2, U 6, V 4 elements each.
        Assert.That(() => Decompose(2, 6, 2, 6, 4), Throws.Nothing);
        Assert.That(() => Decompose(5, 6, 1, 6, 4), Throws.ArgumentException.With.Property("ParamName").EqualTo("a"));
        Assert.That(() => Decompose(4, 6, 2, 6, 4), Throws.ArgumentException.With.Message.Contain("do not fit").And.Property("ParamName").EqualTo("sigma"));
        Assert.That(() => Decompose(2, 6, 1, 6, 4), Throws.ArgumentException.With.Message.Contain("meet").And.Property("ParamName").EqualTo("sigmaStep"));
        Assert.That(() => Decompose(2, 6, 2, 5, 4), Throws.ArgumentException.With.Message.Contain("meet").And.Property("ParamName").EqualTo("uStep"));
        Assert.That(() => Decompose(2, 6, 2, 6, 3), Throws.ArgumentException.With.Message.Contain("meet").And.Property("ParamName").EqualTo("vStep"));
        Assert.That(() => Decompose(2, 6, 2, 6, 9), Throws.ArgumentException.With.Message.Contain("do not fit").And.Property("ParamName").EqualTo("v"));
        Assert.That(() => Decompose(-1, 6, 2, 6, 4), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Decompose(2, -6, 2, 6, 4), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Decompose(2, 6, -2, 6, 4), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Svd.ValuesBatch<T>(2, 3, 2, a, 6, s, 2, maxThreads: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Svd.ValuesBatch<T>(2, 3, 2, a, 6, a.AsSpan(20), 2), Throws.ArgumentException.With.Message.Contain("share"));
        Assert.That(() => Svd.ValuesBatch<T>(2, 3, 2, a.AsSpan(0, 12), 6, a.AsSpan(12), 2, path), Throws.Nothing);
        Assert.That(() => Svd.DecomposeBatch<T>(1, 3, 2, a, 6, u, 2, u, 6, v, 4), Throws.ArgumentException.With.Message.Contain("share"));
        Assert.That(() => Svd.ConditionNumberBatch<T>(2, 3, 0, a, 6, s), Throws.ArgumentException.With.Message.Contain("3×0"));
        Assert.That(() => Svd.ConditionNumberBatch<T>(4, 3, 2, a, 6, s.AsSpan(0, 3)), Throws.ArgumentException.With.Property("ParamName").EqualTo("kappa"));

        void Decompose(int count, nint aStep, nint sigmaStep, nint uStep, nint vStep) =>
            Svd.DecomposeBatch<T>(count, 3, 2, a, aStep, s, sigmaStep, u, uStep, v, vStep, path);
    }
}

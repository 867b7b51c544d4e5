using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Bidiagonal;
using Kappa.Kernels.Simd;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>UΣVᵀ with random U and V: even, of this condition, the relative distance of two values in the middle being given.</summary>
public sealed record Even(int Rows, int Columns, double Decades, double Distance, uint Seed)
{
    public static Arbitrary<Even> Any() =>
        (from rows in Gen.Choose(1, 60)
         from columns in Gen.Choose(1, 60)
         from decades in Gen.Elements(0.0, 0.3, 1.0, 3.0, 6.0, 14.0)
         from distance in Gen.Elements(0.5, 1e-2, 1e-4, 1e-7, 1e-10, 1e-14, 0.0)
         from seed in Gen.Choose(0, int.MaxValue)
         select new Even(rows, columns, decades, distance, (uint)seed)).ToArbitrary();

    public Matrix<T> Matrix<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int p = Math.Min(Rows, Columns), m = Math.Max(Rows, Columns);
        double[] sigma = [.. Enumerable.Range(0, p).Select(k => Math.Pow(10, -Decades * k / Math.Max(1, p - 1)))];
        if (p > 2)
            sigma[p / 2] = sigma[p / 2 - 1] * (1 - Distance);
        Matrix<double> tall = Matrices.WithSingularValues(m, p, sigma, Seed);
        return Rows >= Columns ? tall.Rounded<T>() : Kernels.Matrix<double>.From(tall.Transposed()).Rounded<T>();
    }
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed unsafe class BidiagonalVectorsTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly double s_epsilon = Machine<T>.Epsilon;

    private static void AssertHolds(Matrix<T> a, SvdResult<T> svd)
    {
        Assert.That(svd.Converged, Is.True);
        Assert.That(svd.SingularValues.Widened(), Is.Ordered.Descending);
        Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Residual(a, svd), Is.LessThan(Ratios.Threshold));
    }

    // Below, at and above what reflections do one at a time, what lanes fill, and columns that share sets of the cache.
    [TestCase(2, 2)]
    [TestCase(5, 3)]
    [TestCase(17, 17)]
    [TestCase(48, 48)]
    [TestCase(49, 49)]
    [TestCase(90, 33)]
    [TestCase(33, 34)]
    [TestCase(65, 64)]
    [TestCase(129, 128, Category = "FullScale")]
    public void RandomMatricesTakeThisPath(int rows, int columns)
    {
        Matrix<T> a = Matrices.Random(rows, columns, 7).Rounded<T>();
        SvdResult<T> svd = Svd.Decompose<T>(a, path), jacobi = Svd.Decompose<T>(a, path, SvdAlgorithm.Jacobi);
        Assert.That((svd.Algorithm, jacobi.Algorithm), Is.EqualTo((SvdAlgorithm.Bidiagonal, SvdAlgorithm.Jacobi)));
        Assert.That(svd.Sweeps, Is.InRange(1, 4));
        AssertHolds(a, svd);
        double error = Ratios.NormwiseError(a, jacobi.SingularValues[0].Widened());
        Assert.That(svd.SingularValues.Widened(), Is.EqualTo(jacobi.SingularValues.Widened()).Within(error));
    }

    [Property(Arbitrary = [typeof(Even)], MaxTest = 200)]
    public void EveryConditionAndDistanceHolds(Even even)
    {
        Matrix<T> a = even.Matrix<T>();
        SvdResult<T> svd = Svd.Decompose<T>(a, path);
        AssertHolds(a, svd);
        double[] sigma = svd.SingularValues.Widened(), jacobi = Svd.Values<T>(a, path, SvdAlgorithm.Jacobi).SingularValues.Widened();
        Assert.That(sigma, Is.EqualTo(jacobi).Within(Ratios.NormwiseError(a, sigma[0])));
    }

    [Test]
    public void WhatIsNotForThisPathIsLeftToJacobi()
    {
        double small = s_epsilon / 4;
        Matrix<double> even = Matrices.Random(20, 20, 3);
        double[] range = [.. Enumerable.Range(0, 20).Select(k => Math.Pow(small, k / 19.0))];
        foreach (Matrix<double> a in new[]
        {
            even.ScaledColumns(j => j == 4 ? 1e-3 : 1),
            Matrix<double>.From(even.ScaledColumns(j => j == 4 ? 1e-3 : 1).Transposed()),
            Matrices.WithSingularValues(20, 20, range, 1),
            Matrices.OfRank(7, 20, 20, 2),
            Matrix<double>.Identity(20),
            new Matrix<double>(20, 20),
            Matrices.Random(9, 1, 1),
        })
        {
            Matrix<T> rounded = a.Rounded<T>();
            SvdResult<T> svd = Svd.Decompose<T>(rounded, path);
            Assert.That(svd.Algorithm, Is.EqualTo(SvdAlgorithm.Jacobi));
            AssertHolds(rounded, svd);
        }
    }

    // (BBᵀ − λI)z = γe_r, and |γ| is about as small as λ is accurate.
    [Test]
    public void TwistedVectorsAreSingularVectors([Values(1, 2, 7, 8, 9, 40)] int n)
    {
        var stream = new GaussianStream((uint)n);
        int stride = Level1<T, T, LanesScalar<T>>.Padded(n);
        double[] d = [.. Enumerable.Range(0, n).Select(_ => 0.5 + stream.NextUniform())], b = [.. Enumerable.Range(0, n).Select(_ => 0.5 + stream.NextUniform())];
        double[] sigma = new double[n], work = new double[TwistedVectors<T>.Workspace(n) + BidiagonalSpectrum<double>.Workspace(n)];
        T[] z = new T[n * stride];
        fixed (double* pd = d, pb = b, ps = sigma, pw = work)
        fixed (T* pz = z)
        {
            BidiagonalSpectrum<double>.Values(pd, pb, n, 0, pw, ps, VectorPath.Best, 1);
            var vectors = new TwistedVectors<T> { Diagonal = pd, Superdiagonal = pb, Sigma = ps, Work = pw, Vectors = pz, Order = n, Stride = stride };
            VectorPaths.Run<double, TwistedVectors<T>>(path, ref vectors);
        }

        for (int j = 0; j < n; j++)
        {
            double[] x = [.. Enumerable.Range(0, n).Select(i => z[i * stride + j].Widened())];
            Assert.That(x.Sum(e => e * e), Is.EqualTo(1).Within((n + 8) * s_epsilon));
            double[] turned = [.. Enumerable.Range(0, n).Select(i => d[i] * x[i] + (i > 0 ? b[i - 1] * x[i - 1] : 0))];
            for (int i = 0; i < n; i++)
            {
                double residual = d[i] * turned[i] + (i < n - 1 ? b[i] * turned[i + 1] : 0) - sigma[j] * sigma[j] * x[i];
                Assert.That(residual, Is.Zero.Within(Ratios.Threshold * n * s_epsilon * sigma[0] * sigma[0]));
            }
        }

        Assert.That(z.Where((_, i) => i % stride >= n), Has.All.EqualTo(T.Zero));
    }

    // Q = H₀H₁⋯ takes A's first column to a multiple of e₀, and QᵀA is B before its right factor: all its rows keep their norms.
    [Test]
    public void ReflectionsAreThoseOfTheReduction([Values(1, 5, 33, 48, 49, 70, 150)] int n, [Values(1, 3)] int threads)
    {
        Matrix<T> a = Matrices.Random(n, n, 3).Rounded<T>();
        int stride = ReductionColumns<T>.StrideOf(n);
        using AlignedBuffer memory = new(), vectors = new();
        T* own = memory.Rent<T>(ReductionColumns<T>.Size(n, n) + 3 * n + LeftReflections<T>.Workspace(n)), w = vectors.Rent<T>((nint)n * stride);
        T* taus = own + ReductionColumns<T>.Size(n, n), diagonal = taus + n, superdiagonal = diagonal + n;
        var columns = new ReductionColumns<T>(a.Rows, a.Columns, own);
        columns.Load<T>(a, path, threads);
        columns.Reduce(diagonal, superdiagonal, taus, path, threads);
        new Span<T>(w, n * stride).Clear();
        for (int k = 0; k < n; k++)
            w[k * stride + k] = T.One;
        var reflections = new LeftReflections<T>(columns, taus, superdiagonal + n, path);
        reflections.Apply(w, stride, threads);
        Matrix<T> q = Matrix<T>.From(new MatrixView<T>(ref *w, n, n, stride, 1));
        Assert.That(Ratios.Orthogonality(q), Is.LessThan(Ratios.Threshold));
        Matrix<double> turned = Matrix<double>.From(q.Widened().Transposed()).Times(a.Widened());
        double norm = Math.Sqrt(a.Elements.ToArray().Sum(x => x.Widened() * x.Widened())), error = Ratios.Threshold * n * s_epsilon * norm;
        for (int i = 0; i < n; i++)
        {
            double square = Enumerable.Range(0, n).Sum(j => turned[i, j] * turned[i, j]), above = i < n - 1 ? superdiagonal[i].Widened() : 0;
            Assert.That(Math.Sqrt(square), Is.EqualTo(double.Hypot(diagonal[i].Widened(), above)).Within(error));
            Assert.That(turned[i, 0], Is.EqualTo(i == 0 ? diagonal[0].Widened() : 0).Within(error));
        }
    }

    // V(I + δK) with K of norm 1: a step leaves δ².
    [Test]
    public void AStepSquaresWhatIsLeft([Values(1e-2, 1e-3)] double delta)
    {
        const int M = 25, N = 18;
        Matrix<T> a = Matrices.WithSingularValues(M, N, [.. Enumerable.Range(0, N).Select(k => 2.0 * N - k)], 4).Rounded<T>();
        Matrix<double> v = Svd.Decompose<double>(a.Widened()).V, noise = Matrices.Orthogonal(N, 8), w = v.Clone();
        Gemm.Multiply<double>(delta, v, noise, 1, w);
        int stride = ReductionColumns<T>.StrideOf(N);
        using AlignedBuffer memory = new(), results = new();
        T* own = memory.Rent<T>(SimultaneousRotations<T>.Workspace(M, N, stride)), into = results.Rent<T>(M * N + N * N + N);
        w.Rounded<T>().View.CopyTo(new MatrixView<T>(ref *own, N, N, stride, 1));
        var rotations = new SimultaneousRotations<T>(own, M, N, stride, new(into, into + N, into + N + M * N), path, 1);
        rotations.Load(a, 0);
        double before = rotations.Step().Widened(), after = rotations.Step().Widened();
        rotations.Finish();
        // Σ fᵢⱼ²·λᵢ/λⱼ; of one step 2N²δ²·4/(relative distance of neighbours)² at most.
        double most = 8.0 * N * N * N * N * delta * delta, rest = N * s_epsilon * N * s_epsilon * N * N;
        Assert.That(before, Is.InRange(delta * delta / 4, most));
        Assert.That(after, Is.AtMost(before * before * N + rest));
        double[] sigma = [.. Enumerable.Range(0, N).Select(k => into[k].Widened())];
        Assert.That(sigma, Is.EqualTo(Enumerable.Range(0, N).Select(k => 2.0 * N - k)).Within(2.0 * N * (after * N + Ratios.Threshold * M * s_epsilon)));
    }
}

using System.Numerics;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Values alone: which algorithm runs, and how accurate each is.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdAlgorithmTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static IEnumerable<Exhibit<T>> Exhibits => Gallery.Everything<T>();

    private static IEnumerable<Exhibit<T>> InReachOfTheReference => [.. Gallery.Lapack<T>(), .. Gallery.Hard<T>()];

    private SvdResult<T> Values(Matrix<double> a, SvdAlgorithm algorithm = SvdAlgorithm.Auto) =>
        Svd.Values<T>(a.Rounded<T>(), path, algorithm);

    [TestCase(24, 24)]
    [TestCase(40, 10)]
    [TestCase(10, 40)]
    [TestCase(20, 17)]
    public void AutoBidiagonalisesWhatIsEven(int rows, int columns)
    {
        Matrix<double> a = Matrices.Random(rows, columns, 1);
        foreach (int exponent in new[] { 0, 7, -60, 60 })
            Assert.That(Values(a.Select(x => Math.ScaleB(x, exponent))).Algorithm, Is.EqualTo(SvdAlgorithm.Bidiagonal));
    }

    [Test]
    public void AutoLeavesZeroRowsAndColumnsAside()
    {
        Matrix<double> a = Matrices.From(20, 18, (i, j) => i == 3 || j == 5 ? 0 : Math.Cos(i * j + i));
        Assert.That(Values(a).Algorithm, Is.EqualTo(SvdAlgorithm.Bidiagonal));
        Assert.That(Values(new Matrix<double>(5, 4)).Algorithm, Is.EqualTo(SvdAlgorithm.Bidiagonal));
    }

    [TestCase(16, SvdAlgorithm.Bidiagonal)]
    [TestCase(16.5, SvdAlgorithm.Jacobi)]
    public void TheRuleIsAFactorOfSixteenBetweenNorms(double factor, SvdAlgorithm algorithm)
    {
        Matrix<double> hadamard = Matrices.Hadamard(4);
        Assert.That(Values(hadamard.ScaledColumns(j => j == 3 ? factor : 1)).Algorithm, Is.EqualTo(algorithm), "columns");
        Assert.That(Values(Matrices.From(16, 16, (i, j) => hadamard[i, j] * (i == 9 ? 1 : factor))).Algorithm, Is.EqualTo(algorithm), "rows");
        Assert.That(Values(Matrices.From(20, 16, (i, j) => i == j ? (i == 2 ? factor : 1) : 0)).Algorithm, Is.EqualTo(algorithm), "tall");
    }

    [Test]
    public void AColumnTooSmallToSquareIsNoZeroColumn()
    {
        double tiny = Math.ScaleB(1, 8 - Machine<T>.MaxExponent);
        SvdResult<T> svd = Values(Matrices.From(3, 3, (i, j) => i == j ? (j == 1 ? tiny : 1) : 0));
        Assert.That(svd.Algorithm, Is.EqualTo(SvdAlgorithm.Jacobi));
        Assert.That(svd.SingularValues[2].Widened(), Is.EqualTo(tiny));
    }

    [TestCaseSource(nameof(Exhibits))]
    public void BidiagonalValuesAreSortedAndAtLeastZero(Exhibit<T> exhibit)
    {
        SvdResult<T> svd = Svd.Values<T>(exhibit.Matrix, path, SvdAlgorithm.Bidiagonal);
        double[] sigma = svd.SingularValues.Widened();
        Assert.That(sigma, Has.Length.EqualTo(Math.Min(exhibit.Matrix.Rows, exhibit.Matrix.Columns)));
        Assert.That(sigma, Is.Ordered.Descending);
        Assert.That(sigma, Has.All.GreaterThanOrEqualTo(0.0));
        Assert.That((svd.Converged, svd.HasVectors), Is.EqualTo((true, false)));
    }

    [TestCaseSource(nameof(InReachOfTheReference))]
    public void BidiagonalValuesAreBackwardStable(Exhibit<T> exhibit)
    {
        Matrix<T> a = exhibit.Matrix;
        (double[] expected, int exponent) = ReferenceSvd.Values(a.Widened());
        ReadOnlySpan<T> sigma = Svd.Values<T>(a, path, SvdAlgorithm.Bidiagonal).SingularValues;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Ratios.NormwiseError(a, expected[0]) + Math.ScaleB(Machine<T>.Tiny, -exponent);
            Assert.That(Math.ScaleB(sigma[i].Widened(), -exponent), Is.EqualTo(expected[i]).Within(error));
        }
    }

    [Property(Arbitrary = [typeof(Scaled)])]
    public void AutoIsRelativelyAccurateWhateverTheScaling(Scaled s)
    {
        Matrix<T> a = s.Matrix<T>();
        Assert.That(Ratios.Accuracy(a, Svd.Values<T>(a, path).SingularValues), Is.LessThan(Ratios.Threshold));
    }

    // What a pivoted QR and the product of the values leave to Jacobi is accurate, too.
    [Property(Arbitrary = [typeof(Scaled)])]
    public void BidiagonalIsRelativelyAccurateWhateverTheScaling(Scaled s)
    {
        Matrix<T> a = s.Matrix<T>();
        Assert.That(Ratios.Accuracy(a, Svd.Values<T>(a, path, SvdAlgorithm.Bidiagonal).SingularValues), Is.LessThan(Ratios.Threshold));
    }

    [Test]
    public void BidiagonalKeepsAllDigitsOfGradedMatricesAfterAPivotedQr([Values(5, 16, 33, 64)] int n, [Values] bool rows)
    {
        // 30 decades in double, 4 in float.
        double reach = Machine<T>.MaxExponent / 20.5;
        var stream = new GaussianStream((uint)n);
        double[] d = [.. Enumerable.Range(0, n).Select(_ => Math.Pow(2, reach * (2 * stream.NextUniform() - 1)))];
        Matrix<double> graded = Matrices.Orthogonal(n, 9).ScaledColumns(j => d[j]).Rounded<T>().Widened();
        (double[] expected, int exponent) = ReferenceSvd.Values(graded);
        SvdResult<T> svd = Values(rows ? Matrix<double>.From(graded.Transposed()) : graded, SvdAlgorithm.Bidiagonal);
        // Of order 5 with graded rows, the reduction loses the smallest value in one of the types; the product shows it.
        if (n > 5)
            Assert.That(svd.Algorithm, Is.EqualTo(SvdAlgorithm.Bidiagonal));
        for (int i = 0; i < n; i++)
        {
            double relative = Math.ScaleB(svd.SingularValues[i].Widened(), -exponent) / expected[i];
            Assert.That(relative, Is.EqualTo(1).Within(20 * n * Machine<T>.Epsilon));
        }
    }

    // Reference: σ(DB) = σ(BᵀD), columns that one-sided Jacobi in double-double resolves.
    [Test]
    public void GradedRowsAndColumnsKeepAllDigits(
        [Values(5, 16, 33)] int n, [Values] bool rows)
    {
        // 10^±100 in double.
        double reach = 0.325 * Machine<T>.MaxExponent;
        var stream = new GaussianStream((uint)n);
        double[] d = [.. Enumerable.Range(0, n).Select(_ => Math.Pow(2, reach * (2 * stream.NextUniform() - 1)))];
        Matrix<double> graded = Matrices.Orthogonal(n, 9).ScaledColumns(j => d[j]).Rounded<T>().Widened();
        (double[] expected, int exponent) = ReferenceSvd.Values(graded);
        SvdResult<T> svd = Values(rows ? Matrix<double>.From(graded.Transposed()) : graded);
        Assert.That(svd.Algorithm, Is.EqualTo(SvdAlgorithm.Jacobi));
        for (int i = 0; i < n; i++)
        {
            double relative = Math.ScaleB(svd.SingularValues[i].Widened(), -exponent) / expected[i];
            Assert.That(relative, Is.EqualTo(1).Within(20 * n * Machine<T>.Epsilon));
        }
    }

    [Test]
    public void MatricesGradedFromBothSidesKeepAllDigits([Values(1u, 2u, 3u, 4u)] uint seed)
    {
        const int N = 5;
        int reach = Machine<T>.MaxExponent / 3 - 8;
        var stream = new GaussianStream(seed);
        int[] left = new int[N], right = new int[N];
        long[,] b = new long[N, N];
        for (int i = 0; i < N; i++)
        {
            left[i] = (int)(reach * (2 * stream.NextUniform() - 1));
            right[i] = (int)(reach * (2 * stream.NextUniform() - 1));
            for (int j = 0; j < N; j++)
                b[i, j] = (long)Math.Round(2 * stream.Next()) + (i == j ? 9 : 0);
        }

        (double[] expected, int[] exponent) = CompoundSvd.Values(b, left, right);
        SvdResult<T> svd = Values(Matrices.From(N, N, (i, j) => Math.ScaleB(b[i, j], left[i] + right[j])));
        for (int k = 0; k < N; k++)
        {
            double relative = Math.ScaleB(svd.SingularValues[k].Widened(), -exponent[k]) / expected[k];
            Assert.That(relative, Is.EqualTo(1).Within(20 * N * Machine<T>.Epsilon));
        }
    }

    // Each step of the reduction leaves ε of what the one before left, and what is left of that leads bisection to work for it.
    [Test]
    public void NoDustIsLeftOfAnAllOnesMatrix([Values(7, 40)] int n)
    {
        SvdResult<T> svd = Values(Matrices.From(n, n, (_, _) => 1));
        Assert.That(svd.Algorithm, Is.EqualTo(SvdAlgorithm.Bidiagonal));
        double[] sigma = svd.SingularValues.Widened();
        Assert.That(sigma[0], Is.EqualTo(n).Within(n * n * Machine<T>.Epsilon));
        double dust = n * Math.Pow(Machine<T>.Epsilon, 3);
        Assert.That(sigma.Skip(1), Is.All.LessThan(n * n * Machine<T>.Epsilon));
        Assert.That(sigma.Where(x => x > 0), Is.All.GreaterThan(dust));
    }

    [Test]
    public void EveryShapeAgreesWithJacobi([Values(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65)] int n, [Values(0, 1, 3, 40)] int more)
    {
        Matrix<double> a = Matrices.WithSingularValues(n + more, n, [.. Enumerable.Range(0, n).Select(i => 1 + Math.Cos(i))], (uint)n);
        double[] jacobi = Values(a, SvdAlgorithm.Jacobi).SingularValues.Widened();
        Assert.That(Values(a, SvdAlgorithm.Bidiagonal).SingularValues.Widened(),
            Is.EqualTo(jacobi).Within(Ratios.NormwiseError(a.Rounded<T>(), jacobi[0])));
        Assert.That(Values(Matrix<double>.From(a.Transposed()), SvdAlgorithm.Bidiagonal).SingularValues.Widened(),
            Is.EqualTo(jacobi).Within(Ratios.NormwiseError(a.Rounded<T>(), jacobi[0])));
    }

    [Test]
    public void PowersOfTwoScaleBidiagonalValuesToTheBit([Values(1, -60, 60)] int exponent)
    {
        Matrix<double> a = Matrices.Random(30, 22, 8).Rounded<T>().Widened();
        double[] plain = Values(a, SvdAlgorithm.Bidiagonal).SingularValues.Widened();
        Assert.That(Values(a.Select(x => Math.ScaleB(x, exponent)), SvdAlgorithm.Bidiagonal).SingularValues.Widened(),
            Is.EqualTo(plain.Select(x => Math.ScaleB(x, exponent))));
    }

    // The workspace is reused: what a larger matrix has left there must not show.
    [Test]
    public void NothingIsLeftOfEarlierCalls()
    {
        Matrix<double> small = Matrices.Random(13, 13, 2), large = Matrices.Random(50, 45, 3).Select(x => 1e6 * x);
        T[] before = Values(small, SvdAlgorithm.Bidiagonal).SingularValues.ToArray();
        Values(large, SvdAlgorithm.Bidiagonal);
        Assert.That(Values(small, SvdAlgorithm.Bidiagonal).SingularValues.ToArray(), Is.EqualTo(before));
    }

    [Test]
    public void BidiagonalValuesOfWindowsHaveTheSameBits([Values] bool columnMajor, [Values(1, 3)] int step)
    {
        Matrix<T> a = Matrices.Random(13, 9, 4).Rounded<T>();
        Window<T> window = new(13, 9, new Layout(columnMajor, step, Gap: 2, Offset: 1), T.NaN);
        a.View.CopyTo(window.View);
        Assert.That(Svd.Values<T>(window.View, path).SingularValues.ToArray(), Is.EqualTo(Svd.Values<T>(a, path).SingularValues.ToArray()));
    }

    [Test]
    public void AllocatesItsResultAlone()
    {
        const int N = 64;
        Matrix<T> a = Matrices.Random(N, N, 6).Rounded<T>();
        Svd.Values<T>(a, path);
        long before = GC.GetAllocatedBytesForCurrentThread();
        SvdResult<T> svd = Svd.Values<T>(a, path);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(svd.Algorithm, Is.EqualTo(SvdAlgorithm.Bidiagonal));
        // The values, their array's header and the object that holds them.
        Assert.That(bytes, Is.AtMost(N * sizeof(double) + 160));
    }
}

using System.Numerics;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static IEnumerable<Exhibit<T>> Exhibits => Gallery.Everything<T>();

    private static IEnumerable<Exhibit<T>> Oblong => Exhibits.Where(e => e.Matrix.Rows != e.Matrix.Columns);

    private static IEnumerable<Exhibit<T>> InReachOfTheReference => [.. Gallery.Lapack<T>(), .. Gallery.Hard<T>()];

    private static T[] Listed(ReadOnlyMatrixView<T> view) => Matrix<T>.From(view).Elements.ToArray();

    [TestCaseSource(nameof(Exhibits))]
    public void FactorsAreOrthonormalAndGiveBackTheMatrix(Exhibit<T> exhibit)
    {
        Matrix<T> a = exhibit.Matrix;
        int p = Math.Min(a.Rows, a.Columns);
        SvdResult<T> chosen = Svd.Decompose<T>(a, path);
        AssertHolds(chosen);
        if (chosen.Algorithm != SvdAlgorithm.Jacobi)
            AssertHolds(Svd.Decompose<T>(a, path, SvdAlgorithm.Jacobi));

        void AssertHolds(SvdResult<T> svd)
        {
            Assert.That((svd.Rows, svd.Columns, svd.SingularValues.Length), Is.EqualTo((a.Rows, a.Columns, p)));
            Assert.That((svd.U.Rows, svd.U.Columns, svd.V.Rows, svd.V.Columns), Is.EqualTo((a.Rows, p, a.Columns, p)));
            Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
            Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
            Assert.That(Ratios.Residual(a, svd), Is.LessThan(Ratios.Threshold));
        }
    }

    [TestCaseSource(nameof(Exhibits))]
    public void ValuesAreSortedAndAtLeastZero(Exhibit<T> exhibit)
    {
        double[] sigma = Svd.Values<T>(exhibit.Matrix, path).SingularValues.Widened();
        Assert.That(sigma, Is.Ordered.Descending);
        Assert.That(sigma, Has.All.GreaterThanOrEqualTo(0.0));
    }

    [TestCaseSource(nameof(Exhibits))]
    public void ValuesAloneByJacobiHaveTheBitsOfTheFullDecomposition(Exhibit<T> exhibit)
    {
        SvdResult<T> full = Svd.Decompose<T>(exhibit.Matrix, path, SvdAlgorithm.Jacobi), values = Svd.Values<T>(exhibit.Matrix, path, SvdAlgorithm.Jacobi);
        Assert.That((full.Algorithm, values.Algorithm), Is.EqualTo((SvdAlgorithm.Jacobi, SvdAlgorithm.Jacobi)));
        Assert.That(values.SingularValues.ToArray(), Is.EqualTo(full.SingularValues.ToArray()));
        Assert.That((values.Sweeps, values.LargestCosine), Is.EqualTo((full.Sweeps, full.LargestCosine)));
        Assert.That((full.HasVectors, values.HasVectors), Is.EqualTo((true, false)));
    }

    [TestCaseSource(nameof(Oblong))]
    public void TheTransposeHasTheSameBitsWithUAndVExchanged(Exhibit<T> exhibit)
    {
        Matrix<T> a = exhibit.Matrix;
        SvdResult<T> one = Svd.Decompose<T>(a, path), other = Svd.Decompose<T>(a.Transposed(), path);
        Assert.That(other.SingularValues.ToArray(), Is.EqualTo(one.SingularValues.ToArray()));
        Assert.That(Listed(other.U), Is.EqualTo(Listed(one.V)));
        Assert.That(Listed(other.V), Is.EqualTo(Listed(one.U)));
    }

    [TestCaseSource(nameof(Exhibits))]
    public void ConvergesWithinItsOwnTolerance(Exhibit<T> exhibit)
    {
        SvdResult<T> svd = Svd.Values<T>(exhibit.Matrix, path, SvdAlgorithm.Jacobi);
        int p = svd.SingularValues.Length;
        Assert.That(svd.Converged, Is.True);
        Assert.That(svd.Sweeps, Is.InRange(1, 30));
        // The tolerance √p·ε/2 and the square root that reports the cosine are rounded.
        double tolerance = Math.Sqrt(p) * Machine<T>.Epsilon / 2 * (1 + Machine<T>.Gamma(8));
        Assert.That(svd.LargestCosine.Widened(), Is.InRange(0, tolerance));
    }

    [TestCaseSource(nameof(InReachOfTheReference))]
    public void ValuesAreRelativelyAccurate(Exhibit<T> exhibit)
    {
        foreach (SvdResult<T> svd in new[] { Svd.Values<T>(exhibit.Matrix, path), Svd.Decompose<T>(exhibit.Matrix, path) })
            Assert.That(Ratios.Accuracy(exhibit.Matrix, svd.SingularValues), Is.LessThan(Ratios.Threshold));
    }

    [TestCase(0, 4)]
    [TestCase(4, 0)]
    [TestCase(0, 0)]
    public void EmptyMatricesHaveNoValues(int rows, int columns)
    {
        SvdResult<T> svd = Svd.Decompose<T>(new Matrix<T>(rows, columns), path);
        Assert.That(svd.SingularValues.IsEmpty, Is.True);
        Assert.That((svd.U.Rows, svd.V.Rows, svd.Converged), Is.EqualTo((rows, columns, true)));
    }

    [Test]
    public void WithoutVectorsThereIsNoUOrV()
    {
        SvdResult<T> svd = Svd.Values<T>(new Matrix<T>(3, 2), path);
        Assert.Throws<InvalidOperationException>(() => _ = svd.U);
        Assert.Throws<InvalidOperationException>(() => _ = svd.V);
    }

    [Test]
    public void RefusesWhatIsNotFinite(
        [Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double x, [Values] bool tall)
    {
        Matrix<T> a = tall ? new Matrix<T>(7, 5) : new Matrix<T>(4, 5);
        a[2, 3] = T.CreateTruncating(x);
        foreach (Action door in new Action[] { () => Svd.Decompose<T>(a, path), () => Svd.Values<T>(a, path) })
            Assert.That(door, Throws.ArgumentException
                .With.Message.Contain("(2, 3)").And.Property(nameof(ArgumentException.ParamName)).EqualTo("a"));
    }

    [Test]
    public void ReadsWindowsOfAnyStrides([Values] bool columnMajor, [Values(1, 3)] int step)
    {
        Matrix<T> a = Matrices.Random(13, 9, 4).Rounded<T>();
        Window<T> window = new(13, 9, new Layout(columnMajor, step, Gap: 2, Offset: 1), T.NaN);
        a.View.CopyTo(window.View);
        SvdResult<T> plain = Svd.Decompose<T>(a, path), strided = Svd.Decompose<T>(window.View, path);
        Assert.That(strided.SingularValues.ToArray(), Is.EqualTo(plain.SingularValues.ToArray()));
        Assert.That(Listed(strided.U), Is.EqualTo(Listed(plain.U)));
        Assert.That(Listed(strided.V), Is.EqualTo(Listed(plain.V)));
    }
}

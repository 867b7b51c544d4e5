using System.Numerics;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Well-conditioned B between diagonals that span 200 decades (20 in float), in no order.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdScalingTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly int s_reach = typeof(T) == typeof(double) ? 332 : 33;

    private static Matrix<double> WellConditioned(int order, uint seed) =>
        Matrices.WithSingularValues(order, order, [.. Enumerable.Range(0, order).Select(i => 2 - i / (double)order)], seed);

    /// <summary>Powers of two, so that B's rounding is the only one.</summary>
    private static double[] Diagonal(int order, int reach, uint seed)
    {
        double[] d = [.. Enumerable.Range(0, order).Select(i => Math.ScaleB(1, reach * (2 * i - order + 1) / Math.Max(order - 1, 1)))];
        new System.Random((int)seed).Shuffle(d);
        return d;
    }

    private static Matrix<T> Between(double[]? rows, Matrix<double> b, double[]? columns) =>
        Matrices.From(b.Rows, b.Columns, (i, j) => (rows?[i] ?? 1) * b.Rounded<T>()[i, j].Widened() * (columns?[j] ?? 1)).Rounded<T>();

    private void AssertWithin(int order, double[] expected, int exponent, SvdResult<T> svd)
    {
        double bound = 20 * order * Machine<T>.Epsilon;
        for (int k = 0; k < order; k++)
            Assert.That(Math.ScaleB(svd.SingularValues[k].Widened(), -exponent) / expected[k], Is.EqualTo(1).Within(bound));
        Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
        Assert.That(svd.Converged, Is.True);
    }

    [Test]
    public void ScaledColumnsOrRowsLeaveEveryValueAccurate([Values(2, 9, 16, 33)] int order, [Values] bool rows)
    {
        double[] d = Diagonal(order, s_reach, seed: 5);
        Matrix<double> b = WellConditioned(order, seed: 3);
        Matrix<T> a = rows ? Between(d, b, null) : Between(null, b, d);
        // The reference takes columns of any scale.
        Matrix<double> wide = a.Widened();
        (double[] expected, int exponent) = ReferenceSvd.Values(rows ? Matrix<double>.From(wide.Transposed()) : wide);
        AssertWithin(order, expected, exponent, Svd.Decompose<T>(a, path));
    }

    // No reference in double-double reaches these; A and Aᵀ take different ways to the same values. What governs them is the
    // condition of B's minors in the order of the diagonals, so B is near the identity there.
    [Test]
    public void ScaledRowsAndColumnsHaveTheValuesOfTheTranspose([Values(2, 9, 16, 33)] int order)
    {
        double[] d = [.. Diagonal(order, s_reach / 2, 5).OrderDescending()];
        Matrix<double> noise = Matrices.Random(order, order, 3);
        Matrix<T> sorted = Between(d, Matrices.From(order, order, (i, j) => (i == j ? 1 : 0) + noise[i, j] / (4 * order)), d);
        int[] rows = [.. Enumerable.Range(0, order)], columns = [.. rows];
        new System.Random(order).Shuffle(rows);
        new System.Random(order + 1).Shuffle(columns);
        Matrix<T> a = Matrices.From(order, order, (i, j) => sorted[rows[i], columns[j]].Widened()).Rounded<T>();
        SvdResult<T> turned = Svd.Decompose<T>(Matrix<T>.From(a.Transposed()), path);
        AssertWithin(order, turned.SingularValues.Widened(), 0, Svd.Decompose<T>(a, path));
    }

    [Category("FullScale")]
    [Test]
    public void AnyNumberOfThreadsGivesTheSameBits([Values(40, 200)] int order)
    {
        Matrix<T> a = Matrices.Random(order, order, 9).Rounded<T>();
        SvdResult<T> one = Svd.Decompose<T>(a, path, maxThreads: 1), more = Svd.Decompose<T>(a, path, maxThreads: 2);
        Assert.That(more.SingularValues.ToArray(), Is.EqualTo(one.SingularValues.ToArray()));
        Assert.That(more.U.Elements.SequenceEqual(one.U.Elements), Is.True);
        Assert.That(more.V.Elements.SequenceEqual(one.V.Elements), Is.True);
        Assert.That(
            Svd.Values<T>(a, path, maxThreads: 2).SingularValues.ToArray(), Is.EqualTo(Svd.Values<T>(a, path, maxThreads: 1).SingularValues.ToArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => Svd.Decompose<T>(a, path, maxThreads: -1));
    }

    // What the QR leaves of dependent columns is rounding: to sweep over it would cost more than a random matrix.
    [Test]
    public void NullSpacesAreNotSwept()
    {
        SvdResult<T> ones = Svd.Decompose<T>(Matrices.From(70, 70, (_, _) => 1).Rounded<T>(), path);
        Assert.That(ones.Sweeps, Is.EqualTo(1));
        Assert.That(ones.SingularValues[1..].ToArray(), Has.All.EqualTo(T.Zero));
        Assert.That(Ratios.Orthogonality(ones.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(ones.V), Is.LessThan(Ratios.Threshold));
        SvdResult<T> half = Svd.Decompose<T>(Matrices.OfRank(20, 40, 40, 3).Rounded<T>(), path);
        Assert.That(half.SingularValues[20..].ToArray(), Has.All.EqualTo(T.Zero));
    }

    // κ = 10⁶ in double, 10³ in float: U comes from products; 10¹² and 10⁶: from the rotations.
    [Test]
    public void VectorsAreOrthonormalAtAnyCondition([Values(0, 1, 3, 6, 12)] int decades, [Values(18, 50)] int order)
    {
        double share = typeof(T) == typeof(double) ? 1 : 0.5;
        double[] sigma = [.. Enumerable.Range(0, order).Select(i => Math.Pow(10, -share * decades * i / (order - 1)))];
        Matrix<T> a = Matrices.WithSingularValues(order + 5, order, sigma, 11).Rounded<T>();
        SvdResult<T> svd = Svd.Decompose<T>(a, path);
        Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Residual(a, svd), Is.LessThan(Ratios.Threshold));
    }
}

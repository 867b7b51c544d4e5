using System.Numerics;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Matrices whose singular values are known in closed form or from tables.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdSpectraTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly double s_ulp = Machine<T>.Epsilon;

    private double[] Sigma(Matrix<double> a) => Svd.Values<T>(a.Rounded<T>(), path).SingularValues.Widened();

    // λ_max(H)·λ_max(H⁻¹), by power iterations in 60 decimal digits on H and its inverse, whose elements are integers.
    [TestCase(2, 19.281470067903971)]
    [TestCase(3, 524.05677758606082)]
    [TestCase(4, 15513.738738932588)]
    [TestCase(5, 476607.25024256081)]
    [TestCase(6, 14951058.640131217)]
    [TestCase(7, 475367354.98817899)]
    [TestCase(8, 15257575741.646943)]
    public void HilbertsConditionNumberIsFound(int order, double condition)
    {
        double[] reference = ReferenceSvd.Values(Matrices.Hilbert(order)).Sigma, sigma = Sigma(Matrices.Hilbert(order));
        // Rounding 1/(i + j + 1) alone moves σ_p by ε·‖A‖/2, and with it κ by κ·ε/2 relatively.
        double share = order * condition, error = Ratios.Threshold * share * s_ulp;
        Assert.That(reference[^1] / reference[0] * condition, Is.EqualTo(1).Within(share * Machine<double>.Epsilon));
        Assert.That(sigma[^1] / sigma[0] * condition, Is.EqualTo(1).Within(error));
    }

    [TestCase(1, 1)]
    [TestCase(9, 9)]
    [TestCase(7, 13)]
    [TestCase(40, 3)]
    public void AllOnesHaveOneValueOnly(int rows, int columns)
    {
        double[] sigma = Sigma(Matrices.From(rows, columns, (_, _) => 1));
        double first = Math.Sqrt(rows * columns), error = Ratios.Threshold * Math.Max(rows, columns) * s_ulp * first;
        Assert.That(sigma[0], Is.EqualTo(first).Within(error));
        Assert.That(sigma[1..], Has.All.AtMost(error));
    }

    [TestCase(1)]
    [TestCase(5)]
    [TestCase(40)]
    public void IdentityAndZeroAreExact(int order)
    {
        Assert.That(Sigma(Matrix<double>.Identity(order)), Has.All.EqualTo(1.0));
        Assert.That(Sigma(new Matrix<double>(order, order)), Has.All.EqualTo(0.0));
    }

    [Test]
    public void DiagonalsAreExactAndSorted([Values] bool tall)
    {
        int top = Machine<T>.MaxExponent;
        double[] diagonal = [3, -7, 0, 0.5, Math.ScaleB(1, -top), -Math.ScaleB(1.5, top), 3];
        Matrix<double> a = Matrices.From(tall ? 9 : 7, tall ? 7 : 9, (i, j) => i == j ? diagonal[i] : 0);
        Assert.That(Sigma(a), Is.EqualTo(diagonal.Select(Math.Abs).OrderDescending()));
    }

    [Test]
    public void LauchlisValuesAreTheirFormula([Values(1, 3, 10)] int columns, [Values(0.5, 0.01)] double mu)
    {
        double rounded = T.CreateTruncating(mu).Widened();
        double[] sigma = Sigma(Matrices.Lauchli(columns, mu));
        double first = Math.Sqrt(columns + rounded * rounded), error = Ratios.Threshold * (columns + 1) * s_ulp;
        Assert.That(sigma[0], Is.EqualTo(first).Within(error * first));
        // B's columns are nearly parallel: κ(B) = σ₁/μ.
        Assert.That(sigma[1..], Has.All.EqualTo(rounded).Within(error * first));
    }

    [Test]
    public void VectorsHaveTheirNormAsTheirOnlyValue([Values(1, 2, 17)] int length, [Values] bool tall)
    {
        Matrix<T> x = Matrices.Random(tall ? length : 1, tall ? 1 : length, 3).Rounded<T>();
        double norm = Math.Sqrt(x.Elements.ToArray().Sum(e => e.Widened() * e.Widened()));
        Assert.That(Sigma(x.Widened()), Has.All.EqualTo(norm).Within(Machine<T>.Gamma(length + 6) * norm));
    }

    // Products of small integers are exact, so the rank is, and what should be 0 is rounding.
    [TestCase(8, 16, 16)]
    [TestCase(8, 24, 16)]
    [TestCase(8, 16, 24)]
    [TestCase(1, 12, 12)]
    [TestCase(20, 40, 40)]
    public void RankDeficiencyShows(int rank, int rows, int columns)
    {
        Matrix<double> a = Matrices.OfRank(rank, rows, columns, seed: (uint)rows);
        double[] sigma = Sigma(a);
        double noise = Ratios.Threshold * Math.Max(rows, columns) * s_ulp * sigma[0];
        Assert.That(sigma[rank - 1], Is.GreaterThan(noise));
        Assert.That(sigma[rank..], Has.All.AtMost(noise));
        T[] rounded = [.. sigma.Select(T.CreateTruncating)];
        Assert.That(Spectrum.NumericalRank<T>(rounded, rows, columns), Is.EqualTo(rank));
    }

    [Test]
    public void ClustersAndRepetitionsAreFound()
    {
        double[] wanted = [3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1 - 8 * s_ulp];
        double[] sigma = Sigma(Matrices.WithSingularValues(20, 12, wanted, 5));
        // Rounding the matrix moves each value by at most ‖ΔA‖ ≤ ‖A‖_F·ε/2.
        double error = Ratios.Threshold * 20 * s_ulp * 3;
        for (int i = 0; i < wanted.Length; i++)
            Assert.That(sigma[i], Is.EqualTo(wanted[i]).Within(error));
    }

    // With dⱼ/dⱼ₊₁ ≥ 2⁴⁰ the values are, to 2⁻⁸⁰·κ(B)², dⱼ times the columns' distances from the span of larger ones.
    [Test]
    public void ColumnsFarApartHaveTheValuesOfTheirDistances([Values] bool tall)
    {
        const int Columns = 6;
        int top = Machine<T>.MaxExponent - 10, step = 2 * top / (Columns - 1);
        Matrix<double> b = Matrices.Random(9, Columns, 31).Rounded<T>().Widened();
        int[] place = [3, 0, 5, 1, 4, 2];
        Matrix<double> a = b.ScaledColumns(j => Math.ScaleB(1, top - step * place[j]));
        double[] sigma = Sigma(tall ? a : Matrix<double>.From(a.Transposed()));
        double[] distances = ReferenceSvd.Distances(Matrices.From(9, Columns, (i, j) => b[i, Array.IndexOf(place, j)]));
        double error = Ratios.Threshold * 9 * s_ulp * ReferenceSvd.ScaledCondition(b);
        Assert.That(step, Is.AtLeast(40));
        for (int j = 0; j < Columns; j++)
            Assert.That(Math.ScaleB(sigma[j], step * j - top) / distances[j], Is.EqualTo(1).Within(error));
    }

    // σ₁ = n·x is out of range; U and V are those of a rank-one matrix none the less.
    [Test]
    public void ValuesBeyondTheRangeAreInfinite()
    {
        Matrix<T> a = Matrices.From(5, 5, (_, _) => Math.ScaleB(1, Machine<T>.MaxExponent)).Rounded<T>();
        SvdResult<T> svd = Svd.Decompose<T>(a, path);
        Assert.That(svd.SingularValues[0], Is.EqualTo(T.PositiveInfinity));
        double error = Ratios.NormwiseError(a, 5) * Math.ScaleB(1, Machine<T>.MaxExponent);
        Assert.That(svd.SingularValues[1].Widened(), Is.AtMost(error));
        Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
    }
}

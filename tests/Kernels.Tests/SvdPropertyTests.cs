using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>A = B·D (D·B where m &lt; n), B Gaussian, D log-uniform over ±Spread of what squares can hold.</summary>
public sealed record Scaled(int Rows, int Columns, double Spread, uint Seed)
{
    public static Arbitrary<Scaled> Any() =>
        (from rows in Gen.Choose(1, 18)
         from columns in Gen.Choose(1, 18)
         from spread in Gen.Elements(0.0, 0.02, 0.2, 1.0)
         from seed in Gen.Choose(0, int.MaxValue)
         select new Scaled(rows, columns, spread, (uint)seed)).ToArbitrary();

    /// <summary>At Spread 1, D reaches from 10^−150 to 10^150 in double and from 10^−18 to 10^18 in float.</summary>
    public Matrix<T> Matrix<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var stream = new GaussianStream(Seed);
        double reach = 0.4875 * Machine<T>.MaxExponent * Spread;
        double[] d = new double[Math.Min(Rows, Columns)];
        for (int k = 0; k < d.Length; k++)
            d[k] = Math.Pow(2, reach * (2 * stream.NextUniform() - 1));
        return Matrices.From(Rows, Columns, (i, j) => stream.Next() * d[Rows >= Columns ? j : i]).Rounded<T>();
    }
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SvdPropertyTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private double[] Sigma(Matrix<T> a) => Svd.Values<T>(a, path).SingularValues.Widened();

    [Property(Arbitrary = [typeof(Scaled)])]
    public void EveryValueIsRelativelyAccurateWhateverTheScaling(Scaled s)
    {
        Matrix<T> a = s.Matrix<T>();
        SvdResult<T> svd = Svd.Decompose<T>(a, path);
        Assert.That(Ratios.Accuracy(a, svd.SingularValues), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Residual(a, svd), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.U), Is.LessThan(Ratios.Threshold));
        Assert.That(Ratios.Orthogonality(svd.V), Is.LessThan(Ratios.Threshold));
        Assert.That(svd.Converged, Is.True);
    }

    [Property(Arbitrary = [typeof(Scaled)])]
    public void PermutationsLeaveTheValues(Scaled s)
    {
        Matrix<T> a = s.Matrix<T>();
        var random = new System.Random((int)s.Seed);
        int[] rows = [.. Enumerable.Range(0, a.Rows)], columns = [.. Enumerable.Range(0, a.Columns)];
        random.Shuffle(rows);
        random.Shuffle(columns);
        Matrix<T> permuted = Matrices.From(a.Rows, a.Columns, (i, j) => a[rows[i], columns[j]].Widened()).Rounded<T>();
        Assert.That(Ratios.Accuracy(a, Svd.Values<T>(permuted, path).SingularValues), Is.LessThan(Ratios.Threshold));
    }

    [Property(Arbitrary = [typeof(Scaled)])]
    public void OrthogonalFactorsLeaveTheValues(Scaled s)
    {
        Matrix<T> a = (s with { Spread = 0 }).Matrix<T>();
        Matrix<double> left = Matrices.Orthogonal(a.Rows, s.Seed), right = Matrices.Orthogonal(a.Columns, s.Seed + 1);
        Matrix<double> turned = left.Times(a.Widened()).Times(right);
        double[] sigma = Sigma(a);
        Assert.That(Sigma(turned.Rounded<T>()), Is.EqualTo(sigma).Within(Ratios.NormwiseError(a, sigma[0])));
    }

    [Property(Arbitrary = [typeof(Scaled)])]
    public void PowersOfTwoScaleValuesAndLeaveVectorsToTheBit(Scaled s)
    {
        Matrix<T> a = (s with { Spread = 0 }).Matrix<T>();
        SvdResult<T> plain = Svd.Decompose<T>(a, path);
        foreach (int exponent in new[] { 1, -1, Machine<T>.MaxExponent - 60, 60 - Machine<T>.MaxExponent })
        {
            SvdResult<T> scaled = Svd.Decompose<T>(a.Widened().Select(Scale).Rounded<T>(), path);
            Assert.That(scaled.SingularValues.Widened(), Is.EqualTo(plain.SingularValues.Widened().Select(Scale)));
            Assert.That(scaled.U.Elements.ToArray(), Is.EqualTo(plain.U.Elements.ToArray()));
            Assert.That(scaled.V.Elements.ToArray(), Is.EqualTo(plain.V.Elements.ToArray()));

            double Scale(double x) => Math.ScaleB(x, exponent);
        }
    }

    [Property(Arbitrary = [typeof(Scaled)])]
    public void AnyFactorScalesTheValues(Scaled s, NormalFloat factor)
    {
        Matrix<T> a = (s with { Spread = 0.02 }).Matrix<T>();
        double c = T.CreateTruncating(Math.Abs(factor.Get) % 100 + 0.01).Widened();
        double[] plain = Sigma(a), scaled = Sigma(a.Widened().Select(x => c * x).Rounded<T>());
        double condition = ReferenceSvd.ScaledCondition(a.Widened());
        for (int i = 0; i < plain.Length; i++)
        {
            double error = Ratios.NormwiseError(a, c * Math.Min(condition * plain[i], plain[0]));
            Assert.That(scaled[i], Is.EqualTo(c * plain[i]).Within(error));
        }
    }

    // The computed values are exact for some A + E with ‖E‖_F a small multiple of ε‖A‖_F.
    [Property(Arbitrary = [typeof(Scaled)])]
    public void SquaresSumToTheFrobeniusNormsSquare(Scaled s)
    {
        Matrix<T> a = (s with { Spread = 0.2 * s.Spread }).Matrix<T>();
        double norm = Math.Sqrt(a.Elements.ToArray().Sum(x => x.Widened() * x.Widened()));
        Assert.That(Math.Sqrt(Sigma(a).Sum(x => x * x)), Is.EqualTo(norm).Within(Ratios.NormwiseError(a, norm)));
    }
}

using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>One update C (n×n) ← αAAᵀ + βC by A (n×k), and where each window lies.</summary>
public sealed record Update(int N, int K, Layout A, Layout C, double Alpha, double Beta, int Exponent, uint Seed)
{
    public static Arbitrary<Update> Any() =>
        (from n in Gen.Choose(0, 80)
         from k in Gen.Choose(0, 12)
         from a in Layout.Any
         from c in Layout.Any
         from alpha in Gen.Elements(0, 1, -1, 0.731)
         from beta in Gen.Elements(0, 1, -1, -1.37)
         from exponent in Gen.Elements(-50, 0, 50)
         from seed in Gen.Choose(0, int.MaxValue)
         select new Update(n, k, a, c, alpha, beta, exponent, (uint)seed)).ToArbitrary();
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class SymmetricTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Around one, two and three base blocks of 64, with uneven halves.
    private static readonly (int N, int K)[] s_aroundBaseBlocks = [(63, 2), (64, 9), (65, 70), (129, 5), (193, 2)];

    private static Matrix<T> Random(int rows, int columns, uint seed) =>
        Matrices.Random(rows, columns, seed).Rounded<T>();

    private static T[] Listed(ReadOnlyMatrixView<T> view) => Matrix<T>.From(view).Elements.ToArray();

    // A quiet NaN's bits need not agree, everything else's must, the sign of zero included.
    private static void AssertSymmetric(ReadOnlyMatrixView<T> c)
    {
        for (int i = 0; i < c.Rows; i++)
            for (int j = 0; j < i; j++)
                if (!c[i, j].Equals(c[j, i]) || T.IsNegative(c[i, j]) != T.IsNegative(c[j, i]))
                    Assert.Fail($"({i}, {j}) is {c[i, j]}, ({j}, {i}) is {c[j, i]}.");
    }

    [Property(MaxTest = 60, Arbitrary = [typeof(Update)])]
    public void ErrsByNoMoreThanRoundingReadsOneTriangleAndTouchesNothingElse(Update u)
    {
        var stream = new GaussianStream(u.Seed);
        double scale = Math.ScaleB(1, u.Exponent);
        T alpha = T.CreateTruncating(u.Alpha), beta = T.CreateTruncating(u.Beta);
        Window<T> a = new Window<T>(u.N, u.K, u.A, T.NaN).Fill(stream, scale);
        Window<T> c = new Window<T>(u.N, u.N, u.C, T.Pi).Fill(stream, scale);
        var before = new Matrix<T>(u.N, u.N);
        for (int i = 0; i < u.N; i++)
            for (int j = 0; j <= i; j++)
            {
                before[i, j] = before[j, i] = c.View[i, j];
                if (i != j)
                    c.View[j, i] = T.NaN;
            }

        if (T.IsZero(beta))
            c.View.Fill(T.NaN);
        if (T.IsZero(alpha))
            a.View.Fill(T.NaN);
        Symmetric.RankUpdate<T>(alpha, a.View, beta, c.View, path);
        double error = CompensatedProduct.WorstError<T>(
            alpha, a.View, a.View.Transposed(), beta, before, c.View);
        Assert.That(error, Is.AtMost(1));
        AssertSymmetric(c.View);
        Assert.That(c.OutsideIsUntouched, Is.True);
    }

    [Test]
    public void ErrsByNoMoreThanRoundingAcrossBlocks(
        [ValueSource(nameof(s_aroundBaseBlocks))] (int N, int K) size, [Values] bool columnMajor)
    {
        Layout layout = Layout.RowMajor with { ColumnMajor = columnMajor };
        ErrsByNoMoreThanRoundingReadsOneTriangleAndTouchesNothingElse(
            new Update(size.N, size.K, layout, layout, Alpha: 0.75, Beta: -1.5, Exponent: 0, Seed: 1));
    }

    [Test]
    public void TheTransposedWindowGivesTheGramMatrix()
    {
        Matrix<T> a = Random(21, 70, 1), gram = new(70, 70);
        Symmetric.RankUpdate<T>(T.One, a.Transposed(), T.Zero, gram, path);
        Assert.That(CompensatedProduct.WorstError<T>(T.One, a.Transposed(), a, T.Zero, gram, gram), Is.AtMost(1));
    }

    [Test]
    public void WithoutDepthScalesCAlone([Values(0, 1, -0.5)] double beta, [Values(7, 70)] int n)
    {
        T factor = T.CreateTruncating(beta);
        Matrix<T> c = Random(n, n, 1);
        Matrix<double> scaled = Matrices.From(n, n, (i, j) => (factor * c[Math.Max(i, j), Math.Min(i, j)]).Widened());
        T[] expected = Listed(scaled.Rounded<T>());
        Symmetric.RankUpdate<T>(T.One, new Matrix<T>(n, 0), factor, c, path);
        Assert.That(Listed(c), Is.EqualTo(expected));
    }

    [Test]
    public void SpreadsNaNOverItsRowAndColumn([Values(9, 70)] int n)
    {
        Matrix<T> a = Random(n, 5, 1), c = Random(n, n, 2);
        a[n - 2, 3] = T.NaN;
        Symmetric.RankUpdate<T>(T.One, a, T.One, c, path);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                Assert.That(T.IsNaN(c[i, j]), Is.EqualTo(i == n - 2 || j == n - 2));
    }

    [Test]
    public void GivesTheSameBitsAgain()
    {
        Matrix<T> a = Random(100, 30, 1), first = Random(100, 100, 2), second = first.Clone();
        Symmetric.RankUpdate(T.Pi, a, T.E, first, path);
        Symmetric.RankUpdate(T.Pi, a, T.E, second, path);
        Assert.That(Listed(first), Is.EqualTo(Listed(second)));
    }

    [TestCase(3, 4, 4, 4)]
    [TestCase(3, 3, 3, 4)]
    [TestCase(3, 3, 4, 3)]
    [TestCase(0, 3, 1, 1)]
    public void RefusesShapesThatDoNotFit(int an, int ak, int cm, int cn)
    {
        Matrix<T> a = new(an, ak), c = new(cm, cn);
        Assert.That(() => Symmetric.RankUpdate<T>(T.One, a, T.Zero, c, path),
            Throws.ArgumentException.With.Message.Contain($"{an}×{ak}").And.Message.Contain($"{cm}×{cn}"));
    }

    [Test]
    public void RefusesToOverwriteItsFactor()
    {
        Matrix<T> a = Random(8, 8, 1);
        Assert.Throws<ArgumentException>(() => Symmetric.RankUpdate<T>(T.One, a, T.Zero, a, path));
        Assert.Throws<ArgumentException>(() => Symmetric.RankUpdate<T>(T.One, a.Transposed(), T.Zero, a, path));
        Assert.Throws<ArgumentException>(() => Symmetric.RankUpdate<T>(
            T.One, a.View.Block(0, 0, 4, 2), T.Zero, a.View.Block(3, 1, 4, 4), path));
        Assert.DoesNotThrow(() => Symmetric.RankUpdate<T>(
            T.One, a.View.Block(0, 0, 4, 2), T.Zero, a.View.Block(0, 2, 4, 4), path));
    }

    [Test]
    public void RefusesOtherElementTypes()
    {
        Matrix<Half> a = new(2, 2), c = new(2, 2);
        Assert.Throws<NotSupportedException>(() => Symmetric.RankUpdate<Half>(Half.One, a, Half.Zero, c, path));
    }
}

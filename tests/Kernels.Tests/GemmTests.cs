using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>One product: C (m×n) ← αAB + βC over k, where each window lies, and how large the elements are.</summary>
public sealed record Product(
    int M, int N, int K, Layout A, Layout B, Layout C, double Alpha, double Beta, int Exponent, uint Seed)
{
    private static Gen<double> Factor => Gen.Frequency(
        (1, Gen.Constant(0.0)), (1, Gen.Constant(1.0)), (1, Gen.Constant(-1.0)),
        (2, Gen.Choose(-3000, 3000).Select(x => x / 997.0)));

    public static Arbitrary<Product> Any() =>
        (from m in Gen.Choose(0, 70)
         from n in Gen.Choose(0, 70)
         from k in Gen.Choose(0, 70)
         from a in Layout.Any
         from b in Layout.Any
         from c in Layout.Any
         from alpha in Factor
         from beta in Factor
         from exponent in Gen.Elements(-50, 0, 50)
         from seed in Gen.Choose(0, int.MaxValue)
         select new Product(m, n, k, a, b, c, alpha, beta, exponent, (uint)seed)).ToArbitrary();
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class GemmTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly T s_two = T.One + T.One;

    // Beyond every block edge, KC ≤ 512, MC ≤ 480, NC ≤ 4096, and thin in the other directions; vectors of every kind.
    private static readonly (int M, int N, int K)[] s_beyondBlocks =
    [
        (7, 19, 700), (250, 9, 600), (490, 20, 600), (70, 70, 1100), (3, 4100, 5), (245, 40, 70),
        (1, 1, 1100), (6, 32, 520), (1, 70, 513), (70, 1, 513), (1, 1200, 11), (1200, 1, 11), (1, 67, 3), (67, 1, 1100),
    ];

    private static Matrix<T> Random(int rows, int columns, uint seed) =>
        Matrices.Random(rows, columns, seed).Rounded<T>();

    private static Matrix<T> Ones(int rows, int columns) => Matrices.From(rows, columns, (_, _) => 1).Rounded<T>();

    private static T[] Listed(ReadOnlyMatrixView<T> view) => Matrix<T>.From(view).Elements.ToArray();

    [Property(Arbitrary = [typeof(Product)])]
    public void ErrsByNoMoreThanRoundingAndTouchesNothingElse(Product p)
    {
        var stream = new GaussianStream(p.Seed);
        double scale = Math.ScaleB(1, p.Exponent);
        T alpha = T.CreateTruncating(p.Alpha), beta = T.CreateTruncating(p.Beta);
        Window<T> a = new Window<T>(p.M, p.K, p.A, T.NaN).Fill(stream, scale);
        Window<T> b = new Window<T>(p.K, p.N, p.B, T.NaN).Fill(stream, 1);
        Window<T> c = new Window<T>(p.M, p.N, p.C, T.Pi).Fill(stream, scale);
        if (T.IsZero(beta))
            c.View.Fill(T.NaN);
        if (T.IsZero(alpha))
            a.View.Fill(T.NaN);
        var before = Matrix<T>.From(c.View);
        Gemm.Multiply<T>(alpha, a.View, b.View, beta, c.View, path);
        Assert.That(CompensatedProduct.WorstError<T>(alpha, a.View, b.View, beta, before, c.View), Is.AtMost(1));
        Assert.That(c.OutsideIsUntouched, Is.True);
    }

    [Test]
    public void ErrsByNoMoreThanRoundingAcrossBlocks(
        [ValueSource(nameof(s_beyondBlocks))] (int M, int N, int K) size,
        [Values(0, -1.5)] double beta,
        [Values] bool columnMajor)
    {
        Layout layout = Layout.RowMajor with { ColumnMajor = columnMajor };
        ErrsByNoMoreThanRoundingAndTouchesNothingElse(
            new Product(size.M, size.N, size.K, layout, layout, layout, Alpha: 0.75, beta, Exponent: 0, Seed: 1));
    }

    [Test]
    public void WithoutDepthScalesCAlone([Values(0, 1, -1, 0.5)] double beta)
    {
        Matrix<T> c = Random(9, 7, 1);
        T[] expected = [.. Listed(c).Select(x => T.CreateTruncating(beta) * x)];
        Gemm.Multiply<T>(T.One, new Matrix<T>(9, 0), new Matrix<T>(0, 7), T.CreateTruncating(beta), c, path);
        Assert.That(Listed(c), Is.EqualTo(expected));
    }

    [Test]
    public void WithoutDepthOrAlphaClearsNaNWhereBetaIsZero([Values(0, 3)] int depth)
    {
        var nan = new Matrix<T>(9, 7);
        nan.View.Fill(T.NaN);
        T alpha = depth == 0 ? T.One : T.Zero;
        Gemm.Multiply<T>(alpha, new Matrix<T>(9, depth), new Matrix<T>(depth, 7), T.Zero, nan, path);
        Assert.That(nan.Elements.ContainsAnyExcept(T.Zero), Is.False);
    }

    // An element of A reaches its row of C, one of B its column, one of C stays alone; nothing leaks through padding.
    [Test]
    public void SpreadsNaNAsSumsDo([Values("A", "B", "C")] string where, [Values(1, 13, 64)] int columns)
    {
        const int Rows = 11, Depth = 5;
        Matrix<T> a = Random(Rows, Depth, 1), b = Random(Depth, columns, 2), c = Random(Rows, columns, 3);
        int column = columns / 2;
        (Matrix<T> x, int row, int at) = where switch { "A" => (a, 7, 2), "B" => (b, 3, column), _ => (c, 7, column) };
        x[row, at] = T.NaN;
        Gemm.Multiply<T>(T.One, a, b, T.One, c, path);
        for (int i = 0; i < Rows; i++)
            for (int j = 0; j < columns; j++)
                Assert.That(T.IsNaN(c[i, j]), Is.EqualTo((where == "B" || i == 7) && (where == "A" || j == column)));
    }

    [Test]
    public void SpreadsInfinityAsSumsDo([Values(1, 13, 64)] int columns)
    {
        Matrix<T> a = Ones(11, 5), b = Ones(5, columns), c = new(11, columns);
        a[7, 2] = T.PositiveInfinity;
        a[8, 2] = T.NegativeInfinity;
        b[2, 0] = T.Zero;
        Gemm.Multiply<T>(T.One, a, b, T.Zero, c, path);
        for (int i = 0; i < 11; i++)
            for (int j = 0; j < columns; j++)
            {
                T ordinary = T.CreateTruncating(j == 0 ? 4 : 5);
                T expected = i == 7 ? T.PositiveInfinity : i == 8 ? T.NegativeInfinity : ordinary;
                Assert.That(c[i, j], Is.EqualTo(i is 7 or 8 && j == 0 ? T.NaN : expected));
            }
    }

    [Test]
    public void ReadsWindowsOfStrideZeroAsRepeatedLines()
    {
        T[] line = Listed(Random(1, 20, 4));
        var repeated = new ReadOnlyMatrixView<T>(line, 20, 20, 0, 1);
        Matrix<T> b = Random(20, 9, 5), c = new(20, 9), before = c.Clone();
        Gemm.Multiply(T.One, repeated, b, T.Zero, c, path);
        Assert.That(CompensatedProduct.WorstError(T.One, repeated, b, T.Zero, before, c), Is.AtMost(1));
        Matrix<T> d = new(20, 20);
        Gemm.Multiply(T.One, repeated, repeated.Transposed(), T.Zero, d, path);
        Assert.That(CompensatedProduct.WorstError(T.One, repeated, repeated.Transposed(), T.Zero, d, d), Is.AtMost(1));
    }

    [Test]
    public void GivesTheSameBitsAgain()
    {
        Matrix<T> a = Random(50, 600, 1), b = Random(600, 33, 2), first = Random(50, 33, 3), second = first.Clone();
        Gemm.Multiply(s_two, a, b, s_two, first, path);
        Gemm.Multiply(s_two, a, b, s_two, second, path);
        Assert.That(Listed(first), Is.EqualTo(Listed(second)));
    }

    [Test]
    public void MultipliesInPlaceOfABlockBesideItsFactors()
    {
        Matrix<T> parent = Random(20, 30, 6), before = parent.Clone();
        MatrixView<T> a = parent.View.Block(0, 0, 20, 9), b = parent.View.Block(1, 20, 9, 10);
        MatrixView<T> c = parent.View.Block(0, 9, 20, 10), old = before.View.Block(0, 9, 20, 10);
        Gemm.Multiply<T>(T.One, a, b, T.One, c, path);
        Assert.That(CompensatedProduct.WorstError<T>(T.One, a, b, T.One, old, c), Is.AtMost(1));
        old.CopyTo(c);
        Assert.That(Listed(parent), Is.EqualTo(Listed(before)));
    }

    [TestCase(3, 4, 5, 6, 3, 6)]
    [TestCase(3, 4, 4, 6, 4, 6)]
    [TestCase(3, 4, 4, 6, 3, 5)]
    [TestCase(0, 4, 4, 6, 0, 5)]
    public void RefusesShapesThatDoNotFit(int am, int an, int bm, int bn, int cm, int cn)
    {
        Matrix<T> a = new(am, an), b = new(bm, bn), c = new(cm, cn);
        Assert.Throws<ArgumentException>(() => Gemm.Multiply<T>(T.One, a, b, T.Zero, c, path));
    }

    [Test]
    public void RefusesToOverwriteItsFactors()
    {
        Matrix<T> a = Random(8, 8, 1), other = Random(8, 8, 2);
        Assert.Throws<ArgumentException>(() => Gemm.Multiply<T>(T.One, a, other, T.Zero, a, path));
        Assert.Throws<ArgumentException>(() => Gemm.Multiply<T>(T.One, other, a.Transposed(), T.Zero, a, path));
        Assert.Throws<ArgumentException>(() => Gemm.Multiply<T>(
            T.One, a.View.Block(0, 0, 4, 4), other.View.Block(0, 0, 4, 4), T.Zero, a.View.Block(3, 3, 4, 4), path));
    }

    // An outer product of parts of one vector, written over the vector itself.
    [Test]
    public void RefusesToOverwriteItsFactorsWithinAVector()
    {
        Matrix<T> x = Random(3, 1, 1), y = Random(1, 3, 2);
        Assert.Throws<ArgumentException>(() => Gemm.Multiply<T>(
            T.One, x.View.Block(2, 0, 1, 1), y, T.Zero, x.Transposed(), path));
    }

    [Test, Platform("Linux")]
    public void StaysWithinGuardedMemory([Values] bool upper, [Values] bool a, [Values] bool b, [Values] bool c)
    {
        int[] sizes = [1, 5, 6, 7, 8, 16, 23, 32, 37], depths = [1, 4, 7, 19];
        foreach ((int m, int n, int k) in from m in sizes from n in sizes from k in depths select (m, n, k))
        {
            using GuardedMemory<T> forA = new(m * k), forB = new(k * n), forC = new(m * n);
            MatrixView<T> left = Within(forA, m, k, a), right = Within(forB, k, n, b), product = Within(forC, m, n, c);
            left.Fill(T.One);
            right.Fill(T.One);
            product.Fill(T.One);
            Gemm.Multiply<T>(s_two, left, right, s_two, product, path);
            Assert.That(product[m - 1, n - 1], Is.EqualTo(T.CreateTruncating(2 * k + 2)));
        }

        MatrixView<T> Within(GuardedMemory<T> memory, int rows, int columns, bool columnMajor) => columnMajor
            ? new MatrixView<T>(memory.Against(upper), columns, rows).Transposed()
            : new MatrixView<T>(memory.Against(upper), rows, columns);
    }

    [Test]
    public void TheShortFormIsTheProduct()
    {
        Matrix<T> a = Random(9, 4, 1), b = Random(4, 7, 2), c = Gemm.Multiply<T>(a, b);
        Assert.That(CompensatedProduct.WorstError<T>(T.One, a, b, T.Zero, c, c), Is.AtMost(1));
        Assert.Throws<ArgumentException>(() => Gemm.Multiply<T>(a, a));
    }

    [Test]
    public void RefusesOtherElementTypes()
    {
        Matrix<Half> a = new(2, 2), c = new(2, 2);
        Assert.Throws<NotSupportedException>(() => Gemm.Multiply<Half>(Half.One, a, a, Half.Zero, c, path));
    }
}

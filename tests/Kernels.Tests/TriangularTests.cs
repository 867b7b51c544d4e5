using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>T (n×n) and B (n×m), where each window lies, which half counts, and how large the elements are.</summary>
public sealed record TriangularCase(
    int N, int M, Triangle Triangle, bool UnitDiagonal, Layout T, Layout B, double Alpha, int Exponent, uint Seed)
{
    public static Arbitrary<TriangularCase> Any() =>
        (from n in Gen.Choose(0, 80)
         from m in Gen.Choose(0, 20)
         from triangle in Gen.Elements(Triangle.Lower, Triangle.Upper)
         from unit in Gen.Elements(false, true)
         from t in Layout.Any
         from b in Layout.Any
         from alpha in Gen.Elements(0, 1, 1, -1, 0.731)
         from exponent in Gen.Elements(-50, 0, 50)
         from seed in Gen.Choose(0, int.MaxValue)
         select new TriangularCase(n, m, triangle, unit, t, b, alpha, exponent, (uint)seed)).ToArbitrary();

    /// <summary>Whether element (i, j) is one that the doors may read.</summary>
    public bool IsRead(int i, int j) =>
        i == j ? !UnitDiagonal : Triangle == Triangle.Lower ? i > j : i < j;
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class TriangularTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Around one, two and three base blocks of 64 with uneven halves, and around whole strips of up to 64 columns.
    private static readonly (int N, int M)[] s_aroundBaseBlocks =
        [(2, 63), (63, 5), (64, 33), (65, 65), (129, 3), (193, 1)];

    private static Matrix<T> Random(int rows, int columns, uint seed) =>
        Matrices.Random(rows, columns, seed).Rounded<T>();

    private static T[] Listed(ReadOnlyMatrixView<T> view) => Matrix<T>.From(view).Elements.ToArray();

    /// <summary>
    /// T as its window, NaN wherever it must not be read, and as the matrix that it stands for. Off the diagonal N(0,
    /// 1/n), on it at least 1, so that neither X nor its condition grows with n beyond the range of T.
    /// </summary>
    private static (Window<T> Window, Matrix<T> Meant) Factor(TriangularCase p, GaussianStream stream)
    {
        var window = new Window<T>(p.N, p.N, p.T, T.NaN);
        var meant = new Matrix<T>(p.N, p.N);
        for (int i = 0; i < p.N; i++)
            for (int j = 0; j < p.N; j++)
            {
                double x = stream.Next();
                double element = i == j ? Math.CopySign(1 + Math.Abs(x), x) : x / Math.Sqrt(p.N);
                bool isRead = p.IsRead(i, j);
                window.View[i, j] = isRead && p.Alpha != 0 ? T.CreateTruncating(element) : T.NaN;
                meant[i, j] = isRead ? T.CreateTruncating(element) : i == j ? T.One : T.Zero;
            }

        return (window, meant);
    }

    private static Window<T> RightSides(TriangularCase p, GaussianStream stream)
    {
        Window<T> b = new Window<T>(p.N, p.M, p.B, T.Pi).Fill(stream, Math.ScaleB(1, p.Exponent));
        if (p.Alpha == 0)
            b.View.Fill(T.NaN);
        return b;
    }

    [Property(MaxTest = 60, Arbitrary = [typeof(TriangularCase)])]
    public void AProductErrsByNoMoreThanRoundingAndTouchesNothingElse(TriangularCase p)
    {
        var stream = new GaussianStream(p.Seed);
        (Window<T> t, Matrix<T> meant) = Factor(p, stream);
        Window<T> b = RightSides(p, stream);
        var before = Matrix<T>.From(b.View);
        T alpha = T.CreateTruncating(p.Alpha);
        Triangular.Multiply<T>(alpha, t.View, p.Triangle, b.View, p.UnitDiagonal, path);
        Assert.That(CompensatedProduct.WorstError<T>(alpha, meant, before, T.Zero, before, b.View), Is.AtMost(1));
        Assert.That(b.OutsideIsUntouched, Is.True);
    }

    [Property(MaxTest = 60, Arbitrary = [typeof(TriangularCase)])]
    public void ASolutionLeavesNoMoreThanRoundingAndTouchesNothingElse(TriangularCase p)
    {
        var stream = new GaussianStream(p.Seed);
        (Window<T> t, Matrix<T> meant) = Factor(p, stream);
        Window<T> b = RightSides(p, stream);
        var before = Matrix<T>.From(b.View);
        T alpha = T.CreateTruncating(p.Alpha);
        Triangular.Solve<T>(alpha, t.View, p.Triangle, b.View, p.UnitDiagonal, path);
        Assert.That(WorstResidual(alpha, meant, b.View, before), Is.AtMost(1));
        Assert.That(b.OutsideIsUntouched, Is.True);
    }

    [Test]
    public void ErrsByNoMoreThanRoundingAcrossBlocks(
        [ValueSource(nameof(s_aroundBaseBlocks))] (int N, int M) size,
        [Values] Triangle triangle, [Values] bool columnMajor)
    {
        Layout layout = Layout.RowMajor with { ColumnMajor = columnMajor };
        var p = new TriangularCase(
            size.N, size.M, triangle, UnitDiagonal: false, layout, layout, Alpha: 0.75, Exponent: 0, Seed: 1);
        AProductErrsByNoMoreThanRoundingAndTouchesNothingElse(p);
        ASolutionLeavesNoMoreThanRoundingAndTouchesNothingElse(p);
    }

    /// <summary>The largest element of |TX − αB| in units of γ_{n+2}|T||X|.</summary>
    /// <remarks>
    /// Each row's n − 1 products and sums, its division, α and the reciprocal: n + 2 roundings. Underflow may cost each
    /// half of the smallest number, times the element of T behind it, which is at most 8.
    /// </remarks>
    private static double WorstResidual(T alpha, Matrix<T> t, ReadOnlyMatrixView<T> x, Matrix<T> b)
    {
        int n = t.Rows;
        double gamma = Machine<T>.Gamma(n + 2), underflow = 8 * (n + 2) * Machine<T>.Tiny, worst = 0;
        Matrix<double> rows = t.Widened(), columns = Matrix<T>.From(x.Transposed()).Widened();
        for (int i = 0; i < n; i++)
            for (int j = 0; j < x.Columns; j++)
            {
                DoubleDouble right = T.IsZero(alpha) ? 0 : (DoubleDouble)alpha.Widened() * b[i, j].Widened();
                double residual = Math.Abs((double)(DoubleDouble.Dot(rows.Row(i), columns.Row(j)) - right));
                double magnitude = 0;
                for (int k = 0; k < n; k++)
                    magnitude += Math.Abs(rows[i, k] * columns[j, k]);
                double ratio = residual / (gamma * magnitude + underflow);
                worst = double.IsNaN(ratio) ? double.PositiveInfinity : Math.Max(worst, ratio);
            }

        return worst;
    }

    [Test]
    public void SolvesFromTheRightThroughTransposedWindows([Values(5, 70)] int n)
    {
        const int Rows = 9;
        var p = new TriangularCase(n, Rows, Triangle.Upper, false, Layout.RowMajor, Layout.RowMajor, 1, 0, Seed: 3);
        (Window<T> t, Matrix<T> meant) = Factor(p, new GaussianStream(p.Seed));
        Matrix<T> b = Random(Rows, n, 4), before = b.Clone();
        Triangular.Solve<T>(T.One, t.View.Transposed(), Triangle.Lower, b.Transposed(), path: path);
        var transposed = Matrix<T>.From(meant.Transposed());
        Assert.That(WorstResidual(T.One, transposed, b.Transposed(), Matrix<T>.From(before.Transposed())), Is.AtMost(1));
    }

    // Reciprocals of these are 0, subnormal or infinite; quotients are exact.
    [Test]
    public void DividesWhereReciprocalsLeaveTheRange([Values(5, 6)] int n, [Values] bool small)
    {
        T diagonal = small
            ? T.Epsilon * T.CreateTruncating(3)
            : T.ScaleB(T.One + T.One / T.CreateTruncating(2), Machine<T>.MaxExponent);
        Matrix<T> t = new(n, n), b = new(n, 3);
        for (int i = 0; i < n; i++)
        {
            t[i, i] = diagonal;
            for (int j = 0; j < 3; j++)
                b[i, j] = T.CreateTruncating((i + j) % 2) * diagonal;
        }

        Triangular.Solve<T>(T.One, t, Triangle.Lower, b, path: path);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < 3; j++)
                Assert.That(b[i, j], Is.EqualTo(T.CreateTruncating((i + j) % 2)));
    }

    [Test]
    public void SpreadsNaNDownItsColumnAlone([Values(9, 70)] int n, [Values(1, 33)] int m)
    {
        var p = new TriangularCase(n, m, Triangle.Lower, false, Layout.RowMajor, Layout.RowMajor, 1, 0, Seed: 5);
        (Window<T> t, _) = Factor(p, new GaussianStream(p.Seed));
        Matrix<T> product = Random(n, m, 6), solution = product.Clone();
        product[2, m - 1] = solution[2, m - 1] = T.NaN;
        Triangular.Multiply<T>(T.One, t.View, Triangle.Lower, product, path: path);
        Triangular.Solve<T>(T.One, t.View, Triangle.Lower, solution, path: path);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++)
            {
                Assert.That(T.IsNaN(product[i, j]), Is.EqualTo(i >= 2 && j == m - 1));
                Assert.That(T.IsNaN(solution[i, j]), Is.EqualTo(i >= 2 && j == m - 1));
            }
    }

    [Test]
    public void GivesTheSameBitsAgain()
    {
        var p = new TriangularCase(100, 33, Triangle.Upper, false, Layout.RowMajor, Layout.RowMajor, 1, 0, Seed: 7);
        (Window<T> t, _) = Factor(p, new GaussianStream(p.Seed));
        Matrix<T> first = Random(100, 33, 8), second = first.Clone();
        foreach (Matrix<T> b in new[] { first, second })
        {
            Triangular.Multiply<T>(T.Pi, t.View, Triangle.Upper, b, path: path);
            Triangular.Solve<T>(T.E, t.View, Triangle.Upper, b, path: path);
        }

        Assert.That(Listed(first), Is.EqualTo(Listed(second)));
    }

    // Each thread has columns of its own, here of several numbers, or there are too few of them.
    [Test]
    public void ThreadsDoNotChangeABit([Values] Triangle triangle, [Values] bool columnMajor, [Values(130, 193, 257)] int m)
    {
        const int N = 210;
        Layout layout = Layout.RowMajor with { ColumnMajor = columnMajor };
        var p = new TriangularCase(N, m, triangle, false, layout, layout, 1, 0, Seed: 9);
        (Window<T> t, _) = Factor(p, new GaussianStream(p.Seed));
        T[][] results = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            Window<T> b = RightSides(p, new GaussianStream(p.Seed + 1));
            Triangular.Multiply<T>(T.Pi, t.View, triangle, b.View, path: path, maxThreads: threads);
            Triangular.Solve<T>(T.E, t.View, triangle, b.View, path: path, maxThreads: threads);
            return Listed(b.View);
        })];
        Assert.That(results[1], Is.EqualTo(results[0]));
        Assert.That(results[2], Is.EqualTo(results[0]));
    }

    [Test]
    public void RefusesAZeroOnTheDiagonalAndNamesIt(
        [Values] Triangle triangle, [Values(0, 2, 69)] int index, [Values(0, 4)] int columns)
    {
        var t = Matrix<T>.Identity(70);
        t[index, index] = T.NegativeZero;
        Matrix<T> b = Random(70, columns, 1), before = b.Clone();
        Assert.That(() => Triangular.Solve<T>(T.One, t, triangle, b, path: path), Throws.ArgumentException
            .With.Message.Contain($"element {index} ").And.Property(nameof(ArgumentException.ParamName)).EqualTo("t"));
        Assert.That(Listed(b), Is.EqualTo(Listed(before)));
        Assert.DoesNotThrow(() => Triangular.Solve<T>(T.One, t, triangle, b, unitDiagonal: true, path));
        Assert.DoesNotThrow(() => Triangular.Multiply<T>(T.One, t, triangle, b, path: path));
    }

    [TestCase(3, 4, 3, 2)]
    [TestCase(4, 3, 4, 2)]
    [TestCase(3, 3, 4, 3)]
    [TestCase(0, 0, 1, 3)]
    [TestCase(3, 3, 2, 0)]
    public void RefusesShapesThatDoNotFit(int tm, int tn, int bm, int bn)
    {
        Matrix<T> t = Matrices.From(tm, tn, (_, _) => 1).Rounded<T>(), b = new(bm, bn);
        Assert.Throws<ArgumentException>(() => Triangular.Multiply<T>(T.One, t, Triangle.Lower, b, path: path));
        Assert.Throws<ArgumentException>(() => Triangular.Solve<T>(T.One, t, Triangle.Lower, b, path: path));
    }

    [Test]
    public void RefusesToOverwriteTheTriangle()
    {
        Matrix<T> parent = Random(8, 8, 1);
        Assert.Throws<ArgumentException>(() => Triangular.Multiply<T>(T.One, parent, Triangle.Lower, parent, path: path));
        Assert.Throws<ArgumentException>(() => Triangular.Solve<T>(
            T.One, parent.View.Block(0, 0, 4, 4), Triangle.Lower, parent.View.Block(3, 3, 4, 4), path: path));
        Assert.DoesNotThrow(() => Triangular.Solve<T>(
            T.One, parent.View.Block(0, 0, 4, 4), Triangle.Lower, parent.View.Block(0, 4, 4, 4), path: path));
    }

    [Test, Platform("Linux")]
    public void StaysWithinGuardedMemory([Values] bool upper, [Values] bool columnMajor, [Values] Triangle triangle)
    {
        foreach ((int n, int m) in from n in new[] { 1, 2, 7, 65 } from m in new[] { 1, 5, 16, 65 } select (n, m))
        {
            using GuardedMemory<T> forT = new(n * n), forB = new(n * m);
            MatrixView<T> t = new(forT.Against(upper), n, n);
            MatrixView<T> b = columnMajor
                ? new MatrixView<T>(forB.Against(upper), m, n).Transposed()
                : new MatrixView<T>(forB.Against(upper), n, m);
            t.Fill(T.One);
            b.Fill(T.One);
            // Row i of the product counts the elements of row i of T; all sums are small integers, hence exact.
            Triangular.Multiply<T>(T.One, t, triangle, b, path: path);
            for (int i = 0; i < n; i++)
                Assert.That(b[i, m - 1], Is.EqualTo(T.CreateTruncating(triangle == Triangle.Lower ? i + 1 : n - i)));
            Triangular.Solve<T>(T.One, t, triangle, b, path: path);
            for (int i = 0; i < n; i++)
                Assert.That(b[i, m - 1], Is.EqualTo(T.One));
        }
    }

    [Test]
    public void RefusesOtherElementTypes()
    {
        Matrix<Half> t = Matrix<Half>.Identity(2), b = new(2, 2);
        Assert.Throws<NotSupportedException>(() => Triangular.Multiply<Half>(Half.One, t, Triangle.Lower, b, path: path));
        Assert.Throws<NotSupportedException>(() => Triangular.Solve<Half>(Half.One, t, Triangle.Lower, b, path: path));
    }
}

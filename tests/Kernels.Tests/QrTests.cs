using System.Numerics;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class QrTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly (int Rows, int Columns)[] s_sizes = [(30, 12), (12, 30), (17, 17), (1, 5), (5, 1), (9, 0), (33, 33), (70, 31), (31, 70), (131, 99)];

    private static IEnumerable<Exhibit<T>> Exhibits => [.. Gallery.Everything<T>(), .. Large];

    // Around the widths of a panel, of its leaves, and of what is factored without panels; rows off the cache lines.
    private static IEnumerable<Exhibit<T>> Large =>
        from size in new[] { (64, 64), (65, 65), (96, 95), (97, 96), (67, 130), (130, 67) }
        from kind in new (string Name, Func<int, int, Matrix<double>> Make)[]
        {
            ("random", (m, n) => Matrices.Random(m, n, 31)),
            ("zero", (m, n) => new Matrix<double>(m, n)),
            ("ones", (m, n) => Matrices.From(m, n, (_, _) => 1)),
            ("rank 40", (m, n) => Matrices.OfRank(40, m, n, 32)),
            ("graded columns", (m, n) => Matrices.Random(m, n, 33).ScaledColumns(j => Math.ScaleB(1, Edge - 2 * Edge * (j * 37 % n) / n))),
            ("graded rows", (m, n) => Matrix<double>.From(Matrices.Random(n, m, 34)
                .ScaledColumns(i => Math.ScaleB(1, Edge - 2 * Edge * (i * 41 % m) / m)).Transposed())),
            ("fading columns", (m, n) => Matrices.From(m, n, (i, j) => Math.ScaleB(Math.Sin(i + 0.1 * i * j), -Edge * j / n))),
        }
        select new Exhibit<T>($"{kind.Name} {size.Item1}×{size.Item2}", kind.Make(size.Item1, size.Item2).Rounded<T>());

    private static int Edge => Machine<T>.MaxExponent - 30;

    [TestCaseSource(nameof(Exhibits))]
    public void IsBackwardStableColumnByColumn(Exhibit<T> exhibit)
    {
        foreach (bool pivoting in new[] { false, true })
        {
            using QrFactorization<T> qr = Qr.Factor<T>(exhibit.Matrix, pivoting, path);
            Assert.That(Ratios.Residual(exhibit.Matrix, qr), Is.LessThan(Ratios.Threshold));
            Assert.That(Ratios.Orthogonality(qr.Q()), Is.LessThan(Ratios.Threshold));
        }
    }

    [TestCaseSource(nameof(Exhibits))]
    public void FactorsHaveTheirShapesAndStructure(Exhibit<T> exhibit)
    {
        Matrix<T> a = exhibit.Matrix;
        int steps = Math.Min(a.Rows, a.Columns);
        foreach (bool pivoting in new[] { false, true })
        {
            using QrFactorization<T> qr = Qr.Factor<T>(a, pivoting, path);
            Matrix<T> q = qr.Q(), r = qr.R();
            Assert.That((qr.Rows, qr.Columns, q.Rows, q.Columns, r.Rows, r.Columns),
                Is.EqualTo((a.Rows, a.Columns, a.Rows, steps, steps, a.Columns)));
            for (int i = 0; i < steps; i++)
                Assert.That(r.Row(i)[..i].ContainsAnyExcept(T.Zero), Is.False);
            int[] identity = [.. Enumerable.Range(0, a.Columns)];
            Assert.That(qr.Permutation, pivoting ? Is.EquivalentTo(identity) : Is.EqualTo(identity));
        }
    }

    // Downdated norms are recomputed once √ε of their square is left, so n roundings cost it at most n·√ε of itself.
    [TestCaseSource(nameof(Exhibits))]
    public void PivotsDominateWhatRemains(Exhibit<T> exhibit)
    {
        using QrFactorization<T> qr = Qr.Factor<T>(exhibit.Matrix, pivoting: true, path);
        Matrix<double> r = qr.R().Widened();
        int[] exponents = [.. exhibit.Matrix.Widened().ColumnExponents()];
        double slack = 1 + Math.Max(r.Rows, r.Columns) * Math.Sqrt(Machine<T>.Epsilon);
        for (int k = 0; k < r.Rows; k++)
        {
            double pivot = Math.Abs(r[k, k]);
            for (int j = k + 1; j < r.Columns; j++)
            {
                double norm = 0;
                for (int i = k; i < Math.Min(j + 1, r.Rows); i++)
                    norm = double.Hypot(norm, r[i, j]);
                // A column scaled to [1, 2) may lose half of the smallest number in each of its reflections.
                double underflow = 2 * r.Rows * Math.ScaleB(Machine<T>.Tiny, Math.Max(0, exponents[qr.Permutation[j]]));
                Assert.That(norm, Is.AtMost(pivot * slack + underflow));
            }
        }
    }

    [Test]
    public void ApplyingQAndItsTransposeGivesBackTheMatrix(
        [ValueSource(nameof(s_sizes))] (int Rows, int Columns) size, [Values(0, 1, 7)] int columns)
    {
        (int m, int n) = size;
        using QrFactorization<T> qr = Qr.Factor<T>(Matrices.Random(m, n, 1).Rounded<T>(), pivoting: true, path);
        Matrix<T> before = Matrices.Random(m, columns, 2).Rounded<T>();
        Window<T> c = new(m, columns, new Layout(ColumnMajor: false, Step: 2, Gap: 1, Offset: 3), T.NaN);
        before.View.CopyTo(c.View);
        qr.Apply(c.View);
        qr.Apply(c.View, transposed: true);
        // 2·min(m, n) reflections, each with an error of order m·ε relative to the column's norm.
        double bound = 2 * Math.Min(m, n) * Machine<T>.Gamma(6 * m + 40);
        for (int j = 0; j < columns; j++)
        {
            double error = 0, norm = 0;
            for (int i = 0; i < m; i++)
            {
                error = double.Hypot(error, c.View[i, j].Widened() - before[i, j].Widened());
                norm = double.Hypot(norm, before[i, j].Widened());
            }

            Assert.That(error, Is.AtMost(bound * norm));
        }

        Assert.That(c.OutsideIsUntouched, Is.True);
    }

    // Q (m×m) comes from applying it to the identity; C is row-major, column-major or neither.
    [Test]
    public void ApplyingFromEitherSideIsMultiplyingByQ(
        [ValueSource(nameof(s_sizes))] (int Rows, int Columns) size, [Values(1, 6, 40)] int count, [Values] bool columnMajor,
        [Values(1, 2)] int step, [Values] bool transposed)
    {
        (int m, int n) = size;
        using QrFactorization<T> qr = Qr.Factor<T>(Matrices.Random(m, n, 6).Rounded<T>(), path: path);
        Matrix<T> identity = Matrix<T>.Identity(m);
        qr.Apply(identity);
        Assert.That(Ratios.Orthogonality(identity), Is.LessThan(Ratios.Threshold));
        Matrix<double> q = identity.Widened();
        if (transposed)
            q = Matrix<double>.From(q.Transposed());
        Matrix<T> tall = Matrices.Random(m, count, 7).Rounded<T>(), wide = Matrices.Random(count, m, 8).Rounded<T>();
        Window<T> left = new(m, count, new Layout(columnMajor, step, Gap: 2, Offset: 1), T.NaN);
        Window<T> right = new(count, m, new Layout(columnMajor, step, Gap: 2, Offset: 1), T.NaN);
        tall.View.CopyTo(left.View);
        wide.View.CopyTo(right.View);
        qr.Apply(left.View, transposed);
        qr.ApplyFromRight(right.View, transposed);
        Compare(Matrix<T>.From(left.View), q.Times(tall.Widened()));
        Compare(Matrix<T>.From(right.View), wide.Widened().Times(q));
        Assert.That(left.OutsideIsUntouched && right.OutsideIsUntouched, Is.True);

        void Compare(Matrix<T> actual, Matrix<double> expected)
        {
            double error = Matrices.From(expected.Rows, expected.Columns, (i, j) => actual[i, j].Widened() - expected[i, j]).OneNorm();
            Assert.That(error, Is.AtMost(Ratios.Threshold * m * Machine<T>.Epsilon * expected.OneNorm()));
        }
    }

    // Wide enough for the widest panels; by the doors alone, because a residual in double-double would take minutes.
    [Category("FullScale")]
    [Test]
    public void LargeMatricesAreTheirFactors([Values] bool pivoting)
    {
        const int Rows = 531, Columns = 517;
        Matrix<T> a = Matrices.Random(Rows, Columns, 10).Rounded<T>();
        using QrFactorization<T> qr = Qr.Factor<T>(a, pivoting, path);
        Matrix<T> r = qr.R(), product = new(Rows, Columns), q = qr.Q(), gram = Matrix<T>.Identity(Columns);
        r.View.CopyTo(product.View.Block(0, 0, Columns, Columns));
        qr.Apply(product);
        double error = Matrices.From(Rows, Columns, (i, j) => product[i, j].Widened() - a[i, qr.Permutation[j]].Widened()).OneNorm();
        Assert.That(error, Is.LessThan(Ratios.Threshold * Rows * Machine<T>.Epsilon * a.Widened().OneNorm()));
        Gemm.Multiply(T.One, q.Transposed(), q, T.NegativeOne, gram);
        Assert.That(gram.Widened().OneNorm(), Is.LessThan(Ratios.Threshold * Rows * Machine<T>.Epsilon));
    }

    [Category("FullScale")]
    [Test]
    public void ThreadsDoNotChangeABit([Values] bool pivoting, [Values(90, 400)] int columns)
    {
        Matrix<T> a = Matrices.Random(800, columns, 9).Rounded<T>();
        using QrFactorization<T> one = Qr.Factor<T>(a, pivoting, path, maxThreads: 1), many = Qr.Factor<T>(a, pivoting, path);
        Assert.That(many.R().Elements.SequenceEqual(one.R().Elements), Is.True);
        Assert.That(many.Q().Elements.SequenceEqual(one.Q().Elements), Is.True);
    }

    [Test]
    public void ApplyingQToRGivesTheMatrix()
    {
        Matrix<T> a = Matrices.Random(20, 8, 3).Rounded<T>();
        using QrFactorization<T> qr = Qr.Factor<T>(a, path: path);
        var c = new Matrix<T>(20, 8);
        qr.R().View.CopyTo(c.View.Block(0, 0, 8, 8));
        qr.Apply(c);
        double error = Matrices.From(20, 8, (i, j) => c[i, j].Widened() - a[i, j].Widened()).OneNorm();
        Assert.That(error, Is.LessThan(Ratios.Threshold * 20 * Machine<T>.Epsilon * a.Widened().OneNorm()));
    }

    // Strides are no part of the result: the bits agree.
    [Test]
    public void ReadsWindowsOfAnyStrides([Values] bool columnMajor, [Values(1, 3)] int step)
    {
        Matrix<T> a = Matrices.Random(13, 9, 4).Rounded<T>();
        Window<T> window = new(13, 9, new Layout(columnMajor, step, Gap: 2, Offset: 1), T.NaN);
        a.View.CopyTo(window.View);
        using QrFactorization<T> plain = Qr.Factor<T>(a, pivoting: true, path);
        using QrFactorization<T> strided = Qr.Factor<T>(window.View, pivoting: true, path);
        Assert.That(strided.R().Elements.ToArray(), Is.EqualTo(plain.R().Elements.ToArray()));
        Assert.That(strided.Q().Elements.ToArray(), Is.EqualTo(plain.Q().Elements.ToArray()));
    }

    [Test]
    public void RefusesWhatIsNotFinite([Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double x)
    {
        Matrix<T> a = Matrices.Random(5, 7, 5).Rounded<T>();
        a[2, 3] = T.CreateTruncating(x);
        Assert.That(() => Qr.Factor<T>(a, path: path), Throws.ArgumentException
            .With.Message.Contain("(2, 3)").And.Property(nameof(ArgumentException.ParamName)).EqualTo("a"));
    }

    [Test]
    public void RefusesToApplyToAnotherShape()
    {
        using QrFactorization<T> qr = Qr.Factor<T>(new Matrix<T>(5, 3), path: path);
        Assert.Throws<ArgumentException>(() => qr.Apply(new Matrix<T>(4, 5)));
        Assert.Throws<ArgumentException>(() => qr.ApplyFromRight(new Matrix<T>(5, 4)));
    }

    [Test]
    public void RefusesANegativeNumberOfThreads() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Qr.Factor<T>(new Matrix<T>(2, 2), path: path, maxThreads: -1));

    [Test]
    public void FreedFactorsAreRefused()
    {
        QrFactorization<T> qr = Qr.Factor<T>(Matrix<T>.Identity(3));
        qr.Dispose();
        Assert.That(() => qr.R(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => qr.Q(), Throws.InstanceOf<ObjectDisposedException>());
    }
}

using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Sizes and strides on a span of some length, legal or not.</summary>
public sealed record Strided(int Length, int Rows, int Columns, int RowStride, int ColumnStride)
{
    public static Arbitrary<Strided> Any() =>
        (from length in Gen.Choose(0, 40)
         from rows in Gen.Choose(-1, 5)
         from columns in Gen.Choose(-1, 5)
         from rowStride in Gen.Choose(-1, 9)
         from columnStride in Gen.Choose(-1, 9)
         select new Strided(length, rows, columns, rowStride, columnStride)).ToArbitrary();

    public bool IsNegative => Rows < 0 || Columns < 0 || RowStride < 0 || ColumnStride < 0;

    public IEnumerable<int> Offsets =>
        from i in Enumerable.Range(0, Rows)
        from j in Enumerable.Range(0, Columns)
        select i * RowStride + j * ColumnStride;
}

[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
public sealed class MatrixViewTests<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static T[] Counted(int length) => [.. Enumerable.Range(0, length).Select(T.CreateTruncating)];

    private static bool Accepts(Action construct)
    {
        try
        {
            construct();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [Property(MaxTest = 2000, Arbitrary = [typeof(Strided)])]
    public void ReadOnlyWindowsAreAcceptedExactlyWhereTheyFit(Strided s)
    {
        T[] elements = Counted(s.Length);
        bool fits = !s.IsNegative && s.Offsets.All(offset => offset < s.Length);
        bool accepted = Accepts(() =>
        {
            var view = new ReadOnlyMatrixView<T>(elements, s.Rows, s.Columns, s.RowStride, s.ColumnStride);
            for (int i = 0; i < s.Rows; i++)
                for (int j = 0; j < s.Columns; j++)
                    Assert.That(view[i, j], Is.EqualTo(elements[i * s.RowStride + j * s.ColumnStride]));
        });
        Assert.That(accepted, Is.EqualTo(fits));
    }

    [Property(MaxTest = 2000, Arbitrary = [typeof(Strided)])]
    public void WritableWindowsNameNoElementTwice(Strided s)
    {
        bool fits = !s.IsNegative && s.Offsets.All(offset => offset < s.Length);
        bool accepted = Accepts(() =>
            _ = new MatrixView<T>(new T[s.Length], s.Rows, s.Columns, s.RowStride, s.ColumnStride));
        if (accepted)
            Assert.That(fits && s.Offsets.Distinct().Count() == s.Offsets.Count(), Is.True);
    }

    [TestCase(3, 4, 4, 1)]
    [TestCase(3, 4, 1, 3)]
    [TestCase(3, 4, 9, 2)]
    [TestCase(3, 4, 2, 7)]
    [TestCase(1, 4, 0, 1)]
    [TestCase(4, 1, 1, 0)]
    [TestCase(1, 1, 0, 0)]
    public void WritableWindowsOfNestedStridesAreAccepted(int m, int n, int rowStride, int columnStride) =>
        Assert.DoesNotThrow(() => _ = new MatrixView<T>(new T[40], m, n, rowStride, columnStride));

    [TestCase(2, 2, 0, 1)]
    [TestCase(2, 2, 1, 0)]
    [TestCase(2, 2, 1, 1)]
    [TestCase(2, 3, 2, 1)]
    [TestCase(3, 2, 1, 2)]
    [TestCase(2, 1, 0, 1)]
    [TestCase(1, 2, 1, 0)]
    public void WritableWindowsThatNameAnElementTwiceAreRefused(int m, int n, int rowStride, int columnStride) =>
        Assert.Throws<ArgumentException>(() => _ = new MatrixView<T>(new T[40], m, n, rowStride, columnStride));

    // (m − 1)·stride leaves the range of nint, and so does (m − 1)·stride + 1 where the product alone does not.
    [TestCase(3, 3)]
    [TestCase(2, 2)]
    public void StridesBeyondTheAddressSpaceAreRefused(int rows, int columns)
    {
        T[] x = new T[40];
        Assert.Throws<ArgumentException>(() => _ = new ReadOnlyMatrixView<T>(x, rows, columns, nint.MaxValue, 1));
        Assert.Throws<ArgumentException>(() => _ = new MatrixView<T>(x, rows, columns, 1, nint.MaxValue));
    }

    [Test]
    public void PlainWindowsAreRowMajorOnTheFirstElements()
    {
        T[] elements = Counted(20);
        var writable = new MatrixView<T>(elements, 3, 4);
        var readOnly = new ReadOnlyMatrixView<T>(elements, 3, 4);
        Assert.That((writable.RowStride, writable.ColumnStride), Is.EqualTo(((nint)4, (nint)1)));
        Assert.That((readOnly.RowStride, readOnly.ColumnStride), Is.EqualTo(((nint)4, (nint)1)));
        Assert.That((writable[2, 3], readOnly[2, 3]), Is.EqualTo((elements[11], elements[11])));
    }

    [TestCase(3, 7)]
    [TestCase(-1, 2)]
    [TestCase(2, -1)]
    [TestCase(int.MaxValue, int.MaxValue)]
    public void PlainWindowsThatDoNotFitAreRefused(int rows, int columns)
    {
        Assert.Throws<ArgumentException>(() => _ = new MatrixView<T>(new T[20], rows, columns));
        Assert.Throws<ArgumentException>(() => _ = new ReadOnlyMatrixView<T>(new T[20], rows, columns));
    }

    [Test]
    public void EmptyWindowsStandOnEmptySpans()
    {
        var wide = new MatrixView<T>([], 0, 5);
        ReadOnlyMatrixView<T> tall = wide.Transposed();
        Assert.That((wide.IsEmpty, tall.IsEmpty, tall.Rows, tall.Columns), Is.EqualTo((true, true, 5, 0)));
        wide.Fill(T.One);
        tall.CopyTo(new MatrixView<T>([], 5, 0));
    }

    [Test]
    public void BlocksRowsColumnsAndTransposesAreWindowsOnTheSameElements()
    {
        T[] elements = Counted(100);
        var view = new MatrixView<T>(elements.AsSpan(3), 6, 5, 11, 2);
        MatrixView<T> block = view.Block(2, 1, 3, 2), turned = block.Transposed();
        MatrixView<T> row = view.Row(4), column = view.Column(3);
        Assert.That((block.Rows, block.Columns, turned.Rows, turned.Columns), Is.EqualTo((3, 2, 2, 3)));
        Assert.That((row.Rows, row.Columns, column.Rows, column.Columns), Is.EqualTo((1, 5, 6, 1)));
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 2; j++)
            {
                T expected = elements[3 + (2 + i) * 11 + (1 + j) * 2];
                Assert.That((block[i, j], turned[j, i]), Is.EqualTo((expected, expected)));
            }

        Assert.That(row[0, 2], Is.EqualTo(elements[3 + 4 * 11 + 2 * 2]));
        Assert.That(column[5, 0], Is.EqualTo(elements[3 + 5 * 11 + 3 * 2]));
        block[1, 1] = T.NaN;
        Assert.That(T.IsNaN(elements[3 + 3 * 11 + 2 * 2]), Is.True);
    }

    [TestCase(0, 0, 0, 0)]
    [TestCase(6, 5, 0, 0)]
    [TestCase(6, 0, 0, 5)]
    [TestCase(0, 5, 6, 0)]
    public void BlocksMayBeEmptyUpToTheFarCorner(int row, int column, int rows, int columns)
    {
        MatrixView<T> view = new Matrix<T>(6, 5);
        Assert.That(view.Block(row, column, rows, columns).IsEmpty, Is.True);
        Assert.That(view.Block(row, column, rows, columns).Transposed().IsEmpty, Is.True);
    }

    [TestCase(-1, 0, 1, 1)]
    [TestCase(0, -1, 1, 1)]
    [TestCase(7, 0, 0, 1)]
    [TestCase(0, 6, 1, 0)]
    [TestCase(0, 0, -1, 1)]
    [TestCase(0, 0, 1, -1)]
    [TestCase(5, 0, 2, 1)]
    [TestCase(0, 4, 1, 2)]
    [TestCase(1, 0, int.MaxValue, 1)]
    public void BlocksThatReachOutsideAreRefused(int row, int column, int rows, int columns)
    {
        var a = new Matrix<T>(6, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = a.View.Block(row, column, rows, columns));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = a.Transposed().Block(column, row, columns, rows));
    }

    [TestCase(-1, 0)]
    [TestCase(0, -1)]
    [TestCase(6, 0)]
    [TestCase(0, 5)]
    public void RefusesIndicesOutside(int row, int column)
    {
        var a = new Matrix<T>(6, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = a.View[row, column]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = a.Transposed()[column, row]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = ((ReadOnlyMatrixView<T>)a)[row, column]);
    }

    [Test]
    public void FillAndCopyTouchTheWindowAlone([Values(false, true)] bool transposed, [Values(1, 2)] int step)
    {
        Window<T> source = new(4, 3, new Layout(ColumnMajor: transposed, step, Gap: 1, Offset: 2), T.NaN);
        Window<T> target = new(4, 3, new Layout(ColumnMajor: false, Step: 1, Gap: 2, Offset: 5), T.NegativeOne);
        source.View.Fill(T.One);
        source.View[2, 1] = T.Pi;
        source.View.CopyTo(target.View);
        Assert.That((target.View[0, 0], target.View[2, 1]), Is.EqualTo((T.One, T.Pi)));
        Assert.That(source.OutsideIsUntouched && target.OutsideIsUntouched, Is.True);
    }

    [Test]
    public void CopiesBetweenShapesAreRefused()
    {
        var a = new Matrix<T>(6, 5);
        Assert.Throws<ArgumentException>(() => a.View.CopyTo(a.Transposed()));
        Assert.Throws<ArgumentException>(() => a.View.CopyTo(new Matrix<T>(6, 4)));
    }

    [TestCase(1)]
    [TestCase(8)]
    [TestCase(67)]
    public void WhatIsNotFiniteIsSeenInEveryPlace(int columns)
    {
        foreach (T bad in (T[])[T.NaN, T.PositiveInfinity, T.NegativeInfinity])
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < columns; j++)
                {
                    var a = new Matrix<T>(2, columns);
                    T largest = T.BitDecrement(T.PositiveInfinity);
                    a.View.Fill(largest);
                    a[i, j] = bad;
                    ReadOnlyMatrixView<T> view = a;
                    Assert.That(view.RowsAreFinite(), Is.False, $"({i}, {j})");
                    a[i, j] = -largest;
                    Assert.That(view.RowsAreFinite(), Is.True, $"({i}, {j})");
                }
    }
}

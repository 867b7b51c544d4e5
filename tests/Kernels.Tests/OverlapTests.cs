using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>A block of a parent, transposed or not.</summary>
public sealed record BlockOf(int Row, int Column, int Rows, int Columns, bool Transposed)
{
    public static Gen<BlockOf> In(int rows, int columns) =>
        from row in Gen.Choose(0, rows)
        from column in Gen.Choose(0, columns)
        from height in Gen.Choose(0, rows - row)
        from width in Gen.Choose(0, columns - column)
        from transposed in Gen.Elements(false, true)
        select new BlockOf(row, column, height, width, transposed);

    public MatrixView<float> Of(MatrixView<float> parent)
    {
        MatrixView<float> block = parent.Block(Row, Column, Rows, Columns);
        return Transposed ? block.Transposed() : block;
    }
}

/// <summary>Two blocks of one parent.</summary>
public sealed record Siblings(int Rows, int Columns, Layout Parent, BlockOf First, BlockOf Second)
{
    public static Arbitrary<Siblings> Any() =>
        (from rows in Gen.Choose(1, 7)
         from columns in Gen.Choose(1, 7)
         from parent in Layout.Any
         from first in BlockOf.In(rows, columns)
         from second in BlockOf.In(rows, columns)
         select new Siblings(rows, columns, parent, first, second)).ToArbitrary();
}

/// <summary>Two windows of any strides on one span, the second one writable.</summary>
public sealed record Strangers(Strided First, int FirstOffset, Strided Second, int SecondOffset)
{
    private const int Length = 60;

    public static Arbitrary<Strangers> Any() =>
        (from first in Window
         from firstOffset in Gen.Choose(0, Length - 1 - first.Offsets.DefaultIfEmpty().Max())
         from second in Window.Where(IsWritable)
         from secondOffset in Gen.Choose(0, Length - 1 - second.Offsets.DefaultIfEmpty().Max())
         select new Strangers(first, firstOffset, second, secondOffset)).ToArbitrary();

    private static Gen<Strided> Window =>
        from rows in Gen.Choose(0, 4)
        from columns in Gen.Choose(0, 4)
        from rowStride in Gen.Choose(0, 8)
        from columnStride in Gen.Choose(0, 8)
        select new Strided(Length, rows, columns, rowStride, columnStride);

    private static bool IsWritable(Strided s)
    {
        try
        {
            _ = new MatrixView<float>(new float[Length], s.Rows, s.Columns, s.RowStride, s.ColumnStride);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

public sealed class OverlapTests
{
    /// <summary>The places of a window's elements relative to one element of its parent.</summary>
    private static HashSet<nint> Places(ReadOnlyMatrixView<float> view, ref float origin)
    {
        var places = new HashSet<nint>();
        for (int i = 0; i < view.Rows; i++)
            for (int j = 0; j < view.Columns; j++)
                places.Add(Unsafe.ByteOffset(ref origin, ref Unsafe.AsRef(in view[i, j])));
        return places;
    }

    [Property(MaxTest = 5000, Arbitrary = [typeof(Siblings)])]
    public void IsExactForBlocksOfOneParent(Siblings s)
    {
        MatrixView<float> parent = new Window<float>(s.Rows, s.Columns, s.Parent, outside: 0).View;
        ReadOnlyMatrixView<float> first = s.First.Of(parent);
        MatrixView<float> second = s.Second.Of(parent);
        Assert.That(first.Overlaps(second),
            Is.EqualTo(Places(first, ref parent[0, 0]).Overlaps(Places(second, ref parent[0, 0]))));
    }

    [Property(MaxTest = 5000, Arbitrary = [typeof(Strangers)])]
    public void IsNeverMissedForAnyStridesAndNeverSeenBeyondTheAddressRange(Strangers s)
    {
        float[] elements = new float[s.First.Length];
        var first = new ReadOnlyMatrixView<float>(elements.AsSpan(s.FirstOffset),
            s.First.Rows, s.First.Columns, s.First.RowStride, s.First.ColumnStride);
        var second = new MatrixView<float>(elements.AsSpan(s.SecondOffset),
            s.Second.Rows, s.Second.Columns, s.Second.RowStride, s.Second.ColumnStride);
        HashSet<nint> one = Places(first, ref elements[0]), other = Places(second, ref elements[0]);
        if (one.Overlaps(other))
            Assert.That(first.Overlaps(second), Is.True);
        else if (one.Count == 0 || other.Count == 0 || one.Max() < other.Min() || other.Max() < one.Min())
            Assert.That(first.Overlaps(second), Is.False);
    }

    [Test]
    public void IsFalseForDifferentArrays()
    {
        ReadOnlyMatrixView<double> first = new Matrix<double>(5, 5);
        Assert.That(first.Overlaps(new Matrix<double>(5, 5)), Is.False);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
public sealed class MatrixTests<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static Matrix<T> Counted(int rows, int columns)
    {
        var a = new Matrix<T>(rows, columns);
        for (int k = 0; k < a.Elements.Length; k++)
            a.Elements[k] = T.CreateTruncating(k);
        return a;
    }

    private static unsafe nint Address(Matrix<T> a) => (nint)Unsafe.AsPointer(ref a.Elements[0]);

    [TestCase(0, 0)]
    [TestCase(0, 5)]
    [TestCase(5, 0)]
    [TestCase(1, 1)]
    [TestCase(3, 7)]
    public void IsBornZeroInItsShape(int rows, int columns)
    {
        var a = new Matrix<T>(rows, columns);
        Assert.That((a.Rows, a.Columns, a.Elements.Length), Is.EqualTo((rows, columns, rows * columns)));
        Assert.That(a.Elements.ContainsAnyExcept(T.Zero), Is.False);
        Assert.That((a.View.Rows, a.View.Columns, a.View.IsEmpty), Is.EqualTo((rows, columns, rows * columns == 0)));
    }

    [TestCase(-1, 3)]
    [TestCase(3, -1)]
    [TestCase(int.MinValue, int.MinValue)]
    [TestCase(int.MaxValue, 2)]
    [TestCase(65536, 65536)]
    public void RefusesNegativeAndOversizedShapes(int rows, int columns) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new Matrix<T>(rows, columns));

    [Test]
    public void StorageIsAlignedToCacheLinesAndDoesNotMove()
    {
        Matrix<T>[] matrices = [.. Enumerable.Range(1, 100).Select(n => new Matrix<T>(n, 3))];
        nint[] before = [.. matrices.Select(Address)];
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.That(before, Has.All.Matches<nint>(address => address % 64 == 0));
        Assert.That(matrices.Select(Address), Is.EqualTo(before));
    }

    [Test]
    public void ElementsStandRowByRow()
    {
        Matrix<T> a = Counted(3, 4);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++)
            {
                T expected = T.CreateTruncating(4 * i + j);
                Assert.That((a[i, j], a.Row(i)[j], a.View[i, j], a.Transposed()[j, i]),
                    Is.EqualTo((expected, expected, expected, expected)));
            }

        a[1, 2] = T.NegativeOne;
        Assert.That(a.Elements[6], Is.EqualTo(T.NegativeOne));
    }

    [TestCase(-1, 0)]
    [TestCase(0, -1)]
    [TestCase(3, 0)]
    [TestCase(0, 4)]
    public void RefusesIndicesOutside(int row, int column) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = Counted(3, 4)[row, column]);

    [TestCase(-1)]
    [TestCase(3)]
    public void RefusesRowsOutside(int row) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = Counted(3, 4).Row(row));

    [Test]
    public void CopiesHaveStorageOfTheirOwn()
    {
        Matrix<T> a = Counted(3, 4), clone = a.Clone(), transposed = Matrix<T>.From(a.Transposed());
        Matrix<T> listed = Matrix<T>.From(a.Elements, 3, 4);
        a.View.Fill(T.NaN);
        Assert.That(clone.Elements.ToArray(), Is.EqualTo(Counted(3, 4).Elements.ToArray()));
        Assert.That(listed.Elements.ToArray(), Is.EqualTo(clone.Elements.ToArray()));
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++)
                Assert.That(transposed[j, i], Is.EqualTo(clone[i, j]));
    }

    [TestCase(11)]
    [TestCase(13)]
    public void RefusesListsOfAnotherLength(int length) =>
        Assert.Throws<ArgumentException>(() => Matrix<T>.From(new T[length], 3, 4));

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(4)]
    public void IdentityHasOnesOnItsDiagonal(int order)
    {
        Matrix<T> identity = Matrix<T>.Identity(order);
        for (int i = 0; i < order; i++)
            for (int j = 0; j < order; j++)
                Assert.That(identity[i, j], Is.EqualTo(i == j ? T.One : T.Zero));
    }
}

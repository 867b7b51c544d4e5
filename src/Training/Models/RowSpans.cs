using System.Numerics;
using System.Runtime.InteropServices;
using Kappa.Kernels;

namespace Kappa.Training.Models;

/// <summary>Rows of a batch as spans, and sums over them.</summary>
internal static class RowSpans
{
    /// <summary>Row i of X, whose elements must stand side by side.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public static ReadOnlySpan<double> RowSpan(this ReadOnlyMatrixView<double> x, int i)
    {
        if (x.ColumnStride != 1)
            throw new ArgumentException($"A batch has its rows in one piece, not {x.ColumnStride} elements from column to column.", nameof(x));
        return x.Columns == 0 ? [] : MemoryMarshal.CreateReadOnlySpan(in x[i, 0], x.Columns);
    }

    /// <inheritdoc cref="RowSpan(ReadOnlyMatrixView{double}, int)"/>
    public static Span<double> RowSpan(this MatrixView<double> x, int i)
    {
        if (x.ColumnStride != 1)
            throw new ArgumentException($"A batch has its rows in one piece, not {x.ColumnStride} elements from column to column.", nameof(x));
        return x.Columns == 0 ? [] : MemoryMarshal.CreateSpan(ref x[i, 0], x.Columns);
    }

    /// <summary>y ← y + a·x, element by element.</summary>
    public static void Add(double a, ReadOnlySpan<double> x, Span<double> y)
    {
        int i = 0;
        for (; i <= y.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(y[i..]) + a * new Vector<double>(x[i..])).CopyTo(y[i..]);
        for (; i < y.Length; i++)
            y[i] += a * x[i];
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;

namespace Kappa.Kernels.Tests;

/// <summary>How a window lies in its parent: Step between neighbours, Gap after each line, Offset before all.</summary>
public sealed record Layout(bool ColumnMajor, int Step, int Gap, int Offset)
{
    public static readonly Layout RowMajor = new(ColumnMajor: false, Step: 1, Gap: 0, Offset: 0);

    /// <summary>Contiguous lines half of the time; both strides above 1 in the other.</summary>
    public static Gen<Layout> Any { get; } =
        from columnMajor in Gen.Elements(false, true)
        from step in Gen.Elements(1, 1, 2, 3)
        from gap in Gen.Choose(0, 3)
        from offset in Gen.Choose(0, 9)
        select new Layout(columnMajor, step, gap, offset);
}

/// <summary>A window in a parent array whose other elements all hold one value, so that stray accesses show.</summary>
internal sealed class Window<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _parent;
    private readonly T _outside;
    private readonly int _rows, _columns, _rowStride, _columnStride, _offset;

    public Window(int rows, int columns, Layout layout, T outside)
    {
        int line = Math.Max(1, layout.ColumnMajor ? rows : columns) * layout.Step + layout.Gap;
        (_rowStride, _columnStride) = layout.ColumnMajor ? (layout.Step, line) : (line, layout.Step);
        (_rows, _columns, _offset, _outside) = (rows, columns, layout.Offset, outside);
        _parent = new T[_offset + line * (layout.ColumnMajor ? columns : rows) + layout.Gap + 1];
        _parent.AsSpan().Fill(outside);
    }

    public MatrixView<T> View => new(_parent.AsSpan(_offset), _rows, _columns, _rowStride, _columnStride);

    /// <summary>Whether every element of the parent that is not the window's still has its bits.</summary>
    public bool OutsideIsUntouched
    {
        get
        {
            bool[] inside = new bool[_parent.Length];
            for (int i = 0; i < _rows; i++)
                for (int j = 0; j < _columns; j++)
                    inside[_offset + i * _rowStride + j * _columnStride] = true;
            return !_parent.Where((x, k) => !inside[k] && !SameBits(x, _outside)).Any();
        }
    }

    public Window<T> Fill(GaussianStream stream, double scale)
    {
        for (int i = 0; i < _rows; i++)
            for (int j = 0; j < _columns; j++)
                View[i, j] = T.CreateTruncating(scale * stream.Next());
        return this;
    }

    private static bool SameBits(T x, T y) => Unsafe.SizeOf<T>() == sizeof(double)
        ? Unsafe.BitCast<T, ulong>(x) == Unsafe.BitCast<T, ulong>(y)
        : Unsafe.BitCast<T, uint>(x) == Unsafe.BitCast<T, uint>(y);
}

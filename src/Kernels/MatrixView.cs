using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kappa.Kernels;

/// <summary>A writable strided window (m×n) on elements owned elsewhere: element (i, j) stands at i·rowStride + j·columnStride.</summary>
/// <remarks>A transpose, a block, a row and a column are windows too and cost nothing, so no door has a transpose flag.</remarks>
/// <typeparam name="T">The element type.</typeparam>
public readonly ref struct MatrixView<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ReadOnlyMatrixView<T> _view;

    private MatrixView(ReadOnlyMatrixView<T> view) => _view = view;

    /// <summary>A row-major window on elements that are known to be there.</summary>
    internal MatrixView(ref T origin, int rows, int columns) : this(ref origin, rows, columns, Math.Max(columns, 1), 1)
    {
    }

    /// <summary>A window of given strides on elements that are known to be there.</summary>
    internal MatrixView(ref T origin, int rows, int columns, nint rowStride, nint columnStride) =>
        _view = new ReadOnlyMatrixView<T>(ref origin, rows, columns, rowStride, columnStride);

    /// <summary>A row-major window on the first m·n elements of a span.</summary>
    /// <exception cref="ArgumentException">A size is negative or the span is shorter than m·n.</exception>
    public MatrixView(Span<T> elements, int rows, int columns) : this(elements, rows, columns, Math.Max(columns, 1), 1)
    {
    }

    /// <summary>A window of given strides, counted in elements, on a span.</summary>
    /// <exception cref="ArgumentException">
    /// A size or stride is negative, an element lies outside the span, or two index pairs may name one element.
    /// </exception>
    public MatrixView(Span<T> elements, int rows, int columns, nint rowStride, nint columnStride)
    {
        _view = new ReadOnlyMatrixView<T>(elements, rows, columns, rowStride, columnStride);
        if (rows > 1 && columns > 1
            && rowStride <= (columns - 1) * columnStride && columnStride <= (rows - 1) * rowStride
            || rows > 1 && rowStride == 0 || columns > 1 && columnStride == 0)
        {
            throw new ArgumentException(
                $"Strides ({rowStride}, {columnStride}) let two elements of a writable {rows}×{columns} window coincide.", nameof(rowStride));
        }
    }

    /// <summary>m, the number of rows.</summary>
    public int Rows => _view.Rows;

    /// <summary>n, the number of columns.</summary>
    public int Columns => _view.Columns;

    /// <summary>Elements between (i, j) and (i + 1, j).</summary>
    public nint RowStride => _view.RowStride;

    /// <summary>Elements between (i, j) and (i, j + 1).</summary>
    public nint ColumnStride => _view.ColumnStride;

    /// <summary>Whether the window has no element (m = 0 or n = 0).</summary>
    public bool IsEmpty => _view.IsEmpty;

    /// <summary>Element (i, j).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index lies outside the window.</exception>
    public ref T this[int row, int column] => ref Unsafe.AsRef(in _view[row, column]);

    /// <summary>The transpose (n×m). O(1).</summary>
    public MatrixView<T> Transposed() => new(_view.Transposed());

    /// <summary>The rows×columns block whose first element is (row, column). O(1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The block reaches outside the window.</exception>
    public MatrixView<T> Block(int row, int column, int rows, int columns) => new(_view.Block(row, column, rows, columns));

    /// <summary>Row i as a 1×n window. O(1).</summary>
    public MatrixView<T> Row(int row) => Block(row, 0, 1, Columns);

    /// <summary>Column j as an m×1 window. O(1).</summary>
    public MatrixView<T> Column(int column) => Block(0, column, Rows, 1);

    /// <summary>Sets every element to one value. O(mn).</summary>
    public void Fill(T value)
    {
        if (IsEmpty)
            return;
        for (int i = 0; i < Rows; i++)
        {
            ref T row = ref Unsafe.Add(ref Origin, i * RowStride);
            if (ColumnStride == 1)
                MemoryMarshal.CreateSpan(ref row, Columns).Fill(value);
            else
                for (int j = 0; j < Columns; j++)
                    Unsafe.Add(ref row, j * ColumnStride) = value;
        }
    }

    /// <summary>Copies every element into a window of the same shape. O(mn).</summary>
    public void CopyTo(MatrixView<T> destination) => _view.CopyTo(destination);

    internal ref T Origin => ref Unsafe.AsRef(in _view.Origin);

    /// <summary>The same window, read-only.</summary>
    public static implicit operator ReadOnlyMatrixView<T>(MatrixView<T> view) => view._view;
}

/// <summary>A read-only strided window (m×n) on elements owned elsewhere: element (i, j) stands at i·rowStride + j·columnStride.</summary>
/// <typeparam name="T">The element type.</typeparam>
public readonly ref struct ReadOnlyMatrixView<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ref T _origin;

    /// <summary>A row-major window on the first m·n elements of a span.</summary>
    /// <exception cref="ArgumentException">A size is negative or the span is shorter than m·n.</exception>
    public ReadOnlyMatrixView(ReadOnlySpan<T> elements, int rows, int columns)
        : this(elements, rows, columns, Math.Max(columns, 1), 1)
    {
    }

    /// <summary>A window of given strides, counted in elements, on a span; a stride of 0 repeats a row or column.</summary>
    /// <exception cref="ArgumentException">A size or stride is negative, or an element lies outside the span.</exception>
    public ReadOnlyMatrixView(ReadOnlySpan<T> elements, int rows, int columns, nint rowStride, nint columnStride)
        : this(ref MemoryMarshal.GetReference(elements), rows, columns, rowStride, columnStride)
    {
        if (rows < 0 || columns < 0 || rowStride < 0 || columnStride < 0)
            throw new ArgumentException($"Sizes and strides must not be negative: {rows}×{columns}, strides ({rowStride}, {columnStride}).", nameof(rows));
        if (rows > 0 && columns > 0 && LastOffset(rows, columns, rowStride, columnStride) >= elements.Length)
            throw new ArgumentException(
                $"A {rows}×{columns} window of strides ({rowStride}, {columnStride}) reaches beyond its {elements.Length} elements.", nameof(elements));
    }

    internal ReadOnlyMatrixView(ref T origin, int rows, int columns, nint rowStride, nint columnStride)
    {
        _origin = ref origin;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    /// <summary>m, the number of rows.</summary>
    public int Rows { get; }

    /// <summary>n, the number of columns.</summary>
    public int Columns { get; }

    /// <summary>Elements between (i, j) and (i + 1, j).</summary>
    public nint RowStride { get; }

    /// <summary>Elements between (i, j) and (i, j + 1).</summary>
    public nint ColumnStride { get; }

    /// <summary>Whether the window has no element (m = 0 or n = 0).</summary>
    public bool IsEmpty => Rows == 0 || Columns == 0;

    /// <summary>Element (i, j).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index lies outside the window.</exception>
    public ref readonly T this[int row, int column]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns, nameof(column));
            return ref Unsafe.Add(ref _origin, row * RowStride + column * ColumnStride);
        }
    }

    /// <summary>The transpose (n×m). O(1).</summary>
    public ReadOnlyMatrixView<T> Transposed() => new(ref _origin, Columns, Rows, ColumnStride, RowStride);

    /// <summary>The rows×columns block whose first element is (row, column). O(1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The block reaches outside the window.</exception>
    public ReadOnlyMatrixView<T> Block(int row, int column, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)row, (uint)Rows, nameof(row));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)column, (uint)Columns, nameof(column));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)rows, (uint)(Rows - row), nameof(rows));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)columns, (uint)(Columns - column), nameof(columns));
        bool empty = rows == 0 || columns == 0;
        return new(ref empty ? ref _origin : ref Unsafe.Add(ref _origin, row * RowStride + column * ColumnStride),
            rows, columns, RowStride, ColumnStride);
    }

    /// <summary>Row i as a 1×n window. O(1).</summary>
    public ReadOnlyMatrixView<T> Row(int row) => Block(row, 0, 1, Columns);

    /// <summary>Column j as an m×1 window. O(1).</summary>
    public ReadOnlyMatrixView<T> Column(int column) => Block(0, column, Rows, 1);

    /// <summary>Copies every element into a window of the same shape. O(mn).</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void CopyTo(MatrixView<T> destination)
    {
        if (Rows != destination.Rows || Columns != destination.Columns)
            throw new ArgumentException($"Cannot copy {Rows}×{Columns} into {destination.Rows}×{destination.Columns}.", nameof(destination));
        if (IsEmpty)
            return;
        for (int i = 0; i < Rows; i++)
        {
            ref T from = ref Unsafe.Add(ref _origin, i * RowStride);
            ref T to = ref Unsafe.Add(ref destination.Origin, i * destination.RowStride);
            if (ColumnStride == 1 && destination.ColumnStride == 1)
                MemoryMarshal.CreateReadOnlySpan(ref from, Columns).CopyTo(MemoryMarshal.CreateSpan(ref to, Columns));
            else
                for (int j = 0; j < Columns; j++)
                    Unsafe.Add(ref to, j * destination.ColumnStride) = Unsafe.Add(ref from, j * ColumnStride);
        }
    }

    internal ref readonly T Origin => ref _origin;

    private static Int128 LastOffset(int rows, int columns, nint rowStride, nint columnStride) =>
        (rowStride | columnStride) <= int.MaxValue
            ? (rows - 1) * rowStride + (columns - 1) * columnStride
            : (Int128)(rows - 1) * rowStride + (Int128)(columns - 1) * columnStride;

    /// <summary>Refuses NaN and ±∞, naming the first offender in row-major order, and the matrix where there are several. O(mn).</summary>
    /// <exception cref="ArgumentException">An element is not finite.</exception>
    internal void RequireFinite(string parameter, int? index = null)
    {
        if (ColumnStride == 1 && RowsAreFinite() || RowStride == 1 && Transposed().RowsAreFinite())
            return;
        for (int i = 0; i < Rows; i++)
            for (int j = 0; j < Columns; j++)
            {
                T x = Unsafe.Add(ref _origin, i * RowStride + j * ColumnStride);
                if (!T.IsFinite(x))
                    throw new ArgumentException($"Element ({i}, {j}) of the {Rows}×{Columns} matrix {(index is null ? "" : $"{index} ")}is {x}.", parameter);
            }
    }

    /// <summary>Whether a matrix with contiguous rows has no NaN and no ±∞: 0·x is 0 for a finite x and NaN for any other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal bool RowsAreFinite()
    {
        if (IsEmpty)
            return true;
        Vector<T> sum = Vector<T>.Zero, second = sum, third = sum, fourth = sum;
        T rest = T.Zero;
        int lanes = Vector<T>.Count;
        for (int i = 0; i < Rows; i++)
        {
            ref T row = ref Unsafe.Add(ref _origin, i * RowStride);
            int j = 0;
            for (; j <= Columns - 4 * lanes; j += 4 * lanes)
            {
                sum += Vector<T>.Zero * Vector.LoadUnsafe(ref row, (nuint)j);
                second += Vector<T>.Zero * Vector.LoadUnsafe(ref row, (nuint)(j + lanes));
                third += Vector<T>.Zero * Vector.LoadUnsafe(ref row, (nuint)(j + 2 * lanes));
                fourth += Vector<T>.Zero * Vector.LoadUnsafe(ref row, (nuint)(j + 3 * lanes));
            }

            for (; j <= Columns - lanes; j += lanes)
                sum += Vector<T>.Zero * Vector.LoadUnsafe(ref row, (nuint)j);
            for (; j < Columns; j++)
                rest += T.Zero * Unsafe.Add(ref row, j);
        }

        return T.IsZero(rest) && T.IsZero(Vector.Sum(sum + second + third + fourth));
    }

    /// <summary>Whether a writable window may share an element with this one; exact for windows on one lattice, else by address range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Overlaps(in MatrixView<T> other)
    {
        nint delta = Unsafe.ByteOffset(ref _origin, ref other.Origin) / Unsafe.SizeOf<T>();
        nint span = (Rows - 1) * RowStride + (Columns - 1) * ColumnStride;
        nint otherSpan = (other.Rows - 1) * other.RowStride + (other.Columns - 1) * other.ColumnStride;
        return delta <= span && -delta <= otherSpan && SharesAnElement(in other, delta);
    }

    private bool SharesAnElement(in MatrixView<T> other, nint delta)
    {
        if (IsEmpty || other.IsEmpty)
            return false;
        (nint major, nint minor, int outer, int inner) = Lattice(Rows, Columns, RowStride, ColumnStride);
        (nint otherMajor, nint otherMinor, int otherOuter, int otherInner) =
            Lattice(other.Rows, other.Columns, other.RowStride, other.ColumnStride);
        if (major != otherMajor || minor != otherMinor || minor == 0)
            return true;
        // Elements coincide where r·major + c·minor = delta for some difference r of outer and c of inner indices.
        for (nint r = 1 - otherOuter; r < outer; r++)
        {
            (nint c, nint rest) = Math.DivRem(delta - r * major, minor);
            if (rest == 0 && c < inner && -c < otherInner)
                return true;
        }

        return false;
    }

    private static (nint Major, nint Minor, int Outer, int Inner) Lattice(int rows, int columns, nint rowStride, nint columnStride) =>
        rowStride >= columnStride ? (rowStride, columnStride, rows, columns) : (columnStride, rowStride, columns, rows);
}

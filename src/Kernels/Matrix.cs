using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kappa.Kernels;

/// <summary>A dense matrix (m×n) that owns its elements: row-major, contiguous, 64-byte aligned.</summary>
/// <remarks>
/// Element (i, j) stands at offset i·n + j. The storage is pinned for the life of the matrix, so a view handed to
/// native code does not move. m or n may be 0. A matrix is reference-typed: assignment shares, <see cref="Clone"/> copies.
/// </remarks>
/// <typeparam name="T">The element type; the doors of this library accept <see cref="float"/> and <see cref="double"/>.</typeparam>
public sealed class Matrix<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Alignment = 64;
    private readonly T[] _storage;
    private readonly int _offset;

    /// <summary>Creates the zero matrix (rows×columns). O(mn).</summary>
    /// <param name="rows">m ≥ 0.</param>
    /// <param name="columns">n ≥ 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or m·n exceeds the largest managed array.</exception>
    public Matrix(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        int slack = Alignment / Unsafe.SizeOf<T>();
        long length = (long)rows * columns;
        if (length > Array.MaxLength - slack)
            throw new ArgumentOutOfRangeException(nameof(rows),
                $"A {rows}×{columns} matrix has {length} elements; one array holds at most {Array.MaxLength - slack}.");
        Rows = rows;
        Columns = columns;
        _storage = GC.AllocateArray<T>((int)length + slack, pinned: true);
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(_storage, 0);
        _offset = (int)((Alignment - (address & (Alignment - 1))) & (Alignment - 1)) / Unsafe.SizeOf<T>();
    }

    /// <summary>m, the number of rows.</summary>
    public int Rows { get; }

    /// <summary>n, the number of columns.</summary>
    public int Columns { get; }

    /// <summary>All m·n elements in row-major order.</summary>
    public Span<T> Elements => _storage.AsSpan(_offset, Rows * Columns);

    /// <summary>Element (i, j).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index lies outside the matrix.</exception>
    public ref T this[int row, int column] => ref View[row, column];

    /// <summary>The whole matrix as a writable window. O(1), no allocation.</summary>
    public MatrixView<T> View => new(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_storage), _offset), Rows, Columns);

    /// <summary>Row i as a span of n elements.</summary>
    public Span<T> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return Elements.Slice(row * Columns, Columns);
    }

    /// <summary>The transpose (n×m) as a window on the same elements. O(1).</summary>
    public MatrixView<T> Transposed() => View.Transposed();

    /// <summary>A copy with storage of its own. O(mn).</summary>
    public Matrix<T> Clone() => From(View);

    /// <summary>Copies a window of any strides into a new matrix. O(mn).</summary>
    public static Matrix<T> From(ReadOnlyMatrixView<T> source)
    {
        var copy = new Matrix<T>(source.Rows, source.Columns);
        source.CopyTo(copy);
        return copy;
    }

    /// <summary>Copies m·n row-major elements into a new matrix. O(mn).</summary>
    /// <exception cref="ArgumentException">The span does not hold exactly m·n elements.</exception>
    public static Matrix<T> From(ReadOnlySpan<T> rowMajor, int rows, int columns)
    {
        var matrix = new Matrix<T>(rows, columns);
        if (rowMajor.Length != matrix.Elements.Length)
            throw new ArgumentException($"A {rows}×{columns} matrix needs {(long)rows * columns} elements, got {rowMajor.Length}.", nameof(rowMajor));
        rowMajor.CopyTo(matrix.Elements);
        return matrix;
    }

    /// <summary>The identity (n×n).</summary>
    public static Matrix<T> Identity(int order)
    {
        var identity = new Matrix<T>(order, order);
        for (int i = 0; i < order; i++)
            identity[i, i] = T.One;
        return identity;
    }

    /// <summary>The whole matrix as a writable window.</summary>
    public static implicit operator MatrixView<T>(Matrix<T> matrix) => matrix.View;

    /// <summary>The whole matrix as a read-only window.</summary>
    public static implicit operator ReadOnlyMatrixView<T>(Matrix<T> matrix) => matrix.View;
}

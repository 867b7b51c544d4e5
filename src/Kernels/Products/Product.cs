using System.Numerics;

namespace Kappa.Kernels.Products;

/// <summary>The part of C that is wanted; the rest is left with anything, or as it was.</summary>
internal enum Part
{
    All,
    Lower,
    Upper,
}

/// <summary>C ← αAB + βC with A (M×K), B (K×N), C (M×N) as pointers and strides; C has contiguous rows.</summary>
internal unsafe struct Product<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public int M, N, K;
    public T Alpha, Beta;
    public T* A, B, C;
    public nint ARow, AColumn, BRow, BColumn, CRow;
    public Part Part;

    public readonly T* AtA(int row, int depth) => A + row * ARow + depth * AColumn;

    public readonly T* AtB(int depth, int column) => B + depth * BRow + column * BColumn;

    public readonly T* AtC(int row, int column) => C + row * CRow + column;

    /// <summary>Whether no element of a block of C is wanted.</summary>
    public readonly bool Skips(int row, int rows, int column, int columns) =>
        Part == Part.Lower && column >= row + rows || Part == Part.Upper && row >= column + columns;
}

using System.Numerics;

namespace Kappa.Kernels.Products;

/// <summary>C ← αAB + βC with A (M×K), B (K×N), C (M×N) as pointers and strides; C has contiguous rows.</summary>
internal unsafe struct Product<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public int M, N, K;
    public T Alpha, Beta;
    public T* A, B, C;
    public nint ARow, AColumn, BRow, BColumn, CRow;

    public readonly T* AtA(int row, int depth) => A + row * ARow + depth * AColumn;

    public readonly T* AtB(int depth, int column) => B + depth * BRow + column * BColumn;

    public readonly T* AtC(int row, int column) => C + row * CRow + column;
}

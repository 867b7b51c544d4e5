using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Each column of a matrix (m×n, by rows) times a factor of its own.</summary>
internal unsafe struct ColumnScaling<T> : ILaneWork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public T* Elements, Factors;
    public int Rows, Columns;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
    {
        for (int i = 0; i < Rows; i++)
        {
            T* row = Elements + (nint)i * Columns;
            int k = 0;
            for (; k <= Columns - L.Count; k += L.Count)
                L.Store(L.Multiply(L.Load(row + k), L.Load(Factors + k)), row + k);
            for (; k < Columns; k++)
                row[k] *= Factors[k];
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Simd;

/// <summary>Σ wᵢⱼ² of a window whose rows are contiguous, as it comes: it may over- or underflow.</summary>
internal unsafe struct SquareSum<T> : ILaneWork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public T* Origin;
    public int Rows, Columns;
    public nint RowStride;
    public T Sum;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
    {
        V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
        T rest = T.Zero;
        for (int i = 0; i < Rows; i++)
        {
            T* row = Origin + i * RowStride;
            int j = 0;
            for (; j <= Columns - 4 * L.Count; j += 4 * L.Count)
            {
                V x0 = L.Load(row + j), x1 = L.Load(row + j + L.Count), x2 = L.Load(row + j + 2 * L.Count), x3 = L.Load(row + j + 3 * L.Count);
                s0 = L.MultiplyAdd(x0, x0, s0);
                s1 = L.MultiplyAdd(x1, x1, s1);
                s2 = L.MultiplyAdd(x2, x2, s2);
                s3 = L.MultiplyAdd(x3, x3, s3);
            }

            for (; j <= Columns - L.Count; j += L.Count)
                s0 = L.MultiplyAdd(L.Load(row + j), L.Load(row + j), s0);
            for (; j < Columns; j++)
                rest += row[j] * row[j];
        }

        Sum = L.Sum(L.Add(L.Add(s0, s1), L.Add(s2, s3))) + rest;
    }
}

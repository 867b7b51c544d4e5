using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Turns the upper half of I + E (n×n, by rows) into that of I − triu(E, 1) − diag(E)/2.</summary>
internal unsafe struct GramCorrection<T> : ILaneWork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public T* Gram;
    public int Order;

    /// <summary>Receives ‖E‖_F².</summary>
    public T SquaredNorm;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
    {
        T diagonal = T.Zero, two = T.One + T.One;
        V even = L.Zero, odd = L.Zero;
        for (int i = 0; i < Order; i++)
        {
            T* row = Gram + (nint)i * Order;
            T e = row[i] - T.One;
            diagonal += e * e;
            row[i] = T.One - e / two;
            int j = i + 1;
            for (; j <= Order - 2 * L.Count; j += 2 * L.Count)
            {
                V x = L.Load(row + j), y = L.Load(row + j + L.Count);
                even = L.MultiplyAdd(x, x, even);
                odd = L.MultiplyAdd(y, y, odd);
                L.Store(L.Subtract(L.Zero, x), row + j);
                L.Store(L.Subtract(L.Zero, y), row + j + L.Count);
            }

            for (; j < Order; j += L.Count)
            {
                int count = Math.Min(L.Count, Order - j);
                V x = L.LoadPartial(row + j, count);
                even = L.MultiplyAdd(x, x, even);
                L.StorePartial(L.Subtract(L.Zero, x), row + j, count);
            }
        }

        SquaredNorm = diagonal + two * L.Sum(L.Add(even, odd));
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>A packed lower triangle times a strip of four vectors' width, and the solve with it, both in place.</summary>
/// <remarks>
/// <code>
///                    x[k] : 4 vectors          per k: 4 loads of x, 2 broadcasts of T, 8 multiply-adds
///                 ┌─────┬─────┬─────┬─────┐
///   T[i,k]   ──►  │ a0  │ a1  │ a2  │ a3  │    8 accumulators + 1 + 2 = 11 registers of 16
///   T[i+1,k] ──►  │ b0  │ b1  │ b2  │ b3  │    8 FMA on 2 ports = 4 cycles; 6 loads on 2 ports = 3 cycles:
///                 └─────┴─────┴─────┴─────┘    FMA bound. 8 chains cover latency 4 × 2 ports = 8.
/// </code>
/// 64 rows of a strip are 8 KiB (256 bits) or 16 KiB (512 bits): x stays in L1. There is no narrower strip for few
/// right-hand sides: its fewer chains would be bound by their latency. Where n is odd, the row without a partner is the
/// first, which has nothing but its diagonal element.
/// </remarks>
internal static unsafe class TriangularStrip<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Columns of a strip.</summary>
    public static int Columns => 4 * L.Count;

    /// <summary>x ← αTx, from the last pair of rows up, so that every row is read before it is overwritten.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int n, T* triangle, T alpha, T* x, nint stride)
    {
        int c = L.Count;
        V scale = L.Broadcast(alpha);
        for (int i = n - 2; i >= 0; i -= 2)
        {
            T* upper = triangle + i * n, lower = upper + n, row = x;
            V a0 = L.Zero, a1 = L.Zero, a2 = L.Zero, a3 = L.Zero, b0 = L.Zero, b1 = L.Zero, b2 = L.Zero, b3 = L.Zero;
            for (int k = 0; k <= i; k++)
            {
                V s = L.Broadcast(upper[k]), t = L.Broadcast(lower[k]), v = L.Load(row);
                a0 = L.MultiplyAdd(s, v, a0);
                b0 = L.MultiplyAdd(t, v, b0);
                v = L.Load(row + c);
                a1 = L.MultiplyAdd(s, v, a1);
                b1 = L.MultiplyAdd(t, v, b1);
                v = L.Load(row + 2 * c);
                a2 = L.MultiplyAdd(s, v, a2);
                b2 = L.MultiplyAdd(t, v, b2);
                v = L.Load(row + 3 * c);
                a3 = L.MultiplyAdd(s, v, a3);
                b3 = L.MultiplyAdd(t, v, b3);
                row += stride;
            }

            V last = L.Broadcast(lower[i + 1]);
            b0 = L.MultiplyAdd(last, L.Load(row), b0);
            b1 = L.MultiplyAdd(last, L.Load(row + c), b1);
            b2 = L.MultiplyAdd(last, L.Load(row + 2 * c), b2);
            b3 = L.MultiplyAdd(last, L.Load(row + 3 * c), b3);
            Store(scale, b0, b1, b2, b3, row);
            Store(scale, a0, a1, a2, a3, row - stride);
        }

        if (n % 2 == 1)
        {
            V first = L.Broadcast(triangle[0]);
            Store(scale, L.Multiply(first, L.Load(x)), L.Multiply(first, L.Load(x + c)),
                L.Multiply(first, L.Load(x + 2 * c)), L.Multiply(first, L.Load(x + 3 * c)), x);
        }
    }

    /// <summary>x ← αT⁻¹x; the strict triangle is negated. Where a reciprocal is 0, its row is divided instead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Solve(int n, T* triangle, T* reciprocals, T alpha, T* x, nint stride)
    {
        int c = L.Count, i = n % 2;
        V scale = L.Broadcast(alpha);
        if (i == 1)
        {
            Store(scale, L.Load(x), L.Load(x + c), L.Load(x + 2 * c), L.Load(x + 3 * c), x);
            Divide(x, reciprocals[0], triangle[0]);
        }

        for (; i < n; i += 2)
        {
            T* upper = triangle + i * n, lower = upper + n, row = x, first = x + i * stride, second = first + stride;
            V a0 = L.Multiply(scale, L.Load(first)), a1 = L.Multiply(scale, L.Load(first + c));
            V a2 = L.Multiply(scale, L.Load(first + 2 * c)), a3 = L.Multiply(scale, L.Load(first + 3 * c));
            V b0 = L.Multiply(scale, L.Load(second)), b1 = L.Multiply(scale, L.Load(second + c));
            V b2 = L.Multiply(scale, L.Load(second + 2 * c)), b3 = L.Multiply(scale, L.Load(second + 3 * c));
            for (int k = 0; k < i; k++)
            {
                V s = L.Broadcast(upper[k]), t = L.Broadcast(lower[k]), v = L.Load(row);
                a0 = L.MultiplyAdd(s, v, a0);
                b0 = L.MultiplyAdd(t, v, b0);
                v = L.Load(row + c);
                a1 = L.MultiplyAdd(s, v, a1);
                b1 = L.MultiplyAdd(t, v, b1);
                v = L.Load(row + 2 * c);
                a2 = L.MultiplyAdd(s, v, a2);
                b2 = L.MultiplyAdd(t, v, b2);
                v = L.Load(row + 3 * c);
                a3 = L.MultiplyAdd(s, v, a3);
                b3 = L.MultiplyAdd(t, v, b3);
                row += stride;
            }

            Store(L.Broadcast(T.One), a0, a1, a2, a3, first);
            Divide(first, reciprocals[i], upper[i]);
            V last = L.Broadcast(lower[i]);
            b0 = L.MultiplyAdd(last, L.Load(first), b0);
            b1 = L.MultiplyAdd(last, L.Load(first + c), b1);
            b2 = L.MultiplyAdd(last, L.Load(first + 2 * c), b2);
            b3 = L.MultiplyAdd(last, L.Load(first + 3 * c), b3);
            Store(L.Broadcast(T.One), b0, b1, b2, b3, second);
            Divide(second, reciprocals[i + 1], lower[i + 1]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(V scale, V v0, V v1, V v2, V v3, T* row)
    {
        L.Store(L.Multiply(scale, v0), row);
        L.Store(L.Multiply(scale, v1), row + L.Count);
        L.Store(L.Multiply(scale, v2), row + 2 * L.Count);
        L.Store(L.Multiply(scale, v3), row + 3 * L.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Divide(T* row, T reciprocal, T divisor)
    {
        if (!T.IsZero(reciprocal))
            Store(L.Broadcast(reciprocal), L.Load(row), L.Load(row + L.Count), L.Load(row + 2 * L.Count),
                L.Load(row + 3 * L.Count), row);
        else
            for (int j = 0; j < Columns; j++)
                row[j] /= divisor;
    }
}

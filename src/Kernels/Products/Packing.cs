using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>Copies blocks of A and B into the order in which the micro-kernel reads them.</summary>
/// <remarks>
/// <code>
///   B panel (kc×nc) → slivers of 2 vectors:  k=0: b[0, 0..NR)  k=1: b[1, 0..NR) …   zeros right of the last column
///   A block (mc×kc) → slivers of MR rows:    k=0: a[0..MR, 0]  k=1: a[0..MR, 1] …   the last sliver has its own height
/// </code>
/// </remarks>
internal static unsafe class Packing<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackB(T* b, nint rowStride, nint columnStride, int kc, int nc, T* packed)
    {
        int nr = 2 * L.Count;
        for (int j = 0; j < nc; j += nr)
        {
            T* source = b + j * columnStride;
            int width = Math.Min(nr, nc - j);
            if (width == nr && columnStride == 1)
            {
                for (int p = 0; p < kc; p++)
                {
                    L.Store(L.Load(source), packed);
                    L.Store(L.Load(source + L.Count), packed + L.Count);
                    source += rowStride;
                    packed += nr;
                }
            }
            else if (rowStride == 1)
            {
                // A transposed B: read along its contiguous direction, eight k at a time to stay in a few cache lines.
                for (int p0 = 0; p0 < kc; p0 += 8)
                {
                    int depth = Math.Min(8, kc - p0);
                    for (int jj = 0; jj < width; jj++)
                    {
                        T* from = source + p0 + jj * columnStride;
                        T* to = packed + p0 * nr + jj;
                        for (int p = 0; p < depth; p++)
                            to[p * nr] = from[p];
                    }

                    for (int p = 0; p < depth; p++)
                        for (int jj = width; jj < nr; jj++)
                            packed[(p0 + p) * nr + jj] = T.Zero;
                }

                packed += nr * kc;
            }
            else
            {
                for (int p = 0; p < kc; p++)
                {
                    for (int jj = 0; jj < width; jj++)
                        packed[jj] = source[jj * columnStride];
                    for (int jj = width; jj < nr; jj++)
                        packed[jj] = T.Zero;
                    source += rowStride;
                    packed += nr;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackA(T* a, nint rowStride, nint columnStride, int mc, int kc, int mr, T* packed)
    {
        for (int i = 0; i < mc; i += mr)
        {
            T* source = a + i * rowStride;
            int height = Math.Min(mr, mc - i);
            if (height == 6)
            {
                T* r1 = source + rowStride, r2 = r1 + rowStride, r3 = r2 + rowStride, r4 = r3 + rowStride, r5 = r4 + rowStride;
                nint offset = 0;
                for (int p = 0; p < kc; p++)
                {
                    packed[0] = source[offset];
                    packed[1] = r1[offset];
                    packed[2] = r2[offset];
                    packed[3] = r3[offset];
                    packed[4] = r4[offset];
                    packed[5] = r5[offset];
                    offset += columnStride;
                    packed += 6;
                }
            }
            else
            {
                for (int p = 0; p < kc; p++)
                {
                    for (int r = 0; r < height; r++)
                        packed[r] = source[p * columnStride + r * rowStride];
                    packed += height;
                }
            }
        }
    }
}

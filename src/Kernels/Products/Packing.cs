using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>Copies slivers of A and panels of B into the order in which the micro-kernel reads them.</summary>
/// <remarks>
/// <code>
///   B panel (depth×vectors):   k=0: b[0, 0..N)   k=1: b[1, 0..N) …    zeros right of the last column
///   A sliver (height×depth):   k=0: a[0..M, 0]   k=1: a[0..M, 1] …
/// </code>
/// </remarks>
internal static unsafe class Packing<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Packs one panel of B: columns ≤ vectors·Count of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackB(T* b, nint rowStride, nint columnStride, int depth, int columns, int vectors, T* packed)
    {
        int width = vectors * L.Count, last = columns - (vectors - 1) * L.Count;
        if (columnStride == 1)
        {
            for (int p = 0; p < depth; p++)
            {
                T* from = b;
                for (int v = 1; v < vectors; v++)
                {
                    L.Store(L.Load(from), packed);
                    from += L.Count;
                    packed += L.Count;
                }

                L.Store(last == L.Count ? L.Load(from) : L.LoadPartial(from, last), packed);
                packed += L.Count;
                b += rowStride;
            }

            return;
        }

        // B with contiguous columns: eight rows at a time, so that the panel's lines stay in L1 while each is filled element by element.
        for (int p = 0; p < depth; p += 8)
        {
            int rows = Math.Min(8, depth - p);
            T* block = packed + (nint)p * width;
            for (int j = 0; j < columns; j++)
            {
                T* from = b + p * rowStride + j * columnStride;
                T* to = block + j;
                if (rows == 8)
                {
                    to[0] = from[0];
                    to[width] = from[rowStride];
                    to[2 * width] = from[2 * rowStride];
                    to[3 * width] = from[3 * rowStride];
                    to[4 * width] = from[4 * rowStride];
                    to[5 * width] = from[5 * rowStride];
                    to[6 * width] = from[6 * rowStride];
                    to[7 * width] = from[7 * rowStride];
                    continue;
                }

                for (int r = 0; r < rows; r++)
                    to[r * width] = from[r * rowStride];
            }

            for (int r = 0; r < rows; r++)
                for (int j = columns; j < width; j++)
                    block[r * width + j] = T.Zero;
        }
    }

    /// <summary>Packs a block of A as slivers of the given heights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackA(T* a, nint rowStride, nint columnStride, Partition heights, int depth, T* packed)
    {
        if (rowStride != 1)
        {
            for (int t = 0; t < heights.Count; t++)
                PackRows(a + heights.Start(t) * rowStride, rowStride, columnStride, heights.Length(t), depth, packed + (nint)heights.Start(t) * depth);
            return;
        }

        // Contiguous columns: each is read once from end to end, whatever its distance to the next, and dealt out to the slivers.
        for (int p = 0; p < depth; p++)
        {
            T* from = a + p * columnStride;
            for (int t = 0; t < heights.Count; t++)
            {
                int height = heights.Length(t), start = heights.Start(t);
                T* to = packed + (nint)start * depth + p * height;
                int i = 0;
                for (; i <= height - Vector128<T>.Count; i += Vector128<T>.Count)
                    Vector128.Store(Vector128.Load(from + start + i), to + i);
                for (; i < height; i++)
                    to[i] = from[start + i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRows(T* a, nint rowStride, nint columnStride, int height, int depth, T* packed)
    {
        int i = 0;
        for (; i + 4 <= height; i += 4)
        {
            T* r0 = a + i * rowStride, r1 = r0 + rowStride, r2 = r1 + rowStride, r3 = r2 + rowStride;
            T* to = packed + i;
            for (int p = 0; p < depth; p++)
            {
                to[0] = *r0;
                to[1] = *r1;
                to[2] = *r2;
                to[3] = *r3;
                r0 += columnStride;
                r1 += columnStride;
                r2 += columnStride;
                r3 += columnStride;
                to += height;
            }
        }

        for (; i < height; i++)
        {
            T* row = a + i * rowStride;
            T* to = packed + i;
            for (int p = 0; p < depth; p++)
            {
                *to = *row;
                row += columnStride;
                to += height;
            }
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>Copies slivers of A and panels of B into the order in which the micro-kernel reads them.</summary>
/// <remarks>
/// <code>
///   B panel (depth×vectors):   k=0: b[0, 0..N)   k=1: b[1, 0..N) …
///   A sliver (height×depth):   k=0: a[0..M, 0]   k=1: a[0..M, 1] …
/// </code>
/// </remarks>
internal static unsafe class Packing<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Packs one panel of B: its columns fill all vectors but the last, which is shifted back where they end within it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackB(T* b, nint rowStride, nint columnStride, int depth, int columns, int vectors, T* packed)
    {
        int width = vectors * L.Count, before = width - L.Count, last = columns - L.Count;
        if (columnStride == 1)
        {
            for (int p = 0; p < depth; p++)
            {
                for (int j = 0; j < before; j += L.Count)
                    L.Store(L.Load(b + j), packed + j);
                L.Store(L.Load(b + last), packed + before);
                packed += width;
                b += rowStride;
            }
        }
        else if (rowStride == 1)
        {
            Transposition<T>.Copy(before, depth, b, columnStride, packed, width);
            Transposition<T>.Copy(L.Count, depth, b + last * columnStride, columnStride, packed + before, width);
        }
        else
        {
            for (int j = 0; j < width; j++)
            {
                T* from = b + (j < before ? j : j - before + last) * columnStride, to = packed + j;
                for (int p = 0; p < depth; p++)
                    to[p * width] = from[p * rowStride];
            }
        }
    }

    /// <summary>Packs a block of A as slivers of the given heights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackA(T* a, nint rowStride, nint columnStride, Partition heights, int depth, T* packed)
    {
        if (rowStride != 1 || columnStride == 1)
        {
            for (int t = 0; t < heights.Count; t++)
                PackRows(a + heights.Start(t) * rowStride, rowStride, columnStride, heights.Length(t), depth, packed + (nint)heights.Start(t) * depth);
            return;
        }

        // Contiguous columns: eight at a time, which are as many streams to read and runs of eight lines to write in each sliver.
        for (int first = 0; first < depth; first += 8)
        {
            int last = Math.Min(first + 8, depth);
            for (int t = 0; t < heights.Count; t++)
            {
                int height = heights.Length(t), start = heights.Start(t);
                for (int p = first; p < last; p++)
                {
                    T* from = a + p * columnStride + start, to = packed + (nint)start * depth + p * height;
                    int i = 0;
                    if (height == L.Count)
                    {
                        L.Store(L.Load(from), to);
                        continue;
                    }

                    for (; i <= height - Vector128<T>.Count; i += Vector128<T>.Count)
                        Vector128.Store(Vector128.Load(from + i), to + i);
                    for (; i < height; i++)
                        to[i] = from[i];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRows(T* a, nint rowStride, nint columnStride, int height, int depth, T* packed)
    {
        if (columnStride == 1)
        {
            Transposition<T>.Copy(height, depth, a, rowStride, packed, height);
            return;
        }

        for (int i = 0; i < height; i++)
            for (int p = 0; p < depth; p++)
                packed[i + p * height] = a[i * rowStride + p * columnStride];
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>The micro-kernel: an M×(2 vectors) tile of C held in registers while k runs over one packed sliver of A and of B.</summary>
/// <remarks>
/// <code>
///                 b0          b1            per k: 2 loads of B, M broadcasts of A, 2M multiply-adds
///             ┌──────────┬──────────┐
///   a[0] ──►  │   c00    │   c01    │       M = 6: 12 accumulators + 2 + 1 = 15 registers of 16
///   a[1] ──►  │   c10    │   c11    │       12 FMA on 2 ports = 6 cycles; 8 loads on 2 ports = 4 cycles:
///      ⋮      │    ⋮     │    ⋮     │       FMA bound. 12 chains cover latency 4 × 2 ports = 8.
///   a[5] ──►  │   c50    │   c51    │
///             └──────────┴──────────┘
/// </code>
/// M = 7 would need 17 registers: a spill per k, 44 % of peak measured against 98 %.
/// </remarks>
internal unsafe struct Tile<T, V, L, M>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
    where M : struct, ICount
{
    /// <summary>Rows of the full tile.</summary>
    public const int Rows = 6;

    /// <summary>Columns of every tile.</summary>
    public static int Columns => 2 * L.Count;
    private V _c00, _c01, _c10, _c11, _c20, _c21, _c30, _c31, _c40, _c41, _c50, _c51;

    /// <summary>C ← αAB + βC for one tile; <paramref name="a"/> has stride M per k, <paramref name="b"/> stride 2 vectors.</summary>
    /// <remarks>Where β = 0, C is not read. C has contiguous rows.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Run(int k, T* a, T* b, T* c, nint rowStride, T alpha, T beta)
    {
        var tile = new Tile<T, V, L, M>();
        tile._c00 = L.Zero;
        tile._c01 = L.Zero;
        tile._c10 = L.Zero;
        tile._c11 = L.Zero;
        tile._c20 = L.Zero;
        tile._c21 = L.Zero;
        tile._c30 = L.Zero;
        tile._c31 = L.Zero;
        tile._c40 = L.Zero;
        tile._c41 = L.Zero;
        tile._c50 = L.Zero;
        tile._c51 = L.Zero;
        int p = k;
        for (; p >= 4; p -= 4)
        {
            tile.Step(a, b);
            tile.Step(a + M.Value, b + 2 * L.Count);
            tile.Step(a + 2 * M.Value, b + 4 * L.Count);
            tile.Step(a + 3 * M.Value, b + 6 * L.Count);
            a += 4 * M.Value;
            b += 8 * L.Count;
        }

        for (; p > 0; p--)
        {
            tile.Step(a, b);
            a += M.Value;
            b += 2 * L.Count;
        }

        V scale = L.Broadcast(alpha);
        if (T.IsZero(beta))
        {
            L.Store(L.Multiply(scale, tile._c00), c);
            L.Store(L.Multiply(scale, tile._c01), c + L.Count);
            if (M.Value > 1)
            {
                L.Store(L.Multiply(scale, tile._c10), c + rowStride);
                L.Store(L.Multiply(scale, tile._c11), c + rowStride + L.Count);
            }

            if (M.Value > 2)
            {
                L.Store(L.Multiply(scale, tile._c20), c + 2 * rowStride);
                L.Store(L.Multiply(scale, tile._c21), c + 2 * rowStride + L.Count);
            }

            if (M.Value > 3)
            {
                L.Store(L.Multiply(scale, tile._c30), c + 3 * rowStride);
                L.Store(L.Multiply(scale, tile._c31), c + 3 * rowStride + L.Count);
            }

            if (M.Value > 4)
            {
                L.Store(L.Multiply(scale, tile._c40), c + 4 * rowStride);
                L.Store(L.Multiply(scale, tile._c41), c + 4 * rowStride + L.Count);
            }

            if (M.Value > 5)
            {
                L.Store(L.Multiply(scale, tile._c50), c + 5 * rowStride);
                L.Store(L.Multiply(scale, tile._c51), c + 5 * rowStride + L.Count);
            }
        }
        else
        {
            V keep = L.Broadcast(beta);
            Update(scale, tile._c00, tile._c01, keep, c);
            if (M.Value > 1)
                Update(scale, tile._c10, tile._c11, keep, c + rowStride);
            if (M.Value > 2)
                Update(scale, tile._c20, tile._c21, keep, c + 2 * rowStride);
            if (M.Value > 3)
                Update(scale, tile._c30, tile._c31, keep, c + 3 * rowStride);
            if (M.Value > 4)
                Update(scale, tile._c40, tile._c41, keep, c + 4 * rowStride);
            if (M.Value > 5)
                Update(scale, tile._c50, tile._c51, keep, c + 5 * rowStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Update(V scale, V c0, V c1, V keep, T* c)
    {
        L.Store(L.MultiplyAdd(scale, c0, L.Multiply(keep, L.Load(c))), c);
        L.Store(L.MultiplyAdd(scale, c1, L.Multiply(keep, L.Load(c + L.Count))), c + L.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step(T* a, T* b)
    {
        V b0 = L.Load(b), b1 = L.Load(b + L.Count);
        V x = L.Broadcast(a[0]);
        _c00 = L.MultiplyAdd(x, b0, _c00);
        _c01 = L.MultiplyAdd(x, b1, _c01);
        if (M.Value > 1)
        {
            x = L.Broadcast(a[1]);
            _c10 = L.MultiplyAdd(x, b0, _c10);
            _c11 = L.MultiplyAdd(x, b1, _c11);
        }

        if (M.Value > 2)
        {
            x = L.Broadcast(a[2]);
            _c20 = L.MultiplyAdd(x, b0, _c20);
            _c21 = L.MultiplyAdd(x, b1, _c21);
        }

        if (M.Value > 3)
        {
            x = L.Broadcast(a[3]);
            _c30 = L.MultiplyAdd(x, b0, _c30);
            _c31 = L.MultiplyAdd(x, b1, _c31);
        }

        if (M.Value > 4)
        {
            x = L.Broadcast(a[4]);
            _c40 = L.MultiplyAdd(x, b0, _c40);
            _c41 = L.MultiplyAdd(x, b1, _c41);
        }

        if (M.Value > 5)
        {
            x = L.Broadcast(a[5]);
            _c50 = L.MultiplyAdd(x, b0, _c50);
            _c51 = L.MultiplyAdd(x, b1, _c51);
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>The tiles of one vector width by height and vectors. A tile is compiled when it is first called.</summary>
internal static unsafe class MicroKernels<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Columns of the widest tile.</summary>
    public static int Columns => (L.Registers >= 32 ? 4 : 2) * L.Count;

    /// <summary>Vectors per tile for so many vectors of columns: with 32 registers threes, or fours where only these come out even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Vectors(int total) => L.Registers < 32 ? 2 : total % 4 == 0 && total % 3 != 0 ? 4 : 3;

    /// <summary>Rows per tile beside so many vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rows(int vectors) => L.Registers < 32 && vectors > 1 || vectors == 4 ? 6 : 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<O>(int rows, int vectors, T* a, T* b, T* c, TileShape<T>* shape)
        where O : struct, IOrder
    {
        if (vectors == 1)
            Run<One, O>(rows, a, b, c, shape);
        else if (vectors == 2)
            Run<Two, O>(rows, a, b, c, shape);
        else if (L.Registers >= 32 && vectors == 4)
            Run<Four, O>(rows, a, b, c, shape);
        else if (L.Registers >= 32)
            Run<Three, O>(rows, a, b, c, shape);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Run<N, O>(int rows, T* a, T* b, T* c, TileShape<T>* shape)
        where N : struct, ICount
        where O : struct, IOrder
    {
        switch (rows)
        {
            case 1: Tile<T, V, L, One, N, O>.Run(a, b, c, shape); break;
            case 2: Tile<T, V, L, Two, N, O>.Run(a, b, c, shape); break;
            case 3: Tile<T, V, L, Three, N, O>.Run(a, b, c, shape); break;
            case 4: Tile<T, V, L, Four, N, O>.Run(a, b, c, shape); break;
            case 5: Tile<T, V, L, Five, N, O>.Run(a, b, c, shape); break;
            case 6: Tile<T, V, L, Six, N, O>.Run(a, b, c, shape); break;
            case 7 when Fits<N>(7): Tile<T, V, L, Seven, N, O>.Run(a, b, c, shape); break;
            case 8 when Fits<N>(8): Tile<T, V, L, Eight, N, O>.Run(a, b, c, shape); break;
        }
    }

    // Accumulators, a row of B and one element of A; the JIT folds it, so that tiles that would spill are never compiled.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Fits<N>(int rows) where N : struct, ICount => rows * N.Value + N.Value + 1 <= L.Registers;
}

using System.Numerics;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Tests;

/// <summary>What the test assembly does as a program of its own: run kernels in a fresh process, for tests that watch the JIT.</summary>
internal static class Program
{
    /// <summary>The command that runs every tile of a vector path once, with A packed and strided, and writes each one's name.</summary>
    public const string Tiles = "tiles";

    private static int Main(string[] arguments)
    {
        if (arguments is not [Tiles, string name] || !Enum.TryParse(name, out VectorPath path) || path == VectorPath.Best)
        {
            Console.Error.WriteLine($"Expected: {Tiles} <vector path>.");
            return 2;
        }

        RunTiles<float>(path);
        RunTiles<double>(path);
        return 0;
    }

    private static void RunTiles<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var work = new EveryTile<T>();
        VectorPaths.Run<T, EveryTile<T>>(path, ref work);
    }

    private readonly struct EveryTile<T> : ILaneWork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public unsafe void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            const int Depth = 8;
            string type = typeof(T) == typeof(double) ? "double" : "float";
            int width = MicroKernels<T, V, L>.Columns, tallest = MicroKernels<T, V, L>.Rows(1);
            using AlignedBuffer a = new(), b = new(), c = new();
            T* left = Zeros(a, tallest * Depth), right = Zeros(b, Depth * width), product = Zeros(c, tallest * width);
            for (int vectors = 1; vectors * L.Count <= width; vectors++)
            {
                int last = (vectors - 1) * L.Count;
                TileShape<T> shape = new() { Depth = Depth, ARow = Depth, AColumn = 1, BRow = width, BLast = last, CRow = width, CLast = last, Alpha = T.One };
                for (int rows = 1; rows <= MicroKernels<T, V, L>.Rows(vectors); rows++)
                {
                    MicroKernels<T, V, L>.Run<Packed>(rows, vectors, left, right, product, &shape);
                    Console.WriteLine($"{type} {rows}x{vectors} {nameof(Packed)}");
                    MicroKernels<T, V, L>.Run<Products.Strided>(rows, vectors, left, right, product, &shape);
                    Console.WriteLine($"{type} {rows}x{vectors} {nameof(Products.Strided)}");
                }
            }
        }

        private static unsafe T* Zeros(AlignedBuffer buffer, int count)
        {
            T* memory = buffer.Rent<T>(count);
            new Span<T>(memory, count).Clear();
            return memory;
        }
    }
}

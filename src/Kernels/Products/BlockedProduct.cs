using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Products;

/// <summary>The five loops around the micro-kernel, written once for every element type, vector width and way of packing.</summary>
internal static unsafe class BlockedProduct<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    private static readonly BlockSizes s_blocks =
        BlockSizes.For(sizeof(T), MicroKernels<T, V, L>.Rows(4), MicroKernels<T, V, L>.Columns);

    [ThreadStatic]
    private static AlignedBuffer? t_packedA;

    [ThreadStatic]
    private static AlignedBuffer? t_packedB;

    /// <summary>C ← αAB + βC with K ≥ 1, on up to a number of threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ref Product<T> product, int threads)
    {
        // A depth is the same whatever is packed and however many threads share the work: it alone orders the sums.
        var depths = new Partition(product.K, s_blocks.Kc);
        long bytes = (long)product.K * product.N * sizeof(T);
        if (threads == 1 && product.BColumn == 1
            && (product.M <= Thresholds.DirectRows || bytes <= (product.M <= Thresholds.FewRows ? s_blocks.HalfL2 : Thresholds.DirectBytes)))
        {
            for (int p = 0; p < depths.Count; p++)
                Direct(ref product, depths.Start(p), depths.Length(p), p == 0 ? product.Beta : T.One);
            return;
        }

        bool rows = product.AColumn == 1;
        bool packA = product.N > (rows ? Thresholds.RowReads : 1) * MicroKernels<T, V, L>.Columns
            && (!rows || (long)product.M * product.K * sizeof(T) > Thresholds.StridedBytes);
        var panel = new Panel { Product = product, PackA = packA };
        T* packedB = (t_packedB ??= new AlignedBuffer()).Rent<T>(
            (nint)depths.Length(0) * ((Math.Min(product.N, s_blocks.Nc) + L.Count - 1) / L.Count * L.Count));
        // Loop 5: split n into panels of nc columns of B and C.
        for (int j = 0; j < product.N; j += s_blocks.Nc)
        {
            panel.Column = j;
            panel.Columns = Math.Min(s_blocks.Nc, product.N - j);
            int vectors = (panel.Columns + L.Count - 1) / L.Count, widest = MicroKernels<T, V, L>.Vectors(vectors);
            panel.Widths = new Partition(vectors, widest);
            panel.TileRows = MicroKernels<T, V, L>.Rows(widest);
            panel.PackedB = packedB;
            // Loop 4: split k into depths of kc; the first one applies β, the others add.
            for (int p = 0; p < depths.Count; p++)
            {
                panel.Start = depths.Start(p);
                panel.Depth = depths.Length(p);
                panel.Beta = p == 0 ? product.Beta : T.One;
                panel.Divide(threads);
                Team.Run(panel.Widths.Count, threads, &panel, &PackPanel);
                // Loop 3: split m into blocks of mc rows of A and C; a block, or a part of its columns, is what a thread claims.
                Team.Run(panel.Blocks.Count * panel.Groups.Count, threads, &panel, &MultiplyBlock);
            }
        }
    }

    private static void PackPanel(void* state, int i)
    {
        ref Panel panel = ref *(Panel*)state;
        int from = panel.Widths.Start(i), vectors = panel.Widths.Length(i);
        Packing<T, V, L>.PackB(
            panel.Product.AtB(panel.Start, panel.Column + from * L.Count), panel.Product.BRow, panel.Product.BColumn, panel.Depth,
            Math.Min(vectors * L.Count, panel.Columns - from * L.Count), vectors, panel.PackedB + (nint)from * L.Count * panel.Depth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock(void* state, int chunk)
    {
        ref Panel panel = ref *(Panel*)state;
        (int block, int group) = Math.DivRem(chunk, panel.Groups.Count);
        int row = panel.Blocks.Start(block), rows = panel.Blocks.Length(block), depth = panel.Depth;
        var heights = new Partition(rows, panel.TileRows);
        T* packedA = null;
        if (panel.PackA)
        {
            packedA = (t_packedA ??= new AlignedBuffer()).Rent<T>((nint)rows * depth);
            Packing<T, V, L>.PackA(
                panel.Product.AtA(row, panel.Start), panel.Product.ARow, panel.Product.AColumn, heights, depth, packedA);
        }

        // Loop 2: one panel of B of a tile's width, which stays in L1.
        int last = panel.Groups.Start(group) + panel.Groups.Length(group);
        for (int w = panel.Groups.Start(group); w < last; w++)
        {
            int from = panel.Widths.Start(w), vectors = panel.Widths.Length(w), width = vectors * L.Count;
            int columns = Math.Min(width, panel.Columns - from * L.Count);
            T* b = panel.PackedB + (nint)from * L.Count * depth;
            // Loop 1: one sliver of A of a tile's height, which streams from L2.
            for (int t = 0; t < heights.Count; t++)
            {
                int i = heights.Start(t);
                T* c = panel.Product.AtC(row + i, panel.Column + from * L.Count);
                if (panel.PackA)
                    MicroKernels<T, V, L>.Run<Packed>(heights.Length(t), vectors, depth, packedA + (nint)i * depth, 0, 0, b, width,
                        c, panel.Product.CRow, columns, panel.Product.Alpha, panel.Beta);
                else
                    MicroKernels<T, V, L>.Run<Strided>(heights.Length(t), vectors, depth, panel.Product.AtA(row + i, panel.Start),
                        panel.Product.ARow, panel.Product.AColumn, b, width, c, panel.Product.CRow, columns, panel.Product.Alpha, panel.Beta);
            }
        }
    }

    /// <summary>Nothing packed but a last panel that ends within a vector: A and B stay in the caches as they are, or B is read too seldom to be worth copying.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct(ref Product<T> product, int start, int depth, T beta)
    {
        int total = (product.N + L.Count - 1) / L.Count, widest = MicroKernels<T, V, L>.Vectors(total);
        var widths = new Partition(total, widest);
        var heights = new Partition(product.M, MicroKernels<T, V, L>.Rows(widest));
        for (int w = 0; w < widths.Count; w++)
        {
            int from = widths.Start(w) * L.Count, vectors = widths.Length(w), columns = Math.Min(vectors * L.Count, product.N - from);
            T* b = product.AtB(start, from);
            nint bRow = product.BRow;
            if (columns < vectors * L.Count)
            {
                T* packed = (t_packedB ??= new AlignedBuffer()).Rent<T>((nint)depth * vectors * L.Count);
                Packing<T, V, L>.PackB(b, bRow, 1, depth, columns, vectors, packed);
                b = packed;
                bRow = vectors * L.Count;
            }

            for (int t = 0; t < heights.Count; t++)
                MicroKernels<T, V, L>.Run<Strided>(heights.Length(t), vectors, depth, product.AtA(heights.Start(t), start),
                    product.ARow, product.AColumn, b, bRow, product.AtC(heights.Start(t), from), product.CRow, columns, product.Alpha, beta);
        }
    }

    /// <summary>What loops 3 to 1 share: a panel of B, packed, and how C's part beside it is cut.</summary>
    private struct Panel
    {
        public Product<T> Product;
        public bool PackA;
        public T* PackedB;
        public T Beta;
        public int Column, Columns, Start, Depth, TileRows;

        /// <summary>Tiles' widths in vectors.</summary>
        public Partition Widths;

        /// <summary>Rows of C per block.</summary>
        public Partition Blocks;

        /// <summary>Widths per chunk.</summary>
        public Partition Groups;

        /// <summary>Three chunks per thread, so that one that is held up leaves little to wait for; rows first, columns where those do not suffice.</summary>
        public void Divide(int threads)
        {
            int wanted = threads == 1 ? 1 : 3 * threads;
            int most = Math.Max(TileRows, Math.Min(s_blocks.Mc, (Product.M / wanted + TileRows - 1) / TileRows * TileRows));
            Blocks = new Partition(Product.M, most);
            int groups = Math.Clamp(wanted / Blocks.Count, 1, Widths.Count);
            Groups = new Partition(Widths.Count, (Widths.Count + groups - 1) / groups);
        }
    }
}

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

    /// <summary>C ← αAB + βC with K ≥ 1 and at least a vector of columns, on up to a number of threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ref Product<T> product, int threads)
    {
        // At such sizes the loops around it cost as much as its sums.
        if (IsOneTile(in product, out int vectors))
        {
            TileShape<T> shape = Shape(in product, product.K, product.BRow, product.N - L.Count, product.N - L.Count, product.Beta);
            MicroKernels<T, V, L>.Run<Strided>(product.M, vectors, product.A, product.B, product.C, &shape);
            return;
        }

        // A depth is the same whatever is packed and however many threads share the work: it alone orders the sums.
        int kc = product.K <= BlockSizes.LeastDepth ? BlockSizes.LeastDepth : s_blocks.Kc;
        var depths = new Partition(product.K, kc);
        if (product.BColumn == 1 && s_blocks.ReadsInPlace<T>(product.M, product.N, product.K, Math.Min(vectors, MicroKernels<T, V, L>.Vectors(vectors)) * L.Count))
            ReadInPlace(ref product, depths, threads);
        else
            Pack(ref product, depths, threads);
    }

    /// <summary>The products from start to end of a batch, whose matrices are steps apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyBatch(in Product<T> first, nint aStep, nint bStep, nint cStep, int start, int end)
    {
        Product<T> product = first;
        bool isOneTile = IsOneTile(in product, out int vectors);
        TileShape<T> shape = Shape(in product, product.K, product.BRow, product.N - L.Count, product.N - L.Count, product.Beta);
        for (int i = start; i < end; i++)
        {
            product.A = first.A + i * aStep;
            product.B = first.B + i * bStep;
            product.C = first.C + i * cStep;
            if (isOneTile)
                MicroKernels<T, V, L>.Run<Strided>(product.M, vectors, product.A, product.B, product.C, &shape);
            else
                Multiply(ref product, 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOneTile(in Product<T> product, out int vectors)
    {
        vectors = (int)((uint)(product.N + L.Count - 1) / (uint)L.Count);
        return vectors <= MicroKernels<T, V, L>.Vectors(vectors) && product.M <= MicroKernels<T, V, L>.Rows(vectors)
            && product.K <= BlockSizes.LeastDepth && product.BColumn == 1 && product.Part == Part.All;
    }

    /// <summary>Nothing packed: A and B stay in the caches as they are, or B is read too seldom to be worth copying.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadInPlace(ref Product<T> product, Partition depths, int threads)
    {
        if (threads == 1)
        {
            MultiplyInPlace(ref product, depths, 0, product.M, 0, product.N);
            return;
        }

        var shared = new SharedProduct { Product = product, Depths = depths, Cut = Cut.ByColumns(product.M, product.N, threads) };
        Team.Run(shared.Cut.Chunks, threads, &shared, &MultiplyChunkInPlace);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyChunkInPlace(void* state, int chunk)
    {
        ref SharedProduct shared = ref *(SharedProduct*)state;
        (int row, int rows, int first, int last) = shared.Cut.Chunk(chunk);
        int left = shared.Cut.Widths.Start(first) * L.Count;
        int right = last == shared.Cut.Widths.Count ? shared.Product.N : shared.Cut.Widths.Start(last) * L.Count;
        MultiplyInPlace(ref shared.Product, shared.Depths, row, rows, left, right - left);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInPlace(ref Product<T> product, Partition depths, int row, int rows, int column, int columns)
    {
        int total = (columns + L.Count - 1) / L.Count, widest = MicroKernels<T, V, L>.Vectors(total);
        var widths = new Partition(total, widest);
        var heights = new Partition(rows, MicroKernels<T, V, L>.Rows(widest));
        for (int p = 0; p < depths.Count; p++)
        {
            int start = depths.Start(p);
            for (int w = 0; w < widths.Count; w++)
            {
                int from = widths.Start(w) * L.Count, vectors = widths.Length(w), width = Math.Min(vectors * L.Count, columns - from);
                T* b = product.AtB(start, column + from);
                TileShape<T> shape = Shape(in product, depths.Length(p), product.BRow, width - L.Count, width - L.Count, p == 0 ? product.Beta : T.One);
                for (int t = 0; t < heights.Count; t++)
                {
                    int i = row + heights.Start(t), height = heights.Length(t);
                    if (!product.Skips(i, height, column + from, width))
                        MicroKernels<T, V, L>.Run<Strided>(height, vectors, product.AtA(i, start), b, product.AtC(i, column + from), &shape);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(ref Product<T> product, Partition depths, int threads)
    {
        bool rows = product.AColumn == 1;
        bool few = product.M <= BlockSizes.FewRows;
        bool packA = !few && product.N > (rows ? Thresholds.RowReads : 1) * MicroKernels<T, V, L>.Columns
            && (long)product.M * product.K * sizeof(T) > Thresholds.StridedBytes;
        var panels = new Partition(product.N, few ? s_blocks.NearColumns : s_blocks.Nc);
        var panel = new Panel { Product = product, PackA = packA };
        panel.PackedB = (t_packedB ??= new AlignedBuffer()).Rent<T>(
            (nint)depths.Length(depths.Count - 1) * ((panels.Length(panels.Count - 1) + L.Count - 1) / L.Count * L.Count));
        // Loop 5: split n into panels of nc columns of B and C.
        for (int j = 0; j < panels.Count; j++)
        {
            panel.Column = panels.Start(j);
            panel.Columns = panels.Length(j);
            panel.Cut = Cut.ByRows(product.M, panel.Columns, s_blocks.Mc, threads);
            // Loop 4: split k into depths of kc; the first one applies β, the others add.
            for (int p = 0; p < depths.Count; p++)
            {
                panel.Start = depths.Start(p);
                panel.Depth = depths.Length(p);
                panel.Beta = p == 0 ? product.Beta : T.One;
                Team.Run(panel.PackingChunks, threads, &panel, &PackPanel);
                // Loop 3: split m into blocks of mc rows of A and C; a block, or a part of its columns, is what a thread claims.
                Team.Run(panel.Cut.Chunks, threads, &panel, &MultiplyBlock);
            }
        }
    }

    /// <summary>Packs a few rows of B into all tiles' widths, or where B has contiguous columns, all rows into one tile's width: long runs either way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPanel(void* state, int chunk)
    {
        ref Panel panel = ref *(Panel*)state;
        bool rows = panel.Product.BColumn == 1;
        int firstRow = rows ? chunk * Panel.RowsPerChunk : 0, lastRow = rows ? Math.Min(firstRow + Panel.RowsPerChunk, panel.Depth) : panel.Depth;
        int firstWidth = rows ? 0 : chunk, lastWidth = rows ? panel.Cut.Widths.Count : chunk + 1;
        for (int w = firstWidth; w < lastWidth; w++)
        {
            int from = panel.Cut.Widths.Start(w), vectors = panel.Cut.Widths.Length(w), width = vectors * L.Count;
            Packing<T, V, L>.PackB(
                panel.Product.AtB(panel.Start + firstRow, panel.Column + from * L.Count), panel.Product.BRow, panel.Product.BColumn,
                lastRow - firstRow, Math.Min(width, panel.Columns - from * L.Count), vectors,
                panel.PackedB + (nint)from * L.Count * panel.Depth + firstRow * width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock(void* state, int chunk)
    {
        ref Panel panel = ref *(Panel*)state;
        (int row, int rows, int first, int last) = panel.Cut.Chunk(chunk);
        Partition widths = panel.Cut.Widths;
        int depth = panel.Depth, left = panel.Column + widths.Start(first) * L.Count;
        int right = Math.Min(panel.Column + panel.Columns, panel.Column + widths.Start(last) * L.Count);
        if (panel.Product.Skips(row, rows, left, right - left))
            return;
        var heights = new Partition(rows, panel.Cut.TileRows);
        T* packedA = null;
        if (panel.PackA)
        {
            packedA = (t_packedA ??= new AlignedBuffer()).Rent<T>((nint)rows * depth);
            Packing<T, V, L>.PackA(
                panel.Product.AtA(row, panel.Start), panel.Product.ARow, panel.Product.AColumn, heights, depth, packedA);
        }

        // Loop 2: one panel of B of a tile's width, which stays in the nearer caches.
        for (int w = first; w < last; w++)
        {
            int from = widths.Start(w), vectors = widths.Length(w), width = vectors * L.Count;
            int columns = Math.Min(width, panel.Columns - from * L.Count), column = panel.Column + from * L.Count;
            T* b = panel.PackedB + (nint)from * L.Count * depth;
            TileShape<T> shape = Shape(in panel.Product, depth, width, width - L.Count, columns - L.Count, panel.Beta);
            // The first tiles call the next panel from L3, a line every few steps; what would be beyond it is this panel, which is near.
            byte* next = (byte*)(b + (nint)width * depth), end = w + 1 < last ? next + (nint)widths.Length(w + 1) * L.Count * depth * sizeof(T) : next;
            // Loop 1: one sliver of A of a tile's height, which streams from L2.
            for (int t = 0; t < heights.Count; t++)
            {
                int i = row + heights.Start(t), height = heights.Length(t);
                if (panel.Product.Skips(i, height, column, columns))
                    continue;
                shape.Next = next < end ? next : (byte*)b;
                next += depth / Tile.Unrolled * Tile.Line;
                T* c = panel.Product.AtC(i, column);
                if (panel.PackA)
                    MicroKernels<T, V, L>.Run<Packed>(height, vectors, packedA + (nint)(i - row) * depth, b, c, &shape);
                else
                    MicroKernels<T, V, L>.Run<Strided>(height, vectors, panel.Product.AtA(i, panel.Start), b, c, &shape);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TileShape<T> Shape(in Product<T> product, int depth, nint bRow, int bLast, int cLast, T beta)
    {
        Unsafe.SkipInit(out TileShape<T> shape);
        shape.Depth = depth;
        shape.Next = null;
        (shape.ARow, shape.AColumn) = (product.ARow, product.AColumn);
        (shape.BRow, shape.BLast) = (bRow, bLast);
        (shape.CRow, shape.CLast) = (product.CRow, cLast);
        (shape.Alpha, shape.Beta) = (product.Alpha, beta);
        return shape;
    }

    /// <summary>What loops 3 to 1 share: a panel of B, packed, and how C's part beside it is cut.</summary>
    private struct Panel
    {
        /// <summary>Rows of B that are packed together: few enough streams for the prefetcher, runs of more than a kilobyte in the packed panel.</summary>
        public const int RowsPerChunk = 8;

        public Product<T> Product;
        public bool PackA;
        public T* PackedB;
        public T Beta;
        public int Column, Columns, Start, Depth;
        public Cut Cut;

        public readonly int PackingChunks => Product.BColumn == 1 ? (Depth + RowsPerChunk - 1) / RowsPerChunk : Cut.Widths.Count;
    }

    /// <summary>What the threads share of a product that nothing is packed for.</summary>
    private struct SharedProduct
    {
        public Product<T> Product;
        public Partition Depths;
        public Cut Cut;
    }

    /// <summary>How C is cut: into blocks of rows, and these into tiles' widths, which threads claim in groups.</summary>
    private readonly struct Cut
    {
        private readonly Partition _blocks, _groups;

        private Cut(int rows, int columns, int mostRows, int mostWidths)
        {
            int vectors = (columns + L.Count - 1) / L.Count, widest = MicroKernels<T, V, L>.Vectors(vectors);
            Widths = new Partition(vectors, widest);
            TileRows = MicroKernels<T, V, L>.Rows(widest);
            _blocks = new Partition(rows, (Math.Max(mostRows, 1) + TileRows - 1) / TileRows * TileRows);
            _groups = new Partition(Widths.Count, Math.Max(mostWidths, 1));
        }

        /// <summary>Three chunks per thread, so that one that is held up leaves little to wait for; rows first, columns where those do not suffice.</summary>
        public static Cut ByRows(int rows, int columns, int mostRows, int threads)
        {
            int wanted = threads == 1 ? 1 : 3 * threads;
            var blocks = new Cut(rows, columns, Math.Min(mostRows, rows / wanted), int.MaxValue);
            return new Cut(rows, columns, Math.Min(mostRows, rows / wanted), (blocks.Widths.Count * blocks.Chunks + wanted - 1) / wanted);
        }

        /// <summary>Every tile's width by itself, rows in as few blocks as give six chunks per thread: B, whose width is near while rows of A pass, is read but once a block.</summary>
        public static Cut ByColumns(int rows, int columns, int threads)
        {
            var whole = new Cut(rows, columns, rows, 1);
            return new Cut(rows, columns, rows / ((6 * threads + whole.Chunks - 1) / whole.Chunks), 1);
        }

        /// <summary>Tiles' widths in vectors.</summary>
        public Partition Widths { get; }

        public int TileRows { get; }

        public int Chunks => _blocks.Count * _groups.Count;

        /// <summary>The rows of a chunk, its first width, and the one behind its last.</summary>
        public (int Row, int Rows, int First, int Last) Chunk(int chunk)
        {
            (int block, int group) = Math.DivRem(chunk, _groups.Count);
            return (_blocks.Start(block), _blocks.Length(block), _groups.Start(group), _groups.Start(group) + _groups.Length(group));
        }
    }
}

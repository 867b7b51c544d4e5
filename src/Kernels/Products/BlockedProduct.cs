using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Products;

/// <summary>The five loops around the micro-kernel, written once for every element type and vector width.</summary>
internal static unsafe class BlockedProduct<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [ThreadStatic]
    private static AlignedBuffer? t_packedA;

    [ThreadStatic]
    private static AlignedBuffer? t_packedB;

    public static void Multiply(T alpha, ReadOnlyMatrixView<T> a, ReadOnlyMatrixView<T> b, T beta, MatrixView<T> c, VectorPath path)
    {
        fixed (T* pa = &a.Origin, pb = &b.Origin, pc = &c.Origin)
        {
            var work = new Work
            {
                M = c.Rows,
                N = c.Columns,
                K = T.IsZero(alpha) ? 0 : a.Columns,
                Alpha = alpha,
                Beta = beta,
                A = pa,
                ARow = a.RowStride,
                AColumn = a.ColumnStride,
                B = pb,
                BRow = b.RowStride,
                BColumn = b.ColumnStride,
                C = pc,
                CRow = c.RowStride,
                CColumn = c.ColumnStride,
            };
            VectorPaths.Run<T, Work>(path, ref work);
        }
    }

    private struct Work : ILaneWork<T>
    {
        public int M, N, K;
        public T Alpha, Beta;
        public T* A, B, C;
        public nint ARow, AColumn, BRow, BColumn, CRow, CColumn;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            if (K == 0)
            {
                ScaleC();
                return;
            }

            int mr = Tile<T, V, L, Six>.Rows, nr = Tile<T, V, L, Six>.Columns;
            BlockSizes blocks = Blocks<V, L>.Sizes;
            int kc = Math.Min(K, blocks.Kc), mc = Math.Min(M, blocks.Mc), nc = Math.Min(N, blocks.Nc);
            T* packedB = (t_packedB ??= new AlignedBuffer()).Rent<T>((nint)kc * ((nc + nr - 1) / nr * nr));
            T* packedA = (t_packedA ??= new AlignedBuffer()).Rent<T>((nint)kc * mc);
            // Loop 5: split n into panels of nc columns of B and C.
            for (int j = 0; j < N; j += nc)
            {
                int width = Math.Min(nc, N - j);
                // Loop 4: split k into depths of kc; the first one applies β, the others add.
                for (int p = 0; p < K; p += kc)
                {
                    int depth = Math.Min(kc, K - p);
                    T beta = p == 0 ? Beta : T.One;
                    Packing<T, V, L>.PackB(B + p * BRow + j * BColumn, BRow, BColumn, depth, width, packedB);
                    // Loop 3: split m into blocks of mc rows of A and C.
                    for (int i = 0; i < M; i += mc)
                    {
                        int height = Math.Min(mc, M - i);
                        Packing<T, V, L>.PackA(A + i * ARow + p * AColumn, ARow, AColumn, height, depth, mr, packedA);
                        Block<V, L>(height, width, depth, packedA, packedB, C + i * CRow + j * CColumn, beta);
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Block<V, L>(int height, int width, int depth, T* packedA, T* packedB, T* c, T beta)
            where V : unmanaged where L : struct, ILanes<T, V>
        {
            int mr = Tile<T, V, L, Six>.Rows, nr = Tile<T, V, L, Six>.Columns;
            T* scratch = stackalloc T[mr * nr];
            // Loop 2: one sliver of B, which stays in L1.
            for (int j = 0; j < width; j += nr)
            {
                int columns = Math.Min(nr, width - j);
                T* b = packedB + (nint)j * depth;
                // Loop 1: one sliver of A, which streams from L2.
                for (int i = 0; i < height; i += mr)
                {
                    int rows = Math.Min(mr, height - i);
                    T* a = packedA + (nint)i * depth;
                    T* tile = c + i * CRow + j * CColumn;
                    if (columns == nr && CColumn == 1)
                    {
                        MicroKernel<V, L>(rows, depth, a, b, tile, CRow, Alpha, beta);
                    }
                    else
                    {
                        // A tile that C cannot take whole goes through a scratch tile, so that kernels hold no masks.
                        MicroKernel<V, L>(rows, depth, a, b, scratch, nr, Alpha, T.Zero);
                        Merge(scratch, nr, rows, columns, tile, beta);
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void MicroKernel<V, L>(int rows, int depth, T* a, T* b, T* c, nint rowStride, T alpha, T beta)
            where V : unmanaged where L : struct, ILanes<T, V>
        {
            switch (rows)
            {
                case 6: Tile<T, V, L, Six>.Run(depth, a, b, c, rowStride, alpha, beta); break;
                case 5: Tile<T, V, L, Five>.Run(depth, a, b, c, rowStride, alpha, beta); break;
                case 4: Tile<T, V, L, Four>.Run(depth, a, b, c, rowStride, alpha, beta); break;
                case 3: Tile<T, V, L, Three>.Run(depth, a, b, c, rowStride, alpha, beta); break;
                case 2: Tile<T, V, L, Two>.Run(depth, a, b, c, rowStride, alpha, beta); break;
                default: Tile<T, V, L, One>.Run(depth, a, b, c, rowStride, alpha, beta); break;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Merge(T* scratch, int stride, int rows, int columns, T* c, T beta)
        {
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                {
                    T* target = c + i * CRow + j * CColumn;
                    T value = scratch[i * stride + j];
                    *target = T.IsZero(beta) ? value : T.MultiplyAddEstimate(beta, *target, value);
                }
        }

        private readonly void ScaleC()
        {
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N; j++)
                {
                    T* target = C + i * CRow + j * CColumn;
                    *target = T.IsZero(Beta) ? T.Zero : Beta * *target;
                }
        }
    }

    private static class Blocks<V, L> where V : unmanaged where L : struct, ILanes<T, V>
    {
        public static readonly BlockSizes Sizes = BlockSizes.For(sizeof(T), Tile<T, V, L, Six>.Rows, Tile<T, V, L, Six>.Columns);
    }
}

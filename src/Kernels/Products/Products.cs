using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Products;

/// <summary>Where the doors hand over: picks vectors and threads for a product.</summary>
internal static unsafe class Products<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [ThreadStatic]
    private static AlignedBuffer? t_contiguous;

    /// <summary>Threads worth taking for a number of multiply-adds; the caller asks for at most so many, 0: <see cref="Gemm.MaxThreads"/>.</summary>
    public static int Threads(long multiplyAdds, int maxThreads)
    {
        if (multiplyAdds / sizeof(double) * sizeof(T) < Thresholds.Parallel)
            return 1;
        return maxThreads == 0 ? Gemm.MaxThreads : Math.Min(maxThreads, Gemm.MaxThreads);
    }

    /// <summary>C ← αAB + βC for a C that is not empty and shares no element with A or B.</summary>
    /// <remarks>Kernels write rows of C: a column-major C is the row-major Cᵀ = BᵀAᵀ, and a C without contiguous rows or columns is made from one with.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(T alpha, in ReadOnlyMatrixView<T> a, in ReadOnlyMatrixView<T> b, T beta, in MatrixView<T> c, VectorPath path,
        int threads, Part part = Part.All)
    {
        if (c.ColumnStride == 1 || c.Columns == 1 && c.RowStride != 1)
            MultiplyRows(alpha, in a, in b, beta, in c, path, threads, part);
        else if (c.RowStride == 1 || c.Rows == 1)
            MultiplyRows(alpha, b.Transposed(), a.Transposed(), beta, c.Transposed(), path, threads,
                part == Part.Lower ? Part.Upper : part == Part.Upper ? Part.Lower : Part.All);
        else
            MultiplyScattered(alpha, in a, in b, beta, in c, path, threads, part);
    }

    private static void MultiplyScattered(T alpha, in ReadOnlyMatrixView<T> a, in ReadOnlyMatrixView<T> b, T beta, in MatrixView<T> c, VectorPath path,
        int threads, Part part)
    {
        T* memory = (t_contiguous ??= new AlignedBuffer()).Rent<T>((nint)c.Rows * c.Columns);
        var contiguous = new MatrixView<T>(ref *memory, c.Rows, c.Columns);
        if (!T.IsZero(beta))
            c.CopyTo(contiguous);
        MultiplyRows(alpha, in a, in b, beta, contiguous, path, threads, part);
        contiguous.CopyTo(c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRows(T alpha, in ReadOnlyMatrixView<T> a, in ReadOnlyMatrixView<T> b, T beta, in MatrixView<T> c, VectorPath path,
        int threads, Part part)
    {
        fixed (T* pa = &a.Origin, pb = &b.Origin, pc = &c.Origin)
        {
            Unsafe.SkipInit(out Work work);
            work.Threads = threads;
            ref Product<T> product = ref work.Product;
            (product.M, product.N, product.K) = (c.Rows, c.Columns, T.IsZero(alpha) ? 0 : a.Columns);
            (product.Alpha, product.Beta) = (alpha, beta);
            (product.ARow, product.AColumn) = (a.RowStride, a.ColumnStride);
            (product.BRow, product.BColumn) = (b.RowStride, b.ColumnStride);
            product.CRow = c.RowStride;
            product.A = pa;
            product.B = pb;
            product.C = pc;
            product.Part = part;
            if (product.K == 0)
                Scale(ref product);
            else
                VectorPaths.Run<T, Work>(product.M == 1 || product.N == 1 ? path : VectorPaths.Fitting(path, (long)product.N * sizeof(T)), ref work);
        }
    }

    /// <summary>C_i ← αA_iB_i + βC_i for a batch of row-major matrices whose first ones are given, steps apart.</summary>
    public static void MultiplyBatch(int count, Product<T> first, nint aStep, nint bStep, nint cStep, VectorPath path, int threads)
    {
        var work = new BatchWork { Count = count, First = first, AStep = aStep, BStep = bStep, CStep = cStep, Threads = threads };
        VectorPaths.Run<T, BatchWork>(VectorPaths.Fitting(path, (long)first.N * sizeof(T)), ref work);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(ref Product<T> product)
    {
        for (int i = 0; i < product.M; i++)
            for (int j = 0; j < product.N; j++)
            {
                T* c = product.AtC(i, j);
                *c = T.IsZero(product.Beta) ? T.Zero : product.Beta * *c;
            }
    }

    private struct Work : ILaneWork<T>
    {
        public Product<T> Product;
        public int Threads;

        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            if (Product.M > 1 && Product.N > 1)
                BlockedProduct<T, V, L>.Multiply(ref Product, Threads);
            else
                RunVector<V, L>();
        }

        private void RunVector<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            if (VectorProduct<T, V, L>.Fits(in Product, out MatrixVector<T> vector))
                VectorProduct<T, V, L>.Multiply(ref vector, Threads);
            else if (Product.N < L.Count)
                VectorPaths.Run<T, Work>(VectorPaths.Fitting(L.Count == 1 ? VectorPath.Scalar : VectorPath.Vector256, (long)Product.N * sizeof(T)), ref this);
            else
                BlockedProduct<T, V, L>.Multiply(ref Product, Threads);
        }
    }

    private struct BatchWork : ILaneWork<T>
    {
        // Enough products per chunk that claiming one costs little beside them.
        private const int PerChunk = 32;

        public int Count, Threads;
        public Product<T> First;
        public nint AStep, BStep, CStep;

        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            BatchWork work = this;
            Team.Run((Count + PerChunk - 1) / PerChunk, Threads, &work, &MultiplyChunk<V, L>);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void MultiplyChunk<V, L>(void* state, int chunk) where V : unmanaged where L : struct, ILanes<T, V>
        {
            ref BatchWork work = ref *(BatchWork*)state;
            int start = chunk * PerChunk, end = Math.Min(work.Count, start + PerChunk);
            if (work.First.K > 0)
            {
                BlockedProduct<T, V, L>.MultiplyBatch(in work.First, work.AStep, work.BStep, work.CStep, start, end);
                return;
            }

            Product<T> product = work.First;
            for (int i = start; i < end; i++)
            {
                product.C = work.First.C + i * work.CStep;
                Scale(ref product);
            }
        }
    }
}

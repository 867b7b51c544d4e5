using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Products;

/// <summary>y ← αGx + βy with G (m×k), as pointers and strides.</summary>
internal unsafe struct MatrixVector<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public int M, K;
    public T Alpha, Beta;
    public T* G, X, Y;
    public nint GRow, GColumn, XStep, YStep;
}

/// <summary>Matrix × vector: each element of G is read once, so bandwidth bounds it and nothing is packed but a strided x or y.</summary>
/// <remarks>
/// G with contiguous rows: dot products of four rows at a time, two vectors of each, so that x is loaded once for four and eight
/// chains hide latency. G with contiguous columns: eight columns are added to y in one pass, so that y is loaded and stored
/// once for eight.
/// </remarks>
internal static unsafe class VectorProduct<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    private const int RowsPerChunk = 64;

    [ThreadStatic]
    private static AlignedBuffer? t_vectors;

    /// <summary>Whether a product is of this kind: one row or column, and a matrix with contiguous rows or columns.</summary>
    public static bool Fits(in Product<T> product, out MatrixVector<T> vector)
    {
        vector = new MatrixVector<T> { K = product.K, Alpha = product.Alpha, Beta = product.Beta, Y = product.C };
        if (product.N == 1)
        {
            (vector.M, vector.GRow, vector.GColumn) = (product.M, product.ARow, product.AColumn);
            (vector.XStep, vector.YStep) = (product.BRow, product.CRow);
            vector.G = product.A;
            vector.X = product.B;
        }
        else if (product.M == 1)
        {
            (vector.M, vector.GRow, vector.GColumn) = (product.N, product.BColumn, product.BRow);
            (vector.XStep, vector.YStep) = (product.AColumn, 1);
            vector.G = product.B;
            vector.X = product.A;
        }

        return vector.G != null && (vector.GColumn == 1 || vector.GRow == 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ref MatrixVector<T> vector, int threads)
    {
        int padded = (vector.K + L.Count - 1) / L.Count * L.Count;
        T* memory = (t_vectors ??= new AlignedBuffer()).Rent<T>((nint)padded + vector.M);
        MatrixVector<T> work = vector;
        if (vector.XStep != 1)
        {
            for (int p = 0; p < vector.K; p++)
                memory[p] = vector.X[p * vector.XStep];
            work.X = memory;
        }

        if (vector.GColumn == 1)
        {
            Team.Run((vector.M + RowsPerChunk - 1) / RowsPerChunk, threads, &work, &DotRows);
            return;
        }

        if (vector.YStep != 1)
        {
            work.Y = memory + padded;
            if (!T.IsZero(vector.Beta))
                for (int i = 0; i < vector.M; i++)
                    work.Y[i] = vector.Y[i * vector.YStep];
        }

        Team.Run((vector.M + RowsPerChunk * L.Count - 1) / (RowsPerChunk * L.Count), threads, &work, &AddColumns);
        if (vector.YStep != 1)
            for (int i = 0; i < vector.M; i++)
                vector.Y[i * vector.YStep] = work.Y[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotRows(void* state, int chunk)
    {
        ref MatrixVector<T> work = ref *(MatrixVector<T>*)state;
        int end = Math.Min(work.M, (chunk + 1) * RowsPerChunk);
        for (int i = chunk * RowsPerChunk; i < end; i += 4)
        {
            // The last rows stand in for those beyond the end, and are not written.
            int rows = Math.Min(4, end - i);
            T* g0 = work.G + i * work.GRow;
            T* g1 = rows > 1 ? g0 + work.GRow : g0;
            T* g2 = rows > 2 ? g1 + work.GRow : g0;
            T* g3 = rows > 3 ? g2 + work.GRow : g0;
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero, t0 = L.Zero, t1 = L.Zero, t2 = L.Zero, t3 = L.Zero;
            int p = 0;
            for (; p <= work.K - 2 * L.Count; p += 2 * L.Count)
            {
                V x = L.Load(work.X + p), y = L.Load(work.X + p + L.Count);
                s0 = L.MultiplyAdd(x, L.Load(g0 + p), s0);
                s1 = L.MultiplyAdd(x, L.Load(g1 + p), s1);
                s2 = L.MultiplyAdd(x, L.Load(g2 + p), s2);
                s3 = L.MultiplyAdd(x, L.Load(g3 + p), s3);
                t0 = L.MultiplyAdd(y, L.Load(g0 + p + L.Count), t0);
                t1 = L.MultiplyAdd(y, L.Load(g1 + p + L.Count), t1);
                t2 = L.MultiplyAdd(y, L.Load(g2 + p + L.Count), t2);
                t3 = L.MultiplyAdd(y, L.Load(g3 + p + L.Count), t3);
            }

            for (; p < work.K; p += L.Count)
            {
                int count = Math.Min(L.Count, work.K - p);
                V x = L.LoadPartial(work.X + p, count);
                s0 = L.MultiplyAdd(x, L.LoadPartial(g0 + p, count), s0);
                s1 = L.MultiplyAdd(x, L.LoadPartial(g1 + p, count), s1);
                s2 = L.MultiplyAdd(x, L.LoadPartial(g2 + p, count), s2);
                s3 = L.MultiplyAdd(x, L.LoadPartial(g3 + p, count), s3);
            }

            Write(ref work, i, L.Sum(L.Add(s0, t0)));
            if (rows > 1)
                Write(ref work, i + 1, L.Sum(L.Add(s1, t1)));
            if (rows > 2)
                Write(ref work, i + 2, L.Sum(L.Add(s2, t2)));
            if (rows > 3)
                Write(ref work, i + 3, L.Sum(L.Add(s3, t3)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ref MatrixVector<T> work, int i, T sum)
    {
        T* y = work.Y + i * work.YStep;
        *y = T.IsZero(work.Beta) ? work.Alpha * sum : T.MultiplyAddEstimate(work.Alpha, sum, work.Beta * *y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddColumns(void* state, int chunk)
    {
        ref MatrixVector<T> work = ref *(MatrixVector<T>*)state;
        int from = chunk * RowsPerChunk * L.Count, end = Math.Min(work.M, from + RowsPerChunk * L.Count);
        T* y = work.Y;
        for (int p = 0; p < work.K; p += 8)
        {
            int columns = Math.Min(8, work.K - p);
            bool first = p == 0;
            V keep = L.Broadcast(first ? work.Beta : T.One);
            bool read = !first || !T.IsZero(work.Beta);
            T* g = work.G + p * work.GColumn;
            if (columns < 8)
            {
                for (int q = 0; q < columns; q++)
                    AddColumn(g + q * work.GColumn, work.Alpha * work.X[p + q], y, from, end, q == 0 ? keep : L.Broadcast(T.One), read || q > 0);
                continue;
            }

            V x0 = L.Broadcast(work.Alpha * work.X[p]), x1 = L.Broadcast(work.Alpha * work.X[p + 1]);
            V x2 = L.Broadcast(work.Alpha * work.X[p + 2]), x3 = L.Broadcast(work.Alpha * work.X[p + 3]);
            V x4 = L.Broadcast(work.Alpha * work.X[p + 4]), x5 = L.Broadcast(work.Alpha * work.X[p + 5]);
            V x6 = L.Broadcast(work.Alpha * work.X[p + 6]), x7 = L.Broadcast(work.Alpha * work.X[p + 7]);
            T* g1 = g + work.GColumn, g2 = g1 + work.GColumn, g3 = g2 + work.GColumn, g4 = g3 + work.GColumn;
            T* g5 = g4 + work.GColumn, g6 = g5 + work.GColumn, g7 = g6 + work.GColumn;
            int i = from;
            for (; i <= end - L.Count; i += L.Count)
            {
                V sum = read ? L.Multiply(keep, L.Load(y + i)) : L.Zero;
                V other = L.Multiply(x1, L.Load(g1 + i));
                sum = L.MultiplyAdd(x0, L.Load(g + i), sum);
                other = L.MultiplyAdd(x3, L.Load(g3 + i), other);
                sum = L.MultiplyAdd(x2, L.Load(g2 + i), sum);
                other = L.MultiplyAdd(x5, L.Load(g5 + i), other);
                sum = L.MultiplyAdd(x4, L.Load(g4 + i), sum);
                other = L.MultiplyAdd(x7, L.Load(g7 + i), other);
                sum = L.MultiplyAdd(x6, L.Load(g6 + i), sum);
                L.Store(L.Add(sum, other), y + i);
            }

            int rest = end - i;
            if (rest > 0)
            {
                V sum = read ? L.Multiply(keep, L.LoadPartial(y + i, rest)) : L.Zero;
                V other = L.Multiply(x1, L.LoadPartial(g1 + i, rest));
                sum = L.MultiplyAdd(x0, L.LoadPartial(g + i, rest), sum);
                other = L.MultiplyAdd(x3, L.LoadPartial(g3 + i, rest), other);
                sum = L.MultiplyAdd(x2, L.LoadPartial(g2 + i, rest), sum);
                other = L.MultiplyAdd(x5, L.LoadPartial(g5 + i, rest), other);
                sum = L.MultiplyAdd(x4, L.LoadPartial(g4 + i, rest), sum);
                other = L.MultiplyAdd(x7, L.LoadPartial(g7 + i, rest), other);
                sum = L.MultiplyAdd(x6, L.LoadPartial(g6 + i, rest), sum);
                L.StorePartial(L.Add(sum, other), y + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddColumn(T* g, T x, T* y, int from, int end, V keep, bool read)
    {
        V factor = L.Broadcast(x);
        int i = from;
        for (; i <= end - L.Count; i += L.Count)
            L.Store(L.MultiplyAdd(factor, L.Load(g + i), read ? L.Multiply(keep, L.Load(y + i)) : L.Zero), y + i);
        int rest = end - i;
        if (rest > 0)
            L.StorePartial(L.MultiplyAdd(factor, L.LoadPartial(g + i, rest), read ? L.Multiply(keep, L.LoadPartial(y + i, rest)) : L.Zero), y + i, rest);
    }
}

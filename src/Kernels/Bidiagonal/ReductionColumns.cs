using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>A (m×n), m ≥ n, or the R of its QR, by columns as <see cref="Reduction{T, V, L}"/> takes it: zero-padded, at a norm near 1.</summary>
/// <param name="m">A's rows.</param>
/// <param name="n">A's columns.</param>
/// <param name="memory"><see cref="Size"/>(m, n) elements, at a cache line.</param>
internal unsafe struct ReductionColumns<T>(int m, int n, T* memory) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>ρ.</summary>
    public const int Evenness = 16;

    // ‖A‖²_F between these powers of two, no square or sum of squares that matters leaves the range of T.
    private const int Moderate = 32;

    // Squared norms below this have lost digits.
    private static readonly T s_precise = T.ScaleB(T.One, typeof(T) == typeof(double) ? -900 : -90);

    private readonly int _rows = m;
    private T _square, _largest;

    /// <summary>The columns.</summary>
    public readonly T* Elements { get; } = memory;

    /// <summary>What the reduction needs beside the columns.</summary>
    public readonly T* Workspace { get; } = memory + Storage(m, n);

    /// <summary>How many.</summary>
    public int Count { get; private set; } = n;

    /// <summary>From one to the next.</summary>
    public int Stride { get; private set; } = StrideOf(m);

    /// <summary>The matrix is the columns times two to this power.</summary>
    public int Exponent { get; private set; }

    /// <summary>Whether the norms of columns and of rows, those of zeros left aside, lie within the factor ρ.</summary>
    public bool IsEven { get; private set; }

    /// <summary>Elements for A (m×n) and the reduction's workspace.</summary>
    public static nint Size(int m, int n) => Storage(m, n) + Reduction<T, T, LanesScalar<T>>.Workspace(StrideOf(m), n);

    /// <summary>The stride of columns of so many rows: a multiple of all vector lengths, and no multiple of 1 KiB, at which columns would share few sets of the cache.</summary>
    public static int StrideOf(int rows)
    {
        int line = AlignedBuffer.Alignment / sizeof(T), stride = Level1<T, T, LanesScalar<T>>.Padded(rows);
        return stride % (16 * line) == 0 ? stride + line : stride;
    }

    private static nint Storage(int m, int n) => (nint)StrideOf(m) * Reduction<T, T, LanesScalar<T>>.Grouped(n);

    /// <summary>Loads A, of elements of T or of floats, and finds whether it is even.</summary>
    /// <returns>Whether ‖A‖²_F is finite; where not, an element is not, or squares overflow.</returns>
    public bool Load<S>(ReadOnlyMatrixView<S> a, VectorPath path, int threads) where S : unmanaged, IBinaryFloatingPointIeee754<S>
    {
        Debug.Assert(typeof(S) == typeof(T) || typeof(S) == typeof(float));
        ClearGroup();
        fixed (S* from = &a.Origin)
            Load(new LoadWork<S> { From = from, RowStep = a.RowStride, ColumnStep = a.ColumnStride, Threads = threads }, path);
        return T.IsFinite(_square);
    }

    /// <summary>Brings the norm near 1 where squares might leave the range; false where all elements are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Normalise(VectorPath path)
    {
        if (_square >= T.ScaleB(T.One, -Moderate) && _square <= T.ScaleB(T.One, Moderate))
            return true;
        if (T.IsZero(_largest))
            return false;
        Exponent = T.ILogB(_largest);
        for (nint i = 0; i < (nint)Count * Stride; i++)
            Elements[i] = T.ScaleB(Elements[i], -Exponent);
        Load(new LoadWork<T> { From = null, Threads = 1 }, path);
        return true;
    }

    private void Load<S>(LoadWork<S> load, VectorPath path) where S : unmanaged
    {
        load.Columns = Elements;
        load.RowSquares = Workspace;
        (load.Rows, load.Count, load.Stride) = (_rows, Count, Stride);
        VectorPaths.Run<T, LoadWork<S>>(path, ref load);
        (_square, _largest, IsEven) = (load.Square, load.Largest, load.IsEven);
    }

    /// <summary>Column k becomes row k of R times 2^(−<see cref="Exponent"/>), the largest element then being in [1, 2). R has room in the place of A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void LoadRowsOfR(HouseholderColumns<T> qr)
    {
        int exponent = int.MinValue;
        for (int j = 0; j < qr.Columns; j++)
            for (int i = 0; i <= Math.Min(j, qr.Rank - 1); i++)
                if (!T.IsZero(qr.Column(j)[i]))
                    exponent = Math.Max(exponent, T.ILogB(qr.Column(j)[i]) + qr.Exponents[j]);
        Count = qr.Rank;
        Stride = StrideOf(qr.Columns);
        Exponent = exponent;
        for (int k = 0; k < Count; k++)
        {
            T* column = Elements + (nint)k * Stride;
            new Span<T>(column, Stride).Clear();
            for (int j = k; j < qr.Columns; j++)
                column[j] = T.ScaleB(qr.Column(j)[k], qr.Exponents[j] - exponent);
        }

        ClearGroup();
    }

    /// <summary>Columns → B (n×n), upper bidiagonal; the columns keep what <see cref="Reduction{T, V, L}"/> leaves.</summary>
    public readonly void Reduce(T* diagonal, T* superdiagonal, T* taus, VectorPath path, int threads)
    {
        var reduce = new ReduceWork
        {
            Columns = Elements,
            Stride = Stride,
            Count = Count,
            Workspace = Workspace,
            Diagonal = diagonal,
            Superdiagonal = superdiagonal,
            Taus = taus,
            Threads = threads,
        };
        VectorPaths.Run<T, ReduceWork>(path, ref reduce);
    }

    private readonly void ClearGroup() =>
        new Span<T>(Elements + (nint)Count * Stride, (Reduction<T, T, LanesScalar<T>>.Grouped(Count) - Count) * Stride).Clear();

    /// <summary>Columns copied, where they do not stand yet, and ‖A‖²_F, the largest element, and evenness, by the halves that the reduction begins with.</summary>
    private struct LoadWork<S> : ILaneWork<T> where S : unmanaged
    {
        public S* From;
        public T* Columns, RowSquares;
        public nint RowStep, ColumnStep;
        public int Rows, Count, Stride, Threads;
        public T Square, Largest;
        public bool IsEven;

        private Half _first, _second;

        private struct Half
        {
            public T Square, Shortest, Longest, Largest;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            LoadWork<S> shared = this;
            Team.Run(2, Threads, &shared, &Take<V, L>);
            this = shared;
            T* rows = RowSquares, others = rows + Stride;
            for (int i = 0; i < Stride; i += L.Count)
                L.Store(L.Add(L.Load(rows + i), L.Load(others + i)), rows + i);
            Square = _first.Square + _second.Square;
            Largest = T.MaxNative(_first.Largest, _second.Largest);
            T ratio = T.CreateTruncating(Evenness * Evenness), shortest = T.MinNative(_first.Shortest, _second.Shortest);
            IsEven = shortest * ratio >= T.MaxNative(_first.Longest, _second.Longest);
            shortest = T.PositiveInfinity;
            T longest = T.Zero;
            for (int i = 0; i < Rows; i++)
            {
                longest = T.MaxNative(longest, rows[i]);
                if (rows[i] > s_precise || !IsZeroRow(i))
                    shortest = T.MinNative(shortest, rows[i]);
            }

            IsEven &= shortest * ratio >= longest;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Take<V, L>(void* state, int half) where V : unmanaged where L : struct, ILanes<T, V>
        {
            ref LoadWork<S> load = ref *(LoadWork<S>*)state;
            int stride = load.Stride, middle = Math.Min(load.Count, Reduction<T, V, L>.Middle(0, Reduction<T, V, L>.Grouped(load.Count)));
            T* rows = load.RowSquares + half * stride;
            new Span<T>(rows, stride).Clear();
            var found = new Half { Shortest = T.PositiveInfinity };
            V largest = L.Zero;
            for (int j = half == 0 ? 0 : middle; j < (half == 0 ? middle : load.Count); j++)
            {
                T* column = load.Columns + (nint)j * stride;
                T* from = load.Contiguous(j, column);
                V sum = L.Zero, max = L.Zero;
                for (int i = 0; i < stride; i += L.Count)
                {
                    // What has just been stored in other pieces would be waited for.
                    V x = i + L.Count <= load.Rows ? L.Load(from + i) : i < load.Rows ? L.LoadPartial(from + i, load.Rows - i) : L.Zero, square = L.Multiply(x, x);
                    L.Store(x, column + i);
                    max = L.MaxAbs(max, x);
                    sum = L.Add(sum, square);
                    L.Store(L.Add(square, L.Load(rows + i)), rows + i);
                }

                largest = L.MaxAbs(largest, max);
                T length = L.Sum(sum);
                found.Square += length;
                found.Longest = T.MaxNative(found.Longest, length);
                // A square that underflows belongs to a short column; only zeros have no say.
                if (length > s_precise || !T.IsZero(L.Max(max)))
                    found.Shortest = T.MinNative(found.Shortest, length);
            }

            found.Largest = L.Max(largest);
            if (half == 0)
                load._first = found;
            else
                load._second = found;
        }

        /// <summary>Where column j's elements stand next to each other: where A has them, or in the column itself, after a copy where A is strided or of floats.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly T* Contiguous(int j, T* column)
        {
            if (From is null)
                return column;
            S* from = From + j * ColumnStep;
            if (typeof(S) != typeof(T))
                Widening.Copy((float*)from, RowStep, Rows, (double*)column);
            else if (RowStep == 1)
                return (T*)from;
            else
                for (int i = 0; i < Rows; i++)
                    column[i] = ((T*)from)[i * RowStep];
            return column;
        }

        private readonly bool IsZeroRow(int i)
        {
            for (int j = 0; j < Count; j++)
                if (!T.IsZero(Columns[(nint)j * Stride + i]))
                    return false;
            return true;
        }
    }

    private struct ReduceWork : ILaneWork<T>
    {
        public T* Columns, Workspace, Diagonal, Superdiagonal, Taus;
        public int Stride, Count, Threads;

        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V> =>
            Reduction<T, V, L>.Run(Columns, Stride, Count, Workspace, Diagonal, Superdiagonal, Taus, Threads);
    }
}

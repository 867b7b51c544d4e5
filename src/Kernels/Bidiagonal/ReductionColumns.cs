using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>A (m×n), m ≥ n, or the R of its QR, by columns as <see cref="Reduction{T, V, L}"/> takes it: zero-padded, at a norm near 1.</summary>
/// <param name="a">A.</param>
/// <param name="memory"><see cref="Size"/>(m, n) elements, at a cache line.</param>
internal unsafe struct ReductionColumns<T>(ReadOnlyMatrixView<T> a, T* memory) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>ρ.</summary>
    public const int Evenness = 16;

    // ‖A‖²_F between these powers of two, no square or sum of squares that matters leaves the range of T.
    private const int Moderate = 32;

    // Squared norms below this have lost digits.
    private static readonly T s_precise = T.ScaleB(T.One, typeof(T) == typeof(double) ? -900 : -90);

    private readonly int _rows = a.Rows;
    private T _square, _largest;

    /// <summary>The columns.</summary>
    public readonly T* Elements { get; } = memory;

    /// <summary>What the reduction needs beside the columns.</summary>
    public readonly T* Workspace { get; } = memory + Storage(a.Rows, a.Columns);

    /// <summary>How many.</summary>
    public int Count { get; private set; } = a.Columns;

    /// <summary>From one to the next.</summary>
    public int Stride { get; private set; } = StrideOf(a.Rows);

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

    /// <summary>Loads A and finds whether it is even.</summary>
    /// <returns>Whether ‖A‖²_F is finite; where not, an element is not, or squares overflow.</returns>
    public bool Load(ReadOnlyMatrixView<T> a, VectorPath path, int threads)
    {
        fixed (T* from = &a.Origin)
        {
            var copy = new CopyWork { From = from, RowStep = a.RowStride, ColumnStep = a.ColumnStride, Into = Elements, Rows = a.Rows, Columns = a.Columns, Stride = Stride };
            Team.Run((a.Columns + CopyWork.PerChunk - 1) / CopyWork.PerChunk, threads, &copy, &CopyWork.Run);
        }

        ClearGroup();
        Measure(path);
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
        Measure(path);
        return true;
    }

    private void Measure(VectorPath path)
    {
        var measure = new MeasureWork { Columns = Elements, Rows = _rows, Count = Count, Stride = Stride, RowSquares = Workspace };
        VectorPaths.Run<T, MeasureWork>(path, ref measure);
        (_square, _largest, IsEven) = (measure.Square, measure.Largest, measure.IsEven);
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
    public readonly void Reduce(T* diagonal, T* superdiagonal, T* taus, T* factors, VectorPath path, int threads)
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
            Factors = factors,
            Threads = threads,
        };
        VectorPaths.Run<T, ReduceWork>(path, ref reduce);
    }

    private readonly void ClearGroup() =>
        new Span<T>(Elements + (nint)Count * Stride, (Reduction<T, T, LanesScalar<T>>.Grouped(Count) - Count) * Stride).Clear();

    private struct CopyWork
    {
        public const int PerChunk = 32;

        public T* From, Into;
        public nint RowStep, ColumnStep;
        public int Rows, Columns, Stride;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void Run(void* state, int chunk)
        {
            ref CopyWork copy = ref *(CopyWork*)state;
            int rows = copy.Rows, stride = copy.Stride;
            nint step = copy.RowStep;
            for (int j = chunk * PerChunk; j < Math.Min(copy.Columns, (chunk + 1) * PerChunk); j++)
            {
                T* from = copy.From + j * copy.ColumnStep, column = copy.Into + (nint)j * stride;
                if (step == 1)
                    new ReadOnlySpan<T>(from, rows).CopyTo(new Span<T>(column, rows));
                else
                    for (int i = 0; i < rows; i++)
                        column[i] = from[i * step];
                new Span<T>(column + rows, stride - rows).Clear();
            }
        }
    }

    /// <summary>‖A‖²_F, the largest element, and evenness.</summary>
    private struct MeasureWork : ILaneWork<T>
    {
        public T* Columns, RowSquares;
        public int Rows, Count, Stride;
        public T Square, Largest;
        public bool IsEven;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            T* rows = RowSquares;
            int stride = Stride;
            new Span<T>(rows, stride).Clear();
            T total = T.Zero, shortest = T.PositiveInfinity, longest = T.Zero;
            V largest = L.Zero;
            for (int j = 0; j < Count; j++)
            {
                T* column = Columns + (nint)j * stride;
                V sum = L.Zero, max = L.Zero;
                for (int i = 0; i < stride; i += L.Count)
                {
                    V x = L.Load(column + i), square = L.Multiply(x, x);
                    max = L.MaxAbs(max, x);
                    sum = L.Add(sum, square);
                    L.Store(L.Add(square, L.Load(rows + i)), rows + i);
                }

                largest = L.MaxAbs(largest, max);
                T length = L.Sum(sum);
                total += length;
                longest = T.MaxNative(longest, length);
                // A square that underflows belongs to a short column; only zeros have no say.
                if (length > s_precise || !T.IsZero(L.Max(max)))
                    shortest = T.MinNative(shortest, length);
            }

            Square = total;
            Largest = L.Max(largest);
            T ratio = T.CreateTruncating(Evenness * Evenness);
            IsEven = shortest * ratio >= longest;
            shortest = T.PositiveInfinity;
            longest = T.Zero;
            for (int i = 0; i < Rows; i++)
            {
                longest = T.MaxNative(longest, rows[i]);
                if (rows[i] > s_precise || !IsZeroRow(i))
                    shortest = T.MinNative(shortest, rows[i]);
            }

            IsEven &= shortest * ratio >= longest;
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
        public T* Columns, Workspace, Diagonal, Superdiagonal, Taus, Factors;
        public int Stride, Count, Threads;

        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V> =>
            Reduction<T, V, L>.Run(Columns, Stride, Count, Workspace, Diagonal, Superdiagonal, Taus, Factors, Threads);
    }
}

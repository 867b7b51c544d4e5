using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>Singular values alone: A → bidiagonal B → dqds, with a QR factorisation first where A is tall.</summary>
/// <remarks>
/// The reduction is backward stable for A as a whole: |δσᵢ| ≤ c·p·ε·σ₁. Where the norms of all non-zero columns lie within a
/// factor ρ of each other, and A = B·D with B of unit columns, σ₁ ≤ ρ·κ(B)·σᵢ, so that this is |δσᵢ| ≤ c·p·ε·ρ·κ(B)·σᵢ: what Jacobi
/// guarantees, times ρ. The same for rows and A = D·B. Where A is graded, a QR of sorted rows with pivoted columns comes first: R's rows
/// fall, and reflections of what falls keep small values as a rule (Drmač, ACM TOMS 44, 2017). Not always: where an element of R that
/// should lead a reflection happens to vanish, columns of different size are mixed. A lost value shows, since Π σᵢ = Π|r_kk|,
/// which the QR has to high relative accuracy; such a matrix is left to Jacobi.
/// </remarks>
internal static unsafe class BidiagonalValues<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>ρ.</summary>
    public const int Evenness = 16;

    // ‖A‖²_F between these powers of two, no square or sum of squares that matters leaves the range of T.
    private const int Moderate = 32;

    // Beyond so many powers of two between R's rows, squares of elements leave the range of T.
    private static readonly int s_range = typeof(T) == typeof(double) ? 400 : 40;

    // Squared norms below this have lost digits.
    private static readonly T s_precise = T.ScaleB(T.One, typeof(T) == typeof(double) ? -900 : -90);

    /// <summary>σ₁ ≥ … ≥ σ_p of A (m×n), not empty; false where A is graded and that is not allowed for, or a value got lost.</summary>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(ReadOnlyMatrixView<T> a, T* sigma, bool gradedToo, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        // A square matrix has the values of its transpose, and contiguous columns are copied faster.
        ReadOnlyMatrixView<T> tall = a.Rows > a.Columns || a.Rows == a.Columns && a.RowStride == 1 ? a : a.Transposed();
        int m = tall.Rows, n = tall.Columns, stride = Stride(m), grouped = Reduction<T, T, LanesScalar<T>>.Grouped(n);
        nint size = (nint)stride * grouped, workspace = Reduction<T, T, LanesScalar<T>>.Workspace(stride, n);
        T* columns = memory.Columns.Rent<T>(size + workspace + 2 * (nint)n + BidiagonalSpectrum<T>.Workspace(n) * sizeof(double) / sizeof(T));
        Load(tall, columns, stride);
        new Span<T>(columns + (nint)n * stride, (grouped - n) * stride).Clear();
        var measure = new MeasureWork { Columns = columns, Rows = m, Count = n, Stride = stride, RowSquares = columns + size };
        VectorPaths.Run<T, MeasureWork>(path, ref measure);
        if (!T.IsFinite(measure.Square))
            a.RequireFinite(nameof(a));
        int exponent = 0;
        if (!(measure.Square >= T.ScaleB(T.One, -Moderate) && measure.Square <= T.ScaleB(T.One, Moderate)))
        {
            if (T.IsZero(measure.Largest))
            {
                new Span<T>(sigma, n).Clear();
                return true;
            }

            exponent = T.ILogB(measure.Largest);
            for (nint i = 0; i < (nint)n * stride; i++)
                columns[i] = T.ScaleB(columns[i], -exponent);
            VectorPaths.Run<T, MeasureWork>(path, ref measure);
        }

        bool isGraded = !measure.IsEven;
        if (isGraded && !gradedToo)
            return false;
        int count = n;
        if (isGraded || m > n + n / 2)
        {
            // R has room in the place of A.
            Factor(tall, isGraded, memory, path, threads);
            HouseholderColumns<T> qr = memory.Qr;
            count = qr.Rank;
            if (isGraded && count > 0 && ExponentOfR(qr, 0) - ExponentOfR(qr, count - 1) > s_range)
                return false;
            stride = Stride(n);
            grouped = Reduction<T, T, LanesScalar<T>>.Grouped(count);
            exponent = LoadRowsOfR(qr, columns, stride);
            new Span<T>(columns + (nint)count * stride, (grouped - count) * stride).Clear();
        }

        double* spectrum = (double*)(columns + size + workspace);
        T* diagonal = (T*)(spectrum + BidiagonalSpectrum<T>.Workspace(n)), superdiagonal = diagonal + n;
        var reduce = new ReduceWork { Columns = columns, Stride = stride, Count = count, Workspace = columns + size, Diagonal = diagonal, Superdiagonal = superdiagonal };
        VectorPaths.Run<T, ReduceWork>(path, ref reduce);
        if (!isGraded)
            ClearDust(diagonal, superdiagonal, count);
        BidiagonalSpectrum<T>.Values(diagonal, superdiagonal, count, exponent, spectrum, sigma);
        return !isGraded || HasProductOf(memory.Qr, sigma, count);
    }

    private static void Factor(ReadOnlyMatrixView<T> tall, bool isGraded, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        int m = tall.Rows, n = tall.Columns;
        if (isGraded)
        {
            int* lists = memory.Lists.Rent<int>(2 * (nint)m);
            var rows = new Span<int>(lists + m, m);
            if (SortedRows<T>.Order(tall, new Span<int>(lists, m), rows))
            {
                var sorted = new MatrixView<T>(ref *memory.Copies.Rent<T>((nint)m * n), m, n);
                SortedRows<T>.Copy(tall, rows, sorted);
                memory.Qr.Factor(sorted, pivot: true, path, threads);
                return;
            }
        }

        memory.Qr.Factor(tall, pivot: isGraded, path, threads);
    }

    /// <summary>What is below ε² beside the largest element becomes 0: far less than the rounding of an even A.</summary>
    /// <remarks>Of an all-ones matrix every step leaves ε of what the one before left, down to where squares end and only bisection helps: 83 ms at n = 256 instead of 3.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ClearDust(T* diagonal, T* superdiagonal, int n)
    {
        T largest = T.Zero, epsilon = T.BitIncrement(T.One) - T.One;
        for (int k = 0; k < n; k++)
            largest = T.MaxNative(largest, T.MaxNative(T.Abs(diagonal[k]), k < n - 1 ? T.Abs(superdiagonal[k]) : T.Zero));
        T dust = largest * epsilon * epsilon;
        for (int k = 0; k < n; k++)
        {
            diagonal[k] = T.Abs(diagonal[k]) < dust ? T.Zero : diagonal[k];
            if (k < n - 1 && T.Abs(superdiagonal[k]) < dust)
                superdiagonal[k] = T.Zero;
        }
    }

    private static int ExponentOfR(HouseholderColumns<T> qr, int k) => T.ILogB(qr.Column(k)[k]) + qr.Exponents[k];

    /// <summary>Whether Σ log₂ σᵢ = Σ log₂|r_kk| but for rounding, 8n²ε.</summary>
    private static bool HasProductOf(HouseholderColumns<T> qr, T* sigma, int count)
    {
        double difference = 0, moduli = 0;
        for (int k = 0; k < count; k++)
        {
            double pivot = Math.Log2(Math.Abs(double.CreateTruncating(qr.Column(k)[k]))) + qr.Exponents[k], value = Math.Log2(double.CreateTruncating(sigma[k]));
            difference += value - pivot;
            moduli += Math.Abs(pivot) + Math.Abs(value);
        }

        double epsilon = double.CreateTruncating(T.BitIncrement(T.One) - T.One);
        // The sums of logarithms round, too.
        return Math.Abs(difference) <= 8.0 * count * count * epsilon + Math.ScaleB(count * moduli, -52);
    }

    private static int Stride(int rows)
    {
        int line = AlignedBuffer.Alignment / sizeof(T), stride = Level1<T, T, LanesScalar<T>>.Padded(rows);
        // Columns a multiple of 1 KiB apart share few sets of the cache.
        return stride % (16 * line) == 0 ? stride + line : stride;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Load(ReadOnlyMatrixView<T> a, T* columns, int stride)
    {
        ref T origin = ref Unsafe.AsRef(in a.Origin);
        for (int j = 0; j < a.Columns; j++)
        {
            T* column = columns + (nint)j * stride;
            ref T from = ref Unsafe.Add(ref origin, j * a.ColumnStride);
            if (a.RowStride == 1)
                MemoryMarshal.CreateReadOnlySpan(ref from, a.Rows).CopyTo(new Span<T>(column, a.Rows));
            else
                for (int i = 0; i < a.Rows; i++)
                    column[i] = Unsafe.Add(ref from, i * a.RowStride);
            new Span<T>(column + a.Rows, stride - a.Rows).Clear();
        }
    }

    /// <summary>Column k becomes row k of R times 2^(−exponent), the largest element then being in [1, 2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int LoadRowsOfR(HouseholderColumns<T> qr, T* columns, int stride)
    {
        int exponent = int.MinValue;
        for (int j = 0; j < qr.Columns; j++)
            for (int i = 0; i <= Math.Min(j, qr.Rank - 1); i++)
                if (!T.IsZero(qr.Column(j)[i]))
                    exponent = Math.Max(exponent, T.ILogB(qr.Column(j)[i]) + qr.Exponents[j]);
        for (int k = 0; k < qr.Rank; k++)
        {
            T* column = columns + (nint)k * stride;
            new Span<T>(column, stride).Clear();
            for (int j = k; j < qr.Columns; j++)
                column[j] = T.ScaleB(qr.Column(j)[k], qr.Exponents[j] - exponent);
        }

        return exponent;
    }

    /// <summary>‖A‖²_F, the largest element, and whether the norms of columns and of rows, those of zeros left aside, lie within the factor ρ.</summary>
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
        public T* Columns, Workspace, Diagonal, Superdiagonal;
        public int Stride, Count;

        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V> =>
            Reduction<T, V, L>.Run(Columns, Stride, Count, Workspace, Diagonal, Superdiagonal);
    }
}

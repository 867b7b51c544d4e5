using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Reflectors;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>Singular values alone: A → bidiagonal B → <see cref="BidiagonalSpectrum{T}"/>, with a QR factorisation first where A is tall.</summary>
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
    // Beyond so many powers of two between R's rows, squares of elements leave the range of T.
    private static readonly int s_range = typeof(T) == typeof(double) ? 400 : 40;

    /// <summary>σ₁ ≥ … ≥ σ_p of A (m×n), not empty; false where A is graded and that is not allowed for, or a value got lost.</summary>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(ReadOnlyMatrixView<T> a, T* sigma, bool gradedToo, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        // A square matrix has the values of its transpose, and contiguous columns are copied faster.
        ReadOnlyMatrixView<T> tall = a.Rows > a.Columns || a.Rows == a.Columns && a.RowStride == 1 ? a : a.Transposed();
        int m = tall.Rows, n = tall.Columns;
        nint size = ReductionColumns<T>.Size(m, n);
        T* own = memory.Columns.Rent<T>(size + 2 * (nint)n + BidiagonalSpectrum<T>.Workspace(n) * sizeof(double) / sizeof(T));
        var columns = new ReductionColumns<T>(m, n, own);
        // Threads meet at every column of the reduction: they pay from 1.6 times the order on from which a product takes them.
        int meeting = Products<T>.Threads((long)m * n * n / 4, threads);
        if (!columns.Load(tall, path, meeting))
            a.RequireFinite(nameof(a));
        if (!columns.Normalise(path))
        {
            new Span<T>(sigma, n).Clear();
            return true;
        }

        bool isGraded = !columns.IsEven;
        if (isGraded && !gradedToo)
            return false;
        if (isGraded || m > n + n / 2)
        {
            Factor(tall, isGraded, memory, path, threads);
            HouseholderColumns<T> qr = memory.Qr;
            if (isGraded && qr.Rank > 0 && ExponentOfR(qr, 0) - ExponentOfR(qr, qr.Rank - 1) > s_range)
                return false;
            columns.LoadRowsOfR(qr);
        }

        int count = columns.Count;
        double* spectrum = (double*)(own + size);
        T* diagonal = (T*)(spectrum + BidiagonalSpectrum<T>.Workspace(n)), superdiagonal = diagonal + n;
        columns.Reduce(diagonal, superdiagonal, null, path, meeting);
        // What is below ε² beside the largest element is far less than the rounding of an even A. Of an all-ones matrix every step leaves ε of what
        // the one before left, down to where squares end and only bisection helps: 83 ms at n = 256 instead of 3.
        double epsilon = double.CreateTruncating(T.BitIncrement(T.One) - T.One), dust = isGraded ? 0 : epsilon * epsilon;
        BidiagonalSpectrum<T>.Values(diagonal, superdiagonal, count, columns.Exponent, spectrum, sigma, path, threads, dust: dust);
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

    private static int ExponentOfR(HouseholderColumns<T> qr, int k) => T.ILogB(qr.Column(k)[k]) + qr.Exponents[k];

    /// <summary>Whether Σ log₂ σᵢ = Σ log₂|r_kk| but for rounding, 8n²ε.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
}

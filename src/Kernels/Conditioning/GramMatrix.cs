using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>G = AᵀA of a float A (m×n) in double, whose Cholesky factor is the R of A's QR factorisation at half its cost.</summary>
/// <remarks>
/// Products of floats are exact in double and neither over- nor underflow; only sums round. Those of G and of its factorisation G + Δ = RᵀR are
/// relative to the columns' norms D: |Δᵢⱼ| ≤ (m + n + 1)·u·dᵢdⱼ, u = ε/2 (Demmel, LAPACK Working Note 14), and by the model of independent roundings
/// √(m + n)·u·dᵢdⱼ, of which a matrix has a norm of 2√n times that: ‖D⁻¹ΔD⁻¹‖₂ ≤ η = 4·max(m, n)·ε, a model's bound with a margin, as that of QR; the worst
/// case is n(m + n + 1)·u. As AᵀA = Rᵀ(I − XᵀΔX)R with X = R⁻¹, every σᵢ² is moved by a share of at most η·‖DX‖²_F, every σᵢ by about half of it
/// (Ostrowski; Eisenstat and Ipsen, SIAM J. Numer. Anal. 32 (1995)). κ is squared there, so it takes well conditioned matrices alone.
/// n²m + n³/3 operations.
/// </remarks>
internal static unsafe class GramMatrix
{
    // Smaller orders are no faster for it.
    private const int LeastOrder = 96;

    // Nearly square matrices beyond this order have ‖DX‖_F of at least about n, too much for δ in one of four Gaussian ones at n = 640 and in
    // every other at 1024; what has failed costs 0.8 of the QR that follows.
    private const int LargestSquare = 512;

    /// <summary>The largest δ: <c>Upper/Lower</c> is at most 1 + 2⁻¹⁸ and what Lanczos adds, 32 units of the last place of a float.</summary>
    public const double MostDelta = 1.0 / (1 << 19);

    // So many rows are widened at a time.
    private const int Depth = 128;

    private const int Line = 8;

    /// <summary>Whether an m×n matrix, m ≥ n, is worth the attempt.</summary>
    public static bool IsPromising(int m, int n) => n >= LeastOrder && (n <= LargestSquare || 4L * m >= 5L * n);

    /// <summary>Doubles of scratch for n columns.</summary>
    public static nint Workspace(int n) => Math.Max(Depth * Spread(n), n * Spread(Depth));

    // An odd number of cache lines from one widened line to the next: at a power of two, all would compete for the same sets of the caches.
    private static nint Spread(int length) => Line * (((length + Line - 1) / Line) | 1);

    /// <summary>Writes the upper half of G (n×n); what is below its diagonal is not defined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Form(ReadOnlyMatrixView<float> a, MatrixView<double> g, double* scratch, VectorPath path, int maxThreads)
    {
        int n = a.Columns;
        bool byRows = a.ColumnStride == 1;
        fixed (float* origin = &a.Origin)
        {
            for (int from = 0; from < a.Rows; from += Depth)
            {
                int rows = Math.Min(Depth, a.Rows - from), lines = byRows ? rows : n, length = byRows ? n : rows;
                float* first = origin + from * a.RowStride;
                nint stride = Spread(length);
                for (int i = 0; i < lines; i++)
                    Widening.Copy(first + i * (byRows ? a.RowStride : a.ColumnStride), byRows ? 1 : a.RowStride, length, scratch + i * stride);
                ReadOnlyMatrixView<double> wide = new(ref *scratch, lines, length, stride, 1), part = byRows ? wide : wide.Transposed();
                Products<double>.Multiply(1, part.Transposed(), part, from == 0 ? 0 : 1, g, path,
                    Products<double>.Threads((long)n * n * rows / 2, maxThreads), Part.Upper);
            }
        }
    }
}

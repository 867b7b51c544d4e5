using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Reflectors;

/// <summary>H₀H₁⋯H_{w−1} = I − VTVᵀ for a panel of reflections, V (h×w) lower trapezoidal, T (w×w) upper triangular.</summary>
/// <remarks>
/// V is kept twice, by columns and by rows, so that each of the two products that apply it reads contiguous rows and copies nothing
/// large. Any run of the reflections is a panel too: its V is a block of V, its T the diagonal block of T. T grows by halves,
/// T₁₂ = −T₁₁(V₁ᵀV₂)T₂₂. Sources: Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989); Elmroth and Gustavson, IBM J. Res.
/// Develop. 44 (2000).
/// </remarks>
/// <param name="columns">V by columns, zeros above the diagonal.</param>
/// <param name="stride">Elements from one column of V to the next.</param>
/// <param name="rows">V by rows, <paramref name="width"/> apart.</param>
/// <param name="t">T by rows, <paramref name="width"/> apart, zeros below its diagonal.</param>
/// <param name="tau">The factors of the reflections: T's diagonal.</param>
/// <param name="scratch">2·width·max(width, columns of any C) elements.</param>
/// <param name="width">The panel's largest width.</param>
/// <param name="height">h.</param>
/// <param name="path">The vectors to use.</param>
/// <param name="maxThreads">The most threads to use.</param>
internal readonly unsafe struct CompactWy<T>(
    T* columns, nint stride, T* rows, T* t, T* tau, T* scratch, int width, int height, VectorPath path, int maxThreads)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Up to here T comes from its defining sums: a product of this order costs more than they do.
    private const int SmallestHalf = 8;

    /// <summary>Elements of scratch for panels of this width applied to so many columns.</summary>
    public static nint ScratchSize(int width, int count) => 2 * (nint)width * Math.Max(width, count);

    /// <summary>Column i of V; its element r stands for row r of the panel.</summary>
    public T* Column(int i) => columns + i * stride;

    /// <summary>Copies count columns of V, from the first on, to V by rows.</summary>
    public void CopyToRows(int first, int count) => Transposition<T>.Copy(count, height, Column(first), stride, rows + first, width);

    /// <summary>Computes T's diagonal block for count reflections from the first on; V stands by columns and by rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void FormFactor(int first, int count)
    {
        if (count > SmallestHalf)
        {
            int half = (count + 1) / 2;
            FormFactor(first, half);
            FormFactor(first + half, count - half);
            Join(first, half, count - half);
            return;
        }

        var g = new MatrixView<T>(ref *scratch, count, count, width, 1);
        Gemm.Multiply(T.One, ByColumns(first, first, count).Transposed(), ByRows(first, first, count), T.Zero, g, path, 1);
        T* diagonal = t + first * width + first;
        for (int i = 0; i < count; i++)
        {
            T factor = tau[first + i];
            for (int r = 0; r < i; r++)
            {
                T sum = T.Zero;
                for (int l = r; l < i; l++)
                    sum = T.MultiplyAddEstimate(diagonal[r * width + l], scratch[i * width + l], sum);
                diagonal[r * width + i] = -factor * sum;
                diagonal[i * width + r] = T.Zero;
            }

            diagonal[i * width + i] = factor;
        }
    }

    /// <summary>T₁₂ for two neighbouring panels whose T₁₁ and T₂₂ are known.</summary>
    public void Join(int first, int leading, int following)
    {
        int second = first + leading;
        var g = new MatrixView<T>(ref *scratch, leading, following, width, 1);
        var gt = new MatrixView<T>(ref scratch[width * width], leading, following, width, 1);
        Gemm.Multiply(T.One, ByColumns(first, second, leading).Transposed(), ByRows(second, second, following), T.Zero, g, path, maxThreads);
        Gemm.Multiply(T.One, g, Factor(second, second, following, following), T.Zero, gt, path, 1);
        Gemm.Multiply(T.NegativeOne, Factor(first, first, leading, leading), gt, T.Zero, Factor(first, second, leading, following), path, 1);
        Factor(second, first, following, leading).Fill(T.Zero);
    }

    /// <summary>C ← (I − VTVᵀ)C, or (I − VTᵀVᵀ)C where transposed, for count reflections from the first on; C's rows are the panel's from there on.</summary>
    /// <remarks>C has contiguous rows or columns; each product then writes and reads contiguous rows, of C or of Cᵀ.</remarks>
    public void Apply(MatrixView<T> c, int first, int count, bool transposed)
    {
        bool byRows = c.ColumnStride == 1 && (c.RowStride != 1 || c.Columns > 1);
        ReadOnlyMatrixView<T> factor = Factor(first, first, count, count);
        if (!byRows)
            c = c.Transposed();
        // By rows, W = VᵀC and C ← C − V(TW); by columns the same of Cᵀ: W = CᵀV and Cᵀ ← Cᵀ − (WTᵀ)Vᵀ.
        int m = byRows ? count : c.Rows, n = byRows ? c.Columns : count;
        var w = new MatrixView<T>(ref *scratch, m, n);
        var tw = new MatrixView<T>(ref scratch[(nint)m * n], m, n);
        if (byRows)
        {
            Gemm.Multiply(T.One, ByColumns(first, first, count).Transposed(), c, T.Zero, w, path, maxThreads);
            Gemm.Multiply(T.One, transposed ? factor.Transposed() : factor, w, T.Zero, tw, path, maxThreads);
            Gemm.Multiply(T.NegativeOne, ByRows(first, first, count), tw, T.One, c, path, maxThreads);
        }
        else
        {
            Gemm.Multiply(T.One, c, ByRows(first, first, count), T.Zero, w, path, maxThreads);
            Gemm.Multiply(T.One, w, transposed ? factor : factor.Transposed(), T.Zero, tw, path, maxThreads);
            Gemm.Multiply(T.NegativeOne, tw, ByColumns(first, first, count).Transposed(), T.One, c, path, maxThreads);
        }
    }

    /// <summary>Rows from a row on of count columns of V from the first on, in the copy whose columns are contiguous.</summary>
    public ReadOnlyMatrixView<T> ByColumns(int first, int row, int count) =>
        new(ref Column(first)[row], height - row, count, 1, stride);

    private ReadOnlyMatrixView<T> ByRows(int first, int row, int count) =>
        new(ref rows[(nint)row * width + first], height - row, count, width, 1);

    private MatrixView<T> Factor(int row, int column, int m, int n) => new(ref t[row * width + column], m, n, width, 1);
}

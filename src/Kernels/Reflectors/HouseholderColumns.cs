using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Reflectors;

/// <summary>
/// A = QR by Householder reflections on scaled columns: column j is stored as 2^(−eⱼ)·a_j with largest element in [1, 2),
/// so nothing over- or underflows and, since scaling by powers of two is exact, Q and the pivots are those of A.
/// </summary>
/// <remarks>
/// Column k holds, above and on the diagonal, R's column k (times 2^(−eₖ)); below it the reflector vₖ, whose leading 1 is not
/// stored: Hₖ = I − τₖ vₖ vₖᵀ, Q = H₀H₁⋯. Columns are contiguous and zero-padded to whole cache lines. Scaling columns commutes
/// with reflections from the left, so panels of reflections meet columns of any exponents in one product.
/// </remarks>
internal sealed unsafe partial class HouseholderColumns<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Up to so many bytes the memory of the last factors that a thread freed waits for the next: fresh pages cost a tenth of a factorisation.
    private const int KeptBytes = 64 << 20;

    [ThreadStatic]
    private static AlignedBuffer? t_kept;

    [ThreadStatic]
    private static AlignedBuffer? t_work;

    private AlignedBuffer? _memory;
    private T* _columns;
    private T* _factors;
    private nint _stride;
    private VectorPath _path;
    private int _maxThreads;
    private bool _hasFactors;

    /// <summary>No factors yet.</summary>
    public HouseholderColumns()
    {
    }

    /// <summary>Loads A (m×n), whose elements are finite, and factors it.</summary>
    public HouseholderColumns(ReadOnlyMatrixView<T> a, bool pivot, VectorPath path, int maxThreads = 0) => Factor(a, pivot, path, maxThreads);

    /// <summary>Loads A (m×n), whose elements are finite, and factors it in the place of what was here; allocates nothing where that was no smaller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Factor(ReadOnlyMatrixView<T> a, bool pivot, VectorPath path, int maxThreads = 0)
    {
        Rows = a.Rows;
        Columns = a.Columns;
        Steps = Math.Min(Rows, Columns);
        Rank = 0;
        Length = Level1<T, T, LanesScalar<T>>.Padded(Rows);
        _path = path;
        _maxThreads = maxThreads;
        _hasFactors = false;
        _stride = Spread(Length);
        if (_memory is null)
            (_memory, t_kept) = (t_kept ?? new AlignedBuffer(), null);
        int blocks = (Steps + PanelWidth - 1) / PanelWidth;
        nint elements = _stride * Columns + (nint)blocks * PanelWidth * (PanelWidth + 1), lists = 2 * (nint)Columns * sizeof(int) / sizeof(T);
        _columns = _memory.Rent<T>(elements + lists);
        _factors = _columns + _stride * Columns;
        Tau = _factors + (nint)blocks * PanelWidth * PanelWidth;
        Exponents = (int*)(_columns + elements);
        Permutation = Exponents + Columns;
        for (int j = 0; j < Columns; j++)
            (Exponents[j], Permutation[j]) = (0, j);
        new Span<T>(Tau, Steps).Clear();
        if (Steps > 0)
        {
            fixed (T* origin = &a.Origin)
            {
                Load(origin, a.RowStride, a.ColumnStride);
                var work = new FactorWork { Owner = this, Pivot = pivot };
                VectorPaths.Run<T, FactorWork>(path, ref work);
            }
        }
    }

    /// <summary>
    /// Reflections per panel, a multiple of <see cref="Reflection{T, V, L}.Line"/>, so that panels start at cache lines. Narrow ones
    /// spend less on themselves, wide ones pass the rest of the matrix less often: at n = 1024, beyond L2, 64 is 1.1 to 1.4 times as
    /// fast as 32, and at n = 512 level in f32 and slower in f64.
    /// </summary>
    private int PanelWidth => Steps <= 512 ? 32 : 64;

    public int Rows { get; private set; }

    public int Columns { get; private set; }

    /// <summary>min(m, n).</summary>
    public int Steps { get; private set; }

    /// <summary>Where pivoting found only zeros left, the number of steps before that; otherwise min(m, n).</summary>
    public int Rank { get; private set; }

    /// <summary>Column j of QR is column Permutation[j] of A.</summary>
    public int* Permutation { get; private set; }

    /// <summary>eⱼ of the permuted columns.</summary>
    public int* Exponents { get; private set; }

    /// <summary>m, padded to whole cache lines.</summary>
    public int Length { get; private set; }

    /// <summary>The factors of the reflections, 0 from <see cref="Rank"/> on.</summary>
    public T* Tau { get; private set; }

    /// <summary>Bytes of native memory held.</summary>
    public nuint Bytes => _memory?.Bytes ?? 0;

    /// <summary>Column j as stored, scaled by 2^(−eⱼ).</summary>
    public T* Column(int j) => _columns + j * _stride;

    /// <summary>
    /// C ← QC or QᵀC for columns of length m that are contiguous, zero-padded to <see cref="Level1{T, V, L}.Padded"/>(m).
    /// </summary>
    public void Apply(T* c, int count, bool transposed) =>
        Apply(new MatrixView<T>(ref *c, Rows, count, 1, Length), transposed);

    /// <summary>C ← QC or QᵀC, with C (m×p) of contiguous rows or columns; where C is known to be the identity's first columns, about half the work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(MatrixView<T> c, bool transposed, bool isIdentity = false)
    {
        if (c.IsEmpty)
            return;
        nint rows = (nint)PanelWidth * Rows, columns = PanelWidth * _stride;
        T* memory = (t_work ??= new AlignedBuffer()).Rent<T>(rows + columns + CompactWy<T>.ScratchSize(PanelWidth, c.Columns));
        int blocks = (Rank + PanelWidth - 1) / PanelWidth;
        for (int b = 0; b < blocks; b++)
        {
            int block = transposed ? b : blocks - 1 - b, start = block * PanelWidth, width = Math.Min(PanelWidth, Rank - start);
            CompactWy<T> panel = Panel(start, memory + rows, memory, memory + rows + columns);
            for (int i = 0; i < width; i++)
            {
                T* v = panel.Column(i);
                new Span<T>(v, i).Clear();
                Reflection<T, T, LanesScalar<T>>.Copy(Column(start + i) + start, i, Length - start, v);
            }

            panel.CopyToRows(0, width);
            // Threads that apply the same factors for the first time at once write the same bits.
            if (!_hasFactors)
                panel.FormFactor(0, width);
            int first = isIdentity ? start : 0;
            panel.Apply(c.Block(start, first, Rows - start, c.Columns - first), 0, width, transposed);
        }

        _hasFactors = true;
    }

    /// <summary>Rows [0, count) of R, row i from its diagonal on and zeros before it, every column at its own scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyR(MatrixView<T> r)
    {
        T* scaled = (t_work ??= new AlignedBuffer()).Rent<T>((nint)PanelWidth * r.Rows);
        fixed (T* origin = &r.Origin)
        {
            for (int j = 0; j < Columns; j += PanelWidth)
            {
                int width = Math.Min(PanelWidth, Columns - j);
                for (int i = 0; i < width; i++)
                {
                    int count = Math.Min(j + i + 1, r.Rows);
                    Scale(Exponents[j + i], new ReadOnlySpan<T>(Column(j + i), count), new Span<T>(scaled + (nint)i * r.Rows, count));
                    new Span<T>(scaled + (nint)i * r.Rows + count, r.Rows - count).Clear();
                }

                Transposition<T>.Copy(width, r.Rows, scaled, r.Rows, origin + j, r.RowStride);
            }
        }
    }

    public void Dispose()
    {
        if (t_kept is null && _memory?.Bytes <= KeptBytes)
            t_kept = _memory;
        else
            _memory?.Dispose();
        _memory = null;
    }

    /// <summary>An odd number of cache lines where columns are long: at a power of two, all would compete for the same sets of the caches.</summary>
    private static nint Spread(nint length)
    {
        int line = AlignedBuffer.Alignment / sizeof(T);
        return length < 32 * line ? length : (length / line | 1) * line;
    }

    private CompactWy<T> Panel(int start, T* columns, T* rows, T* scratch) => new(columns, _stride, rows,
        _factors + (nint)start * PanelWidth, Tau + start, scratch, PanelWidth, Rows - start, _path, _maxThreads);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load(T* a, nint rowStride, nint columnStride)
    {
        if (columnStride == 1 && rowStride != 1)
        {
            // Sixteen columns at a time: their lines stay in L1 while rows pass.
            for (int j = 0; j < Columns; j += 16)
                Transposition<T>.Copy(Rows, Math.Min(16, Columns - j), a + j, rowStride, Column(j), _stride);
        }
        else
        {
            for (int j = 0; j < Columns; j++)
            {
                T* from = a + j * columnStride, to = Column(j);
                if (rowStride == 1)
                    new ReadOnlySpan<T>(from, Rows).CopyTo(new Span<T>(to, Rows));
                else
                    for (int i = 0; i < Rows; i++)
                        to[i] = from[i * rowStride];
            }
        }

        for (int j = 0; j < Columns; j++)
            new Span<T>(Column(j) + Rows, Length - Rows).Clear();
    }

    /// <summary>to ← 2^exponent·from, rounded once.</summary>
    private static void Scale(int exponent, ReadOnlySpan<T> from, Span<T> to)
    {
        T factor = BinaryExponent<T>.Power(exponent);
        if (T.IsNormal(factor))
            for (int i = 0; i < from.Length; i++)
                to[i] = from[i] * factor;
        else
            for (int i = 0; i < from.Length; i++)
                to[i] = T.ScaleB(from[i], exponent);
    }
}

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
internal sealed unsafe class HouseholderColumns<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
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

    private struct FactorWork : ILaneWork<T>
    {
        public HouseholderColumns<T> Owner;
        public bool Pivot;

        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            Owner.Normalise<V, L>();
            if (Pivot)
                Owner.FactorPivoted<V, L>();
            else
                Owner.Factor<V, L>();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalise<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
    {
        for (int j = 0; j < Columns; j++)
        {
            T* column = Column(j);
            T max = Level1<T, V, L>.MaxAbs(column, Length);
            int exponent = T.IsZero(max) ? 0 : BinaryExponent<T>.Of(max);
            Exponents[j] = exponent;
            if (exponent == 0)
                continue;
            T factor = BinaryExponent<T>.Power(-exponent);
            // 2^−e itself may be out of range.
            if (T.IsNormal(factor))
                Level1<T, V, L>.Scale(factor, column, Length);
            else
                for (int i = 0; i < Rows; i++)
                    column[i] = T.ScaleB(column[i], -exponent);
        }
    }

    // A panel's recursion ends at leaves of this width, factored one reflection at a time.
    private const int Leaf = 16;

    // So many steps go one at a time while the matrix is in L1 or near: at n = 64 that takes 0.6 of the time of panels, at n = 96 the
    // same, at n = 128 1.3 times.
    private const int Small = 64, SmallBytes = 128 << 10;

    private static bool PaysInPanels(int rows, int columns)
    {
        int steps = Math.Min(rows, columns);
        return steps > Small || steps > Leaf && (long)rows * columns * sizeof(T) > SmallBytes;
    }

    /// <summary>Panels of reflections, each by halves; the columns right of a panel meet it as two products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Factor<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
    {
        Rank = Steps;
        bool blocked = PaysInPanels(Rows, Columns);
        nint constant = _stride + 3 * Reflection<T, V, L>.Line, columns = (blocked ? PanelWidth : 1) * _stride;
        nint rows = blocked ? (nint)PanelWidth * Rows : 0, scratch = blocked ? CompactWy<T>.ScratchSize(PanelWidth, Columns) : 0;
        T* memory = (t_work ??= new AlignedBuffer()).Rent<T>(constant + columns + rows + scratch);
        var scope = new Scope { Spare = memory, Steps = memory + _stride };
        new Span<T>(scope.Spare, Length).Clear();
        Reflection<T, V, L>.WriteSteps(scope.Steps);
        T* v = memory + constant;
        if (!blocked)
        {
            for (int k = 0; k < Steps; k++)
                Step<V, L>(k, v, Columns, in scope);
            return;
        }

        for (int start = 0; start < Steps; start += PanelWidth)
        {
            int width = Math.Min(PanelWidth, Steps - start), rest = Columns - start - width;
            CompactWy<T> panel = Panel(start, v, v + columns, v + columns + rows);
            FactorPanel<V, L>(panel, start, 0, width, in scope);
            if (rest > 0)
                panel.Apply(Trailing(start, start + width, rest), 0, width, transposed: true);
        }

        _hasFactors = true;
    }

    private void FactorPanel<V, L>(in CompactWy<T> panel, int start, int first, int width, in Scope scope)
        where V : unmanaged where L : struct, ILanes<T, V>
    {
        if (width <= Leaf)
        {
            for (int i = first; i < first + width; i++)
            {
                new Span<T>(panel.Column(i), i).Clear();
                Step<V, L>(start + i, panel.Column(i) - start, start + first + width, in scope);
            }

            panel.CopyToRows(first, width);
            panel.FormFactor(first, width);
            return;
        }

        int half = width <= 2 * Leaf ? Leaf : width / 2;
        FactorPanel<V, L>(panel, start, first, half, in scope);
        panel.Apply(Trailing(start + first, start + first + half, width - half), first, half, transposed: true);
        FactorPanel<V, L>(panel, start, first + half, width - half, in scope);
        panel.Join(first, half, width - half);
    }

    /// <summary>Makes reflection k and applies it to the columns between k and end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Step<V, L>(int k, T* v, int end, in Scope scope) where V : unmanaged where L : struct, ILanes<T, V>
    {
        Tau[k] = Reflection<T, V, L>.Make(Column(k), k, Length, v, scope.Steps);
        if (!T.IsZero(Tau[k]))
            Reflection<T, V, L>.Apply(v, Tau[k], Column(k + 1), _stride, end - k - 1, k / L.Count * L.Count, Length, scope.Spare);
    }

    /// <summary>Rows from a row on of count columns.</summary>
    private MatrixView<T> Trailing(int row, int column, int count) => new(ref Column(column)[row], Rows - row, count, 1, _stride);

    /// <summary>What the kernels need beside the columns.</summary>
    private struct Scope
    {
        public T* Spare, Steps;
    }

    /// <summary>Each step brings the column of largest remaining norm to the front.</summary>
    /// <remarks>
    /// Half of the work is delayed: a panel's reflections reach only the next pivot's column and row, and the rest of the matrix in one
    /// product when the panel ends, at its full width or when a norm must be computed afresh. Source: Quintana-Ortí, Sun and Bischof,
    /// SIAM J. Sci. Comput. 19 (1998).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FactorPivoted<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
    {
        nint line = Level1<T, V, L>.Padded(Columns);
        nint constant = _stride + 3 * Reflection<T, V, L>.Line, panel = PanelWidth * _stride, delayed = PanelWidth * line;
        T* memory = (t_work ??= new AlignedBuffer()).Rent<T>(constant + panel + delayed + 4 * line + PanelWidth);
        var scope = new Scope { Spare = memory, Steps = memory + _stride };
        new Span<T>(scope.Spare, Length).Clear();
        Reflection<T, V, L>.WriteSteps(scope.Steps);
        T* v = memory + constant, f = v + panel, row = f + delayed, w = row + line;
        new Span<T>(f, (int)(delayed + line)).Clear();
        var norms = new TailNorms<T>(w + PanelWidth, line, Columns);
        int k = 0;
        bool needsBase = true;
        while (k < Steps)
        {
            if (needsBase && !Rebase<V, L>(ref norms, k, v, in scope))
                break;
            if (!PaysInPanels(Rows - k, Columns - k))
            {
                Exchange<V, L>(k, norms.Largest, ref norms);
                Step<V, L>(k, v, Columns, in scope);
                norms.Downdate(k + 1, Column(k + 1) + k, _stride);
                k++;
            }
            else
            {
                k += Delay<V, L>(k, v, f, line, row, w, ref norms, in scope);
            }

            if (norms.AreStale)
                Refresh<V, L>(ref norms, k, v, in scope);
            needsBase = norms.NeedsNewBase;
        }

        Rank = k;
    }

    /// <summary>Steps from k on whose reflections reach the rest of the matrix together; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Delay<V, L>(int first, T* v, T* f, nint line, T* row, T* w, ref TailNorms<T> norms, in Scope scope)
        where V : unmanaged where L : struct, ILanes<T, V>
    {
        int width = Math.Min(PanelWidth, Steps - first), top = first / L.Count * L.Count, count = 0;
        int threads = _maxThreads == 0 ? Gemm.MaxThreads : Math.Min(_maxThreads, Gemm.MaxThreads);
        do
        {
            int k = first + count, pivot = norms.Largest, from = k / L.Count * L.Count, rest = Columns - k - 1;
            Exchange<V, L>(k, pivot, ref norms);
            for (int l = 0; l < count; l++)
                (f[l * line + k], f[l * line + pivot]) = (f[l * line + pivot], f[l * line + k]);
            Reflection<T, V, L>.Subtract(Column(k), k, Length, v, _stride, f + k, line, count, scope.Steps);
            T* reflector = v + count * _stride, owed = f + count * line;
            new Span<T>(reflector + top, from - top).Clear();
            Tau[k] = Reflection<T, V, L>.Make(Column(k), k, Length, reflector, scope.Steps);
            Reflection<T, V, L>.Dots(reflector, Tau[k], Column(k + 1), _stride, rest, from, Length, owed + k + 1, threads);
            Reflection<T, V, L>.Dots(reflector, Tau[k], v, _stride, count, from, Length, w, 1);
            Reflection<T, V, L>.Settle(f, line, count, w, v + k, _stride, row, k + 1, Columns);
            T* elements = Column(k + 1) + k;
            for (int j = 0; j < rest; j++)
                elements[j * _stride] -= row[k + 1 + j];
            norms.Downdate(k + 1, elements, _stride);
            count++;
        }
        while (count < width && !norms.AreStale && !norms.NeedsNewBase);

        int end = first + count;
        if (end < Rows && end < Columns)
            Gemm.Multiply(T.NegativeOne, new ReadOnlyMatrixView<T>(ref v[end], Rows - end, count, 1, _stride),
                new ReadOnlyMatrixView<T>(ref f[end], count, Columns - end, line, 1), T.One, Trailing(end, end, Columns - end), _path, _maxThreads);
        return count;
    }

    /// <summary>Computes the stale tail norms afresh.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Refresh<V, L>(ref TailNorms<T> norms, int from, T* scratch, in Scope scope)
        where V : unmanaged where L : struct, ILanes<T, V>
    {
        T safe = Reflection<T, V, L>.SafeNorm;
        for (int j = from; j < Columns; j++)
            if (norms.IsStale(j))
                norms.Renew(j, Reflection<T, V, L>.TailNorm(Column(j), from, Length, scratch, scope.Steps), safe);
        norms.Select(from, isNewBase: false);
    }

    /// <summary>Computes all tail norms afresh at the base of the largest. Whether any is not 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Rebase<V, L>(ref TailNorms<T> norms, int from, T* scratch, in Scope scope)
        where V : unmanaged where L : struct, ILanes<T, V>
    {
        int highest = int.MinValue, largest = int.MinValue;
        for (int j = from; j < Columns; j++)
        {
            T norm = Reflection<T, V, L>.TailNorm(Column(j), from, Length, scratch, scope.Steps);
            norms.Keep(j, norm);
            if (T.IsZero(norm))
                continue;
            highest = Math.Max(highest, Exponents[j]);
            largest = Math.Max(largest, Exponents[j] + BinaryExponent<T>.Of(norm));
        }

        if (highest == int.MinValue)
            return false;
        // Not even a base at subnormal tails, far below their columns' scale, may make a gain overflow.
        int scale = Math.Max(largest, highest - (typeof(T) == typeof(double) ? 1022 : 126));
        T safe = Reflection<T, V, L>.SafeNorm;
        for (int j = from; j < Columns; j++)
        {
            norms.Rebase(j, Exponents[j] - scale);
            norms.Renew(j, norms.Kept(j), safe);
        }

        norms.Select(from, isNewBase: true);
        return true;
    }

    /// <summary>Brings column j to place k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Exchange<V, L>(int k, int j, ref TailNorms<T> norms) where V : unmanaged where L : struct, ILanes<T, V>
    {
        if (j == k)
            return;
        Reflection<T, V, L>.Exchange(Column(k), Column(j), Length);
        (Permutation[k], Permutation[j]) = (Permutation[j], Permutation[k]);
        (Exponents[k], Exponents[j]) = (Exponents[j], Exponents[k]);
        norms.Move(k, j);
    }
}

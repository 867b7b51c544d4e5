using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Reflectors;

/// <summary>The factorisation with pivoting: panels whose reflections reach the rest of the matrix together.</summary>
internal sealed unsafe partial class HouseholderColumns<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
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

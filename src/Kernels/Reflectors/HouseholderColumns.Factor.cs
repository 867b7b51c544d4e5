using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Reflectors;

/// <summary>The factorisation by panels, without pivoting.</summary>
internal sealed unsafe partial class HouseholderColumns<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
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
}

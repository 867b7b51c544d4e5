using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Products;

/// <summary>B ← αTB and B ← αT⁻¹B by halves of T: two triangles of half the order and one general product.</summary>
/// <remarks>
/// The half that the other one depends on leads: the first of a lower triangle, the last of an upper one.
/// <code>
///   lower  ┌ T₁₁     ┐ ┌ B₁ ┐ leads      upper  ┌ T₁₁ T₁₂ ┐ ┌ B₁ ┐ follows      off-diagonal: following row,
///          └ T₂₁ T₂₂ ┘ └ B₂ ┘ follows           └     T₂₂ ┘ └ B₂ ┘ leads                        leading column
/// </code>
/// </remarks>
internal readonly unsafe struct RecursiveTriangle<T>(Triangle triangle, bool unitDiagonal, VectorPath path, int maxThreads)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [ThreadStatic]
    private static AlignedBuffer? t_triangle;

    [ThreadStatic]
    private static AlignedBuffer? t_strip;

    // Columns of its own from which on a thread shares no more than T. Shares begin at multiples of Line; none has a single column, whose sums would be in another order.
    private const int LeastShare = 64, Line = 32;

    /// <summary>B ← αTB, or αT⁻¹B, each thread with columns of its own where there are enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(T alpha, ReadOnlyMatrixView<T> t, MatrixView<T> b, bool solve)
    {
        int threads = Products<T>.Threads((long)t.Rows * t.Rows * b.Columns / 2, maxThreads);
        if (threads == 1 || b.Columns / threads < LeastShare)
        {
            Recurse(alpha, t, b, solve);
            return;
        }

        fixed (T* pt = &t.Origin, pb = &b.Origin)
        {
            var shares = new Shares
            {
                Work = new RecursiveTriangle<T>(triangle, unitDiagonal, path, 1),
                N = t.Rows,
                Columns = b.Columns,
                Count = threads,
                Alpha = alpha,
                IsSolve = solve,
                Triangle = pt,
                TriangleRow = t.RowStride,
                TriangleColumn = t.ColumnStride,
                B = pb,
                Row = b.RowStride,
                Column = b.ColumnStride,
            };
            Team.Run(threads, threads, &shares, &TakeShare);
        }
    }

    private static void TakeShare(void* state, int share)
    {
        ref Shares all = ref *(Shares*)state;
        int first = all.First(share), end = share + 1 < all.Count ? all.First(share + 1) : all.Columns;
        var t = new ReadOnlyMatrixView<T>(ref *all.Triangle, all.N, all.N, all.TriangleRow, all.TriangleColumn);
        var b = new MatrixView<T>(ref *(all.B + first * all.Column), all.N, end - first, all.Row, all.Column);
        all.Work.Recurse(all.Alpha, t, b, all.IsSolve);
    }

    private void Recurse(T alpha, ReadOnlyMatrixView<T> t, MatrixView<T> b, bool solve)
    {
        if (solve)
            Solve(alpha, t, b);
        else
            Multiply(alpha, t, b);
    }

    private void Multiply(T alpha, ReadOnlyMatrixView<T> t, MatrixView<T> b)
    {
        if (t.Rows <= Halves.BaseBlock)
        {
            RunBlock(alpha, t, b, solve: false);
            return;
        }

        Parts parts = Split(t, b);
        Multiply(alpha, parts.Following, parts.FollowingRows);
        Gemm.Multiply(alpha, parts.OffDiagonal, parts.LeadingRows, T.One, parts.FollowingRows, path, maxThreads);
        Multiply(alpha, parts.Leading, parts.LeadingRows);
    }

    private void Solve(T alpha, ReadOnlyMatrixView<T> t, MatrixView<T> b)
    {
        if (t.Rows <= Halves.BaseBlock)
        {
            RunBlock(alpha, t, b, solve: true);
            return;
        }

        Parts parts = Split(t, b);
        Solve(alpha, parts.Leading, parts.LeadingRows);
        Gemm.Multiply(-T.One, parts.OffDiagonal, parts.LeadingRows, alpha, parts.FollowingRows, path, maxThreads);
        Solve(T.One, parts.Following, parts.FollowingRows);
    }

    private Parts Split(ReadOnlyMatrixView<T> t, MatrixView<T> b)
    {
        int n = t.Rows, half = Halves.First(n), rest = n - half;
        ReadOnlyMatrixView<T> first = t.Block(0, 0, half, half), last = t.Block(half, half, rest, rest);
        MatrixView<T> above = b.Block(0, 0, half, b.Columns), below = b.Block(half, 0, rest, b.Columns);
        return triangle == Triangle.Lower
            ? new Parts(first, last, t.Block(half, 0, rest, half), above, below)
            : new Parts(last, first, t.Block(0, half, half, rest), below, above);
    }

    private void RunBlock(T alpha, ReadOnlyMatrixView<T> t, MatrixView<T> b, bool solve)
    {
        fixed (T* pt = &t.Origin, pb = &b.Origin)
        {
            // A lower triangle with both orders reversed is an upper one, so kernels know lower triangles alone.
            int last = t.Rows - 1;
            bool upper = triangle == Triangle.Upper;
            var work = new BlockWork
            {
                N = t.Rows,
                Columns = b.Columns,
                Alpha = alpha,
                UnitDiagonal = unitDiagonal,
                Solve = solve,
                Threads = Products<T>.Threads((long)t.Rows * t.Rows * b.Columns / 2, maxThreads),
                Triangle = upper ? pt + last * (t.RowStride + t.ColumnStride) : pt,
                TriangleRow = upper ? -t.RowStride : t.RowStride,
                TriangleColumn = upper ? -t.ColumnStride : t.ColumnStride,
                B = upper ? pb + last * b.RowStride : pb,
                Row = upper ? -b.RowStride : b.RowStride,
                Column = b.ColumnStride,
            };
            VectorPaths.Run<T, BlockWork>(path, ref work);
        }
    }

    private struct Shares
    {
        public RecursiveTriangle<T> Work;
        public int N, Columns, Count;
        public T Alpha;
        public bool IsSolve;
        public T* Triangle, B;
        public nint TriangleRow, TriangleColumn, Row, Column;

        public readonly int First(int share) => (int)((long)Columns * share / Count) / Line * Line;
    }

    private readonly ref struct Parts(
        ReadOnlyMatrixView<T> leading, ReadOnlyMatrixView<T> following, ReadOnlyMatrixView<T> offDiagonal,
        MatrixView<T> leadingRows, MatrixView<T> followingRows)
    {
        public readonly ReadOnlyMatrixView<T> Leading = leading, Following = following, OffDiagonal = offDiagonal;
        public readonly MatrixView<T> LeadingRows = leadingRows, FollowingRows = followingRows;
    }

    private struct BlockWork : ILaneWork<T>
    {
        public int N, Columns, Threads;
        public T Alpha;
        public bool UnitDiagonal, Solve;
        public T* Triangle, B;
        public nint TriangleRow, TriangleColumn, Row, Column;
        private T* _packed, _reciprocals;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            const int Order = Halves.BaseBlock;
            _packed = (t_triangle ??= new AlignedBuffer()).Rent<T>(Order * (Order + 1));
            _reciprocals = _packed + Order * Order;
            Pack();
            BlockWork work = this;
            int strip = TriangularStrip<T, V, L>.Columns;
            Team.Run((Columns + strip - 1) / strip, Threads, &work, &RunStrip<V, L>);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void RunStrip<V, L>(void* state, int i) where V : unmanaged where L : struct, ILanes<T, V>
        {
            ref BlockWork work = ref *(BlockWork*)state;
            int strip = TriangularStrip<T, V, L>.Columns, columns = Math.Min(strip, work.Columns - i * strip);
            T* x = work.B + i * strip * work.Column;
            if (columns == strip && work.Column == 1)
            {
                work.RunStrip<V, L>(x, work.Row);
                return;
            }

            // A strip that is not contiguous or not whole goes through scratch, so that kernels hold no masks.
            T* copy = (t_strip ??= new AlignedBuffer()).Rent<T>(Halves.BaseBlock * strip);
            work.CopyIn(x, columns, copy, strip);
            work.RunStrip<V, L>(copy, strip);
            work.CopyOut(copy, strip, x, columns);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void RunStrip<V, L>(T* x, nint stride)
            where V : unmanaged where L : struct, ILanes<T, V>
        {
            if (Solve)
                TriangularStrip<T, V, L>.Solve(N, _packed, _reciprocals, Alpha, x, stride);
            else
                TriangularStrip<T, V, L>.Multiply(N, _packed, Alpha, x, stride);
        }

        /// <summary>The lower triangle row by row, for a solve with its strict part negated: kernels only add.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Pack()
        {
            T sign = Solve ? -T.One : T.One;
            for (int i = 0; i < N; i++)
            {
                T* source = Triangle + i * TriangleRow, packed = _packed + i * N;
                for (int k = 0; k < i; k++, source += TriangleColumn)
                    packed[k] = sign * *source;
                packed[i] = UnitDiagonal ? T.One : *source;
                // Outside the normal numbers a reciprocal is no longer within one rounding.
                T reciprocal = T.One / packed[i];
                _reciprocals[i] = T.IsNormal(reciprocal) ? reciprocal : T.Zero;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void CopyIn(T* x, int columns, T* copy, int strip)
        {
            if (columns < strip)
                new Span<T>(copy, N * strip).Clear();
            if (Row == 1)
                Transposition<T>.Copy(columns, N, x, Column, copy, strip);
            else if (Row == -1)
                Transposition<T>.Copy(columns, N, x - (N - 1), Column, copy + (N - 1) * strip, -strip);
            else
                for (int i = 0; i < N; i++)
                    for (int j = 0; j < columns; j++)
                        copy[i * strip + j] = x[i * Row + j * Column];
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void CopyOut(T* copy, int strip, T* x, int columns)
        {
            if (Row == 1)
                Transposition<T>.Copy(N, columns, copy, strip, x, Column);
            else if (Row == -1)
                Transposition<T>.Copy(N, columns, copy + (N - 1) * strip, -strip, x - (N - 1), Column);
            else
                for (int i = 0; i < N; i++)
                    for (int j = 0; j < columns; j++)
                        x[i * Row + j * Column] = copy[i * strip + j];
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Jacobi;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>W ← W(I + F) and X ← X(I + F): all columns of X = AW made orthogonal to each other, and those of W orthonormal, at once and to second order.</summary>
/// <remarks>
/// With S = XᵀX, G = WᵀW and λⱼ = sⱼⱼ/gⱼⱼ the new W is orthonormal and the new S diagonal up to squares of F where F + Fᵀ = I − G and
/// λᵢfᵢⱼ + λⱼfⱼᵢ = −sᵢⱼ: fᵢⱼ = (sᵢⱼ − λⱼgᵢⱼ)/(λⱼ − λᵢ), fⱼⱼ = (1 − gⱼⱼ)/2. That is every rotation of a Jacobi sweep, to first order in its angle.
/// For close values the same is −gᵢⱼ/2 + (sᵢⱼ − (λᵢ + λⱼ)gᵢⱼ/2)/(λⱼ − λᵢ), whose second part is an exact rotation whatever rounding does to it. S is that of X as it stands, so the rounding errors of X = AW, which for small σ are far from small beside the column, leave with it.
/// What remains of the cosine of two columns is a sum of products of scaled elements fᵢⱼσᵢ/σⱼ, at most Σ fᵢⱼ²·max(1, λᵢ/λⱼ). Two products, two symmetric updates by
/// columns and n² divisions.
/// Source: Ogita and Aishima, <i>Iterative refinement for symmetric eigenvalue decomposition</i>, Japan J. Indust. Appl. Math. 35 (2018), whose
/// step this is with S from X.
/// </remarks>
/// <param name="memory"><see cref="Workspace"/> elements, W (n×n) by rows at their beginning.</param>
/// <param name="m">Rows of A.</param>
/// <param name="n">Columns of A.</param>
/// <param name="stride">Elements from row to row of W: a multiple of all vector lengths.</param>
/// <param name="into">Receives σ, U and V; U and V hold X and W while steps are taken.</param>
/// <param name="path">The vectors to use.</param>
/// <param name="threads">The most threads to use.</param>
internal unsafe ref struct SimultaneousRotations<T>(T* memory, int m, int n, int stride, SvdFactors<T> into, VectorPath path, int threads)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Elements up to two to this power and down to its inverse: no square of one, or of σ, leaves the range.
    private static readonly int s_moderate = typeof(T) == typeof(double) ? 200 : 20;

    private readonly MatrixView<T> _oldW = new(ref *memory, n, n, stride, 1);
    private readonly MatrixView<T> _gramW = new(ref memory[(nint)n * stride], n, n, stride, 1);
    private readonly MatrixView<T> _gramX = new(ref memory[2 * (nint)n * stride], n, n, stride, 1);
    private readonly MatrixView<T> _oldX = new(ref memory[3 * (nint)n * stride], m, n, stride, 1);
    private readonly MatrixView<T> _w = new(ref *into.V, n, n);
    private readonly MatrixView<T> _x = new(ref *into.U, m, n);
    private readonly T* _vectors = memory + (3 * (nint)n + m) * stride;
    private int _exponent;
    private bool _stepped;

    /// <summary>Cosines up to here are those of rounding: √n·ε.</summary>
    public readonly T Tolerance { get; } = T.Sqrt(T.CreateTruncating(n)) * (T.BitIncrement(T.One) - T.One);

    /// <summary>Elements of workspace.</summary>
    public static nint Workspace(int m, int n, int stride) => (3 * (nint)n + m + 3) * stride;

    /// <summary>X = AW, of 2^(−exponent)·A where squares of A's elements might leave the range; A's norm is about two to the exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Load(ReadOnlyMatrixView<T> a, int exponent)
    {
        if (Math.Abs(exponent) > s_moderate)
        {
            _exponent = exponent;
            for (int i = 0; i < m; i++)
                for (int j = 0; j < n; j++)
                    _x[i, j] = BinaryExponent<T>.Scale(a[i, j], -exponent);
            a = _x;
        }

        Gemm.Multiply(T.One, a, _oldW, T.Zero, _oldX, path, threads);
    }

    /// <summary>Takes a step.</summary>
    /// <returns>Σ fᵢⱼ²·max(1, λᵢ/λⱼ), NaN where S or G is worthless.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public T Step()
    {
        if (_stepped)
        {
            _x.CopyTo(_oldX);
            _w.CopyTo(_oldW);
        }

        _stepped = true;
        Symmetric.RankUpdate(T.One, _oldX.Transposed(), T.Zero, _gramX, path, threads);
        Symmetric.RankUpdate(T.One, _oldW.Transposed(), T.Zero, _gramW, path, threads);
        fixed (T* x = &_gramX.Origin, w = &_gramW.Origin, oldX = &_oldX.Origin, oldW = &_oldW.Origin)
        {
            var angles = new AnglesWork
            {
                GramX = x,
                GramW = w,
                OldX = oldX,
                OldW = oldW,
                X = into.U,
                W = into.V,
                Lambda = _vectors,
                Root = _vectors + stride,
                Changes = _vectors + 2 * stride,
                Rows = m,
                Order = n,
                Stride = stride,
                Tolerance = Tolerance,
                Threads = threads,
            };
            VectorPaths.Run<T, AnglesWork>(path, ref angles);
            Gemm.Multiply(T.One, _oldX, _gramX, T.One, _x, path, threads);
            Gemm.Multiply(T.One, _oldW, _gramX, T.One, _w, path, threads);
            return angles.Change;
        }
    }

    /// <summary>σⱼ = ‖xⱼ‖, falling, and U = XΣ⁻¹.</summary>
    public readonly void Finish()
    {
        var finish = new FinishWork { X = into.U, W = into.V, Sigma = into.Sigma, Rows = m, Order = n, Squares = _vectors, Reciprocals = _vectors + stride };
        VectorPaths.Run<T, FinishWork>(path, ref finish);
        for (int j = 0; j < n && _exponent != 0; j++)
            into.Sigma[j] = BinaryExponent<T>.Scale(into.Sigma[j], _exponent);
    }

    /// <summary>F in the place of S, and the old X and W in the places of the new.</summary>
    private struct AnglesWork : ILaneWork<T>
    {
        private const int PerChunk = 32;

        public T* GramX, GramW, OldX, OldW, X, W, Lambda, Root, Changes;
        public int Rows, Order, Stride, Threads;
        public T Tolerance, Change;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int n = Order, stride = Stride, chunks = (n + PerChunk - 1) / PerChunk;
            T half = T.One / (T.One + T.One);
            for (int j = 0; j < n; j++)
            {
                T* s = GramX + (nint)j * stride, g = GramW + (nint)j * stride;
                Lambda[j] = s[j] / g[j];
                Root[j] = T.Sqrt(Lambda[j]);
                // The diagonal, which has no angle, keeps its f for the end.
                (s[j], g[j]) = (T.Zero, half * (T.One - g[j]));
                new Span<T>(s + n, stride - n).Clear();
                new Span<T>(g + n, stride - n).Clear();
            }

            new Span<T>(Lambda + n, stride - n).Clear();
            new Span<T>(Root + n, stride - n).Clear();
            AnglesWork shared = this;
            Team.Run(chunks, Threads, &shared, &RunRows<V, L>);
            Change = T.Zero;
            for (int i = 0; i < chunks; i++)
                Change += Changes[i];
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void RunRows<V, L>(void* state, int chunk) where V : unmanaged where L : struct, ILanes<T, V>
        {
            ref AnglesWork all = ref *(AnglesWork*)state;
            int n = all.Order, stride = all.Stride, first = chunk * PerChunk, last = Math.Min(n, first + PerChunk);
            T* lambda = all.Lambda, root = all.Root;
            T halfOne = T.One / (T.One + T.One), tolerance = all.Tolerance, total = T.Zero;
            V one = L.Broadcast(T.One), half = L.Broadcast(halfOne), minusHalf = L.Broadcast(-halfOne), sum = L.Zero;
            for (int i = first; i < last; i++)
            {
                T* s = all.GramX + (nint)i * stride, g = all.GramW + (nint)i * stride;
                T diagonal = g[i];
                g[i] = T.Zero;
                V own = L.Broadcast(lambda[i]), cosine = L.Broadcast(tolerance * root[i]), close = L.Broadcast(lambda[i] * halfOne * halfOne);
                for (int j = 0; j < stride; j += L.Count)
                {
                    V other = L.Load(lambda + j), inner = L.Load(s + j), e = L.Load(g + j), distance = L.Subtract(other, own);
                    V apart = L.MaxAbs(distance, L.Zero), equal = L.Multiply(minusHalf, e);
                    // Far apart: f as it stands above. Close: −g/2 and an angle, f + fᵀ = −g exactly however large the angle's own error, and no
                    // angle where the two columns are decoupled to working accuracy, since no direction is better than another.
                    V middle = L.WhereGreater(apart, close, other, L.Multiply(half, L.Add(own, other)));
                    V coupling = L.Subtract(inner, L.Multiply(middle, e)), angle = L.Divide(coupling, distance);
                    V turned = L.WhereGreater(L.MaxAbs(coupling, L.Zero), L.Multiply(cosine, L.Load(root + j)), angle, L.Zero);
                    V f = L.WhereGreater(apart, close, angle, L.Add(equal, turned));
                    f = L.WhereGreater(other, L.Zero, f, L.Zero);
                    L.Store(f, s + j);
                    V scale = L.WhereGreater(own, other, L.Divide(own, L.WhereGreater(other, L.Zero, other, one)), one);
                    sum = L.MultiplyAdd(L.Multiply(f, f), scale, sum);
                }

                s[i] = diagonal;
                total += diagonal * diagonal;
            }

            all.Changes[chunk] = total + L.Sum(sum);
            Copy(all.OldW, stride, all.W, n, first, last);
            Copy(all.OldX, stride, all.X, n, (int)((long)all.Rows * first / n), (int)((long)all.Rows * last / n));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Copy(T* from, int stride, T* into, int n, int first, int last)
        {
            for (int i = first; i < last; i++)
                new ReadOnlySpan<T>(from + (nint)i * stride, n).CopyTo(new Span<T>(into + (nint)i * n, n));
        }
    }

    private struct FinishWork : ILaneWork<T>
    {
        public T* X, W, Sigma, Squares, Reciprocals;
        public int Rows, Order;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int n = Order, whole = n / L.Count * L.Count;
            new Span<T>(Squares, n).Clear();
            for (int i = 0; i < Rows; i++)
            {
                T* x = X + (nint)i * n;
                for (int j = 0; j < whole; j += L.Count)
                    L.Store(L.MultiplyAdd(L.Load(x + j), L.Load(x + j), L.Load(Squares + j)), Squares + j);
                for (int j = whole; j < n; j++)
                    Squares[j] += x[j] * x[j];
            }

            for (int j = 0; j < n; j++)
            {
                Sigma[j] = T.Sqrt(Squares[j]);
                Reciprocals[j] = T.One / Sigma[j];
            }

            for (int i = 0; i < Rows; i++)
            {
                T* x = X + (nint)i * n;
                for (int j = 0; j < whole; j += L.Count)
                    L.Store(L.Multiply(L.Load(x + j), L.Load(Reciprocals + j)), x + j);
                for (int j = whole; j < n; j++)
                    x[j] *= Reciprocals[j];
            }

            // Only values that are equal but for rounding can have changed places.
            for (int j = 1; j < n; j++)
                for (int k = j; k > 0 && Sigma[k - 1] < Sigma[k]; k--)
                    Exchange(k);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Exchange(int k)
        {
            (Sigma[k - 1], Sigma[k]) = (Sigma[k], Sigma[k - 1]);
            for (T* x = X + k; x < X + (nint)Rows * Order; x += Order)
                (x[-1], x[0]) = (x[0], x[-1]);
            for (T* w = W + k; w < W + (nint)Order * Order; w += Order)
                (w[-1], w[0]) = (w[0], w[-1]);
        }
    }
}

using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Conditioning;

/// <summary>σ₁² of an upper triangle U (n×n), which is λ₁ of H = UᵀU, between two proved bounds: Lanczos finds it, its trace or Cholesky proves it.</summary>
/// <remarks>
/// Lanczos with full orthogonalisation from a fixed start gives a vector v whose quotient θ = ‖Uv‖²/‖v‖² ≤ λ₁ is the lower bound, and an
/// estimate of the distance that remains, min(r, 4r²/gap) with r = ‖Hv − θv‖. Ritz values cannot bound λ₁ from above, for a start
/// orthogonal to its vector would never see it. After k steps with T (k×k) and β to the next, what T has not seen of H is positive
/// semidefinite and no larger than its trace τ = ‖U‖²_F − tr T, so that
/// <code>
///   λ₁(H) ≤ λ₁ ┌ T    βeₖ ┐
///              └ βeₖᵀ  τ  ┘ ,
/// </code>
/// of which rounding may take O(√k·n·ε)·‖U‖²_F. This proves what stands apart, as 1/σ_p of most square matrices does, in O(k). Where many
/// are alike, τ is too large, and a Cholesky factorisation of μI − H proves μ, in 2n³/3; where that fails, μ grows.
/// Small matrices are reduced to tridiagonal form as a whole instead, within the same allowance for rounding.
/// Sources: Parlett, <i>The Symmetric Eigenvalue Problem</i>, 11.7 and 13; Golub and Meurant, <i>Matrices, Moments and Quadrature</i>, 6; Rump, BIT 46 (2006).
/// </remarks>
internal readonly unsafe struct LargestSingularValue
{
    // The first look at the Ritz value, and the most steps: more could only be of use where eigenvalues crowd at the top.
    private const int FirstLook = 6, MaxSteps = 120;

    // Up to these orders a look costs as much as ten steps, as five.
    private const int Tiny = 16, Small = 64;

    // Up to this order reducing all of H to a tridiagonal matrix costs less than looking for the end of Lanczos.
    private const int DirectOrder = 32;

    // A step costs 2n² operations, a proof by Cholesky 2n³/3 at ten times the speed: so many steps in hope of the trace are no loss.
    private const int HopefulShare = 16;

    // Orders from which a product is the sum of two, whose halves take 10 µs each.
    private const int LeastHalves = 384;

    private const double Epsilon = 2.220446049250313e-16;

    // Where the upper bound comes to this share of θ, it needs no better proof.
    private const double Tolerance = 1.0 / (1 << 24);

    private LargestSingularValue(double lower, double value, double upper) => (Lower, Value, Upper) = (lower, value, upper);

    public double Lower { get; }

    public double Value { get; }

    public double Upper { get; }

    /// <summary>Doubles of workspace for rows of this length.</summary>
    public static nint Workspace(int length) => (nint)(Math.Min(length, MaxSteps) + 3) * length + 5 * (MaxSteps + 1) + PositiveDefinite.Workspace;

    /// <summary>Finds σ₁² and bounds it; null where no bound could be proved.</summary>
    /// <param name="u">U (n×n), scaled so that nothing over- or underflows that matters; rows are zero-padded to the length.</param>
    /// <param name="needsVector">Whether the vector is asked for.</param>
    /// <param name="gram">The upper half of H over <paramref name="scale"/> in the same layout, where it is at hand; else null.</param>
    /// <param name="scale">A power of two.</param>
    /// <param name="c">A matrix of the same layout to overwrite, or null where the vector alone counts: the upper bound may then be +∞.</param>
    /// <param name="n">The order, at least 1.</param>
    /// <param name="length">Elements from one row to the next, whole cache lines.</param>
    /// <param name="precision">The share of θ to which the estimate of its distance is to fall.</param>
    /// <param name="vector">Receives Lanczos's vector, padded; where it is not asked for, scratch.</param>
    /// <param name="memory"><see cref="Workspace"/> doubles.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use.</param>
    public static LargestSingularValue? Find(double* u, bool needsVector, double* gram, double scale, double* c, int n, int length, double precision, double* vector,
        double* memory, VectorPath path, int maxThreads)
    {
        var work = new Work { U = u, NeedsVector = needsVector, Gram = gram, Scale = scale, C = c, N = n, Length = length, Precision = precision, Vector = vector, Memory = memory, Path = path, MaxThreads = maxThreads };
        VectorPaths.Run<double, Work>(path, ref work);
        return work.Found;
    }

    private struct Work : ILaneWork<double>
    {
        public double* U, Gram, C, Vector, Memory;
        public double Scale, Precision;
        public bool NeedsVector;
        public int N, Length, MaxThreads;
        public VectorPath Path;
        public LargestSingularValue? Found;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
        {
            if (N <= DirectOrder && !NeedsVector)
            {
                RunDirect<V, L>();
                return;
            }

            int limit = Math.Min(N, MaxSteps), hopeful = Math.Min(limit, FirstLook + N / HopefulShare), steps = 0;
            int interval = N <= Tiny ? 8 : N <= Small ? 6 : 3;
            double* basis = Memory, w = basis + (nint)(limit + 1) * Length, a = w + 2 * Length, b = a + MaxSteps + 1, s = b + MaxSteps + 1, scratch = s + MaxSteps + 1;
            double trace = Rows<V, L>.SumOfSquares(U, Length, N), seen = 0, residual, theta, above;
            Start(basis);
            Rows<V, L>.Scale(basis, 1 / Norm<V, L>(basis), basis, Length);
            while (true)
            {
                double* v = basis + (nint)steps * Length;
                Multiply<V, L>(v, w);
                steps++;
                Rows<V, L>.Dots(basis, Length, steps, w, s);
                a[steps - 1] = s[steps - 1];
                seen += s[steps - 1];
                Rows<V, L>.Combine(basis, Length, steps, s, -1, 1, w);
                // Once leaves w as far from orthogonal as ε‖Hv‖/β, and that grows from step to step; twice is enough.
                Rows<V, L>.Dots(basis, Length, steps, w, s);
                Rows<V, L>.Combine(basis, Length, steps, s, -1, 1, w);
                double beta = Norm<V, L>(w);
                bool last = steps == limit || beta <= N * Epsilon * a[0];
                if (last || steps >= FirstLook && steps % interval == 0)
                {
                    theta = TopOfTridiagonal.Value(a, b, steps);
                    TopOfTridiagonal.Vector(a, b, steps, theta, s, scratch);
                    residual = steps == N ? 0 : beta * Math.Abs(s[steps - 1]);
                    above = ByTrace(a, b, steps, beta, trace, seen, theta);
                    // The gap at which the estimate would be small enough, if it is one.
                    double gap = 4 * residual * (residual / (Precision * theta));
                    bool isBounded = above <= theta * (1 + 2 * Tolerance);
                    bool found = isBounded && Precision >= Tolerance
                        || residual <= Precision * theta || gap < theta / 4 && TopOfTridiagonal.IsAlone(a, b, steps, theta, gap);
                    if (last || found && (isBounded || steps >= hopeful))
                        break;
                }

                b[steps - 1] = beta;
                Rows<V, L>.Scale(w, 1 / beta, basis + (nint)steps * Length, Length);
            }

            Rows<V, L>.Combine(basis, Length, steps, s, 1, 0, Vector);
            Multiply<V, L>(Vector, w);
            double value = Level1<double, V, L>.Dot(Vector, w, Length) / Level1<double, V, L>.Dot(Vector, Vector, Length);
            double lower = value - (N + 3) * Epsilon * trace;
            if (above <= value * (1 + 2 * Tolerance) || C == null)
            {
                Found = new LargestSingularValue(lower, value, above);
                return;
            }

            double apart = TopOfTridiagonal.Gap(a, b, steps, theta), estimate = 4 * residual < apart ? 4 * residual * (residual / apart) : residual;
            double margin = 2 * estimate + 16 * N * Epsilon * value;
            for (int attempt = 0; attempt < 3; attempt++)
            {
                double mu = value + margin;
                if (IsAbove<V, L>(mu, scratch))
                {
                    Found = new LargestSingularValue(lower, value, mu + 2 * (N + 3) * Epsilon * N * mu);
                    return;
                }

                margin = 32 * margin + 8 * residual;
            }
        }

        /// <summary>w ← UᵀUv; scratch behind w.</summary>
        private readonly void Multiply<V, L>(double* v, double* w) where V : unmanaged where L : struct, ILanes<double, V>
        {
            if (N < LeastHalves)
            {
                Rows<V, L>.GramProduct(U, Length, 0, N, v, w);
                return;
            }

            var halves = new SplitProduct { U = U, X = v, Y = w, N = N, Length = Length };
            Team.Run(2, Products<double>.Threads(2 * (long)N * N * N, MaxThreads), &halves, &SplitProduct.Take<V, L>);
            for (int j = halves.Middle / L.Count * L.Count; j < Length; j += L.Count)
                L.Store(L.Add(L.Load(w + j), L.Load(w + Length + j)), w + j);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void RunDirect<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
        {
            double* a = Memory, b = a + N;
            Tridiagonalization<V, L>.Reduce(U, C, Length, N, a, b, Vector);
            double trace = 0;
            for (int i = 0; i < N; i++)
                trace += a[i];
            double value = TopOfTridiagonal.Value(a, b, N), rounding = 4 * Math.Sqrt(N) * (N + 3) * Epsilon * trace;
            Found = new LargestSingularValue(value - rounding, value, value + rounding);
        }

        /// <summary>The bound on λ₁ from what the trace leaves; +∞ where that is no less than θ.</summary>
        private readonly double ByTrace(double* a, double* b, int steps, double beta, double trace, double seen, double theta)
        {
            double rounding = 4 * Math.Sqrt(steps) * (N + 3) * Epsilon * trace, rest = Math.Max(0, trace - seen) + rounding;
            if (!(rest < theta))
                return double.PositiveInfinity;
            a[steps] = rest;
            b[steps - 1] = beta;
            return TopOfTridiagonal.Value(a, b, steps + 1) + rounding;
        }

        /// <summary>Whether μI − UᵀU has a Cholesky factorisation.</summary>
        private readonly bool IsAbove<V, L>(double mu, double* scratch) where V : unmanaged where L : struct, ILanes<double, V>
        {
            // By block rows of the upper half: the zeros of U are left out.
            MatrixView<double> u = new(ref *U, N, N, Length, 1), c = new(ref *C, N, N, Length, 1);
            int block = N > 192 ? 64 : 32;
            for (int i = 0; i < N && Gram != null; i++)
            {
                int from = i / L.Count * L.Count;
                Rows<V, L>.Scale(Gram + (nint)i * Length + from, -Scale, C + (nint)i * Length + from, N - from);
                C[(nint)i * Length + i] += mu;
            }

            for (int i = 0; i < N && Gram == null; i += block)
            {
                int rows = Math.Min(block, N - i);
                ReadOnlyMatrixView<double> above = u.Block(0, i, i + rows, N - i);
                Gemm.Multiply(-1, above.Block(0, 0, i + rows, rows).Transposed(), above, 0, c.Block(i, i, rows, N - i), Path, MaxThreads);
                for (int j = i; j < i + rows; j++)
                    c[j, j] += mu;
            }

            return PositiveDefinite.Factor(c, scratch, Path, MaxThreads);
        }

        /// <summary>A fixed vector: SplitMix64 from 0, uniform in [−1, 1).</summary>
        private readonly void Start(double* v)
        {
            ulong state = 0;
            for (int i = 0; i < N; i++)
            {
                state += 0x9E3779B97F4A7C15;
                ulong z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                v[i] = (long)(z ^ (z >> 31)) * (1.0 / (1UL << 63));
            }

            new Span<double>(v + N, Length - N).Clear();
        }

        private readonly double Norm<V, L>(double* x) where V : unmanaged where L : struct, ILanes<double, V> =>
            Math.Sqrt(Level1<double, V, L>.Dot(x, x, Length));
    }

    /// <summary>A product as the sum of two, over rows with half the elements each.</summary>
    private struct SplitProduct
    {
        public double* U, X, Y;
        public int N, Length;

        /// <summary>The second half's first row: (1 − √½)n.</summary>
        public readonly int Middle => (int)(0.2929 * N) / 4 * 4;

        public static void Take<V, L>(void* state, int half) where V : unmanaged where L : struct, ILanes<double, V>
        {
            ref SplitProduct all = ref *(SplitProduct*)state;
            Rows<V, L>.GramProduct(all.U, all.Length, half == 0 ? 0 : all.Middle, half == 0 ? all.Middle : all.N, all.X, all.Y + half * all.Length);
        }
    }
}

using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>λ₁ of a symmetric positive semidefinite G (n×n) between two proved bounds: Lanczos finds it, Cholesky proves it.</summary>
/// <remarks>
/// Lanczos with full orthogonalisation from a fixed start gives a vector v whose quotient θ = vᵀGv/vᵀv ≤ λ₁ is the lower bound, and an
/// estimate of the distance that remains, min(r, 4r²/gap) with r = ‖Gv − θv‖. Ritz values cannot bound λ₁ from above, for a start
/// orthogonal to its vector would never see it; that μ is an upper bound is proved by a Cholesky factorisation of μI − G. Where
/// that fails, μ grows. Sources: Parlett, <i>The Symmetric Eigenvalue Problem</i>, 11.7 and 13; Rump, BIT 46 (2006).
/// </remarks>
internal readonly unsafe struct LargestEigenvalue
{
    // Steps between two looks at the Ritz value, and the most steps: more could only be of use where eigenvalues crowd at the top.
    private const int FirstLook = 6, Interval = 3, MaxSteps = 120;

    // Up to this order G is in L1, and reading all of it costs less than the sums across lanes that reading half takes.
    private const int Small = 64;

    private const double Epsilon = 2.220446049250313e-16;

    // Where the estimate falls to this share of θ, there are digits enough.
    private const double Tolerance = 1.0 / (1 << 24);

    private LargestEigenvalue(double lower, double value, double upper) => (Lower, Value, Upper) = (lower, value, upper);

    public double Lower { get; }

    public double Value { get; }

    public double Upper { get; }

    /// <summary>Doubles of workspace for rows of this length.</summary>
    public static nint Workspace(int length) => (nint)(Math.Min(length, MaxSteps) + 2) * length + 5 * MaxSteps + PositiveDefinite.Workspace;

    /// <summary>Finds λ₁ and bounds it; null where no bound could be proved.</summary>
    /// <param name="g">G (n×n), scaled so that nothing over- or underflows that matters; rows are zero-padded to the length.</param>
    /// <param name="c">A matrix of the same layout to overwrite.</param>
    /// <param name="n">The order, at least 1.</param>
    /// <param name="length">Elements from one row to the next, whole cache lines.</param>
    /// <param name="vector">Receives Lanczos's vector, padded.</param>
    /// <param name="memory"><see cref="Workspace"/> doubles.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use.</param>
    public static LargestEigenvalue? Find(double* g, double* c, int n, int length, double* vector, double* memory, VectorPath path, int maxThreads)
    {
        var work = new Work { G = g, C = c, N = n, Length = length, Vector = vector, Memory = memory, Path = path, MaxThreads = maxThreads };
        VectorPaths.Run<double, Work>(path, ref work);
        return work.Found;
    }

    private struct Work : ILaneWork<double>
    {
        public double* G, C, Vector, Memory;
        public int N, Length, MaxThreads;
        public VectorPath Path;
        public LargestEigenvalue? Found;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
        {
            int limit = Math.Min(N, MaxSteps), steps = 0;
            double* basis = Memory, w = basis + (nint)(limit + 1) * Length, a = w + Length, b = a + MaxSteps, s = b + MaxSteps, scratch = s + MaxSteps;
            double trace = 0, residual, estimate;
            for (int i = 0; i < N; i++)
                trace += G[(nint)i * Length + i];
            Start(basis);
            Rows<V, L>.Scale(basis, 1 / Norm<V, L>(basis), basis, Length);
            new Span<double>(w, Length).Clear();
            while (true)
            {
                double* v = basis + (nint)steps * Length;
                Multiply<V, L>(v, w);
                steps++;
                Rows<V, L>.Dots(basis, Length, steps, w, s);
                a[steps - 1] = s[steps - 1];
                Rows<V, L>.Combine(basis, Length, steps, s, -1, 1, w);
                // Once leaves w as far from orthogonal as ε‖Gv‖/β, and that grows from step to step; twice is enough.
                Rows<V, L>.Dots(basis, Length, steps, w, s);
                Rows<V, L>.Combine(basis, Length, steps, s, -1, 1, w);
                double beta = Norm<V, L>(w);
                bool last = steps == limit || beta <= N * Epsilon * a[0];
                if (last || steps >= FirstLook && steps % Interval == 0)
                {
                    double theta = TopOfTridiagonal.Value(a, b, steps);
                    TopOfTridiagonal.Vector(a, b, steps, theta, s, scratch);
                    residual = steps == N ? 0 : beta * Math.Abs(s[steps - 1]);
                    double gap = residual <= Tolerance * theta ? 0 : TopOfTridiagonal.Gap(a, b, steps, theta);
                    estimate = 4 * residual < gap ? 4 * residual * (residual / gap) : residual;
                    if (last || estimate <= Tolerance * theta)
                        break;
                }

                b[steps - 1] = beta;
                Rows<V, L>.Scale(w, 1 / beta, basis + (nint)steps * Length, Length);
            }

            Rows<V, L>.Combine(basis, Length, steps, s, 1, 0, Vector);
            Multiply<V, L>(Vector, w);
            double value = Level1<double, V, L>.Dot(Vector, w, Length) / Level1<double, V, L>.Dot(Vector, Vector, Length);
            double lower = value - (N + 3) * Epsilon * trace, margin = 2 * estimate + 16 * N * Epsilon * value;
            for (int attempt = 0; attempt < 3; attempt++)
            {
                double mu = value + margin;
                if (IsAbove<V, L>(mu, scratch))
                {
                    Found = new LargestEigenvalue(lower, value, mu + (N + 3) * Epsilon * N * mu);
                    return;
                }

                margin = 32 * margin + 8 * residual;
            }
        }

        private readonly void Multiply<V, L>(double* x, double* y) where V : unmanaged where L : struct, ILanes<double, V>
        {
            if (N <= Small)
                Rows<V, L>.Combine(G, Length, N, x, 1, 0, y);
            else
                Rows<V, L>.SymmetricProduct(G, Length, N, x, y);
        }

        /// <summary>Whether μI − G has a Cholesky factorisation.</summary>
        private readonly bool IsAbove<V, L>(double mu, double* scratch) where V : unmanaged where L : struct, ILanes<double, V>
        {
            for (int i = 0; i < N; i++)
            {
                nint row = (nint)i * Length;
                int from = i & ~7;
                Rows<V, L>.Scale(G + row + from, -1, C + row + from, Length - from);
                C[row + i] += mu;
            }

            return PositiveDefinite.Factor(new MatrixView<double>(ref *C, N, N, Length, 1), scratch, Path, MaxThreads);
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
}

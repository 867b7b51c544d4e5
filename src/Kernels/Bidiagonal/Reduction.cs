using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>Householder bidiagonalisation UᵀAV = B in one pass over A per step.</summary>
/// <remarks>
/// Step k: H = I − τuuᵀ clears column k below the diagonal, G = I − τ′vvᵀ row k behind the superdiagonal:
/// HAG = A − uzᵀ − y⁻vᵀ with z = τAᵀu and y⁻ = τ′(Av − (zᵀv)u). The rank-2 update waits for step k + 1, which applies it to a
/// column (a_j ← a_j − u⁻z⁻_j − y⁻v⁻_j), takes z_j = τuᵀa_j and r_j = a_kj − u_k z_j, row k after H, and adds r_j a_j to y while the
/// column is in L1. v = (r_{k+1} − β, r_{k+2}, …), so that Av = v_{k+1}a_{k+1} + y: neither u nor v is scaled, their τ are. So A is read and written once per step, where
/// two matrix-vector products and an update read it three times. Every other step's pass goes back, beginning with the columns that the one before has left
/// in the cache: of a matrix beyond L2 a part as large as L2 is still there. A long pass is two, over halves of the columns with a y each, whose sum is y
/// whether one thread takes both or another the second; each thread then finds its half in its own cache.
/// <para>
/// Four columns at a time: 8 coefficients + 4 sums + u⁻, y⁻, u + 1 of 32 registers. Per vector of four columns 16 multiply-adds (8 cycles on
/// two ports) against 12 loads (6 cycles) and 5 stores: bound by arithmetic in L1, by L2's 64 bytes per cycle above.
/// A first group that begins before column k + 1 processes up to three finished columns, with coefficients 0.
/// </para>
/// Normwise backward stable, as the two-pass form: the singular values of B are those of A + E, ‖E‖ ≤ c·n·ε‖A‖.
/// Source: Howell, Demmel, Fulton, Hammarling and Marmol, <i>Cache efficient bidiagonalization using BLAS 2.5 operators</i>, ACM TOMS 34 (2008).
/// </remarks>
internal static unsafe partial class Reduction<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Columns that one inner loop takes; the storage has a multiple of so many.</summary>
    public const int Group = 4;

    // Bytes of the trailing matrix from which a pass is two: 0.3 µs of one thread, about twice what handing over u and y takes.
    private const long LeastHalves = 24 * 1024;

    // Bytes from which halves pay between cores that share no cache. There a word and its answer take 0.57 µs, 0.11 between those that do (two clusters of a server CPU).
    private const long LeastFarHalves = 1024 * 1024;

    /// <summary>From what time of a word and its answer on cores are far from each other.</summary>
    public const double FarSeconds = 0.3e-6;

    // With ‖A‖ ≈ 1, what is shorter than the square root of this is 0 to any precision that matters, and no other square underflows.
    private static readonly T s_negligible = T.ScaleB(T.One, typeof(T) == typeof(double) ? -900 : -110);

    // A prefetcher runs on past the end of what is read, into lines that the other thread is about to write: with this between the vectors two threads are 2 to 3 % faster.
    private const int GapBytes = 2048;

    // Where the vectors stand: one of zeros, two u and two y⁻, the y of both halves, and two for the second thread's.
    private const int Zeros = 0, FirstU = 1, FirstYOld = 3, FirstY = 5, FirstOthersY = 7, Vectors = 9;

    /// <summary>Elements of workspace for columns of this stride and so many columns.</summary>
    public static nint Workspace(int stride, int columns) => Vectors * (nint)Spacing(stride) + Place(Grouped(columns)) + 4 * Reflection<T, V, L>.Line;

    private static int Spacing(int stride) => stride + GapBytes / sizeof(T);

    // z and v of a group stand in a line of their own, which only the thread of its half writes.
    private static int Place(int j) => j / Group * Reflection<T, V, L>.Line + j % Group;

    /// <summary>The columns that the storage of n columns has.</summary>
    public static int Grouped(int columns) => (columns + Group - 1) / Group * Group;

    /// <summary>Where the second of two halves begins: one group more for the first, whose thread has not to wait for u and y.</summary>
    public static int Middle(int start, int end) => start + ((end - start) / (2 * Group) + 1) * Group;

    /// <summary>
    /// The diagonal (n) and superdiagonal (n − 1) of B. A is m×n, m ≥ n ≥ 1, of norm about 1, its columns contiguous and
    /// zero-padded to the stride, a multiple of all vector lengths; columns of zeros follow up to <see cref="Grouped"/>(n). A is overwritten:
    /// column k holds u of step k's H from its diagonal on. τ (n) is written where it is not null.
    /// </summary>
    /// <remarks>The same bits for any number of threads.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(T* a, int stride, int n, T* work, T* diagonal, T* superdiagonal, T* taus, int threads, double farSeconds = FarSeconds)
    {
        T* pending = work + Vectors * (nint)Spacing(stride), given = pending + Place(Grouped(n));
        var passes = new Passes
        {
            Columns = a,
            Stride = stride,
            Order = n,
            Work = work,
            Pending = pending,
            Given = given,
            Found = given + 2 * Reflection<T, V, L>.Line,
            Diagonal = diagonal,
            Superdiagonal = superdiagonal,
            Taus = taus,
            FarTicks = farSeconds * Stopwatch.Frequency,
        };
        new Span<T>(pending, Place(Grouped(n))).Clear();
        foreach (int vector in (ReadOnlySpan<int>)[Zeros, FirstU + 1, FirstYOld, FirstY])
            new Span<T>(passes.Vector(vector), stride).Clear();
        if (threads > 1 && passes.AreHalves(0))
        {
            passes.IsShared = true;
            Team.Run(2, threads, &passes, &Passes.Take);
        }
        else
        {
            Reduce(ref passes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Reduce(ref Passes passes)
    {
        T* y = passes.Vector(FirstY), other = passes.Vector(Zeros), column = passes.Columns, last = column;
        int stride = passes.Stride, n = passes.Order;
        // A vector that is loaded over elements stored one by one would wait for them: factors 0 and 1 take their place.
        T* steps = stackalloc T[3 * Reflection<T, V, L>.Line];
        Reflection<T, V, L>.WriteSteps(steps);
        T pivot = T.Zero, tau = T.Zero, product = T.Zero;
        for (int k = 0; ; last = column, column += stride)
        {
            int from = k / L.Count * L.Count;
            T* z = passes.Pending + Place(k), above = steps + Reflection<T, V, L>.Line - (k - from), below = above - 1;
            // Two threads that read u where the column stands take 4 % longer.
            T* u = passes.U(k);
            T tail = Update(column, u, last, y, other, passes.YOld(k), tau * pivot, tau, -tau * product, -z[0], -pivot, L.Load(below), from, stride);
            (T beta, pivot, tau) = Reflector(column[k], tail);
            passes.Diagonal[k] = beta;
            if (passes.Taus is not null)
                passes.Taus[k] = tau;
            V head = L.MultiplyAdd(L.Broadcast(pivot), L.Subtract(L.Load(above), L.Load(below)), L.Multiply(L.Load(below), L.Load(column + from)));
            L.Store(head, u + from);
            L.Store(head, column + from);
            if (k + 1 == n)
                return;
            z[0] = z[Group] = T.Zero;
            tail = passes.Take(k, tau, out other, out product);
            k++;
            z = passes.Pending + Place(k);
            (beta, pivot, tau) = Reflector(z[Group], tail);
            passes.Superdiagonal[k - 1] = beta;
            product = T.MultiplyAddEstimate(pivot, z[0], product);
        }
    }

    /// <summary>(I − τuuᵀ)(α, x) = (β, 0) with u = (α − β, x), given ‖x‖²; τ = 0 where x is negligible.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T Beta, T Pivot, T Tau) Reflector(T alpha, T tail)
    {
        if (tail <= s_negligible)
            return (alpha, T.Zero, T.Zero);
        T beta = -T.CopySign(T.Sqrt(T.MultiplyAddEstimate(alpha, alpha, tail)), alpha), pivot = alpha - beta;
        return (beta, pivot, T.NegativeOne / (beta * pivot));
    }

    /// <summary>
    /// A pass over groups of columns, at least one, the second and all others a step apart, y being 0 before; pending holds the coefficients z and v, and receives z and r. Returns ‖r‖² and,
    /// as product, rᵀz, both without column k + 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static T Pass(T* a, int stride, int from, T* uOld, T* yOld, T* u, T* y, T* pending, int first, int second, int step, int groups, int k, T tau, out T product)
    {
        T tail = T.Zero, sum = T.Zero, pivot = -u[k];
        for (int j = first, next = second; groups > 0; j = next, next += step, groups--)
        {
            T* a0 = a + (nint)j * stride, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            T* z = pending + j * (Reflection<T, V, L>.Line / Group), v = z + Group;
            V z0 = L.Broadcast(-z[0]), z1 = L.Broadcast(-z[1]), z2 = L.Broadcast(-z[2]), z3 = L.Broadcast(-z[3]);
            V v0 = L.Broadcast(-v[0]), v1 = L.Broadcast(-v[1]), v2 = L.Broadcast(-v[2]), v3 = L.Broadcast(-v[3]);
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
            for (int i = from; i < stride; i += L.Count)
            {
                V left = L.Load(uOld + i), right = L.Load(yOld + i), now = L.Load(u + i);
                V x = L.MultiplyAdd(v0, right, L.MultiplyAdd(z0, left, L.Load(a0 + i)));
                L.Store(x, a0 + i);
                s0 = L.MultiplyAdd(now, x, s0);
                x = L.MultiplyAdd(v1, right, L.MultiplyAdd(z1, left, L.Load(a1 + i)));
                L.Store(x, a1 + i);
                s1 = L.MultiplyAdd(now, x, s1);
                x = L.MultiplyAdd(v2, right, L.MultiplyAdd(z2, left, L.Load(a2 + i)));
                L.Store(x, a2 + i);
                s2 = L.MultiplyAdd(now, x, s2);
                x = L.MultiplyAdd(v3, right, L.MultiplyAdd(z3, left, L.Load(a3 + i)));
                L.Store(x, a3 + i);
                s3 = L.MultiplyAdd(now, x, s3);
            }

            T t0 = tau * L.Sum(s0), t1 = tau * L.Sum(s1), t2 = tau * L.Sum(s2), t3 = tau * L.Sum(s3);
            T r0 = T.MultiplyAddEstimate(pivot, t0, a0[k]), r1 = T.MultiplyAddEstimate(pivot, t1, a1[k]);
            T r2 = T.MultiplyAddEstimate(pivot, t2, a2[k]), r3 = T.MultiplyAddEstimate(pivot, t3, a3[k]);
            (z[0], z[1], z[2], z[3]) = (t0, t1, t2, t3);
            (v[0], v[1], v[2], v[3]) = (r0, r1, r2, r3);
            // Column k + 1 enters Av with factor 1, the finished ones not at all.
            if (j <= k + 1)
            {
                r0 = T.Zero;
                r1 = j > k ? r1 : T.Zero;
                r2 = j + 1 > k ? r2 : T.Zero;
                r3 = j + 2 > k ? r3 : T.Zero;
                for (int i = 0; i <= k - j; i++)
                    z[i] = v[i] = T.Zero;
            }

            tail = Sum(r0, r0, r1, r1, tail) + Sum(r2, r2, r3, r3, T.Zero);
            sum = Sum(r0, t0, r1, t1, sum) + Sum(r2, t2, r3, t3, T.Zero);
            v0 = L.Broadcast(r0);
            v1 = L.Broadcast(r1);
            v2 = L.Broadcast(r2);
            v3 = L.Broadcast(r3);
            for (int i = from; i < stride; i += L.Count)
            {
                V w = L.MultiplyAdd(v1, L.Load(a1 + i), L.MultiplyAdd(v0, L.Load(a0 + i), L.Load(y + i)));
                L.Store(L.MultiplyAdd(v3, L.Load(a3 + i), L.MultiplyAdd(v2, L.Load(a2 + i), w)), y + i);
            }
        }

        product = sum;
        return tail;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum(T a, T b, T c, T d, T sum) => T.MultiplyAddEstimate(c, d, T.MultiplyAddEstimate(a, b, sum));

    /// <summary>w ← αx + β(y + y′) + γu and x ← x + ζu + ηw, with a copy of x; returns ‖x‖², x's first vector times what counts of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Update(T* x, T* copy, T* u, T* y, T* other, T* w, T alpha, T beta, T gamma, T zeta, T eta, V counts, int from, int to)
    {
        V va = L.Broadcast(alpha), vb = L.Broadcast(beta), vc = L.Broadcast(gamma), vz = L.Broadcast(zeta), ve = L.Broadcast(eta);
        V now = L.Multiply(counts, Update(x + from, copy + from, u + from, y + from, other + from, w + from, va, vb, vc, vz, ve)), sum = L.Multiply(now, now), odd = L.Zero;
        for (int i = from + L.Count; i < to; i += L.Count)
        {
            now = Update(x + i, copy + i, u + i, y + i, other + i, w + i, va, vb, vc, vz, ve);
            (sum, odd) = (odd, L.MultiplyAdd(now, now, sum));
        }

        return L.Sum(L.Add(sum, odd));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Update(T* x, T* copy, T* u, T* y, T* other, T* w, V alpha, V beta, V gamma, V zeta, V eta)
    {
        V left = L.Load(u), now = L.Load(x);
        V right = L.MultiplyAdd(alpha, now, L.MultiplyAdd(beta, L.Add(L.Load(y), L.Load(other)), L.Multiply(gamma, left)));
        L.Store(right, w);
        now = L.MultiplyAdd(eta, right, L.MultiplyAdd(zeta, left, now));
        L.Store(now, x);
        L.Store(now, copy);
        return now;
    }
}

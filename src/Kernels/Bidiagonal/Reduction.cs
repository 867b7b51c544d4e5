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
/// column (a_j ← a_j − u⁻z⁻_j − y⁻v⁻_j), takes z_j = τuᵀa_j and r_j = a_kj − z_j, row k after H, and adds r_j a_j to y while the
/// column is in L1. With s = 1/(r_{k+1} − β), v = (1, s·r_{k+2}, …) and Av = a_{k+1} + s·y. So A is read and written once per step, where
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
internal static unsafe class Reduction<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Columns that one inner loop takes; the storage has a multiple of so many.</summary>
    public const int Group = 4;

    // Bytes of the trailing matrix from which a pass is two: 2 µs of one thread, a few times what handing over u and y takes.
    private const long LeastHalves = 128 * 1024;

    // With ‖A‖ ≈ 1, what is shorter than the square root of this is 0 to any precision that matters, and no other square underflows.
    private static readonly T s_negligible = T.ScaleB(T.One, typeof(T) == typeof(double) ? -900 : -110);

    /// <summary>Elements of workspace for columns of this stride and so many columns.</summary>
    public static nint Workspace(int stride, int columns) => 5 * (nint)stride + 2 * (nint)Level1<T, V, L>.Padded(Grouped(columns));

    /// <summary>The columns that the storage of n columns has.</summary>
    public static int Grouped(int columns) => (columns + Group - 1) / Group * Group;

    /// <summary>
    /// The diagonal (n) and superdiagonal (n − 1) of B. A is m×n, m ≥ n ≥ 1, of norm about 1, its columns contiguous and
    /// zero-padded to the stride, a multiple of all vector lengths; columns of zeros follow up to <see cref="Grouped"/>(n). A is overwritten:
    /// column k keeps x below its diagonal, u = (1, factor·x) and τ being those of step k's H. τ and factors (n each) are written where they are not null.
    /// </summary>
    /// <remarks>The same bits for any number of threads.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(T* a, int stride, int n, T* work, T* diagonal, T* superdiagonal, T* taus, T* factors, int threads)
    {
        int length = Level1<T, V, L>.Padded(Grouped(n));
        T* u = work, uOld = u + stride, yOld = uOld + stride, y = yOld + stride, z = y + 2 * stride, v = z + length;
        new Span<T>(uOld, 2 * stride).Clear();
        new Span<T>(z, 2 * length).Clear();
        // A vector that is loaded over elements stored one by one would wait for them: factors 0 and 1 take their place.
        T* steps = stackalloc T[3 * Reflection<T, V, L>.Line];
        Reflection<T, V, L>.WriteSteps(steps);
        T first = T.Zero, scale = T.Zero;
        for (int k = 0; k < n; k++)
        {
            T* column = a + (nint)k * stride;
            int from = k / L.Count * L.Count, next = k + 1;
            T* above = steps + Reflection<T, V, L>.Line - (k - from), below = above - 1;
            T alpha = T.MultiplyAddEstimate(-first, yOld[k], T.MultiplyAddEstimate(-z[k], uOld[k], column[k]));
            T tail = Update(column, uOld, yOld, -z[k], -first, L.Load(below), from, stride);
            (T beta, T tau, T factor) = Reflector(alpha, tail);
            diagonal[k] = beta;
            if (taus is not null)
                (taus[k], factors[k]) = (tau, factor);
            if (next == n)
                return;
            Multiply(factor, column, T.IsZero(tau) ? L.Zero : L.Subtract(L.Load(above), L.Load(below)), u, from, stride);
            z[k] = v[k] = T.Zero;
            int start = next / Group * Group;
            T product;
            if ((long)(stride - from) * (n - start) * sizeof(T) < LeastHalves)
            {
                tail = Pass(a, stride, from, uOld, yOld, u, y, z, v, scale, start, Grouped(n), k, tau, out product);
            }
            else
            {
                int middle = start + (Grouped(n) - start) / (2 * Group) * Group;
                var halves = new SplitPass
                {
                    Columns = a,
                    Stride = stride,
                    From = from,
                    UOld = uOld,
                    YOld = yOld,
                    U = u,
                    Y = y,
                    Z = z,
                    V = v,
                    Scale = scale,
                    Start = start,
                    Middle = middle,
                    End = Grouped(n),
                    Step = k,
                    Tau = tau,
                };
                tail = SplitPass.Take(&halves, threads, out product);
            }

            (beta, tau, scale) = Reflector(v[next], tail);
            superdiagonal[k] = beta;
            first = T.IsZero(tau) ? T.Zero : T.One;
            product = z[next] + scale * product;
            Combine(tau, a + (nint)next * stride, tau * scale, y, -tau * product, u, yOld, from, stride);
            T* swap = u;
            u = uOld;
            uOld = swap;
        }
    }

    /// <summary>(I − τuuᵀ)(α, x) = (β, 0) with u = (1, scale·x), given ‖x‖²; τ = scale = 0 where x is negligible.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T Beta, T Tau, T Scale) Reflector(T alpha, T tail)
    {
        if (tail <= s_negligible)
            return (alpha, T.Zero, T.Zero);
        T beta = -T.CopySign(T.Sqrt(T.MultiplyAddEstimate(alpha, alpha, tail)), alpha);
        return (beta, (beta - alpha) / beta, T.One / (alpha - beta));
    }

    /// <summary>
    /// A pass over columns from start to end, a group the least; z and v hold the pending coefficients, v without its factor, and receive z and r. Returns ‖r‖² and,
    /// as product, rᵀz, both without column k + 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static T Pass(T* a, int stride, int from, T* uOld, T* yOld, T* u, T* y, T* z, T* v, T scale, int start, int end, int k, T tau, out T product)
    {
        for (int i = from; i < stride; i += L.Count)
            L.Store(L.Zero, y + i);
        T tail = T.Zero, sum = T.Zero;
        int groups = (end - start) / Group, step = Group;
        if (int.IsOddInteger(k))
            (start, step) = (end - Group, -Group);
        for (int j = start; groups > 0; j += step, groups--)
        {
            T* a0 = a + (nint)j * stride, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            V z0 = L.Broadcast(-z[j]), z1 = L.Broadcast(-z[j + 1]), z2 = L.Broadcast(-z[j + 2]), z3 = L.Broadcast(-z[j + 3]);
            V v0 = L.Broadcast(-(scale * v[j])), v1 = L.Broadcast(-(scale * v[j + 1])), v2 = L.Broadcast(-(scale * v[j + 2])), v3 = L.Broadcast(-(scale * v[j + 3]));
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
            T r0 = a0[k] - t0, r1 = a1[k] - t1, r2 = a2[k] - t2, r3 = a3[k] - t3;
            (z[j], z[j + 1], z[j + 2], z[j + 3]) = (t0, t1, t2, t3);
            (v[j], v[j + 1], v[j + 2], v[j + 3]) = (r0, r1, r2, r3);
            // Column k + 1 enters Av with factor 1, the finished ones not at all.
            if (j <= k + 1)
            {
                r0 = T.Zero;
                r1 = j > k ? r1 : T.Zero;
                r2 = j + 1 > k ? r2 : T.Zero;
                r3 = j + 2 > k ? r3 : T.Zero;
                for (int i = j; i <= k; i++)
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

    /// <summary>A pass as two, whose threads share this.</summary>
    private struct SplitPass
    {
        public T* Columns, UOld, YOld, U, Y, Z, V;
        public T Scale, Tau;
        public int Stride, From, Start, Middle, End, Step;
        private T _tail, _product, _otherTail, _otherProduct;

        /// <summary>Both; y is their sum.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static T Take(SplitPass* halves, int threads, out T product)
        {
            if (threads == 1)
            {
                // Back and forth over both.
                halves->Take(halves->Step & 1);
                halves->Take(~halves->Step & 1);
            }
            else
            {
                Team.Run(2, threads, halves, &TakeShared);
            }

            T* y = halves->Y, other = y + halves->Stride;
            for (int i = halves->From; i < halves->Stride; i += L.Count)
                L.Store(L.Add(L.Load(y + i), L.Load(other + i)), y + i);
            product = halves->_product + halves->_otherProduct;
            return halves->_tail + halves->_otherTail;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void TakeShared(void* state, int half)
        {
            ref SplitPass pass = ref *(SplitPass*)state;
            if (half == 1)
                Fetch(pass.U, pass.YOld, pass.Y + pass.Stride, pass.From, pass.Stride);
            pass.Take(half);
        }

        private void Take(int half)
        {
            bool first = half == 0;
            T tail = Pass(Columns, Stride, From, UOld, YOld, U, Y + half * Stride, Z, V, Scale, first ? Start : Middle, first ? Middle : End, Step, Tau, out T product);
            if (first)
                (_tail, _product) = (tail, product);
            else
                (_otherTail, _otherProduct) = (tail, product);
        }

        /// <summary>
        /// Lines that another core has written come one by one where a loop meets them, but many at a time where nothing else waits. What is stored, in a
        /// place that the pass clears, is there for the loads not to be dropped.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Fetch(T* u, T* yOld, T* y, int from, int to)
        {
            V sum = L.Zero;
            for (int i = from; i < to; i += L.Count)
                sum = L.Add(sum, L.Add(L.Load(u + i), L.Load(yOld + i)));
            L.Store(sum, y + from);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum(T a, T b, T c, T d, T sum) => T.MultiplyAddEstimate(c, d, T.MultiplyAddEstimate(a, b, sum));

    /// <summary>x ← x + αu + βy, the first vector times what is kept of it; returns ‖x‖².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Update(T* x, T* u, T* y, T alpha, T beta, V keep, int from, int to)
    {
        V va = L.Broadcast(alpha), vb = L.Broadcast(beta);
        V w = L.Multiply(keep, L.MultiplyAdd(vb, L.Load(y + from), L.MultiplyAdd(va, L.Load(u + from), L.Load(x + from)))), sum = L.Multiply(w, w);
        L.Store(w, x + from);
        for (int i = from + L.Count; i < to; i += L.Count)
        {
            w = L.MultiplyAdd(vb, L.Load(y + i), L.MultiplyAdd(va, L.Load(u + i), L.Load(x + i)));
            L.Store(w, x + i);
            sum = L.MultiplyAdd(w, w, sum);
        }

        return L.Sum(sum);
    }

    /// <summary>u ← αx, and something added to its first vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(T alpha, T* x, V addition, T* u, int from, int to)
    {
        V va = L.Broadcast(alpha);
        L.Store(L.MultiplyAdd(va, L.Load(x + from), addition), u + from);
        for (int i = from + L.Count; i < to; i += L.Count)
            L.Store(L.Multiply(va, L.Load(x + i)), u + i);
    }

    /// <summary>w ← αx + βy + γu.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine(T alpha, T* x, T beta, T* y, T gamma, T* u, T* w, int from, int to)
    {
        V va = L.Broadcast(alpha), vb = L.Broadcast(beta), vc = L.Broadcast(gamma);
        for (int i = from; i < to; i += L.Count)
            L.Store(L.MultiplyAdd(va, L.Load(x + i), L.MultiplyAdd(vb, L.Load(y + i), L.Multiply(vc, L.Load(u + i)))), w + i);
    }
}

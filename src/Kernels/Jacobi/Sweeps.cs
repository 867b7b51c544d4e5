using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>One-sided Jacobi: plane rotations from the right until the columns of X are orthogonal to working accuracy.</summary>
/// <remarks>
/// For a pair with α = ‖x_p‖, β = ‖x_q‖, γ = x_pᵀx_q: ζ = (β² − α²)/2γ, t = sign(ζ)/(|ζ| + √(1 + ζ²)), c = 1/√(1 + t²), s = ct;
/// x_p ← c x_p − s x_q, x_q ← s x_p + c x_q. With columns stored scaled and r = 2^(e_q − e_p), everything is computed from
/// u = ζr, so that neither t/r nor the norms leave the range of T: h = √(r² + u²), t/r = sign(u)/(|u| + h), c = √(½ + |u|/2h).
/// Each step p takes the longest remaining column as x_p (de Rijk), and each rotation yields the next pair's γ in the same pass.
/// Sources: de Rijk, SIAM J. Sci. Stat. Comput. 10 (1989); Demmel and Veselić, SIAM J. Matrix Anal. 13 (1992); LAPACK's gesvj.
/// </remarks>
internal static unsafe class Sweeps<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>LAPACK's limit; quadratic convergence makes more than a dozen sweeps rare.</summary>
    public const int Limit = 30;

    // A column whose squared norm rotations have shrunk below this is rescaled at once, far from underflow.
    private static readonly T s_small = T.ScaleB(T.One, -40);

    /// <summary>Sweeps until every |cos| ≤ tolerance; the same rotations go to <paramref name="v"/>, where given.</summary>
    /// <returns>Sweeps taken, the largest |cos| of the last one before rotation, and whether it was within the tolerance.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Sweeps, T LargestCosine, bool Converged) Run(ScaledColumns<T> x, T* v, int vStride, T tolerance)
    {
        int n = x.Count;
        Span<int> order = n <= 1024 ? stackalloc int[n] : new int[n];
        for (int i = 0; i < n; i++)
            order[i] = i;
        // The squared norm of a shrinking column is a difference; below this share of the old one it is computed afresh.
        T cancelled = T.Sqrt(T.BitIncrement(T.One) - T.One);
        T largest = T.Zero, half = T.One / (T.One + T.One);
        for (int sweep = 1; sweep <= Limit; sweep++)
        {
            largest = T.Zero;
            bool rotated = false;
            for (int j = 0; j < n; j++)
                x.Normalise<V, L>(j);
            for (int i = 0; i < n - 1; i++)
            {
                int longest = i;
                for (int j = i + 1; j < n; j++)
                    if (x.IsLonger(order[j], order[longest]))
                        longest = j;
                (order[i], order[longest]) = (order[longest], order[i]);
                int p = order[i];
                T* xp = x.Column(p);
                if (T.IsZero(x.SquaredNorm[p]))
                    break;
                T gamma = Level1<T, V, L>.Dot(xp, x.Column(order[i + 1]), x.Stride);
                for (int j = i + 1; j < n; j++)
                {
                    int q = order[j];
                    T* xq = x.Column(q);
                    T* next = j + 1 < n ? x.Column(order[j + 1]) : xp;
                    T alpha = x.SquaredNorm[p], beta = x.SquaredNorm[q];
                    T square = gamma * gamma, product = alpha * beta;
                    if (square <= tolerance * tolerance * product)
                    {
                        if (square > largest * product)
                            largest = square / product;
                        gamma = Level1<T, V, L>.Dot(xp, next, x.Stride);
                        continue;
                    }

                    rotated = true;
                    largest = T.Max(largest, square / product);
                    int distance = x.Exponent[q] - x.Exponent[p];
                    T r = distance == 0 ? T.One : T.ScaleB(T.One, distance);
                    T u = (beta * r * r - alpha) / (gamma + gamma), length = T.Abs(u);
                    T hypotenuse = T.Sqrt(T.MultiplyAddEstimate(u, u, r * r));
                    T tOverR = T.CopySign(T.One / (length + hypotenuse), u), t = tOverR * r;
                    T c = T.Sqrt(half + half * (length / hypotenuse));
                    if (v != null)
                        Rotate(v + (nint)p * vStride, v + (nint)q * vStride, vStride, c, -c * t, c * t);
                    T left = beta + tOverR * gamma;
                    x.SquaredNorm[p] = alpha - t * r * gamma;
                    gamma = RotateAndDot(xp, xq, next, x.Stride, c, -c * t * r, c * tOverR);
                    x.SquaredNorm[q] = left;
                    if (left <= cancelled * beta)
                    {
                        x.SquaredNorm[q] = Level1<T, V, L>.Dot(xq, xq, x.Stride);
                        if (x.SquaredNorm[q] < s_small)
                            x.Normalise<V, L>(q);
                    }
                    else if (left < s_small)
                    {
                        x.Normalise<V, L>(q);
                    }
                }
            }

            if (!rotated)
                return (sweep, T.Sqrt(largest), true);
        }

        return (Limit, T.Sqrt(largest), false);
    }

    /// <summary>(x, y) ← (cx + ay, cy + bx).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(T* x, T* y, int length, T c, T a, T b)
    {
        V vc = L.Broadcast(c), va = L.Broadcast(a), vb = L.Broadcast(b);
        for (int i = 0; i < length; i += L.Count)
        {
            V xi = L.Load(x + i), yi = L.Load(y + i);
            L.Store(L.MultiplyAdd(va, yi, L.Multiply(vc, xi)), x + i);
            L.Store(L.MultiplyAdd(vb, xi, L.Multiply(vc, yi)), y + i);
        }
    }

    /// <summary>(x, y) ← (cx + ay, cy + bx), then xᵀz: five operations per element pair on two ports, three loads, two stores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T RotateAndDot(T* x, T* y, T* z, int length, T c, T a, T b)
    {
        V vc = L.Broadcast(c), va = L.Broadcast(a), vb = L.Broadcast(b);
        V s0 = L.Zero, s1 = L.Zero;
        int i = 0;
        for (; i <= length - 2 * L.Count; i += 2 * L.Count)
        {
            V x0 = L.Load(x + i), y0 = L.Load(y + i);
            V x1 = L.Load(x + i + L.Count), y1 = L.Load(y + i + L.Count);
            V r0 = L.MultiplyAdd(va, y0, L.Multiply(vc, x0));
            V r1 = L.MultiplyAdd(va, y1, L.Multiply(vc, x1));
            L.Store(L.MultiplyAdd(vb, x0, L.Multiply(vc, y0)), y + i);
            L.Store(L.MultiplyAdd(vb, x1, L.Multiply(vc, y1)), y + i + L.Count);
            L.Store(r0, x + i);
            L.Store(r1, x + i + L.Count);
            s0 = L.MultiplyAdd(r0, L.Load(z + i), s0);
            s1 = L.MultiplyAdd(r1, L.Load(z + i + L.Count), s1);
        }

        for (; i < length; i += L.Count)
        {
            V x0 = L.Load(x + i), y0 = L.Load(y + i);
            V r0 = L.MultiplyAdd(va, y0, L.Multiply(vc, x0));
            L.Store(L.MultiplyAdd(vb, x0, L.Multiply(vc, y0)), y + i);
            L.Store(r0, x + i);
            s0 = L.MultiplyAdd(r0, L.Load(z + i), s0);
        }

        return L.Sum(L.Add(s0, s1));
    }
}

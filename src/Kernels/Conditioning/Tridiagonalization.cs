using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>A tridiagonal T with the eigenvalues of H = UᵀU, U an upper triangle (n×n) of small order. 5n³/3 operations.</summary>
/// <remarks>
/// Householder's reduction from the last row up, so that rows start at whole vectors: I − βvvᵀ takes row k of the leading block to its last
/// element, A ← A − vwᵀ − wvᵀ with p = βAv, w = p − (β/2)(vᵀp)v. Source: Golub and Van Loan, <i>Matrix Computations</i> (4th ed.), 8.3.
/// </remarks>
internal static unsafe class Tridiagonalization<V, L>
    where V : unmanaged
    where L : struct, ILanes<double, V>
{
    // What is so small beside a trace of order 1 is left out, before the reciprocal of its square leaves the range.
    private const double Least = 1e-70;

    /// <summary>Writes T's diagonal a (n) and what is beside it, b (n − 1), not negative.</summary>
    /// <param name="u">U, rows zero-padded to whole cache lines.</param>
    /// <param name="h">A matrix of the same layout to overwrite.</param>
    /// <param name="length">Elements from one row to the next.</param>
    /// <param name="n">The order.</param>
    /// <param name="a">Receives the diagonal.</param>
    /// <param name="b">Receives the elements beside it.</param>
    /// <param name="w">Scratch, one row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(double* u, double* h, int length, int n, double* a, double* b, double* w)
    {
        Gram(u, h, length, n);
        double* steps = stackalloc double[3 * Reflection<double, V, L>.Line];
        Reflection<double, V, L>.WriteSteps(steps);
        for (int k = n - 1; k > 0; k--)
        {
            double* row = h + k * length;
            int width = (k + L.Count - 1) / L.Count * L.Count;
            a[k] = row[k];
            double last = row[k - 1];
            // Zeros from element k on, by a factor: a vector that is loaded over elements stored one by one would wait for them.
            double* end = row + width - L.Count;
            L.Store(L.Multiply(L.Load(steps + 2 * Reflection<double, V, L>.Line - (k - width + L.Count)), L.Load(end)), end);
            double norm = Math.Sqrt(Level1<double, V, L>.Dot(row, row, width));
            b[k - 1] = norm;
            if (k == 1 || norm <= Least || norm == Math.Abs(last))
                continue;
            double beta = 1 / (norm * (norm + Math.Abs(last)));
            row[k - 1] = last + Math.CopySign(norm, last);
            // What w and h hold behind element k meets zeros only.
            Multiply(h, length, k, width, row, w);
            double half = beta * beta / 2 * Level1<double, V, L>.Dot(row, w, width);
            V minus = L.Broadcast(-half), share = L.Broadcast(beta);
            for (int j = 0; j < width; j += L.Count)
                L.Store(L.MultiplyAdd(minus, L.Load(row + j), L.Multiply(share, L.Load(w + j))), w + j);
            for (int i = 0; i < k; i++)
            {
                V left = L.Broadcast(-row[i]), right = L.Broadcast(-w[i]);
                double* to = h + i * length;
                for (int j = 0; j < width; j += L.Count)
                    L.Store(L.MultiplyAdd(left, L.Load(w + j), L.MultiplyAdd(right, L.Load(row + j), L.Load(to + j))), to + j);
            }
        }

        a[0] = h[0];
    }

    /// <summary>H = UᵀU, both halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gram(double* u, double* h, int length, int n)
    {
        for (int i = 0; i < n; i++)
            for (int j = 0; j < length; j += L.Count)
            {
                V sum = L.Zero, other = L.Zero;
                int k = 0, end = Math.Min(i + 1, j + L.Count);
                for (; k < end - 1; k += 2)
                {
                    double* row = u + k * length;
                    sum = L.MultiplyAdd(L.Broadcast(row[i]), L.Load(row + j), sum);
                    other = L.MultiplyAdd(L.Broadcast(row[length + i]), L.Load(row + length + j), other);
                }

                if (k < end)
                    sum = L.MultiplyAdd(L.Broadcast(u[k * length + i]), L.Load(u + k * length + j), sum);
                L.Store(L.Add(sum, other), h + i * length + j);
            }
    }

    /// <summary>y ← Σ xᵢhᵢ over the first k rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(double* h, int length, int k, int width, double* x, double* y)
    {
        for (int j = 0; j < width; j += L.Count)
        {
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
            double* row = h + j;
            int i = 0;
            for (; i <= k - 4; i += 4, row += 4 * length)
            {
                s0 = L.MultiplyAdd(L.Broadcast(x[i]), L.Load(row), s0);
                s1 = L.MultiplyAdd(L.Broadcast(x[i + 1]), L.Load(row + length), s1);
                s2 = L.MultiplyAdd(L.Broadcast(x[i + 2]), L.Load(row + 2 * length), s2);
                s3 = L.MultiplyAdd(L.Broadcast(x[i + 3]), L.Load(row + 3 * length), s3);
            }

            for (; i < k; i++, row += length)
                s0 = L.MultiplyAdd(L.Broadcast(x[i]), L.Load(row), s0);
            L.Store(L.Add(L.Add(s0, s1), L.Add(s2, s3)), y + j);
        }
    }
}

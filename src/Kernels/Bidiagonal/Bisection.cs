using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The singular values of an upper bidiagonal matrix by bisection: slow, but nothing is squared and nothing can fail.</summary>
/// <remarks>
/// ±σ are the eigenvalues of the tridiagonal matrix with zeros on the diagonal and a₀, b₀, a₁, b₁, … beside it (Golub and Kahan). The
/// negative ones among the pivots p ← −x − c²/p of its shift by x > 0 number n plus those σ that are below x, in which every σ has a
/// relative error of O(n·ε), ε that of double. O(n²) operations per bit.
/// Source: Demmel and Kahan, <i>Accurate singular values of bidiagonal matrices</i>, SIAM J. Sci. Stat. Comput. 11 (1990).
/// </remarks>
internal static unsafe class Bisection
{
    /// <summary>σ₁ ≥ … ≥ σₙ of the matrix with this diagonal (n) and superdiagonal (n − 1), whose largest element is near 1, so that no c²/p overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(double* diagonal, double* superdiagonal, int n, double* sigma)
    {
        double bound = 0;
        for (int k = 0; k < n; k++)
        {
            // Gershgorin's circles around 0.
            double beside = Math.Max(k < n - 1 ? Math.Abs(superdiagonal[k]) : 0, k > 0 ? Math.Abs(superdiagonal[k - 1]) : 0);
            bound = Math.Max(bound, Math.Abs(diagonal[k]) + beside);
        }

        bound = Math.BitIncrement(bound);
        for (int k = n - 1; k >= 0; k--)
        {
            // #{σ < low} ≤ n − 1 − k < #{σ < high}
            double low = k == n - 1 ? 0 : sigma[k + 1], high = bound;
            while (true)
            {
                double smallest = Math.Max(low, double.Epsilon);
                double middle = high > smallest * 4 ? Math.Sqrt(smallest) * Math.Sqrt(high) : low + 0.5 * (high - low);
                if (!(middle > low && middle < high))
                    break;
                if (CountBelow(diagonal, superdiagonal, n, middle) <= n - 1 - k)
                    low = middle;
                else
                    high = middle;
            }

            sigma[k] = low;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountBelow(double* diagonal, double* superdiagonal, int n, double x)
    {
        int negative = 1;
        double pivot = -x;
        for (int k = 0; k < n; k++)
        {
            Next(diagonal[k]);
            if (k < n - 1)
                Next(superdiagonal[k]);
        }

        return negative - n;

        void Next(double c)
        {
            pivot = -x - c * (c / pivot);
            if (pivot == 0)
                pivot = -double.Epsilon;
            if (double.IsNegative(pivot))
                negative++;
        }
    }
}

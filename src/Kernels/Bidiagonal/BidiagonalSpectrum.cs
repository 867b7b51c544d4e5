using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The singular values of an upper bidiagonal matrix, each to a relative error of O(n·ε), or to σ₁/2⁹⁵⁰ absolutely.</summary>
/// <remarks>
/// By <see cref="Multisection"/> where all elements lie within 2⁵⁰ of each other; by dqds on the squares where they do not, where some are 0, and for orders of which lanes
/// would stand empty; by bisection where squares would leave the range or dqds has not converged. All in double: a float's square is exact there and in range.
/// </remarks>
internal static unsafe class BidiagonalSpectrum<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // The largest element is brought to this power of two, which leaves room for eight steps of dqds's fractions.
    private const int Top = 4;

    // Squares of what is not below this power of two are normal, and so is what sweeps make of them.
    private const int Bottom = -500;

    // The smallest normal number over ε.
    private const double Smallest = 1e-290;

    /// <summary>Doubles of workspace.</summary>
    public static int Workspace(int n) => 2 * n + Math.Max(4 * n, (int)Multisection.Workspace(n));

    /// <summary>σ₁ ≥ … ≥ σₙ of the matrix with this diagonal (n) and superdiagonal (n − 1), n ≥ 1, finite.</summary>
    /// <param name="diagonal">The diagonal (n).</param>
    /// <param name="superdiagonal">The superdiagonal (n − 1).</param>
    /// <param name="n">The order.</param>
    /// <param name="exponent">The power of two by which values are multiplied.</param>
    /// <param name="work"><see cref="Workspace"/>(n) doubles.</param>
    /// <param name="sigma">Receives the values (n); any beyond the range of T become ∞ or 0.</param>
    /// <param name="path">The vectors.</param>
    /// <param name="threads">The most threads to use.</param>
    /// <param name="precision">The relative error per step that is not to be seen; 0: T's ε.</param>
    /// <param name="dust">Of the largest element, the share below which elements are 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values(T* diagonal, T* superdiagonal, int n, int exponent, double* work, T* sigma, VectorPath path, int threads, double precision = 0, double dust = 0)
    {
        double* d = work, b = d + n, q = b + n, e = q + n, spareQ = e + n, spareE = spareQ + n;
        (d[n - 1], b[n - 1]) = (Math.Abs(double.CreateTruncating(diagonal[n - 1])), 0);
        double max = d[n - 1], least = max;
        for (int k = 0; k < n - 1; k++)
        {
            (d[k], b[k]) = (Math.Abs(double.CreateTruncating(diagonal[k])), Math.Abs(double.CreateTruncating(superdiagonal[k])));
            max = double.MaxNative(max, double.MaxNative(d[k], b[k]));
            least = double.MinNative(least, double.MinNative(d[k], b[k]));
        }

        if (max == 0)
        {
            new Span<T>(sigma, n).Clear();
            return;
        }

        double ulp = precision > 0 ? precision : double.CreateTruncating(T.BitIncrement(T.One) - T.One);
        if (n >= Multisection.LeastOrder && least >= max * Math.Max(2 * SturmPlan.Smallest, dust))
        {
            int up = -1 - Math.ILogB(max);
            Scale(d, 2 * n, up);
            Multisection.Run(d, b, n, ulp, q, d, path, threads);
            Deliver(d, n, exponent - up, sigma);
            return;
        }

        double min = max;
        for (int k = 0; k < 2 * n; k++)
        {
            d[k] = d[k] < max * dust ? 0 : d[k];
            min = d[k] == 0 ? min : double.MinNative(min, d[k]);
        }

        int shift = Top - Math.ILogB(max);
        bool fits = Math.ILogB(min) + shift >= Bottom;
        Scale(d, 2 * n, shift);
        for (int k = 0; k < n; k++)
        {
            q[k] = d[k] * d[k];
            e[k] = b[k] * b[k];
        }

        if (fits && Dqds.Run(q, e, spareQ, spareE, n, ulp) && HasNoOtherThan(ExactZeros(d, b, n), q, n))
        {
            for (int k = 0; k < n; k++)
                d[k] = Math.Sqrt(q[k]);
            var values = new Span<double>(d, n);
            values.Sort();
            values.Reverse();
        }
        else
        {
            int down = -shift - Math.ILogB(max);
            Scale(d, 2 * n, down);
            Bisection.Run(d, b, n, q);
            d = q;
            shift += down;
        }

        Deliver(d, n, exponent - shift, sigma);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Deliver(double* d, int n, int exponent, T* sigma)
    {
        Scale(d, n, exponent);
        for (int k = 0; k < n; k++)
            sigma[k] = T.CreateTruncating(d[k]);
    }

    /// <summary>How many σ are 0: half of the pieces of odd order into which zeros cut Golub and Kahan's form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ExactZeros(double* d, double* b, int n)
    {
        int odd = 0, order = 1;
        for (int k = 0; k < 2 * n; k++)
        {
            bool cut = k == 2 * n - 1 || (k % 2 == 0 ? d[k / 2] : b[k / 2]) == 0;
            odd += cut ? order & 1 : 0;
            order = cut ? 1 : order + 1;
        }

        return odd / 2;
    }

    /// <summary>Whether no squares but so many are 0 or so small that they have lost digits on the way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool HasNoOtherThan(int zeros, double* squares, int n)
    {
        int small = 0;
        for (int k = 0; k < n; k++)
            small += squares[k] < Smallest ? 1 : 0;
        return small <= zeros;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(double* x, int n, int exponent)
    {
        double factor = Math.ScaleB(1, exponent);
        if (double.IsNormal(factor))
            for (int k = 0; k < n; k++)
                x[k] *= factor;
        else
            for (int k = 0; k < n; k++)
                x[k] = Math.ScaleB(x[k], exponent);
    }
}

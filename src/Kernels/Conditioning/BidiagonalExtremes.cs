using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Bidiagonal;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>σ₁, σ_p and Σ log₂ σᵢ of an even, nearly square A from its bidiagonal form, in double.</summary>
/// <remarks>
/// B's extreme singular values by <see cref="Multisection"/>, Π σᵢ = Π |b_kk|. The form is that of A + ΔA with ‖ΔA‖_F ≤ η = 4·max(m, n)·ε·‖A‖_F, after the model of independent
/// roundings, in which 2n reflections of length m err by √(2mn)·ε; B's values add n·ε relatively, and
/// elements of B that are raised the norm of what is added. So σᵢ lies within η of what is computed, and Σ log₂ σᵢ within
/// √p·δ/(1 − δ) with δ = η/σ_p. For an even A that is what <see cref="TriangularExtremes"/> finds, times 10 or so, up to twice as fast as long as
/// the form fits into the cache; where δ is too large to please, it is left to that.
/// 8n³/3 operations for m = n.
/// </remarks>
internal static unsafe class BidiagonalExtremes
{
    private const double Epsilon = 2.220446049250313e-16;

    // Beyond the one the form takes longer than a QR. Between order 256 and the other it takes up to a tenth longer than AᵀA on one thread, and up to a fifth less on two.
    private const int Largest = 512, LargestFloat = 384;

    /// <summary>The largest δ: κ's bounds are then 1 ± 2⁻¹⁴.</summary>
    private const double MostDelta = 1.0 / (1 << 14);

    [ThreadStatic]
    private static AlignedBuffer? t_memory;

    /// <summary>Those of A (m×n), not empty; false where A is small, large, long, graded, or so ill-conditioned that another way tells more.</summary>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named. Not looked for where the shape alone decides.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryFind<T>(ReadOnlyMatrixView<T> a, VectorPath path, int maxThreads, out Extremes found) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        found = default;
        int m = Math.Max(a.Rows, a.Columns), n = Math.Min(a.Rows, a.Columns);
        if (n < Multisection.LeastOrder || n > (typeof(T) == typeof(float) ? LargestFloat : Largest) || m > n + n / 2)
            return false;
        // Strides have no say: the same bits for any.
        ReadOnlyMatrixView<T> tall = a.Rows > a.Columns ? a : a.Transposed();
        nint size = ReductionColumns<double>.Size(m, n);
        double* own = (t_memory ??= new AlignedBuffer()).Rent<double>(size + 3 * (nint)n + Multisection.Workspace(n));
        double* diagonal = own + size, superdiagonal = diagonal + n, sigma = superdiagonal + n, work = sigma + n;
        var columns = new ReductionColumns<double>(m, n, own);
        int threads = Products<double>.Threads((long)m * n * n / 4, maxThreads);
        if (!columns.Load(tall, path, threads))
            a.RequireFinite(nameof(a));
        if (!columns.Normalise(path) || !columns.IsEven)
            return false;
        columns.Reduce(diagonal, superdiagonal, null, path, threads);
        if (!Scale(diagonal, superdiagonal, n, out int exponent, out double norm, out double raised, out double logarithm, out double moduli))
            return false;
        Multisection.Run(diagonal, superdiagonal, n, Epsilon, work, sigma, path, 1, endsOnly: true);
        double first = sigma[0], last = sigma[n - 1], error = 4.0 * m * Epsilon * norm + raised, delta = error / last;
        if (!(delta <= MostDelta))
            return false;
        exponent += columns.Exponent;
        double slack = Math.Sqrt(n) * delta / (1 - delta) / Math.Log(2) + (n + 1) * Epsilon * moduli, volume = logarithm + (double)exponent * n;
        found = new Extremes(
            new Extremes.Bounds(first, first - error, first + error, exponent),
            new Extremes.Bounds(last, last - error, last + error, exponent),
            new Extremes.Bounds(volume, volume - slack, volume + slack, 0));
        return true;
    }

    /// <summary>
    /// |B| with the largest element in [½, 1), times 2^exponent; its Frobenius norm, that of what was added to it, Σ log₂ |b_kk|, and what that may round. False where a diagonal element is
    /// too small beside the largest; a superdiagonal one, as multiple values leave it, is raised to what <see cref="SturmPlan"/> takes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Scale(double* diagonal, double* superdiagonal, int n, out int exponent, out double norm, out double raised, out double logarithm, out double moduli)
    {
        superdiagonal[n - 1] = 0;
        double largest = 0, least = double.PositiveInfinity, square = 0;
        for (int k = 0; k < n; k++)
        {
            (diagonal[k], superdiagonal[k]) = (Math.Abs(diagonal[k]), Math.Abs(superdiagonal[k]));
            largest = double.MaxNative(largest, double.MaxNative(diagonal[k], superdiagonal[k]));
            least = double.MinNative(least, diagonal[k]);
        }

        (exponent, norm, raised, logarithm, moduli) = (1 + Math.ILogB(largest), 0, 0, 0, 0);
        double factor = Math.ScaleB(1, -exponent);
        if (!(least * factor >= SturmPlan.Smallest))
            return false;
        for (int k = 0; k < n; k++)
        {
            (diagonal[k], superdiagonal[k]) = (factor * diagonal[k], factor * superdiagonal[k]);
            if (k < n - 1 && superdiagonal[k] < SturmPlan.Smallest)
            {
                superdiagonal[k] = SturmPlan.Smallest;
                raised += SturmPlan.Smallest * SturmPlan.Smallest;
            }

            square += diagonal[k] * diagonal[k] + superdiagonal[k] * superdiagonal[k];
            double log = Math.Log2(diagonal[k]);
            logarithm += log;
            moduli += Math.Abs(log + exponent) + Math.Abs(log);
        }

        (norm, raised) = (Math.Sqrt(square), Math.Sqrt(raised));
        return true;
    }
}

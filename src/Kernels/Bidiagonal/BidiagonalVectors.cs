using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Jacobi;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>A = UΣVᵀ of an even A: singular values and approximate vectors from the bidiagonal form, made exact by products.</summary>
/// <remarks>
/// Aᵀ, or Rᵀ where A = QR is tall, becomes bidiagonal; its values are found as if alone, twisted factorisations the left vectors of the bidiagonal form, and the
/// reflections carry them to W ≈ V. Their columns are orthogonal but for O(n·ε) over the relative distance of close values. X = AW then has nearly
/// orthogonal columns, and <see cref="SimultaneousRotations{T}"/> finish both: each step squares what is left, so one step does, in float two
/// or three where values are close. Where a step finds more than it can square away - multiple values, whose vectors came out alike - Jacobi is asked instead.
/// <para>
/// X = AW errs by c·n·ε‖aᵢ‖ in row i and the steps by less, so that σ is that of A + E, ‖E‖ ≤ c·n·ε·σ₁: what the values alone are good to, and for
/// an even A no worse than Jacobi's bound (see <see cref="BidiagonalValues{T}"/>). Operations: 8n³/3 for the reduction, 2n³ to carry vectors, 2mn² for X, and (3m + 3n)n²
/// for each step, all but the first as products.
/// </para>
/// </remarks>
internal static unsafe class BidiagonalVectors<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Steps = 4;

    private static readonly T s_epsilon = T.BitIncrement(T.One) - T.One;

    // σ₁ to σₙ: beyond this, little of the small columns of X is right.
    private static readonly double s_range = Math.ScaleB(1, typeof(T) == typeof(double) ? 40 : 16);

    /// <summary>Decomposes A (m×n), m ≥ n, whose elements are finite; false where A is graded, no more than a column, too ill-conditioned or of multiple values. Then nothing holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run(ReadOnlyMatrixView<T> a, SvdFactors<T> into, SvdWorkspace<T> memory, VectorPath path, int threads, out SvdOutcome<T> outcome)
    {
        outcome = default;
        int m = a.Rows, n = a.Columns, stride = ReductionColumns<T>.StrideOf(n);
        if (n < 2)
            return false;
        // The left reflections of Aᵀ, which the reduction leaves in its columns, are those that W needs.
        ReadOnlyMatrixView<T> loaded = m > n ? a : a.Transposed();
        nint size = ReductionColumns<T>.Size(m, n);
        nint doubles = 3 * (nint)n + Math.Max(BidiagonalSpectrum<double>.Workspace(n), TwistedVectors<T>.Workspace(n));
        T* own = memory.Columns.Rent<T>(size + 3 * (nint)n + doubles * sizeof(double) / sizeof(T) + LeftReflections<T>.Workspace(n));
        var columns = new ReductionColumns<T>(m, n, own);
        threads = Products<T>.Threads((long)m * n * n, threads);
        // Where squares overflow, it is brought near 1.
        columns.Load(loaded, path, threads);
        if (!columns.Normalise(path) || !columns.IsEven)
            return false;
        int exponent = columns.Exponent;
        if (m > n)
        {
            memory.Qr.Factor(a, pivot: false, path, threads);
            columns.LoadRowsOfR(memory.Qr);
        }

        T* taus = own + size, diagonal = taus + n, superdiagonal = diagonal + n, rest = superdiagonal + n;
        columns.Reduce(diagonal, superdiagonal, taus, path, threads);
        double* d = (double*)rest, b = d + n, sigma = b + n, work = sigma + n;
        if (!Widen(diagonal, superdiagonal, n, d, b))
            return false;
        BidiagonalSpectrum<double>.Values(d, b, n, 0, work, sigma, path, threads, double.CreateTruncating(s_epsilon));
        if (!(sigma[n - 1] * s_range >= sigma[0]))
            return false;

        var reflections = new LeftReflections<T>(columns, taus, (T*)(d + doubles), path);
        T* w = memory.Copies.Rent<T>(SimultaneousRotations<T>.Workspace(m, n, stride));
        var vectors = new TwistedVectors<T> { Diagonal = d, Superdiagonal = b, Sigma = sigma, Work = work, Vectors = w, Order = n, Stride = stride, Threads = threads };
        VectorPaths.Run<double, TwistedVectors<T>>(path, ref vectors);
        reflections.Apply(w, stride, threads);
        var rotations = new SimultaneousRotations<T>(w, m, n, stride, into, path, threads);
        rotations.Load(a, exponent);
        for (int k = 1; k <= Steps; k++)
        {
            T change = rotations.Step();
            // ‖F‖² is what the step leaves.
            if (!(change < BinaryExponent<T>.Power(-2)))
                return false;
            if (change <= T.CreateTruncating(n) * s_epsilon / T.CreateTruncating(8))
            {
                rotations.Finish();
                outcome = new SvdOutcome<T>(SvdAlgorithm.Bidiagonal, k, change + rotations.Tolerance, Converged: true);
                return true;
            }
        }

        return false;
    }

    /// <summary>B in double; false where an element tells that it is all but singular, |d_k| ≥ σₙ, or falls apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Widen(T* diagonal, T* superdiagonal, int n, double* d, double* b)
    {
        double least = double.PositiveInfinity, link = double.PositiveInfinity, most = 0;
        for (int k = 0; k < n; k++)
        {
            d[k] = double.CreateTruncating(diagonal[k]);
            b[k] = k < n - 1 ? double.CreateTruncating(superdiagonal[k]) : 0;
            least = double.MinNative(least, Math.Abs(d[k]));
            link = k < n - 1 ? double.MinNative(link, Math.Abs(b[k])) : link;
            most = double.MaxNative(most, Math.Abs(d[k]));
        }

        return least * s_range >= most && link > most * double.CreateTruncating(s_epsilon * s_epsilon);
    }
}

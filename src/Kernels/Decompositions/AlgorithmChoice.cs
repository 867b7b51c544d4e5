using System.Numerics;
using Kappa.Kernels.Bidiagonal;
using Kappa.Kernels.Jacobi;

namespace Kappa.Kernels.Decompositions;

/// <summary>The one place that picks between the two engines.</summary>
internal static unsafe class AlgorithmChoice<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Decomposes A as <see cref="SvdAlgorithm"/> says, by Jacobi where the bidiagonal path declines.</summary>
    /// <exception cref="ArgumentException">An element is NaN or infinite; its position is named.</exception>
    public static SvdOutcome<T> Run(ReadOnlyMatrixView<T> a, SvdFactors<T> into, SvdAlgorithm algorithm, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        if (!into.HasVectors && algorithm != SvdAlgorithm.Jacobi && !a.IsEmpty
            && BidiagonalValues<T>.Run(a, into.Sigma, gradedToo: algorithm == SvdAlgorithm.Bidiagonal, memory, path, threads))
            return new SvdOutcome<T>(SvdAlgorithm.Bidiagonal, 0, T.Zero, Converged: true);
        a.RequireFinite(nameof(a));
        ReadOnlyMatrixView<T> tall = a.Rows >= a.Columns ? a : a.Transposed();
        SvdFactors<T> factors = a.Rows >= a.Columns ? into : into.Transposed();
        if (into.HasVectors && algorithm != SvdAlgorithm.Jacobi && BidiagonalVectors<T>.Run(tall, factors, memory, path, threads, out SvdOutcome<T> outcome))
            return outcome;
        return PreconditionedJacobi<T>.Run(tall, factors, memory, path, threads);
    }
}

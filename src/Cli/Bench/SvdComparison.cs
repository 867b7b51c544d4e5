using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels;
using Kappa.Training.Results;

namespace Kappa.Cli.Bench;

/// <summary>What is asked of a decomposition.</summary>
internal enum SvdJob
{
    /// <summary>Singular values alone.</summary>
    Values,

    /// <summary>U, Σ and V.</summary>
    Full,

    /// <summary>The condition number σ₁/σ_n, which LAPACK's drivers give by way of all singular values.</summary>
    Kappa,
}

/// <summary>A decomposition to be timed, of A (n×n).</summary>
/// <param name="Type">f32 or f64.</param>
/// <param name="N">n.</param>
/// <param name="Job">What is asked.</param>
/// <param name="Family">The family of A, see <see cref="SvdFamilies"/>.</param>
/// <param name="Algorithm">How ours is to do it; no matter for κ.</param>
internal sealed record SvdCase(string Type, int N, SvdJob Job, string Family, SvdAlgorithm Algorithm);

/// <summary>What was measured of ours: the median over rounds, and how well it did.</summary>
/// <param name="Algorithm">What ours did.</param>
/// <param name="Seconds">Per decomposition.</param>
/// <param name="Sweeps">Sweeps of Jacobi rotations.</param>
/// <param name="Accuracy">Its errors.</param>
/// <param name="Theirs">The other library's drivers, where there are any.</param>
/// <param name="Speedup">What several threads gain, where there are several.</param>
internal sealed record SvdTiming(string Algorithm, double Seconds, int Sweeps, SvdAccuracy Accuracy, OtherSvdTiming[] Theirs, Speedup? Speedup);

/// <summary>A driver of the other library beside ours.</summary>
/// <param name="Driver">Which.</param>
/// <param name="Seconds">Per decomposition.</param>
/// <param name="Ratio">Theirs over ours, of each round.</param>
/// <param name="Info">What it returned; positive where it did not converge.</param>
/// <param name="Accuracy">Its errors.</param>
internal sealed record OtherSvdTiming(SvdDriver Driver, double Seconds, Statistics Ratio, int Info, SvdAccuracy Accuracy);

/// <summary>Our SVD and LAPACK's drivers on the same matrix, interleaved in one process, with the errors of each.</summary>
internal static class SvdComparison
{
    /// <summary>Times a decomposition.</summary>
    /// <param name="problem">What to time.</param>
    /// <param name="other">The other library, where there is one; its threads are set by the caller.</param>
    /// <param name="interleaving">How to time it.</param>
    public static SvdTiming Measure<T>(SvdCase problem, NativeBlas? other, Interleaving interleaving)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<T> a = SvdFamilies.Create<T>(problem.Family, problem.N);
        bool vectors = problem.Job == SvdJob.Full;
        var ours = new Ours<T>(problem, a, interleaving.Threads);
        NativeSvd<T>[] theirs = other is null ? [] : [.. Enum.GetValues<SvdDriver>().Select(driver => new NativeSvd<T>(other, driver, a, vectors))];
        (double[][] seconds, Speedup? speedup) = interleaving.Measure(
            (typeof(SvdComparison), typeof(T), problem.Job),
            () => { },
            threads => threads == interleaving.Threads ? ours.Run : new Ours<T>(problem, a, threads).Run,
            [.. theirs.Select<NativeSvd<T>, Action<int>>(their => their.Run)]);

        Matrix<double> wide = Widened<T>(a);
        double epsilon = double.CreateTruncating(T.BitIncrement(T.One) - T.One);
        double[] reference = Asked(Svd.Values<double>(wide, algorithm: SvdAlgorithm.Jacobi).SingularValues.ToArray());
        return new SvdTiming(
            ours.Algorithm, Statistics.Of(seconds[0]).Median, ours.Sweeps,
            SvdAccuracy.Of(wide, epsilon, ours.Values, vectors ? (Widened<T>(ours.U), Widened<T>(ours.V)) : null, reference),
            [.. theirs.Select((their, i) => new OtherSvdTiming(
                (SvdDriver)i,
                Statistics.Of(seconds[i + 1]).Median,
                Interleaving.Ratio(seconds[i + 1], seconds[0]),
                their.Info,
                SvdAccuracy.Of(wide, epsilon, Asked(their.Values()), vectors ? (Widened(their.U), Widened(their.V)) : null, reference)))],
            speedup);

        double[] Asked(double[] sigma) => problem.Job == SvdJob.Kappa ? [sigma[^1] == 0 ? double.PositiveInfinity : sigma[0] / sigma[^1]] : sigma;
    }

    private static Matrix<double> Widened<T>(ReadOnlyMatrixView<T> a) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var wide = new Matrix<double>(a.Rows, a.Columns);
        for (int i = 0; i < a.Rows; i++)
            for (int j = 0; j < a.Columns; j++)
                wide[i, j] = double.CreateTruncating(a[i, j]);
        return wide;
    }

    // The one place that says which door answers which job.
    private sealed class Ours<T>(SvdCase problem, Matrix<T> a, int threads) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Theirs write into arrays that are there, too.
        private readonly SvdWorkspace<T> _workspace = new();
        private SvdResult<T>? _svd;
        private T _kappa;

        public string Algorithm => _svd?.Algorithm.ToString() ?? nameof(Spectrum.ConditionNumber);

        public int Sweeps => _svd?.Sweeps ?? 0;

        public double[] Values => problem.Job == SvdJob.Kappa ? [double.CreateTruncating(_kappa)] : [.. _svd!.SingularValues.ToArray().Select(double.CreateTruncating)];

        public Matrix<T> U => _svd!.U;

        public Matrix<T> V => _svd!.V;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int repeats)
        {
            for (int i = 0; i < repeats; i++)
                if (problem.Job == SvdJob.Kappa)
                    _kappa = Spectrum.ConditionNumber<T>(a, maxThreads: threads).Value;
                else
                    _svd = problem.Job == SvdJob.Full
                        ? Svd.Decompose<T>(a, _workspace, algorithm: problem.Algorithm, maxThreads: threads)
                        : Svd.Values<T>(a, _workspace, algorithm: problem.Algorithm, maxThreads: threads);
        }
    }
}

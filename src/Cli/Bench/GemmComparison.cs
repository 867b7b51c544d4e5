using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels;
using Kappa.Training.Results;

namespace Kappa.Cli.Bench;

/// <summary>A product to be timed: C (m×n) ← op(A) op(B), with op(A) (m×k) and op(B) (k×n) stored row-major.</summary>
/// <param name="Type">f32 or f64.</param>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">The inner dimension.</param>
/// <param name="Layout">NN, NT, TN or TT: for A and then B, whether it is stored transposed.</param>
internal sealed record GemmCase(string Type, int M, int N, int K, string Layout)
{
    /// <summary>Whether Aᵀ is what is stored.</summary>
    public bool TransposedA => Layout[0] == 'T';

    /// <summary>Whether Bᵀ is what is stored.</summary>
    public bool TransposedB => Layout[1] == 'T';

    /// <summary>2mnk, the operations of one product.</summary>
    public double Flops => 2.0 * M * N * K;

    /// <summary>m×n×k.</summary>
    public string Shape => $"{M}×{N}×{K}";
}

/// <summary>What was measured of a product: medians over rounds.</summary>
/// <param name="Gflops">Ours, in GFLOP/s.</param>
/// <param name="Peak">The FMA peak loop, in GFLOP/s, times the threads.</param>
/// <param name="FractionOfPeak">Ours over the peak of the same round.</param>
/// <param name="Theirs">The other library, where there is one.</param>
/// <param name="Speedup">What several threads gain, where there are several.</param>
internal sealed record GemmTiming(double Gflops, double Peak, double FractionOfPeak, OtherTiming? Theirs, Speedup? Speedup);

/// <summary>The other library beside ours.</summary>
/// <param name="Gflops">Theirs, in GFLOP/s.</param>
/// <param name="Ratio">Speed of ours over speed of theirs, of each round.</param>
/// <param name="LargestDifference">max |ours − theirs| over the elements of C, over max |C|.</param>
internal sealed record OtherTiming(double Gflops, Statistics Ratio, double LargestDifference);

/// <summary>Our product, another library's and the FMA peak loop, interleaved in one process.</summary>
internal static class GemmComparison
{
    private const int PeakMilliseconds = 5;

    /// <summary>Times a product.</summary>
    /// <param name="product">What to time.</param>
    /// <param name="other">The other library, where there is one; its threads are set by the caller.</param>
    /// <param name="interleaving">How to time it.</param>
    public static GemmTiming Measure<T>(GemmCase product, NativeBlas? other, Interleaving interleaving)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (bool ta, bool tb) = (product.TransposedA, product.TransposedB);
        Matrix<T> a = ta ? new(product.K, product.M) : new(product.M, product.K), b = tb ? new(product.N, product.K) : new(product.K, product.N);
        Matrix<T> ours = new(product.M, product.N), theirs = other is null ? new(0, 0) : new(product.M, product.N);
        var stream = new GaussianStream(42);
        Fill(stream, a, interleaving.Cancellation);
        Fill(stream, b, interleaving.Cancellation);
        // β = 0 overwrites C: an element that a product leaves out stays NaN, and shows as the largest difference.
        ours.Elements.Fill(T.NaN);
        theirs.Elements.Fill(T.NaN);

        // A neighbour on a shared core halves the peak as well: what a round reached is compared with the peak of that round.
        var peaks = new List<double>();
        (double[][] seconds, Speedup? speedup) = interleaving.Measure(
            (typeof(GemmComparison), typeof(T)),
            () => peaks.Add(Hardware.MeasurePeak<T>(PeakMilliseconds) * interleaving.Threads / 1e9),
            threads =>
            {
                Matrix<T> c = threads == interleaving.Threads ? ours : new(product.M, product.N);
                return repeats => Multiply(repeats, threads, ta, a, tb, b, c);
            },
            other is null ? [] : [repeats => other.Multiply(repeats, ta, a, tb, b, theirs)]);

        double[] gflops = Gflops(seconds[0]);
        return new GemmTiming(Median(gflops), Median(peaks), Median(gflops.Zip(peaks, (our, peak) => our / peak)), other is null ? null : new OtherTiming(
            Median(Gflops(seconds[1])),
            Interleaving.Ratio(seconds[1], seconds[0]),
            LargestDifference(ours, theirs)), speedup);

        double[] Gflops(double[] times) => [.. times.Select(s => product.Flops / s / 1e9)];
        static double Median(IEnumerable<double> values) => Statistics.Of([.. values]).Median;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<T>(int repeats, int threads, bool transposedA, Matrix<T> a, bool transposedB, Matrix<T> b, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlyMatrixView<T> x = transposedA ? a.Transposed() : a, y = transposedB ? b.Transposed() : b;
        MatrixView<T> z = c;
        for (int i = 0; i < repeats; i++)
            Gemm.Multiply(T.One, x, y, T.Zero, z, maxThreads: threads);
    }

    private static void Fill<T>(GaussianStream stream, Matrix<T> matrix, CancellationToken cancellation) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int Chunk = 1 << 20;
        for (Span<T> rest = matrix.Elements; !rest.IsEmpty; rest = rest[Math.Min(Chunk, rest.Length)..])
        {
            cancellation.ThrowIfCancellationRequested();
            stream.Fill(rest[..Math.Min(Chunk, rest.Length)]);
        }
    }

    private static double LargestDifference<T>(Matrix<T> ours, Matrix<T> theirs) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> x = ours.Elements, y = theirs.Elements;
        T difference = T.Zero, largest = T.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            difference = T.Max(difference, T.Abs(x[i] - y[i]));
            largest = T.Max(largest, T.Abs(x[i]));
        }

        return double.CreateTruncating(difference) / double.CreateTruncating(largest);
    }
}

using System.Diagnostics;
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
/// <param name="Peak">The FMA peak loop, in GFLOP/s, its best over rounds, times the threads.</param>
/// <param name="Theirs">The other library, where there is one.</param>
internal sealed record GemmTiming(double Gflops, double Peak, OtherTiming? Theirs);

/// <summary>The other library beside ours.</summary>
/// <param name="Gflops">Theirs, in GFLOP/s.</param>
/// <param name="Ratio">Speed of ours over speed of theirs, of each round.</param>
/// <param name="LargestDifference">max |ours − theirs| over the elements of C, over max |C|.</param>
internal sealed record OtherTiming(double Gflops, Statistics Ratio, double LargestDifference);

/// <summary>Our product, another library's and the FMA peak loop, interleaved in one process.</summary>
internal static class GemmComparison
{
    private const int PeakMilliseconds = 5;

    // A sample lasts at least this long, 10⁴ times what reading the clock costs.
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(2);

    // What is called in small products is compiled in earnest after 30 calls and a pause of the JIT of 100 ms.
    private static readonly TimeSpan s_compilation = TimeSpan.FromMilliseconds(400);

    private static readonly HashSet<Type> s_compiled = [];

    /// <summary>Times a product.</summary>
    /// <param name="product">What to time.</param>
    /// <param name="threads">Threads for ours and theirs, which the caller has set for theirs.</param>
    /// <param name="rounds">Rounds after the warm-up, ≥ 1.</param>
    /// <param name="other">The other library, where there is one.</param>
    /// <param name="roundDone">Called after each round, outside of what is timed.</param>
    /// <param name="cancellation">Looked at between samples.</param>
    public static GemmTiming Measure<T>(GemmCase product, int threads, int rounds, NativeBlas? other, Action roundDone, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // The previous product's matrices are garbage by now; they are not to be collected within a sample.
        GC.Collect();
        (bool ta, bool tb) = (product.TransposedA, product.TransposedB);
        Matrix<T> a = ta ? new(product.K, product.M) : new(product.M, product.K), b = tb ? new(product.N, product.K) : new(product.K, product.N);
        Matrix<T> ours = new(product.M, product.N), theirs = other is null ? new(0, 0) : new(product.M, product.N);
        var stream = new GaussianStream(42);
        Fill(stream, a, cancellation);
        Fill(stream, b, cancellation);
        // β = 0 overwrites C: an element that a product leaves out stays NaN, and shows as the largest difference.
        ours.Elements.Fill(T.NaN);
        theirs.Elements.Fill(T.NaN);

        void Ours(int repeats) => Multiply(repeats, threads, ta, a, tb, b, ours);
        void Theirs(int repeats) => other!.Multiply(repeats, ta, a, tb, b, theirs);
        TimeSpan warmUp = s_compiled.Add(typeof(T)) ? s_compilation : s_sample;
        int oursPerClock = WarmUp(Ours, warmUp, cancellation);
        int theirsPerClock = other is null ? 0 : WarmUp(Theirs, warmUp, cancellation);
        double peak = 0;
        List<double> oursSeconds = [], theirsSeconds = [];
        for (int round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            peak = Math.Max(peak, Hardware.MeasurePeak<T>(PeakMilliseconds));
            if (round % 2 == 0)
                oursSeconds.Add(Sample(Ours, oursPerClock));
            if (other is not null)
                theirsSeconds.Add(Sample(Theirs, theirsPerClock));
            if (round % 2 == 1)
                oursSeconds.Add(Sample(Ours, oursPerClock));
            roundDone();
        }

        return new GemmTiming(Gflops(oursSeconds), peak * threads / 1e9, other is null ? null : new OtherTiming(
            Gflops(theirsSeconds),
            Statistics.Of([.. theirsSeconds.Zip(oursSeconds, (their, our) => their / our)]),
            LargestDifference(ours, theirs)));

        double Gflops(List<double> seconds) => Statistics.Of([.. seconds.Select(s => product.Flops / s / 1e9)]).Median;

        double Sample(Action<int> multiply, int perClock)
        {
            cancellation.ThrowIfCancellationRequested();
            if (threads > 1)
                WaitForIdleThreads();
            return SecondsPerCall(multiply, perClock);
        }
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

    // Returns how many calls go between two looks at the clock, so that these cost nothing.
    private static int WarmUp(Action<int> multiply, TimeSpan least, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        int perClock = 1;
        // The first call compiles, and would count as a slow one.
        multiply(perClock);
        do
        {
            cancellation.ThrowIfCancellationRequested();
            perClock = (int)Math.Clamp(s_sample.TotalSeconds / 20 / SecondsPerCall(multiply, perClock), 1, 1e6);
        }
        while (Stopwatch.GetElapsedTime(start) < least);
        return perClock;
    }

    // Workers of a library may spin for a while after a product, OpenBLAS's for 0.14 s here, on cores that the next sample needs.
    private static void WaitForIdleThreads()
    {
        TimeSpan busy;
        long start = Stopwatch.GetTimestamp();
        do
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(10);
            busy = Environment.CpuUsage.TotalTime - before;
        }
        while (busy.TotalMilliseconds > 2 && Stopwatch.GetElapsedTime(start).TotalSeconds < 0.5);
    }

    private static double SecondsPerCall(Action<int> multiply, int perClock)
    {
        long start = Stopwatch.GetTimestamp(), calls = 0;
        TimeSpan elapsed;
        do
        {
            multiply(perClock);
            calls += perClock;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < s_sample);
        return elapsed.TotalSeconds / calls;
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

using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using Kappa.Kernels;

namespace Kappa.Bench;

/// <summary>Ours, OpenBLAS and the FMA peak loop, interleaved in one process: medians over rounds, and their ratio.</summary>
internal static unsafe class Compare
{
    public static void Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 9;
        Console.WriteLine($"cpu {Hardware.Processor}; path {Hardware.SelectedPath}; {NativeLapack.Version}");
        Gemm.MaxThreads = 1;
        if (NativeLapack.IsAvailable)
            NativeLapack.SetThreads(1);
        Console.WriteLine("| type | n | GF/s | % of peak | OpenBLAS GF/s | ratio |\n|---|---|---|---|---|---|");
        foreach (int n in new[] { 16, 32, 64, 65, 128, 129, 256, 512, 1024 })
        {
            Product<double>("f64", n, rounds);
            Product<float>("f32", n, rounds);
        }

        Console.WriteLine("\n| type | n | values ms | full ms | sweeps | gesdd N | gesdd S | gesvj N | gesvj V | full vs gesvj V | full vs gesdd S |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (int n in new[] { 16, 32, 64, 128, 256, 512 })
        {
            Decomposition<double>("f64", n, rounds);
            Decomposition<float>("f32", n, rounds);
        }
    }

    private static void Decomposition<T>(string type, int n, int rounds) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var a = new Matrix<T>(n, n);
        new GaussianStream(42).Fill(a.Elements);
        Matrix<T> copy = new(n, n), u = new(n, n), vt = new(n, n);
        var s = new T[n];
        int lwork = 8 * n * n + 64 * n;
        var work = new T[lwork];
        var iwork = new int[8 * n];
        int repeats = Math.Clamp((int)(3e6 / ((double)n * n * n)), 1, 300), sweeps = 0;
        var times = new List<double>[6];
        for (int i = 0; i < 6; i++)
            times[i] = [];
        fixed (T* pa = copy.Elements, pu = u.Elements, pv = vt.Elements, ps = s, pw = work)
        fixed (int* pi = iwork)
        {
            T* x = pa, y = pu, z = pv, sigma = ps, w = pw;
            int* iw = pi;
            Action[] actions =
            [
                () => Svd.Values<T>(a),
                () => sweeps = Svd.Decompose<T>(a).Sweeps,
                () => Theirs(() => NativeLapack.Gesdd(n, x, sigma, null, z, w, lwork, iw)),
                () => Theirs(() => NativeLapack.Gesdd(n, x, sigma, y, z, w, lwork, iw)),
                () => Theirs(() => NativeLapack.Gesvj(n, x, sigma, null, w, lwork)),
                () => Theirs(() => NativeLapack.Gesvj(n, x, sigma, z, w, lwork)),
            ];
            for (int round = -1; round < rounds; round++)
                for (int i = 0; i < (NativeLapack.IsAvailable ? 6 : 2); i++)
                {
                    double seconds = Time(repeats, actions[i]);
                    if (round >= 0)
                        times[i].Add(seconds);
                }
        }

        double Milliseconds(int i) => times[i].Count == 0 ? double.NaN : 1e3 * Median(times[i]);
        double Ratio(int i) => times[i].Count == 0 ? double.NaN : Median(times[i].Zip(times[1], (theirs, ours) => theirs / ours));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {type} | {n} | {Milliseconds(0):G4} | {Milliseconds(1):G4} | {sweeps} | {Milliseconds(2):G4} | {Milliseconds(3):G4} | {Milliseconds(4):G4} | {Milliseconds(5):G4} | {Ratio(5):F2} | {Ratio(3):F2} |"));

        void Theirs(Func<int> call)
        {
            a.Elements.CopyTo(copy.Elements);
            int info = call();
            if (info != 0)
                throw new InvalidOperationException($"LAPACK returned info {info} at n = {n}.");
        }
    }

    private static void Product<T>(string type, int n, int rounds) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<T> a = Random<T>(n, 1), b = Random<T>(n, 2), c = new(n, n), d = new(n, n);
        double flops = 2.0 * n * n * n;
        int repeats = (int)Math.Clamp(2e8 / flops, 1, 100_000);
        var ours = new List<double>();
        var theirs = new List<double>();
        var peaks = new List<double>();
        for (int round = -1; round < rounds; round++)
        {
            double peak = Hardware.MeasurePeak<T>(5);
            double mine = Time(repeats, () => Gemm.Multiply(T.One, a, b, T.Zero, c));
            double other = double.NaN;
            if (NativeLapack.IsAvailable)
                fixed (T* pa = a.Elements, pb = b.Elements, pd = d.Elements)
                {
                    T* x = pa, y = pb, z = pd;
                    other = Time(repeats, () => NativeLapack.Gemm(n, n, n, x, y, z));
                }

            if (round < 0)
                continue;
            peaks.Add(peak);
            ours.Add(flops / mine);
            theirs.Add(flops / other);
        }

        double median = Median(ours), median2 = Median(theirs);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {type} | {n} | {median / 1e9:F1} | {100 * median / Median(peaks):F0} | {median2 / 1e9:F1} | {Median(ours.Zip(theirs, (x, y) => x / y)):F2} |"));
    }

    internal static Matrix<T> Random<T>(int n, int seed) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(seed);
        var matrix = new Matrix<T>(n, n);
        foreach (ref T x in matrix.Elements)
            x = T.CreateTruncating(random.NextDouble() - 0.5);
        return matrix;
    }

    internal static double Time(int repeats, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
            action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
    }

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

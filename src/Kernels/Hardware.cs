using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels;

/// <summary>The vectors that a kernel is built from.</summary>
public enum VectorPath
{
    /// <summary>The best path of this machine, or the one that the environment variable KAPPA_VECTOR_PATH names.</summary>
    Best,

    /// <summary>One element at a time.</summary>
    Scalar,

    /// <summary>128-bit vectors: SSE, AdvSimd.</summary>
    Vector128,

    /// <summary>256-bit vectors: AVX2 and FMA.</summary>
    Vector256,

    /// <summary>512-bit vectors: AVX-512.</summary>
    Vector512,
}

/// <summary>One line of the ordered list from which the kernels are chosen.</summary>
/// <param name="Path">The path.</param>
/// <param name="Bits">Vector width in bits; 0 for scalar.</param>
/// <param name="IsSupported">Whether this CPU runs it natively. A path that it lacks is emulated, correctly and slowly.</param>
/// <param name="Reason">Why it has this place in the list.</param>
public sealed record VectorPathInfo(VectorPath Path, int Bits, bool IsSupported, string Reason);

/// <summary>One data or unified cache of a core.</summary>
/// <param name="Level">1, 2, 3.</param>
/// <param name="Bytes">Capacity in bytes.</param>
public sealed record CacheInfo(int Level, long Bytes);

/// <summary>What this CPU is, which kernels it gets and why, its caches and its measured peak.</summary>
public static class Hardware
{
    private static readonly Lazy<string> s_processor = new(ReadProcessorName);
    private static readonly Lazy<IReadOnlyList<CacheInfo>> s_caches = new(ReadCaches);

    /// <summary>The name that the CPU gives itself.</summary>
    public static string Processor => s_processor.Value;

    /// <summary>Instruction-set extensions that matter here and that the runtime uses, in the vendor's names.</summary>
    public static IReadOnlyList<string> InstructionSets { get; } = ListInstructionSets();

    /// <summary>Every vector path, best first, with the reason for its place.</summary>
    public static IReadOnlyList<VectorPathInfo> VectorPaths => Simd.VectorPaths.Ordered;

    /// <summary>The path that kernels take unless a call names another.</summary>
    /// <exception cref="InvalidOperationException">The environment variable KAPPA_VECTOR_PATH names no path.</exception>
    public static VectorPath SelectedPath => Simd.VectorPaths.Resolve(VectorPath.Best);

    /// <summary>Why <see cref="SelectedPath"/> was taken, in one clause.</summary>
    public static string SelectionReason
    {
        get
        {
            VectorPath selected = SelectedPath;
            VectorPathInfo best = VectorPaths.First(p => p.IsSupported);
            VectorPathInfo info = VectorPaths.First(p => p.Path == selected);
            return selected == best.Path
                ? $"the first supported of the ordered list ({info.Reason})"
                : $"forced{(info.IsSupported ? "" : ", emulated on this CPU")}; {best.Path} would be the first supported";
        }
    }

    /// <summary>Makes every later call take this path; <see cref="VectorPath.Best"/> restores the automatic choice.</summary>
    public static void ForcePath(VectorPath path) => Simd.VectorPaths.Force(path);

    /// <summary>Data and unified caches of the first core, innermost first; empty where the system does not tell.</summary>
    public static IReadOnlyList<CacheInfo> Caches => s_caches.Value;

    /// <summary>
    /// The measured FMA peak of one core, in FLOP/s: the best of several short runs of twelve independent chains of
    /// multiply-adds that touch no memory. One FMA counts as two operations.
    /// </summary>
    /// <param name="milliseconds">How long to measure, > 0.</param>
    /// <param name="path">The vectors to use.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static double MeasurePeak<T>(int milliseconds = 60, VectorPath path = VectorPath.Best)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(milliseconds);
        var work = new PeakWork<T> { Milliseconds = milliseconds };
        Simd.VectorPaths.Run<T, PeakWork<T>>(path, ref work);
        return work.FlopsPerSecond;
    }

    private static string ReadProcessorName()
    {
        if (X86Base.IsSupported && (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= 0x80000004)
        {
            var text = new StringBuilder();
            Span<int> words = stackalloc int[4];
            for (uint leaf = 0x80000002; leaf <= 0x80000004; leaf++)
            {
                (words[0], words[1], words[2], words[3]) = X86Base.CpuId(unchecked((int)leaf), 0);
                text.Append(Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)));
            }

            string name = text.ToString().Replace("\0", "", StringComparison.Ordinal);
            return string.Join(' ', name.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }

        return RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static List<string> ListInstructionSets()
    {
        var names = new List<string>();
        void Add(bool supported, string name)
        {
            if (supported)
                names.Add(name);
        }

        Add(Sse2.IsSupported, "SSE2");
        Add(Sse42.IsSupported, "SSE4.2");
        Add(Avx.IsSupported, "AVX");
        Add(Avx2.IsSupported, "AVX2");
        Add(Fma.IsSupported, "FMA");
        Add(Avx512F.IsSupported, "AVX-512F");
        Add(Avx512DQ.IsSupported, "AVX-512DQ");
        Add(System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported, "AdvSimd");
        return names;
    }

    private static List<CacheInfo> ReadCaches()
    {
        var caches = new List<CacheInfo>();
        if (X86Base.IsSupported)
        {
            // Deterministic cache parameters: leaf 4 on Intel, 0x8000001D on AMD; one sub-leaf per cache until type 0.
            int leaf = X86Base.CpuId(0, 0).Ebx == 0x68747541 ? unchecked((int)0x8000001D) : 4;
            for (int i = 0; i < 8; i++)
            {
                (int eax, int ebx, int ecx, _) = X86Base.CpuId(leaf, i);
                int type = eax & 0x1F;
                if (type == 0)
                    break;
                long ways = ((uint)ebx >> 22) + 1, partitions = (((uint)ebx >> 12) & 0x3FF) + 1, line = ((uint)ebx & 0xFFF) + 1;
                if (type != 2)
                    caches.Add(new CacheInfo((eax >> 5) & 7, ways * partitions * line * ((long)(uint)ecx + 1)));
            }
        }

        return caches.Count == 0 ? ReadCaches("/sys/devices/system/cpu/cpu0/cache") : caches;
    }

    // Linux's description of them; on Arm64 it may name a cache and leave its size out.
    internal static List<CacheInfo> ReadCaches(string directory)
    {
        var caches = new List<CacheInfo>();
        if (!Directory.Exists(directory))
            return caches;
        foreach (string index in Directory.EnumerateDirectories(directory, "index*").Order())
        {
            string file = Path.Combine(index, "size"), size = File.Exists(file) ? File.ReadAllText(file).Trim() : "";
            if (size.EndsWith('K') && File.ReadAllText(Path.Combine(index, "type")).Trim() != "Instruction")
                caches.Add(new CacheInfo(
                    int.Parse(File.ReadAllText(Path.Combine(index, "level")), CultureInfo.InvariantCulture),
                    long.Parse(size[..^1], CultureInfo.InvariantCulture) * 1024));
        }

        return caches;
    }

    private struct PeakWork<T> : ILaneWork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Milliseconds;
        public double FlopsPerSecond;
        private T _sink;

        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            const int Steps = 20_000;
            double best = double.PositiveInfinity;
            long end = Stopwatch.GetTimestamp() + Stopwatch.Frequency * Milliseconds / 1000;
            do
            {
                long start = Stopwatch.GetTimestamp();
                _sink += Chains<V, L>(Steps);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            while (Stopwatch.GetTimestamp() < end);
            FlopsPerSecond = 2.0 * 12 * L.Count * Steps / best;
        }

        // 12 chains cover latency 4 × 2 ports with room; 12 + x + y = 14 registers, so nothing spills even with 16.
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static T Chains<V, L>(int steps) where V : unmanaged where L : struct, ILanes<T, V>
        {
            V x = L.Broadcast(T.CreateTruncating(0.5)), y = L.Broadcast(T.One);
            V c0 = x, c1 = x, c2 = x, c3 = x, c4 = x, c5 = x, c6 = x, c7 = x, c8 = x, c9 = x, c10 = x, c11 = x;
            for (int i = 0; i < steps; i++)
            {
                c0 = L.MultiplyAdd(c0, x, y);
                c1 = L.MultiplyAdd(c1, x, y);
                c2 = L.MultiplyAdd(c2, x, y);
                c3 = L.MultiplyAdd(c3, x, y);
                c4 = L.MultiplyAdd(c4, x, y);
                c5 = L.MultiplyAdd(c5, x, y);
                c6 = L.MultiplyAdd(c6, x, y);
                c7 = L.MultiplyAdd(c7, x, y);
                c8 = L.MultiplyAdd(c8, x, y);
                c9 = L.MultiplyAdd(c9, x, y);
                c10 = L.MultiplyAdd(c10, x, y);
                c11 = L.MultiplyAdd(c11, x, y);
            }

            V sum = L.Add(L.Add(L.Add(c0, c1), L.Add(c2, c3)), L.Add(L.Add(c4, c5), L.Add(c6, c7)));
            return L.Sum(L.Add(sum, L.Add(L.Add(c8, c9), L.Add(c10, c11))));
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Kappa.Kernels.Simd;

/// <summary>Work that a door hands down, to be run with the lanes that this machine gets.</summary>
internal interface ILaneWork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Runs with the chosen lanes.</summary>
    void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>;
}

/// <summary>The ordered list of vector paths, best first, and the one place that picks from it.</summary>
internal static class VectorPaths
{
    /// <summary>The environment variable that forces a path by name.</summary>
    public const string Variable = "KAPPA_VECTOR_PATH";

    // What Best stands for, once it is known. It stands alone, so that reading it runs no initialiser.
    private static VectorPath s_best;

    /// <summary>Best first. A path that the CPU lacks still runs, emulated, so that every path is tested on every machine.</summary>
    public static IReadOnlyList<VectorPathInfo> Ordered => Catalogue.Paths;

    private static class Catalogue
    {
        public static readonly IReadOnlyList<VectorPathInfo> Paths =
        [
            new(VectorPath.Vector512, 512, Vector512.IsHardwareAccelerated,
                "AVX-512: 32 registers of 512 bits, two FMA ports of full width on server cores"),
            new(VectorPath.Vector256, 256, Vector256.IsHardwareAccelerated,
                "AVX2 + FMA: 16 registers of 256 bits, two FMA ports"),
            new(VectorPath.Vector128, 128, Vector128.IsHardwareAccelerated,
                "SSE or AdvSimd: the width that every x64 and Arm64 CPU has"),
            new(VectorPath.Scalar, 0, true,
                "no vectors at all: the reference for tests"),
        ];
    }

    /// <summary>The path that <see cref="VectorPath.Best"/> stands for: the one the variable names, else the first supported.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorPath Resolve(VectorPath path)
    {
        if (path != VectorPath.Best)
            return path;
        return s_best != VectorPath.Best ? s_best : s_best = Choose(Environment.GetEnvironmentVariable(Variable));
    }

    /// <summary>Makes <see cref="VectorPath.Best"/> stand for this path from now on; Best itself restores the choice by hardware.</summary>
    public static void Force(VectorPath path) => s_best = path;

    /// <summary>Runs the work with the lanes of a path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TWork>(VectorPath path, ref TWork work)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TWork : struct, ILaneWork<T>
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double))
            throw new NotSupportedException($"Kernels exist for float and double, not for {typeof(T).Name}.");
        switch (Resolve(path))
        {
            case VectorPath.Vector512:
                work.Run<Vector512<T>, Lanes512<T>>();
                break;
            case VectorPath.Vector256:
                work.Run<Vector256<T>, Lanes256<T>>();
                break;
            case VectorPath.Vector128:
                work.Run<Vector128<T>, Lanes128<T>>();
                break;
            default:
                work.Run<T, LanesScalar<T>>();
                break;
        }
    }

    /// <summary>The path itself, or the widest below it whose vectors are no longer than a row of so many bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorPath Fitting(VectorPath path, long bytes)
    {
        path = Resolve(path);
        return bytes >= 64 ? path : Shorter(path, bytes);
    }

    private static VectorPath Shorter(VectorPath path, long bytes)
    {
        if (path == VectorPath.Vector512)
            path = VectorPath.Vector256;
        if (path == VectorPath.Vector256 && bytes < 32)
            path = VectorPath.Vector128;
        return path == VectorPath.Vector128 && bytes < 16 ? VectorPath.Scalar : path;
    }

    private static VectorPath Choose(string? forced)
    {
        if (string.IsNullOrEmpty(forced))
            return Ordered.First(p => p.IsSupported).Path;
        foreach (VectorPathInfo info in Ordered)
            if (string.Equals(forced, info.Path.ToString(), StringComparison.OrdinalIgnoreCase))
                return info.Path;
        throw new InvalidOperationException(
            $"{Variable} is '{forced}'; it must be one of {string.Join(", ", Ordered.Select(p => p.Path))}.");
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Products;

/// <summary>How much of A and B is worked on at once, and when it is packed.</summary>
/// <remarks>
/// Kc, depth: a panel of B for one tile (Kc×NR) fills a sixteenth of L2, at most 512. It need not stay in L1: a tile reads it at
/// 16 bytes a cycle, and a deeper panel writes C less often. Mc, rows: a block of A (Mc×Kc) fills a quarter of L2, at most 480; L2 is
/// indexed by physical pages and loses lines long before it is full. Measured at n = 2048 (2 MiB L2, f64, share of peak): a quarter of L2
/// 0.90, a half 0.86, 480 rows 0.84. Nc, columns: a panel of B (Kc×Nc) fills half of L3, at most 4096; for few rows, which read it once or a few times, a quarter of L2: what is packed is then read from there
/// (64×512×512 f64: 0.97 to 1.07 of OpenBLAS; an eighth gains nothing there and loses at 1024).
/// Caches that the system does not tell count as 32 KiB (L1), 512 KiB (L2) and 8 MiB (L3).
/// </remarks>
internal readonly record struct BlockSizes(int Mc, int Kc, int Nc, int NearColumns, long L1, long L2)
{
    /// <summary>Rows of C for which B is hardly worth packing.</summary>
    public const int FewRows = 64;

    /// <summary>The least Kc, whatever the caches: a product no deeper need not ask for them.</summary>
    public const int LeastDepth = 128;

    public static BlockSizes For(int elementBytes, int mr, int nr)
    {
        long l1 = Capacity(1, 32 << 10), l2 = Capacity(2, 512 << 10), l3 = Capacity(3, 8 << 20);
        int kc = (int)Math.Clamp(l2 / 16 / (nr * elementBytes) / 4 * 4, LeastDepth, 512);
        int mc = (int)Math.Clamp(l2 / 4 / (kc * elementBytes) / mr * mr, mr, 480 / mr * mr);
        int nc = (int)Math.Clamp(l3 / 2 / (kc * elementBytes) / nr * nr, nr, Math.Max(nr, 4096 / nr * nr));
        int near = (int)Math.Clamp(l2 / 4 / (kc * elementBytes) / nr * nr, nr, nc);
        return new BlockSizes(mc, kc, nc, near, l1, l2);
    }

    /// <summary>
    /// Whether B is better read where it stands than packed: for a tile or two of rows always; else while B fills no more than five eighths
    /// of L2, and a tile's columns of it little more than L1 or few tiles read them.
    /// </summary>
    /// <remarks>
    /// Ratios to OpenBLAS without and with packing, f64: n = 96 0.96 and 0.84, 192 1.24 and 1.12, 256 1.16 and 1.05, 384 1.15 and 1.10; but
    /// 512 0.55 and 1.07, because the rows of such a panel share three sets of L1. 64×400×400: 1.24 and 0.98 (Intel Xeon with AVX-512,
    /// 48 KiB L1, 2 MiB L2).
    /// </remarks>
    public bool ReadsInPlace<T>(int m, int n, int k, int width) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int TwoTiles = 16;
        long row = (long)n * Unsafe.SizeOf<T>();
        return m <= TwoTiles || k * row <= L2 / 8 * 5 && (m <= FewRows || (long)k * width * Unsafe.SizeOf<T>() <= L1 / 4 * 7);
    }

    private static long Capacity(int level, long fallback)
    {
        foreach (CacheInfo cache in Hardware.Caches)
            if (cache.Level == level)
                return cache.Bytes;
        return fallback;
    }
}

namespace Kappa.Kernels.Products;

/// <summary>How much of A and B is worked on at once, and when it is packed.</summary>
/// <remarks>
/// Kc, depth: a panel of B for one tile (Kc×NR) fills a sixteenth of L2, at most 512. It need not stay in L1: a tile reads it at
/// 16 bytes a cycle, and a deeper panel writes C less often. Measured at n = 1024 (2 MiB L2, f64, OpenBLAS = 1): Kc 160: 0.74, 256: 0.84,
/// 384: 0.89, 512: 0.94, 768: 0.90. Mc, rows: a block of A (Mc×Kc) fills half of L2, at most 480. Nc, columns: a panel of B (Kc×Nc) fills
/// half of L3, at most 4096.
/// Caches that the system does not tell count as 512 KiB (L2) and 8 MiB (L3).
/// </remarks>
internal readonly record struct BlockSizes(int Mc, int Kc, int Nc, long HalfL2)
{
    /// <summary>The least Kc, whatever the caches: a product no deeper need not ask for them.</summary>
    public const int LeastDepth = 128;

    public static BlockSizes For(int elementBytes, int mr, int nr)
    {
        long l2 = Capacity(2, 512 << 10), l3 = Capacity(3, 8 << 20);
        int kc = (int)Math.Clamp(l2 / 16 / (nr * elementBytes) / 4 * 4, LeastDepth, 512);
        int mc = (int)Math.Clamp(l2 / 2 / (kc * elementBytes) / mr * mr, mr, 480 / mr * mr);
        int nc = (int)Math.Clamp(l3 / 2 / (kc * elementBytes) / nr * nr, nr, Math.Max(nr, 4096 / nr * nr));
        return new BlockSizes(mc, kc, nc, l2 / 2);
    }

    private static long Capacity(int level, long fallback)
    {
        foreach (CacheInfo cache in Hardware.Caches)
            if (cache.Level == level)
                return cache.Bytes;
        return fallback;
    }
}

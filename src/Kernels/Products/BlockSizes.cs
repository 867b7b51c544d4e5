namespace Kappa.Kernels.Products;

/// <summary>How much of A and B is packed at once.</summary>
/// <remarks>
/// KC: one B sliver (KC×NR) fills two thirds of L1. MC: one A block (MC×KC) fills a quarter of L2, leaving the rest to C and
/// the B slivers that stream through. NC: one B panel (KC×NC) fills half of L3, at most 4096 columns.
/// Caches that the system does not tell count as 32 KiB, 512 KiB and 8 MiB.
/// </remarks>
internal readonly record struct BlockSizes(int Mc, int Kc, int Nc)
{
    public static BlockSizes For(int elementBytes, int mr, int nr)
    {
        long l1 = Capacity(1, 32 << 10), l2 = Capacity(2, 512 << 10), l3 = Capacity(3, 8 << 20);
        int kc = (int)Math.Clamp(l1 * 2 / 3 / (nr * elementBytes) / 8 * 8, 64, 512);
        int mc = (int)Math.Clamp(l2 / 4 / (kc * elementBytes) / mr * mr, mr, 40 * mr);
        int nc = (int)Math.Clamp(l3 / 2 / (kc * elementBytes) / nr * nr, nr, 4096 / nr * nr);
        return new BlockSizes(mc, kc, nc);
    }

    private static long Capacity(int level, long fallback)
    {
        foreach (CacheInfo cache in Hardware.Caches)
            if (cache.Level == level)
                return cache.Bytes;
        return fallback;
    }
}

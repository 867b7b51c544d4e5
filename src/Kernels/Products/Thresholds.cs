namespace Kappa.Kernels.Products;

/// <summary>Where one way of multiplying takes over from another. None of them changes a bit of a result.</summary>
internal static class Thresholds
{
    /// <summary>A up to here, in bytes, is read where it stands, by rows or by columns: it stays in L2 while the panels of B pass (64×64×64 f64, TT: 0.63 to 0.83 of OpenBLAS).</summary>
    public const long StridedBytes = 128 << 10;

    /// <summary>
    /// A of any size is read where it stands for so many widest tiles' columns of C: a copy costs about two readings of rows (512×64×512:
    /// 1.4 times as fast without). A with contiguous columns is read so only once; twice costs more than the copy (0.77 of OpenBLAS against 0.95).
    /// </summary>
    public const int RowReads = 2;

    /// <summary>Multiply-adds in double from which a second thread pays: 0.05 ms of one, ten times what waking another takes. In float it is twice as many.</summary>
    public const long Parallel = 128 * 128 * 128;
}

namespace Kappa.Kernels.Products;

/// <summary>Where one way of multiplying takes over from another. None of them changes a bit of a result.</summary>
internal static class Thresholds
{
    /// <summary>
    /// B up to here, in bytes, is read where it stands. At f64 n = 64 (32 KiB) that is 92 % of peak against 63 % packed; at n = 128
    /// packing is level or ahead (Intel Xeon with AVX-512, 48 KiB L1, 2 MiB L2).
    /// </summary>
    public const long DirectBytes = 64 << 10;

    /// <summary>B is read where it stands, whatever its size, for so few rows of C: two tiles do not pay for a copy (10×512×512 f64: 12 to 25 GF/s).</summary>
    public const int DirectRows = 16;

    /// <summary>For so many rows, B is read where it stands while it fills no more than half of L2 (64×256×256 f64: 1.15 to 1.3 of OpenBLAS).</summary>
    public const int FewRows = 64;

    /// <summary>A up to here, in bytes, is read where it stands: its rows stay in L2 while the panels of B pass.</summary>
    public const long StridedBytes = 128 << 10;

    /// <summary>
    /// A of any size is read where it stands for so many widest tiles' columns of C: a copy costs about two readings of rows (512×64×512:
    /// 1.4 times as fast without). A with contiguous columns is read so only once; twice costs more than the copy (0.77 of OpenBLAS against 0.95).
    /// </summary>
    public const int RowReads = 2;

    /// <summary>Multiply-adds from which a second thread pays: 0.05 ms of one, ten times what waking another takes.</summary>
    public const long Parallel = 128 * 128 * 128;
}

namespace Kappa.Kernels.Products;

/// <summary>Where recursive products split a dimension, and where they stop.</summary>
internal static class Halves
{
    /// <summary>Diagonal blocks up to this order are not split.</summary>
    /// <remarks>
    /// Measured at n = 500, AVX-512, in units of the speed with 64: with 32, the rank update runs at 0.92 (f32) and 0.97
    /// (f64), the solve from the right at 0.92; with 128 at 1.08, 1.05 and 1.02, but an update of n = 128 would then be one
    /// whole block, twice the work.
    /// </remarks>
    public const int BaseBlock = 64;

    /// <summary>About half of n > <see cref="BaseBlock"/>, in whole base blocks: only the last is ragged.</summary>
    public static int First(int n) => (n / 2 + BaseBlock - 1) / BaseBlock * BaseBlock;
}

using System.Globalization;
using System.Numerics;

namespace Kappa.Kernels;

/// <summary>A number that is known to lie between two bounds.</summary>
/// <param name="Value">The best estimate.</param>
/// <param name="Lower">The largest known lower bound.</param>
/// <param name="Upper">The smallest known upper bound.</param>
/// <typeparam name="T">float or double.</typeparam>
public readonly record struct Enclosure<T>(T Value, T Lower, T Upper) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether a number lies between the bounds, which belong to it.</summary>
    public bool Contains(T x) => x >= Lower && x <= Upper;

    /// <summary>"value in [lower, upper]", invariant.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} in [{Lower}, {Upper}]");
}

/// <summary>κ = σ₁/σ_p of a matrix with proved bounds; see <see cref="Spectrum.ConditionNumber{T}(ReadOnlyMatrixView{T}, VectorPath, int)"/>.</summary>
/// <param name="Value">The best estimate of κ; +∞ where the matrix is singular, or its κ beyond the range of T.</param>
/// <param name="Lower">κ is at least this.</param>
/// <param name="Upper">κ is at most this; +∞ where κ is not resolved.</param>
/// <param name="LargestSingularValue">σ₁.</param>
/// <param name="SmallestSingularValue">σ_p; its lower bound is 0 where κ is not resolved.</param>
/// <param name="LogVolume">Σ log₂ σᵢ, in bits; unbounded where κ is not resolved.</param>
/// <typeparam name="T">float or double.</typeparam>
public sealed record ConditionEstimate<T>(
    T Value, T Lower, T Upper, Enclosure<T> LargestSingularValue, Enclosure<T> SmallestSingularValue, Enclosure<T> LogVolume)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>
    /// Whether κ is known: σ_p is proved to be positive, or to be 0. Where not, a matrix nearer to this one than its rounding in
    /// double is singular; <see cref="Value"/> is then an order of magnitude at best and <see cref="Lower"/> all that is known.
    /// </summary>
    public required bool IsResolved { get; init; }

    /// <summary>"κ = value in [lower, upper]", or what is known instead; invariant.</summary>
    public override string ToString() => !IsResolved
        ? string.Create(CultureInfo.InvariantCulture, $"κ ≥ {Lower:G4}, not resolved at this precision")
        : T.IsPositiveInfinity(Lower) ? "κ = ∞, singular" : string.Create(CultureInfo.InvariantCulture, $"κ = {Value} in [{Lower}, {Upper}]");
}

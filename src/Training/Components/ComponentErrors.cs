using Kappa.Kernels;

namespace Kappa.Training.Components;

/// <summary>The eight structural components of a trained matrix W against those of its target W*, as relative errors.</summary>
/// <remarks>
/// Vectors a (row norms, column norms, singular values): ‖a − a*‖₂/‖a*‖₂. Numbers x (κ, effective rank, spectral gap, ‖·‖_F):
/// |x − x*|/|x*|. Overall: ‖W − W*‖_F/‖W*‖_F. Where x = x* the error is 0, also at 0 and ∞.
/// </remarks>
public static class ComponentErrors
{
    /// <summary>The components' names as they stand in results.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["row_norms", "col_norms", "singular_values", "condition_number", "effective_rank", "spectral_gap", "frobenius", "overall"];

    /// <summary>The components of a matrix of an experiment: by bidiagonalisation, whatever the scales of its rows.</summary>
    /// <remarks>
    /// Rows of a heterogeneous target differ by factors of 10 to 30, at which the library's default turns to Jacobi: ten times the time for digits
    /// far below what a trial resolves. Its bidiagonal path sorts such rows and pivots, and steps aside itself where a value would be lost.
    /// </remarks>
    /// <param name="w">W, finite.</param>
    public static SpectralComponents<double> Measure(Matrix<double> w) => Spectrum.Components(w, Svd.Values<double>(w, algorithm: SvdAlgorithm.Bidiagonal));

    /// <summary>All eight errors in the order of <see cref="Names"/>.</summary>
    /// <param name="w">W.</param>
    /// <param name="components">The components of W.</param>
    /// <param name="target">W*, of the same shape.</param>
    /// <param name="targetComponents">The components of W*.</param>
    public static double[] Of(Matrix<double> w, SpectralComponents<double> components,
        Matrix<double> target, SpectralComponents<double> targetComponents) =>
    [
        Vector(components.RowNorms, targetComponents.RowNorms),
        Vector(components.ColumnNorms, targetComponents.ColumnNorms),
        Vector(components.SingularValues, targetComponents.SingularValues),
        Number(components.ConditionNumber, targetComponents.ConditionNumber),
        Number(components.EffectiveRank, targetComponents.EffectiveRank),
        Number(components.SpectralGap, targetComponents.SpectralGap),
        Number(components.FrobeniusNorm, targetComponents.FrobeniusNorm),
        Spectrum.RelativeDistance<double>(w, target),
    ];

    /// <summary>|x − x*|/|x*|, 0 where they are equal.</summary>
    public static double Number(double value, double target) => value == target ? 0 : Math.Abs(value - target) / Math.Abs(target);

    /// <summary>‖a − a*‖₂/‖a*‖₂.</summary>
    public static double Vector(double[] values, double[] target) =>
        Spectrum.RelativeDistance(new ReadOnlyMatrixView<double>(values, 1, values.Length), new ReadOnlyMatrixView<double>(target, 1, target.Length));
}

using Kappa.Kernels;

namespace Kappa.Training.Optimizers;

/// <summary>The draws of one step.</summary>
/// <param name="X">X (B×d).</param>
/// <param name="Noise">N (B×d), N(0, 1).</param>
internal readonly record struct Batch(Matrix<double> X, Matrix<double> Noise);

using System.Numerics;
using Kappa.Kernels;
using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Adam with bias correction: W ← W − η m̂/(√v̂ + ε).</summary>
/// <remarks>
/// m ← β₁m + (1 − β₁)G, v ← β₂v + (1 − β₂)G², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), all element by element.
/// Source: Kingma and Ba, <i>Adam</i> (2015), algorithm 1.
/// </remarks>
/// <param name="learningRate">η.</param>
/// <param name="beta1">β₁.</param>
/// <param name="beta2">β₂.</param>
/// <param name="epsilon">ε.</param>
public sealed class Adam(double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8) : Optimizer(learningRate)
{
    private readonly Dictionary<Parameter, (Matrix<double> First, Matrix<double> Second)> _moments = [];
    private int _step;

    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Parameter> parameters)
    {
        _step++;
        double correction1 = 1 - Math.Pow(beta1, _step), correction2 = 1 - Math.Pow(beta2, _step);
        for (int p = 0; p < parameters.Count; p++)
        {
            Parameter parameter = parameters[p];
            if (!_moments.TryGetValue(parameter, out (Matrix<double> First, Matrix<double> Second) moments))
            {
                moments = (new Matrix<double>(parameter.Value.Rows, parameter.Value.Columns),
                    new Matrix<double>(parameter.Value.Rows, parameter.Value.Columns));
                _moments.Add(parameter, moments);
            }

            double rate = LearningRate * parameter.LearningRateScale;
            Span<double> w = parameter.Value.Elements, g = parameter.Gradient.Elements;
            Span<double> m = moments.First.Elements, v = moments.Second.Elements;
            int i = 0;
            for (; i <= w.Length - Vector<double>.Count; i += Vector<double>.Count)
            {
                var gradient = new Vector<double>(g[i..]);
                Vector<double> first = beta1 * new Vector<double>(m[i..]) + (1 - beta1) * gradient;
                Vector<double> second = beta2 * new Vector<double>(v[i..]) + (1 - beta2) * (gradient * gradient);
                first.CopyTo(m[i..]);
                second.CopyTo(v[i..]);
                Vector<double> root = Vector.SquareRoot(second / new Vector<double>(correction2)) + new Vector<double>(epsilon);
                (new Vector<double>(w[i..]) - rate * (first / new Vector<double>(correction1)) / root).CopyTo(w[i..]);
            }

            for (; i < w.Length; i++)
            {
                m[i] = beta1 * m[i] + (1 - beta1) * g[i];
                v[i] = beta2 * v[i] + (1 - beta2) * (g[i] * g[i]);
                w[i] -= rate * (m[i] / correction1) / (Math.Sqrt(v[i] / correction2) + epsilon);
            }
        }
    }
}

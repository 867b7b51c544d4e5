using Kappa.Kernels;
using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Gradient descent with heavy-ball momentum: M ← μM + G, W ← W − ηM.</summary>
/// <remarks>Source: Polyak, <i>Some methods of speeding up the convergence of iteration methods</i> (1964).</remarks>
/// <param name="learningRate">η.</param>
/// <param name="momentum">μ in [0, 1).</param>
public sealed class Momentum(double learningRate, double momentum = 0.9) : Optimizer(learningRate)
{
    private readonly Dictionary<Parameter, Matrix<double>> _sums = [];

    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Parameter> parameters)
    {
        for (int p = 0; p < parameters.Count; p++)
        {
            Parameter parameter = parameters[p];
            double rate = LearningRate * parameter.LearningRateScale;
            Span<double> w = parameter.Value.Elements, m = Accumulate(_sums, parameter, momentum).Elements;
            for (int i = 0; i < w.Length; i++)
                w[i] -= rate * m[i];
        }
    }

    /// <summary>M ← μM + G for one parameter, M = 0 at the start; returns M.</summary>
    internal static Matrix<double> Accumulate(Dictionary<Parameter, Matrix<double>> sums, Parameter parameter, double momentum)
    {
        if (!sums.TryGetValue(parameter, out Matrix<double>? sum))
            sums.Add(parameter, sum = new Matrix<double>(parameter.Value.Rows, parameter.Value.Columns));
        Span<double> m = sum.Elements, g = parameter.Gradient.Elements;
        for (int i = 0; i < m.Length; i++)
            m[i] = momentum * m[i] + g[i];
        return sum;
    }
}

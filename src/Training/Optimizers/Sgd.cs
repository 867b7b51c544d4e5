using System.Numerics;
using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Stochastic gradient descent: W ← W − η(G + λW).</summary>
/// <param name="learningRate">η.</param>
/// <param name="weightDecay">λ, added to the gradient.</param>
public sealed class Sgd(double learningRate, double weightDecay = 0) : Optimizer(learningRate)
{
    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Parameter> parameters)
    {
        for (int p = 0; p < parameters.Count; p++)
        {
            Parameter parameter = parameters[p];
            double rate = LearningRate * parameter.LearningRateScale;
            Span<double> w = parameter.Value.Elements, g = parameter.Gradient.Elements;
            int i = 0;
            for (; i <= w.Length - Vector<double>.Count; i += Vector<double>.Count)
            {
                var value = new Vector<double>(w[i..]);
                (value - rate * (new Vector<double>(g[i..]) + weightDecay * value)).CopyTo(w[i..]);
            }

            for (; i < w.Length; i++)
                w[i] -= rate * (g[i] + weightDecay * w[i]);
        }
    }
}

using Kappa.Training.Models;

namespace Kappa.Training.Optimizers;

/// <summary>Stochastic gradient descent: W ← W − η(G + λW).</summary>
/// <param name="learningRate">η.</param>
/// <param name="weightDecay">λ, added to the gradient.</param>
public sealed class Sgd(double learningRate, double weightDecay = 0) : Optimizer
{
    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Parameter> parameters)
    {
        foreach (Parameter parameter in parameters)
        {
            double rate = learningRate * parameter.LearningRateScale;
            Span<double> w = parameter.Value.Elements, g = parameter.Gradient.Elements;
            if (weightDecay == 0)
                for (int i = 0; i < w.Length; i++)
                    w[i] -= rate * g[i];
            else
                for (int i = 0; i < w.Length; i++)
                    w[i] -= rate * (g[i] + weightDecay * w[i]);
        }
    }
}

using Kappa.Training.Corrections;

namespace Kappa.Training.Experiments;

/// <summary>Experiment 16: corrections against a larger step, without an oracle, and combined.</summary>
public static class Exp16CorrectionsApart
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp16", "Corrections, taken apart",
        "Do multipliers do more than enlarge the step, do regularisers work without knowing κ(W*), and what do both together?",
        50, [64], ["row_norms", "condition_number", "overall"],
        d =>
        [
            .. from rate in new[] { 0.01, 0.0125, 0.015, 0.0175, 0.02 }
               select At(d, "standard", rate, new Protocol()),
            At(d, "multipliers", 0.01, new Protocol { MultiplierRate = Exp4Corrections.MultiplierRate }),
            At(d, "oracle penalty", 0.01, new Protocol { Regularization = new SpectralRegularization() }),
            At(d, "penalty towards 1", 0.01, new Protocol { Regularization = new SpectralRegularization { AssumedCondition = 1 } }),
            At(d, "penalty towards 100", 0.01, new Protocol { Regularization = new SpectralRegularization { AssumedCondition = 100 } }),
            At(d, "multipliers and oracle penalty", 0.01, new Protocol
            {
                MultiplierRate = Exp4Corrections.MultiplierRate,
                Regularization = new SpectralRegularization(),
            }),
            At(d, "multipliers and penalty towards 100", 0.01, new Protocol
            {
                MultiplierRate = Exp4Corrections.MultiplierRate,
                Regularization = new SpectralRegularization { AssumedCondition = 100 },
            }),
            At(d, "oracle SVD correction", 0.01, new Protocol { Correction = new SvdCorrection() }),
        ]);

    private static Cell At(int d, string strategy, double rate, Protocol protocol) => new(
        new Condition(("strategy", strategy), ("learning_rate", rate), ("d", d)),
        protocol with { Dimension = d, LearningRate = rate });
}

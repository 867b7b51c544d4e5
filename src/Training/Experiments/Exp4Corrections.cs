using Kappa.Training.Corrections;

namespace Kappa.Training.Experiments;

/// <summary>Experiment 4: four strategies of correction.</summary>
public static class Exp4Corrections
{
    /// <summary>The multipliers' learning rate.</summary>
    public const double MultiplierRate = 0.001;

    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp4", "Corrections", "What do multipliers, spectral regularisation and SVD correction correct?",
        10, [64], ["row_norms", "condition_number", "overall"],
        d =>
        [
            At(d, "standard", new Protocol()),
            At(d, "multipliers", new Protocol { MultiplierRate = MultiplierRate }),
            At(d, "spectral-regularization", new Protocol { Regularization = new SpectralRegularization() }),
            At(d, "svd-correction", new Protocol { Correction = new SvdCorrection() }),
        ]);

    private static Cell At(int d, string strategy, Protocol protocol) =>
        new(new Condition(("strategy", strategy), ("d", d)), protocol with { Dimension = d });
}

namespace Kappa.Training.Claims;

/// <summary>A quantitative claim of the paper as data.</summary>
/// <param name="Id">Unique: "exp4-kappa-multipliers".</param>
/// <param name="Experiment">The experiment whose trials decide: "exp1" … "exp9".</param>
/// <param name="Where">Where it stands in the paper: "§4.4, abstract".</param>
/// <param name="Statement">What is claimed, in a few words.</param>
/// <param name="Published">What the paper says of the quantity, and what agrees with it.</param>
/// <param name="Measure">The same quantity from trials.</param>
public sealed record Claim(string Id, string Experiment, string Where, string Statement, Published Published, Measure Measure)
{
    /// <summary>
    /// What the paper does not say of its protocol and was not found either, as "the paper's own random stream"; null where the
    /// protocol is known to give the paper's figures.
    /// </summary>
    public string? Unrecovered { get; init; }

    /// <summary>Control experiments that speak for or against the claim, where they were run.</summary>
    public IReadOnlyList<Evidence> Evidence { get; init; } = [];
}

/// <summary>What another experiment says of a claim: a direction that its trials show if the claim is right.</summary>
/// <param name="Experiment">A control experiment: "exp10", ….</param>
/// <param name="Statement">What is measured, as the beginning of a sentence: "with a tuned rate Adam's error over SGD's is".</param>
/// <param name="Expected">The numbers that speak for the claim.</param>
/// <param name="Measure">The quantity from the control's trials.</param>
public sealed record Evidence(string Experiment, string Statement, Published Expected, Measure Measure);

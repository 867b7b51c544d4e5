namespace Kappa.Training.Checkpoints;

/// <summary>A number that a scan gives of a matrix.</summary>
/// <param name="Name">Its name in JSON, CSV and options.</param>
/// <param name="Title">Its name for readers.</param>
/// <param name="NeedsSpectrum">Whether it takes all singular values; without any such measure a scan makes do with one QR factorisation.</param>
public sealed record ScanMeasure(string Name, string Title, bool NeedsSpectrum)
{
    /// <summary>κ = σ₁/σ_p.</summary>
    public static ScanMeasure ConditionNumber { get; } = new("conditionNumber", "κ", false);

    /// <summary>Whether the matrix cannot be told from one of random entries: true or false.</summary>
    public static ScanMeasure LikeRandom { get; } = new("likeRandom", "like random", true);

    /// <summary>All σᵢ.</summary>
    public static ScanMeasure SingularValues { get; } = new("singularValues", "σ", true);

    /// <summary>Whether it is a number of singular values.</summary>
    public bool IsCount => Name is "numericalRank" or "effectiveRank";

    /// <summary>All measures, in the order of output.</summary>
    public static IReadOnlyList<ScanMeasure> All { get; } =
    [
        ConditionNumber,
        new("conditionLower", "κ at least", false),
        new("conditionUpper", "κ at most", false),
        new("conditionNonZero", "κ over non-zero σ", true),
        new("numericalRank", "numerical rank", true),
        new("sigmaMax", "σ max", false),
        new("sigmaMin", "σ min", false),
        new("effectiveRank", "effective rank", true),
        new("stableRank", "stable rank", false),
        new("spectralGap", "spectral gap", true),
        new("frobeniusNorm", "‖W‖_F", false),
        new("nuclearNorm", "Σσ", true),
        new("rowNormSpread", "row-norm spread", false),
        new("logVolume", "log-volume", false),
        new("entropy", "entropy", false),
        new("entropyDeficit", "entropy deficit", false),
        new("randomLower", "random: least σ", false),
        new("randomUpper", "random: largest σ", false),
        new("randomDistance", "distance from random", true),
        LikeRandom,
        SingularValues,
    ];

    /// <summary>The measure of that name, where <c>condition</c> stands for <c>conditionNumber</c>; null where there is none.</summary>
    public static ScanMeasure? Find(string name) => name == "condition" ? ConditionNumber : All.FirstOrDefault(m => m.Name == name);
}

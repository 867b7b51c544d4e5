namespace Kappa.Training.Claims;

/// <summary>What becomes of a claim, from the best to the worst.</summary>
public enum Verdict
{
    /// <summary>The paper's own trials give the printed figure, or show the stated direction in means and in medians.</summary>
    Reproduced,

    /// <summary>The figure differs, or the run is not the paper's, or an interval leaves it open; the direction agrees.</summary>
    DirectionOnly,

    /// <summary>Means and medians disagree, or what the paper leaves open decides, or a control experiment speaks against it.</summary>
    DependsOnProtocol,

    /// <summary>Neither figure nor direction agrees.</summary>
    NotReproduced,

    /// <summary>The trials that it needs are not there.</summary>
    NotRun,
}

/// <summary>Verdicts as words.</summary>
public static class VerdictNames
{
    /// <summary>"reproduced", "direction only", "depends on protocol", "not reproduced", "not run".</summary>
    public static string Name(this Verdict verdict) => verdict switch
    {
        Verdict.Reproduced => "reproduced",
        Verdict.DirectionOnly => "direction only",
        Verdict.DependsOnProtocol => "depends on protocol",
        Verdict.NotReproduced => "not reproduced",
        _ => "not run",
    };
}

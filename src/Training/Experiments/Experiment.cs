namespace Kappa.Training.Experiments;

/// <summary>One cell: what varies, and the protocol that it stands for.</summary>
/// <param name="Condition">What distinguishes the cell.</param>
/// <param name="Protocol">The trial.</param>
public sealed record Cell(Condition Condition, TrialProtocol Protocol);

/// <summary>An experiment as data: which cells it has at a dimension, and how many trials each.</summary>
/// <param name="Name">"exp1" … "exp18", "finetune".</param>
/// <param name="Title">A few words.</param>
/// <param name="Question">What it asks, in one sentence.</param>
/// <param name="Trials">Trials per cell at the paper's scale.</param>
/// <param name="Dimensions">The paper's dimensions d.</param>
/// <param name="Highlights">The components that tell the result, for a short table.</param>
/// <param name="CellsAt">The cells at one dimension.</param>
public sealed record Experiment(
    string Name, string Title, string Question, int Trials, IReadOnlyList<int> Dimensions,
    IReadOnlyList<string> Highlights, Func<int, IReadOnlyList<Cell>> CellsAt)
{
    /// <summary>What stands here for what, "a classifier … instead of …", where a paper's own run is out of reach; else null.</summary>
    public string? Substitute { get; init; }
}

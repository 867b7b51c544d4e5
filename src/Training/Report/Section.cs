using System.Text.Json.Nodes;
using Kappa.Training.Claims;
using Kappa.Training.Results;

namespace Kappa.Training.Report;

/// <summary>One experiment's part of the report.</summary>
/// <param name="Id">"exp1" … "exp18", "finetune".</param>
/// <param name="Title">A few words.</param>
/// <param name="Question">What the experiment asks.</param>
/// <param name="PaperFigure">The number of the paper's figure that is drawn here again, 3 to 11; null of a control and of a substitute.</param>
/// <param name="Reading">One or two sentences on what came out, with numbers computed from the trials.</param>
/// <param name="Departure">How the run differs from the paper's protocol, or null where it does not.</param>
/// <param name="Figures">The figures, from left to right.</param>
/// <param name="Comparison">The ledger's lines of this experiment that were run, and what the paper draws without a number.</param>
public sealed record Section(
    string Id,
    string Title,
    string Question,
    int? PaperFigure,
    string Reading,
    string? Departure,
    IReadOnlyList<Figure> Figures,
    IReadOnlyList<ComparisonRow> Comparison)
{
    /// <summary>What stands here for what a paper ran, or null where its own run is repeated or a control added.</summary>
    public string? Substitute { get; init; }

    internal static Section Of(CellSet cells, int? paperFigure, IEnumerable<string?> reading,
        IReadOnlyList<Figure> figures, IEnumerable<ComparisonRow?>? further = null)
    {
        return new Section(
            cells.Experiment.Name, cells.Experiment.Title, cells.Experiment.Question, paperFigure,
            string.Join(" ", reading.Where(sentence => sentence is not null)), cells.Departure(), figures,
            [.. (further ?? []).OfType<ComparisonRow>()])
        {
            Substitute = cells.Experiment.Substitute,
        };
    }
}

/// <summary>A figure as data.</summary>
/// <param name="Id">Unique in the report: "exp1-1".</param>
/// <param name="Title">A few words; also the title within the specification.</param>
/// <param name="Caption">What is drawn, and over how many trials.</param>
/// <param name="Specification">A Vega-Lite 6 specification that carries its data; its width is that of its container.</param>
public sealed record Figure(string Id, string Title, string Caption, JsonObject Specification);

/// <summary>A quantity as the paper prints it and as the run has it, both as text.</summary>
/// <param name="Quantity">What it is.</param>
/// <param name="Paper">The paper's figure or condition, or null where the paper prints none.</param>
/// <param name="Where">Where the paper has it, as "§4.1".</param>
/// <param name="Mean">Mean ± standard deviation over trials, or a number derived from means; "–" where there is none.</param>
/// <param name="Interval">The 95 % bootstrap interval of the mean, or of the number; "–" where there is none.</param>
/// <param name="Median">The median over trials, or the same number derived from medians; "–" where there is none.</param>
/// <param name="Trials">n, the trials behind the figure.</param>
/// <param name="NotFinite">How many of them gave NaN or ∞ and are left out.</param>
public sealed record ComparisonRow(
    string Quantity, string? Paper, string? Where, string Mean, string Interval, string Median, int Trials, int NotFinite)
{
    /// <summary>A line of the ledger, or null where it was not run.</summary>
    internal static ComparisonRow? Of(Finding finding) => finding.Ours is Estimate ours
        ? Of(finding.Claim.Statement, finding.Claim.Published.Text, finding.Claim.Where.Split(',')[0], ours)
        : null;

    /// <summary>What the paper gives no number of, or null where the cells do not have it.</summary>
    internal static ComparisonRow? Of(string quantity, string? where, Measure measure, CellSet cells) =>
        measure.Of(cells) is Estimate ours ? Of(quantity, null, where, ours) : null;

    private static ComparisonRow Of(string quantity, string? paper, string? where, Estimate ours) =>
        new(quantity, paper, where, ours.MeanText, ours.IntervalText, ours.MedianText, ours.Trials, ours.NotFinite);
}

using System.Text.Json.Nodes;

namespace Kappa.Training.Report;

/// <summary>One experiment's part of the report.</summary>
/// <param name="Id">"exp1" … "exp9".</param>
/// <param name="Title">A few words.</param>
/// <param name="Question">What the experiment asks.</param>
/// <param name="PaperFigure">The number of the paper's figure that is drawn here again, 3 to 11.</param>
/// <param name="Reading">One or two sentences on what came out, with numbers computed from the trials.</param>
/// <param name="Departure">How the run differs from the paper's protocol, or null where it does not.</param>
/// <param name="Figures">The figures, from left to right.</param>
/// <param name="Comparison">The paper's figures beside those of the run.</param>
public sealed record Section(
    string Id,
    string Title,
    string Question,
    int PaperFigure,
    string Reading,
    string? Departure,
    IReadOnlyList<Figure> Figures,
    IReadOnlyList<ComparisonRow> Comparison)
{
    internal static Section Of(CellSet cells, int paperFigure, IEnumerable<string?> reading,
        IReadOnlyList<Figure> figures, IEnumerable<ComparisonRow>? further = null) => new(
            cells.Experiment.Name, cells.Experiment.Title, cells.Experiment.Question, paperFigure,
            string.Join(" ", reading.Where(sentence => sentence is not null)), cells.Departure(), figures,
            [.. PaperFigures.Compare(cells), .. further ?? []]);
}

/// <summary>A figure as data.</summary>
/// <param name="Id">Unique in the report: "exp1-1".</param>
/// <param name="Title">A few words; also the title within the specification.</param>
/// <param name="Caption">What is drawn, and over how many trials.</param>
/// <param name="Specification">A Vega-Lite 6 specification that carries its data; its width is that of its container.</param>
public sealed record Figure(string Id, string Title, string Caption, JsonObject Specification);

/// <summary>A quantity as the paper prints it and as the run has it, both as text.</summary>
/// <param name="Quantity">What it is.</param>
/// <param name="Paper">The paper's figure, or null where the paper prints none.</param>
/// <param name="Where">Where the paper prints it, as "§4.1", or null.</param>
/// <param name="Mean">Mean ± standard deviation over trials, or a number derived from means; "–" where there is none.</param>
/// <param name="Median">The median over trials, or the same number derived from medians; "–" where there is none.</param>
/// <param name="Trials">n, the trials behind the figure.</param>
/// <param name="NotFinite">How many of them gave NaN or ∞ and are left out.</param>
public sealed record ComparisonRow(
    string Quantity, string? Paper, string? Where, string Mean, string Median, int Trials, int NotFinite);

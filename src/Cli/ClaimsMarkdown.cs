using System.Text;
using Kappa.Training.Claims;
using Kappa.Training.Experiments;

namespace Kappa.Cli;

/// <summary>The ledger and the answers as Markdown: what a document quotes of a stored run.</summary>
internal static class ClaimsMarkdown
{
    /// <summary>Tables of claims per experiment, then the questions that were answered.</summary>
    public static string Render(IReadOnlyList<Finding> findings, IReadOnlyList<Answer> answers)
    {
        var text = new StringBuilder();
        text.Append("### Verdicts\n\n").AppendJoin(" · ", Ledger.Count(findings).Select(c => $"{c.Count} {c.Verdict.Name()}")).Append("\n\n");
        foreach (IGrouping<string, Finding> experiment in findings.GroupBy(f => f.Claim.Experiment))
        {
            text.Append($"#### {experiment.Key}: {Catalogue.Find(experiment.Key)?.Title}\n\n");
            text.Append("| claim | paper | mean ± std | 95 % interval | median | n | verdict |\n|---|---|---|---|---|---|---|\n");
            foreach (Finding finding in experiment)
            {
                text.Append($"| {Cell(finding.Claim.Statement)} ({finding.Claim.Where}) | {Cell(finding.Claim.Published.Text)} ");
                text.Append(finding.Ours is Estimate ours
                    ? $"| {Cell(ours.MeanText)} | {Cell(ours.IntervalText)} | {Cell(ours.MedianText)} | {ours.Trials} "
                    : "| – | – | – | – ");
                text.Append($"| {finding.Verdict.Name()} |\n");
            }

            string[] reasons = [.. experiment.Where(f => f.Verdict != Verdict.Reproduced).Select(f => $"- *{f.Claim.Statement}*: {f.Reason}\n")];
            text.Append('\n').AppendJoin("", reasons).Append(reasons.Length > 0 ? "\n" : "");
        }

        text.Append("### A critical reader's questions\n\n");
        foreach (Answer answer in answers.Where(a => a.Standing != Standing.NotRun))
            text.Append($"**{answer.Question.Text}** *{answer.Verdict}:* {answer.Question.Statement}\n\n")
                .AppendJoin("", answer.Reasons.Select(r => $"- {r}\n")).Append('\n');
        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}

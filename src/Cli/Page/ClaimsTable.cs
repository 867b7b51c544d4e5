using System.Globalization;
using System.Text.Encodings.Web;
using Kappa.Training.Claims;

namespace Kappa.Cli.Page;

/// <summary>The table that the page opens with: every claim of the paper, its figure, ours, the verdict and its reason.</summary>
/// <remarks>
/// Cells carry the key that their column is sorted by. The roles are written out, because a narrow screen shows rows as
/// cards, and a table that is not displayed as one loses its roles in some browsers.
/// </remarks>
internal static class ClaimsTable
{
    /// <summary>The section.</summary>
    /// <param name="findings">The ledger.</param>
    /// <param name="text">Encodes text for HTML.</param>
    public static string Render(IReadOnlyList<Finding> findings, Func<string, string> text) => $"""
        <section id="claims" aria-labelledby="claims-title">
        <h2 id="claims-title">The paper’s claims</h2>
        <p class="reading">{findings.Count} claims of the paper, each judged by the numbers of these trials: a figure by their mean, a direction
        by means and medians and their 95 % bootstrap intervals.{text(Changes(findings))}</p>
        <ul class="verdicts">
        {string.Join("\n", Ledger.Count(findings).Select(c => $"""<li>{Badge(c.Verdict)}: {c.Count}</li>"""))}
        </ul>
        <div class="table" role="region" tabindex="0" aria-labelledby="claims-title">
        <table class="claims" role="table" data-sortable>
        <thead role="rowgroup"><tr role="row">
        <th role="columnheader" scope="col" data-sort="number" aria-sort="ascending">Id</th>
        <th role="columnheader" scope="col" data-sort="text">Claim</th>
        <th role="columnheader" scope="col" data-sort="number" class="number">Paper</th>
        <th role="columnheader" scope="col" data-sort="number" class="number">Ours</th>
        <th role="columnheader" scope="col" data-sort="number">Verdict</th>
        <th role="columnheader" scope="col">Reason</th>
        </tr></thead>
        <tbody role="rowgroup">
        {string.Join("\n", findings.Select((finding, place) => Row(finding, place, text)))}
        </tbody>
        </table>
        </div>
        </section>
        """;

    private static string Row(Finding finding, int place, Func<string, string> text)
    {
        Claim claim = finding.Claim;
        string id = HtmlEncoder.Default.Encode(claim.Id);
        return $"""
            <tr role="row" id="{id}">
            <td role="cell" data-key="{place}"><code>{id}</code></td>
            <th role="rowheader" scope="row" class="statement">{text(claim.Statement)}</th>
            <td role="cell" class="number paper" data-label="Paper:" data-key="{Key(claim.Published.Value ?? End(claim.Published.Accepted.Low) ?? End(claim.Published.Accepted.High))}">{text(claim.Published.Text)} <small>{text(claim.Where)}</small></td>
            <td role="cell" class="number ours" data-label="Ours:" data-key="{Key(finding.Ours?.Mean.Low)}">{(finding.Ours is Estimate ours ? Ours(ours, text) : "–")}</td>
            <td role="cell" data-key="{(int)finding.Verdict}">{Badge(finding.Verdict)}</td>
            <td role="cell" class="reason">{text(finding.Reason)}</td></tr>
            """;
    }

    private static string Ours(Estimate ours, Func<string, string> text) =>
        $"{text(ours.MeanText)} <small>95 %: {text(ours.IntervalText)}</small> <small>median {text(ours.MedianText)}</small> <small>n = {ours.Trials}</small>";

    /// <summary>What more trials than the paper's change, as a sentence, or nothing where there are no more.</summary>
    private static string Changes(IReadOnlyList<Finding> findings)
    {
        Finding[] more = [.. findings.Where(f => f.More is not null)];
        if (more.Length == 0)
            return "";
        string[] changed = [.. more.Where(f => f.More!.Verdict != f.Verdict).Select(f => $"{f.Claim.Id} ({f.Verdict.Name()} → {f.More!.Verdict.Name()})")];
        return $" {more.Length} of them have more trials than the paper’s, by which "
            + (changed.Length == 0 ? "no verdict changes." : $"these verdicts change: {string.Join(", ", changed)}.");
    }

    private static string Badge(Verdict verdict) =>
        $"""<span class="verdict {verdict.Name().Replace(' ', '-')}">{verdict.Name()}</span>""";

    private static string Key(double? number) =>
        number is double x && double.IsFinite(x) ? x.ToString("R", CultureInfo.InvariantCulture) : "";

    private static double? End(double end) => double.IsFinite(end) ? end : null;
}

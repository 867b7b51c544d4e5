using Kappa.Training.Claims;

namespace Kappa.Cli.Page;

/// <summary>What the controls answer to a critical reader: each question, the answer if the trials carry it, and the numbers.</summary>
internal static class QuestionsTable
{
    /// <summary>The section; where no control was run, how to run them.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="text">Encodes text for HTML.</param>
    public static string Render(IReadOnlyList<Answer> answers, Func<string, string> text) => $"""
        <section id="questions" aria-labelledby="questions-title">
        <h2 id="questions-title">A critical reader’s questions</h2>
        {(answers.All(a => a.Standing == Standing.NotRun)
            ? "<p class=\"reading\">The controls that answer them are not among these trials: <code>kappa run all --controls</code>.</p>"
            : "<p class=\"reading\">An answer is shown where every test of it holds in means and in medians with their 95 % bootstrap intervals, and likely where an interval leaves one open.</p>")}
        <dl class="questions">
        {string.Join("\n", answers.Where(a => a.Standing != Standing.NotRun).Select(answer => One(answer, text)))}
        </dl>
        </section>
        """;

    private static string One(Answer answer, Func<string, string> text) => $"""
        <div id="question-{text(answer.Question.Id)}">
        <dt>{text(answer.Question.Text)}</dt>
        <dd><p><span class="verdict {Colour(answer.Standing)}">{answer.Verdict}</span> {text(answer.Question.Statement)}</p>
        <ul>{string.Concat(answer.Reasons.Select(reason => $"<li>{text(reason)}</li>"))}</ul></dd>
        </div>
        """;

    private static string Colour(Standing standing) => standing switch
    {
        Standing.Shown => "reproduced",
        Standing.Likely => "direction-only",
        _ => "not-reproduced",
    };
}

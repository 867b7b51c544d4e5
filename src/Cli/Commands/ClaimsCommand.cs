using System.CommandLine;
using System.Text.Json.Nodes;
using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Kappa.Cli.Commands;

/// <summary>kappa claims [DIR].</summary>
internal static class ClaimsCommand
{
    // "reproduced"; the longer verdicts take two lines, and leave the room to the reasons.
    private const int VerdictWidth = 10;

    public static Command Create()
    {
        Argument<string?> directory = new("DIR")
        {
            Description = "A folder that 'kappa run' wrote to. Default: the latest of 'kappa run all' in out/.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = Options.Json();
        Option<bool> markdown = new("--markdown") { Description = "Print Markdown, as docs/experiments.md quotes it." };
        var command = new Command("claims", "Judge the paper's claims, one by one, by the trials of a run.") { directory, json, markdown };
        command.SetAction(parsed =>
        {
            using TrialStore store = RunFolder.Read(parsed.GetValue(directory) ?? RunFolder.LatestOfAll());
            IReadOnlyList<Finding> findings = Ledger.Judge(store.Records);
            IReadOnlyList<Answer> answers = Questions.Answer(store.Records);
            if (parsed.GetValue(json))
            {
                foreach (Finding finding in findings)
                    Terminal.Lines.WriteLine(finding.ToJson());
                foreach (Answer answer in answers)
                    Terminal.WriteJson(ToJson(answer));
            }
            else if (parsed.GetValue(markdown))
            {
                Terminal.Lines.Write(ClaimsMarkdown.Render(findings, answers));
            }
            else
            {
                foreach (IRenderable part in Show(findings).Concat(Show(answers)))
                    Terminal.Tables.Write(part);
            }
        });
        return command;
    }

    /// <summary>A table per experiment, and below them how many claims each verdict has.</summary>
    public static IEnumerable<IRenderable> Show(IReadOnlyList<Finding> findings)
    {
        foreach (IGrouping<string, Finding> experiment in findings.GroupBy(f => f.Claim.Experiment))
        {
            Table table = new Table().Border(TableBorder.Rounded).ShowRowSeparators()
                .Title(new TableTitle(Markup.Escape($"{experiment.Key}  {Catalogue.Find(experiment.Key)?.Title}")));
            table.AddColumn(new TableColumn("verdict").Width(VerdictWidth)).AddColumn("claim").AddColumn(new TableColumn("paper and ours").NoWrap());
            foreach (Finding finding in experiment)
                table.AddRow(
                    new Markup(Coloured(finding.Verdict)),
                    new Markup($"[bold]{Markup.Escape(finding.Claim.Statement)}[/]\n{Markup.Escape(finding.Reason)}\n"
                        + $"[grey]{Markup.Escape($"{finding.Claim.Id} · {finding.Claim.Where}")}[/]"),
                    new Markup($"[grey]paper[/] {Markup.Escape(finding.Claim.Published.Text)}{Markup.Escape(Numbers(finding.Ours))}"));
            yield return table;
        }

        yield return new Markup(string.Join(" · ", Ledger.Count(findings).Select(c => $"{c.Count} {Coloured(c.Verdict)}")) + "\n");
    }

    /// <summary>A table of the questions whose controls were run, or how to run them.</summary>
    private static IEnumerable<IRenderable> Show(IReadOnlyList<Answer> answers)
    {
        Answer[] run = [.. answers.Where(a => a.Standing != Standing.NotRun)];
        if (run.Length == 0)
        {
            yield return new Markup("[grey]A critical reader's questions are answered by the controls: kappa run all --controls[/]\n");
            yield break;
        }

        Table table = new Table().Border(TableBorder.Rounded).ShowRowSeparators().Title(new TableTitle("A critical reader's questions"));
        table.AddColumn(new TableColumn("answer").Width(VerdictWidth)).AddColumn("question");
        foreach (Answer answer in run)
            table.AddRow(
                new Markup($"[{(answer.Standing == Standing.Shown ? "green" : answer.Standing == Standing.Likely ? "yellow" : "red")}]{answer.Verdict}[/]"),
                new Markup($"[bold]{Markup.Escape(answer.Question.Text)}[/]\n{Markup.Escape(answer.Question.Statement)}\n"
                    + $"[grey]{Markup.Escape(string.Join("\n", answer.Reasons))}[/]"));
        yield return table;
    }

    private static JsonObject ToJson(Answer answer) => new()
    {
        ["question"] = answer.Question.Id,
        ["text"] = answer.Question.Text,
        ["answer"] = answer.Question.Statement,
        ["standing"] = answer.Verdict,
        ["reasons"] = new JsonArray([.. answer.Reasons.Select(r => JsonValue.Create(r))]),
    };

    private static string Numbers(Estimate? ours) =>
        ours is null ? "" : $"\nours  {ours.MeanText}\n95 %  {ours.IntervalText}\nmedian {ours.MedianText}\nn {ours.Trials}";

    private static string Coloured(Verdict verdict)
    {
        string colour = verdict switch
        {
            Verdict.Reproduced => "green",
            Verdict.DirectionOnly => "yellow",
            Verdict.DependsOnProtocol => "blue",
            Verdict.NotReproduced => "red",
            _ => "grey",
        };
        return $"[{colour}]{verdict.Name()}[/]";
    }
}

using System.CommandLine;
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
        var command = new Command("claims", "Judge the paper's claims, one by one, by the trials of a run.") { directory, json };
        command.SetAction(parsed =>
        {
            using TrialStore store = RunFolder.Read(parsed.GetValue(directory) ?? RunFolder.LatestOfAll());
            IReadOnlyList<Finding> findings = Ledger.Judge(store.Records);
            if (parsed.GetValue(json))
                foreach (Finding finding in findings)
                    Terminal.Lines.WriteLine(finding.ToJson());
            else
                foreach (IRenderable part in Show(findings))
                    Terminal.Tables.Write(part);
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

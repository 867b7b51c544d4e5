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
            table.AddColumn("claim").AddColumn(new TableColumn("paper").RightAligned()).AddColumn(new TableColumn("ours").RightAligned()).AddColumn("verdict");
            foreach (Finding finding in experiment)
                table.AddRow(
                    new Markup($"{Markup.Escape(finding.Claim.Statement)}\n[grey]{Markup.Escape($"{finding.Claim.Id} · {finding.Claim.Where}")}[/]"),
                    new Text(finding.Claim.Published.Text),
                    finding.Ours is Estimate ours
                        ? new Markup($"{Markup.Escape(ours.MeanText)}\n[grey]95 % {Markup.Escape(ours.IntervalText)}\nmedian {Markup.Escape(ours.MedianText)}\nn {ours.Trials}[/]")
                        : new Text("—"),
                    new Markup($"{Coloured(finding.Verdict)}\n{Markup.Escape(finding.Reason)}"));
            yield return table;
        }

        yield return new Markup(string.Join(" · ", Ledger.Count(findings).Select(c => $"{c.Count} {Coloured(c.Verdict)}")) + "\n");
    }

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

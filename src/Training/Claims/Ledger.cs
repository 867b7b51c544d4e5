using Kappa.Training.Experiments;
using Kappa.Training.Results;

namespace Kappa.Training.Claims;

/// <summary>The paper's claims judged by the trials of a run.</summary>
public static class Ledger
{
    /// <summary>Every quantitative claim of the paper, in the order of its experiments.</summary>
    public static IReadOnlyList<Claim> Claims => PaperClaims.All;

    /// <summary>Judges every claim.</summary>
    /// <param name="records">Trials in any order, of any experiments.</param>
    /// <returns>
    /// A finding for each of <see cref="Claims"/>, in their order, and for those of the second paper where its experiment was run; for
    /// the latter alone where nothing else was. The same records give the same findings, to the bit.
    /// O(claims · resamples · trials).
    /// </returns>
    public static IReadOnlyList<Finding> Judge(IEnumerable<TrialRecord> records) => Judge(SecondPaper.Beside(Claims, SecondPaper.Claims, records), records);

    /// <summary>How many findings each verdict has, from the best to the worst; verdicts without any are left out.</summary>
    public static IReadOnlyList<(Verdict Verdict, int Count)> Count(IEnumerable<Finding> findings) =>
        [.. findings.GroupBy(f => f.Verdict).OrderBy(g => g.Key).Select(g => (g.Key, g.Count()))];

    internal static IReadOnlyList<Finding> Judge(IEnumerable<Claim> claims, IEnumerable<TrialRecord> records)
    {
        var run = new Dictionary<string, (CellSet Paper, CellSet? All)>(StringComparer.Ordinal);
        foreach (IGrouping<string, TrialRecord> own in records.GroupBy(r => r.Experiment))
            if (Catalogue.Find(own.Key) is Experiment experiment)
                run.Add(own.Key, Split(experiment, [.. own]));
        return [.. claims.Select(claim => Judge(claim, run))];
    }

    /// <summary>
    /// As many trials as the paper ran, at its dimensions if any were run; and all trials of those cells that have more.
    /// </summary>
    private static (CellSet Paper, CellSet? All) Split(Experiment experiment, TrialRecord[] records)
    {
        TrialRecord[] comparable = [.. records.Where(r => experiment.Dimensions.Contains((int)r.Condition.Number("d")))];
        if (comparable.Length == 0)
            comparable = records;
        TrialRecord[] first = [.. comparable.Where(r => r.Trial < experiment.Trials)];
        TrialRecord[] more = [.. comparable.GroupBy(r => r.Condition).Where(cell => cell.Any(r => r.Trial >= experiment.Trials)).SelectMany(cell => cell)];
        return (new CellSet(experiment, first.Length > 0 ? first : comparable), first.Length > 0 && more.Length > 0 ? new CellSet(experiment, more) : null);
    }

    private static Finding Judge(Claim claim, Dictionary<string, (CellSet Paper, CellSet? All)> run)
    {
        if (!run.TryGetValue(claim.Experiment, out (CellSet Paper, CellSet? All) own) || claim.Measure.Of(own.Paper) is not Estimate ours)
            return new Finding(claim, null, Verdict.NotRun, $"Its trials are not here: kappa run {claim.Experiment}.", null);
        (Verdict verdict, string reason) = Judgement.Of(claim, ours);
        FurtherTrials? more = own.All is not null && claim.Measure.Of(own.All) is Estimate all && all.Trials > ours.Trials
            ? new FurtherTrials(all, Judgement.Of(claim, all))
            : null;
        if (more is not null)
            reason += $" Over {more.Estimate.Trials} trials {more.Verdict.Name()}: {Judgement.Averages(more.Estimate)}.";
        foreach (Evidence evidence in claim.Evidence)
        {
            if (!run.TryGetValue(evidence.Experiment, out (CellSet Paper, CellSet? All) control)
                || evidence.Measure.Of(control.All ?? control.Paper) is not Estimate found)
                continue;
            (bool supports, string sentence) = Judgement.Of(evidence, found);
            reason += " " + sentence;
            if (!supports && verdict < Verdict.DependsOnProtocol)
                verdict = Verdict.DependsOnProtocol;
        }

        return new Finding(claim, ours, verdict, reason, more);
    }
}

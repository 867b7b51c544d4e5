using System.Globalization;
using Kappa.Training.Experiments;

namespace Kappa.Training.Results;

/// <summary>The trials of one cell, in order of their number.</summary>
internal sealed class CellTrials(Condition condition, IEnumerable<TrialRecord> trials)
{
    public Condition Condition { get; } = condition;

    public IReadOnlyList<TrialRecord> Trials { get; } = [.. trials.OrderBy(r => r.Trial).ThenBy(r => r.Seed)];

    /// <summary>A value over trials; of no trials where none of the records has that name.</summary>
    public Sample Value(string name) => new(Trials.Any(r => r.Values.ContainsKey(name)) ? Trials.Select(r => r.Number(name)) : []);

    /// <summary>The same cells with only those trials that all of them have, so that trial by trial they are pairs.</summary>
    public static CellTrials[] Paired(IReadOnlyList<CellTrials> cells) =>
    [
        .. from cell in cells
           select new CellTrials(cell.Condition,
               cell.Trials.Where(t => cells.All(other => other.Trials.Any(o => o.Trial == t.Trial && o.Seed == t.Seed)))),
    ];

    /// <summary>The abscissae of a series as the first trial that has it names them.</summary>
    public double[] Axis(string name) =>
        Trials.Select(r => r.Series.GetValueOrDefault(name)).FirstOrDefault(s => s is not null) ?? [];

    /// <summary>A series over trials, position by position; a trial that ends early counts as not finite from there on.</summary>
    public Sample[] Series(string name)
    {
        double[][] all = [.. Trials.Select(r => r.Series.GetValueOrDefault(name, []))];
        int length = all.Length == 0 ? 0 : all.Max(s => s.Length);
        return [.. Enumerable.Range(0, length).Select(i => new Sample(all.Select(s => i < s.Length ? s[i] : double.NaN)))];
    }
}

/// <summary>
/// What a section shows of its experiment: the cells at one dimension – the paper's if it was run, else the smallest –, and for
/// the experiment that varies the dimension the cells at all of them.
/// </summary>
internal sealed class CellSet
{
    /// <summary>The paper's seed of trial 0.</summary>
    public const uint PaperSeed = 42;

    private readonly int[] _run;

    public CellSet(Experiment experiment, IReadOnlyList<TrialRecord> records)
    {
        Experiment = experiment;
        _run = [.. records.Select(Dimension).Distinct().Order()];
        int[] shown = experiment.Dimensions.Count > 1 ? _run
            : [experiment.Dimensions.FirstOrDefault(_run.Contains, _run[0])];
        Dimensions = shown;
        Condition[] order = [.. shown.SelectMany(experiment.CellsAt).Select(cell => cell.Condition)];
        Cells =
        [
            .. from record in records
               where shown.Contains(Dimension(record))
               group record by record.Condition into cell
               let place = Array.IndexOf(order, cell.Key)
               orderby place < 0 ? int.MaxValue : place, cell.Key.Key
               select new CellTrials(cell.Key, cell),
        ];
    }

    public Experiment Experiment { get; }

    /// <summary>The dimensions shown, ascending.</summary>
    public IReadOnlyList<int> Dimensions { get; }

    public IReadOnlyList<CellTrials> Cells { get; }

    /// <summary>"10 trials", "5 to 10 trials": of each cell.</summary>
    public string TrialCount
    {
        get
        {
            int least = Cells.Min(c => c.Trials.Count), most = Cells.Max(c => c.Trials.Count);
            return least == most ? $"{most} trial{(most == 1 ? "" : "s")}" : $"{least} to {most} trials";
        }
    }

    /// <summary>"d = 64, 10 trials": how a caption ends.</summary>
    public string Extent => $"d = {string.Join(", ", Dimensions)}, {TrialCount}";

    /// <summary>The first cell that has all these levels, or null.</summary>
    public CellTrials? Find(params (string Name, object Level)[] levels) => Cells.FirstOrDefault(cell =>
        levels.All(l => cell.Condition[l.Name] == Convert.ToString(l.Level, CultureInfo.InvariantCulture)));

    /// <summary>How some of the cells differ from the paper's run, in a few words, or null where they hold its trials.</summary>
    /// <param name="cells">Some of the cells.</param>
    /// <param name="overDimensions">Whether there must be cells at all the paper's dimensions.</param>
    public string? Difference(IEnumerable<CellTrials> cells, bool overDimensions)
    {
        var differences = new SortedSet<string>(StringComparer.Ordinal);
        if (Experiment.Substitute is string substitute)
            differences.Add(substitute);
        Cell[] paper = [.. Experiment.Dimensions.SelectMany(Experiment.CellsAt)];
        foreach (CellTrials cell in cells)
        {
            if (paper.FirstOrDefault(p => p.Condition.Equals(cell.Condition)) is not Cell planned)
                differences.Add($"d = {cell.Condition["d"]} instead of {string.Join(", ", Experiment.Dimensions)}");
            else if (cell.Trials.FirstOrDefault(t => t.Seed != PaperSeed) is TrialRecord other)
                differences.Add($"seed {other.Seed} instead of {PaperSeed}");
            else if (cell.Trials.Any(t => t.Training != planned.Protocol.Fingerprint(PaperSeed)))
                differences.Add("other training");
            if (Enumerable.Range(0, Experiment.Trials).Except(cell.Trials.Select(t => t.Trial)).Any())
                differences.Add($"{cell.Trials.Count} of the paper’s {Experiment.Trials} trials");
        }

        if (overDimensions && Experiment.Dimensions.Except(Dimensions).Any() && Experiment.Dimensions.Intersect(Dimensions).Any())
            differences.Add($"d = {string.Join(", ", Dimensions)} of {string.Join(", ", Experiment.Dimensions)}");
        return differences.Count > 0 ? string.Join(", ", differences) : null;
    }

    /// <summary>How the run differs from the paper's protocol, or a control's from its plan, in sentences, or null.</summary>
    public string? Departure()
    {
        var sentences = new List<string>();
        int[] paper = [.. Experiment.Dimensions];
        string planner = Catalogue.Paper.Contains(Experiment) ? "the paper" : "the plan";
        if (!Dimensions.SequenceEqual(paper))
            sentences.Add($"d = {string.Join(", ", Dimensions)} here; {string.Join(", ", paper)} in {planner}.");
        if (_run.Except(Dimensions).ToArray() is { Length: > 0 } further)
            sentences.Add($"Trials at d = {string.Join(", ", further)} are not shown.");
        if (Cells.Any(c => c.Trials.Count != Experiment.Trials))
            sentences.Add($"{TrialCount} per condition here, {Experiment.Trials} in {planner}.");
        Cell[] planned = [.. Dimensions.SelectMany(Experiment.CellsAt)];
        int missing = planned.Count(p => Cells.All(c => !c.Condition.Equals(p.Condition)));
        if (missing > 0)
            sentences.Add($"{missing} of {planned.Length} conditions were not run.");
        if (Cells.Any(c => c.Trials.Any(IsAltered)))
            sentences.Add($"The training differs from that of {planner}, as in its number of steps.");
        TrialRecord[] trials = [.. Cells.SelectMany(c => c.Trials)];
        int broken = trials.Count(t =>
            t.Values.Values.Concat(t.Series.Values.SelectMany(s => s)).Any(x => !double.IsFinite(x)));
        if (broken > 0)
            sentences.Add($"{broken} of {trials.Length} trials gave NaN or ∞; means, medians and figures leave such numbers out.");
        uint[] seeds = [.. trials.Select(r => r.Seed).Where(s => s != PaperSeed).Distinct().Order()];
        if (seeds.Length > 0)
            sentences.Add($"Seed {string.Join(", ", seeds)} here, {PaperSeed} in {planner}.");
        return sentences.Count > 0 ? string.Join(" ", sentences) : null;

        bool IsAltered(TrialRecord record) => planned.FirstOrDefault(p => p.Condition.Equals(record.Condition)) is not Cell cell
            || cell.Protocol.Fingerprint(record.Seed) != record.Training;
    }

    private static int Dimension(TrialRecord record) =>
        record.Condition.Number("d") is double d && double.IsFinite(d) ? (int)d : 0;
}

using Kappa.Training.Claims;
using Kappa.Training.Experiments;
using Kappa.Training.Report.Sections;
using Kappa.Training.Results;

namespace Kappa.Training.Report;

/// <summary>What a run found, as data: per experiment a reading, figures and a table beside the paper's figures.</summary>
/// <param name="Title">The report's title.</param>
/// <param name="Findings">The ledger: every claim of the paper with its verdict; of an empty report, none was run.</param>
/// <param name="Sections">One section per experiment that has records, in the paper's order, the controls after them.</param>
public sealed record Report(string Title, IReadOnlyList<Finding> Findings, IReadOnlyList<Section> Sections)
{
    private static readonly Dictionary<string, Func<CellSet, Section>> Builders = new(StringComparer.Ordinal)
    {
        ["exp1"] = DimensionsSection.Build,
        ["exp2"] = OptimizersSection.Build,
        ["exp3"] = GradientSignalSection.Build,
        ["exp4"] = CorrectionsSection.Build,
        ["exp5"] = DynamicsSection.Build,
        ["exp6"] = StructuresSection.Build,
        ["exp7"] = DepthSection.Build,
        ["exp8"] = HyperparametersSection.Build,
        ["exp9"] = LongTrainingSection.Build,
        ["finetune"] = TuningSection.Build,
    };

    /// <summary>What the trials answer to a critical reader; the answers whose trials are not there say so.</summary>
    public IReadOnlyList<Answer> Answers { get; init; } = [];

    /// <summary>Builds the report of any selection of trials; every number in it is computed from them.</summary>
    /// <param name="records">
    /// Records in any order; those of unknown experiments are left out. The same records give the same report. A value
    /// that is NaN or ∞ is left out of means, medians and figures, and counted in the table.
    /// </param>
    /// <returns>A report, without sections if there are no records. O(records · log records).</returns>
    public static Report Build(IReadOnlyList<TrialRecord> records)
    {
        IReadOnlyList<Finding> findings = Ledger.Judge(records);
        var sections = new List<Section>();
        foreach (Experiment experiment in Catalogue.Known)
        {
            TrialRecord[] own = [.. records.Where(r => r.Experiment == experiment.Name)];
            if (own.Length == 0)
                continue;
            Section section = Builders.GetValueOrDefault(experiment.Name, ControlSection.Build)(new CellSet(experiment, own));
            IEnumerable<ComparisonRow> claimed = findings.Where(f => f.Claim.Experiment == experiment.Name).Select(ComparisonRow.Of).OfType<ComparisonRow>();
            sections.Add(section with { Comparison = [.. claimed, .. section.Comparison] });
        }

        return new Report("What training learns of a weight matrix", findings, sections) { Answers = Questions.Answer(records) };
    }
}

using System.Text.Json;
using Kappa.Training.Experiments;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests;

/// <summary>
/// Trial by trial against NumPy 1.24.2: reference/trials.json holds what reference/trials.py, the protocol in plain NumPy,
/// printed. The same seeds give the same targets, initial matrices and batches there.
/// </summary>
public class ReferenceTests
{
    private sealed record Table(string Numpy, string Python, Row[] Rows);

    private sealed record Row(string Experiment, Condition Condition, int Trial, Dictionary<string, double> Values);

    private static readonly Table s_table = Read();

    private static IEnumerable<TestCaseData> Rows() => s_table.Rows.Select(row =>
        new TestCaseData(row.Experiment, row.Condition.Key, row.Trial).SetArgDisplayNames(row.Experiment, row.Condition.ToString(), $"trial {row.Trial}"));

    [TestCaseSource(nameof(Rows))]
    public void Trial_IsNumPys(string experiment, string condition, int trial)
    {
        Row row = s_table.Rows.Single(r => (r.Experiment, r.Condition.Key, r.Trial) == (experiment, condition, trial));
        Cell cell = Catalogue.Find(experiment)!.CellsAt((int)row.Condition.Number("d")).Single(c => c.Condition.Key == condition);
        TrialRecord record = Trial.Run(experiment, cell, trial, 42, CancellationToken.None);
        foreach ((string name, double expected) in row.Values)
        {
            // Rounding of T steps stays below T·d·ε < 1.5e-11 of ‖W‖; an error of 1e-4 divides that by itself, κ of a product multiplies it.
            bool ofProduct = ((Protocol)cell.Protocol).Depth > 1 && name is "condition_number" or "kappa";
            Assert.That(record.Values[name], Is.EqualTo(expected).Within((ofProduct ? 1e-6 : 1e-9) * Math.Abs(expected)), name);
        }
    }

    [Test]
    public void Table_HasTheNineExperimentsAndTheirConditions()
    {
        Assert.That(s_table.Numpy, Is.EqualTo("1.24.2"));
        foreach (Experiment experiment in Catalogue.Paper)
            Assert.That(
                s_table.Rows.Where(r => r.Experiment == experiment.Name && r.Condition["d"] == "16").Select(r => (r.Condition.Key, r.Trial)),
                Is.EquivalentTo(experiment.CellsAt(16).SelectMany(c => new[] { (c.Condition.Key, 0), (c.Condition.Key, 1) })), experiment.Name);
    }

    private static Table Read()
    {
        using Stream stream = typeof(ReferenceTests).Assembly.GetManifestResourceStream("reference/trials.json")!;
        return JsonSerializer.Deserialize<Table>(stream, JsonSerializerOptions.Web)!;
    }
}

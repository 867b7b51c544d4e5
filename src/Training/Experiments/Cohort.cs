using Kappa.Training.Optimizers;
using Kappa.Training.Results;

namespace Kappa.Training.Experiments;

/// <summary>Trials that see the same batches, trained side by side: the batches are drawn once for all of them.</summary>
/// <remarks>Each trial's record is what it would be alone, to the last bit: they share nothing but what none of them writes.</remarks>
internal static class Cohort
{
    /// <summary>Groups trials by what they share, in the order of each group's first.</summary>
    public static IReadOnlyList<IReadOnlyList<PlannedTrial>> Group(IEnumerable<PlannedTrial> trials) =>
        [.. trials.GroupBy(t => (t.Experiment.Name, t.Trial, t.Cell.Protocol.Shared)).Select(group => group.ToArray())];

    /// <summary>Trains and measures.</summary>
    /// <param name="members">Experiment and cell of each; all of one group, with a <see cref="Protocol"/>.</param>
    /// <param name="trial">k.</param>
    /// <param name="seed">The seed of trial 0.</param>
    /// <param name="hasSpareThread">Whether batches may be drawn on another thread.</param>
    /// <param name="cancellation">Ends all of them between two blocks of steps.</param>
    public static TrialRecord[] Run(
        IReadOnlyList<(string Experiment, Cell Cell)> members, int trial, uint seed, bool hasSpareThread, CancellationToken cancellation)
    {
        uint streamSeed = checked(seed + 100 * (uint)trial);
        Trial[] students = [.. members.Select(m => new Trial((Protocol)m.Cell.Protocol, streamSeed))];
        var batches = new BatchBlocks(
            students[0].Stream, (Protocol)members[0].Cell.Protocol, members.Max(m => m.Cell.Protocol.Epochs), hasSpareThread);
        int step = 0;
        for (ReadOnlySpan<Batch> block; !(block = batches.Next()).IsEmpty; step += block.Length)
            foreach (Trial student in students)
            {
                cancellation.ThrowIfCancellationRequested();
                student.Advance(step, block);
            }

        return [.. students.Select((s, i) => s.End(members[i].Experiment, members[i].Cell.Condition, trial, seed))];
    }
}

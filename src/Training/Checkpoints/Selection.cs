namespace Kappa.Training.Checkpoints;

/// <summary>The tensors to fine-tune: those whose measure is smallest or largest.</summary>
/// <remarks>
/// Only whole tensors whose measure has a finite value are chosen; with κ these are the matrices whose κ is resolved: vectors, integers, rank-deficient matrices
/// and those whose κ is beyond what double precision resolves are left out, in either order. <c>conditionNonZero</c>, the paper's κ over non-zero singular values, ranks the
/// rank-deficient ones, too. Equal values go by name, in ordinal order. Source: Ludwig, <i>The Condition Number as a Scale-Invariant
/// Proxy for Information Encoding in Neural Units</i> (2025), 4.2 and algorithm 1.
/// </remarks>
/// <param name="Chosen">The tensors, the first to choose first.</param>
/// <param name="LeftOut">Those that could not be ranked.</param>
/// <param name="Parameters">The parameters of all tensors.</param>
public sealed record Selection(IReadOnlyList<ScanRecord> Chosen, IReadOnlyList<ScanRecord> LeftOut, long Parameters)
{
    /// <summary>Chooses.</summary>
    /// <param name="records">All tensors of the checkpoint.</param>
    /// <param name="measure">The measure to rank by.</param>
    /// <param name="count">How many, ≥ 1; fewer are chosen where there are fewer.</param>
    /// <param name="largest">Whether the largest come first.</param>
    /// <exception cref="ArgumentException">A record is a part of a tensor, which cannot be trained alone.</exception>
    public static Selection Of(IEnumerable<ScanRecord> records, ScanMeasure measure, int count, bool largest)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ScanRecord[] all = [.. records];
        if (all.FirstOrDefault(r => r.IsPart) is ScanRecord part)
            throw new ArgumentException($"{Checkpoint.Quote(part.Name)} is a part of a tensor; only whole tensors can be selected", nameof(records));
        ScanRecord[] ranked = [.. all.Where(r => double.IsFinite(r[measure]))];
        IOrderedEnumerable<ScanRecord> ordered = largest ? ranked.OrderByDescending(r => r[measure]) : ranked.OrderBy(r => r[measure]);
        return new Selection(
            [.. ordered.ThenBy(r => r.Name, StringComparer.Ordinal).Take(count)], [.. all.Except(ranked)], all.Sum(r => r.Parameters));
    }
}

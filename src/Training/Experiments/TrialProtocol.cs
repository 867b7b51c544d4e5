using System.Security.Cryptography;
using Kappa.Training.Results;

namespace Kappa.Training.Experiments;

/// <summary>Everything that defines one trial but its number and the seed: an experiment is a list of these.</summary>
public abstract record TrialProtocol
{
    /// <summary>How long is trained, in the protocol's own unit.</summary>
    public abstract int Epochs { get; init; }

    /// <summary>Eight hexadecimal digits that differ where the protocol or the seed differ.</summary>
    public virtual string Fingerprint(uint seed) =>
        Convert.ToHexStringLower(SHA256.HashData([.. ToBytes(), .. BitConverter.GetBytes(seed)]).AsSpan(0, 4));

    /// <summary>Epochs of a quick run, where the protocol has more.</summary>
    private protected abstract int QuickEpochs { get; }

    /// <summary>What trials of one number must have in common to be run as one group: compared by value.</summary>
    internal abstract object Shared { get; }

    /// <summary>The protocol as a run asks for it.</summary>
    internal virtual TrialProtocol For(PlanSettings settings) =>
        this with { Epochs = settings.Epochs ?? (settings.Quick ? Math.Min(QuickEpochs, Epochs) : Epochs) };

    /// <summary>Runs trials that share <see cref="Shared"/>; each record is what it would be alone, to the last bit.</summary>
    /// <param name="members">Experiment and cell of each, all of this protocol's kind.</param>
    /// <param name="trial">k.</param>
    /// <param name="seed">The seed of trial 0.</param>
    /// <param name="hasSpareThread">Whether the group may use a second thread.</param>
    /// <param name="cancellation">Ends the group between two steps.</param>
    /// <returns>The members' records, in their order, each as soon as its trial has ended.</returns>
    internal abstract IEnumerable<TrialRecord> Run(
        IReadOnlyList<(string Experiment, Cell Cell)> members, int trial, uint seed, bool hasSpareThread, CancellationToken cancellation);

    /// <summary>All that the trial depends on, but its number and the seed.</summary>
    private protected abstract byte[] ToBytes();
}

using Kappa.Training.Checkpoints;

namespace Kappa.Cli;

/// <summary>A user's checkpoint; what is wrong with its files is one line.</summary>
internal static class CheckpointInput
{
    /// <summary>Opens files and folders.</summary>
    /// <exception cref="UserException">One of them cannot be read.</exception>
    public static Checkpoint Open(IReadOnlyList<string> paths)
    {
        Checkpoint checkpoint = Read(() => Checkpoint.Open(paths));
        if (checkpoint.Tensors.Count > 0)
            return checkpoint;
        checkpoint.Dispose();
        throw new UserException($"{string.Join(", ", paths)} holds no tensor");
    }

    /// <summary>Reads from one, or says in a line what is wrong.</summary>
    public static T Read<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new UserException($"cannot read {e.Message}");
        }
    }
}

using System.IO.Compression;

namespace Kappa.Training.Checkpoints;

/// <summary>NumPy's .npz: a zip archive of .npy files, stored or deflated.</summary>
/// <remarks>An entry's header decides how much of it is ever unpacked, and the length that the archive's directory gives must agree with it.</remarks>
internal static class NpzFile
{
    private const string Ending = ".npy";

    /// <summary>Reads the header of every entry.</summary>
    /// <exception cref="InvalidDataException">An entry is no .npy file, or is there twice; the message names it.</exception>
    public static IEnumerable<(string Name, TensorLayout Layout, TensorSource Source)> Read(ZipArchive archive)
    {
        var names = new HashSet<string>();
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            string name = entry.FullName.EndsWith(Ending, StringComparison.Ordinal) ? entry.FullName[..^Ending.Length] : entry.FullName;
            if (!names.Add(name))
                throw new InvalidDataException($"entry {Checkpoint.Quote(entry.FullName)} is there a second time");
            yield return (name, ReadHeader(entry), new ArchiveEntry(archive, entry));
        }
    }

    private static TensorLayout ReadHeader(ZipArchiveEntry entry)
    {
        try
        {
            if (entry.IsEncrypted)
                throw new InvalidDataException("it is encrypted");
            using Stream stream = entry.Open();
            return NpyFile.ReadHeader(stream, entry.Length);
        }
        catch (Exception e) when (e is IOException or NotSupportedException or InvalidDataException)
        {
            throw new InvalidDataException($"entry {Checkpoint.Quote(entry.FullName)}: {e.Message}", e);
        }
    }
}

using System.IO.Compression;
using System.IO.MemoryMappedFiles;

namespace Kappa.Training.Checkpoints;

/// <summary>Where the bytes of tensors lie: a mapped file, or an entry of an archive.</summary>
internal abstract class TensorSource
{
    /// <summary>What must be held while a stream of this source is open.</summary>
    public abstract object Gate { get; }

    /// <summary>A stream at byte <paramref name="offset"/> that is good for <paramref name="length"/> bytes, at least one.</summary>
    /// <exception cref="InvalidDataException">They are no longer there.</exception>
    public abstract Stream Open(long offset, long length);
}

/// <summary>A file of which the part that is read is mapped while it is read, and nothing else of it.</summary>
/// <remarks>
/// A mapping per reading keeps the pages of tensors that are done with out of the process's resident memory. The file's length is
/// compared before: who truncates it between that and the last byte's reading takes pages away that the process then may not touch.
/// </remarks>
internal sealed class MappedFile : TensorSource, IDisposable
{
    private readonly FileStream _file;
    private readonly MemoryMappedFile _map;

    /// <summary>Takes the file, which is not empty, over.</summary>
    public MappedFile(FileStream file)
    {
        _file = file;
        _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
    }

    // Every stream is a mapping of its own.
    public override object Gate => new();

    public override Stream Open(long offset, long length)
    {
        long present = RandomAccess.GetLength(_file.SafeFileHandle);
        if (offset > present - length)
            throw new InvalidDataException($"bytes {offset} to {offset + length} were there when it was opened; now it ends at byte {present}");
        return _map.CreateViewStream(offset, length, MemoryMappedFileAccess.Read);
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
    }
}

/// <summary>An entry of a zip archive. Its stream goes forward only: what lies before an offset is unpacked and dropped.</summary>
internal sealed class ArchiveEntry(ZipArchive archive, ZipArchiveEntry entry) : TensorSource
{
    // Streams of one archive share its position.
    public override object Gate => archive;

    public override Stream Open(long offset, long length)
    {
        Stream stream = entry.Open();
        Span<byte> dropped = stackalloc byte[4096];
        for (long left = offset; left > 0;)
        {
            int count = (int)Math.Min(left, dropped.Length);
            stream.ReadExactly(dropped[..count]);
            left -= count;
        }

        return stream;
    }
}

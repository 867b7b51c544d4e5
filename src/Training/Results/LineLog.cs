using System.Text;
using System.Text.Json;

namespace Kappa.Training.Results;

/// <summary>A file of lines in a folder of results, to which one writer appends while others may read.</summary>
/// <remarks>
/// A record is one write of one line, so a run killed at any moment leaves whole lines and at most a torn last one, which is
/// cut off when the folder is opened again. An open log holds a lock file, so that a folder has one writer and any readers.
/// </remarks>
internal sealed class LineLog : IDisposable
{
    private const string LockName = ".lock";
    private readonly string _directory, _name;
    private FileStream? _stream, _lock;

    private LineLog(string directory, string name) => (_directory, _name) = (directory, name);

    /// <summary>Bytes of a torn last line, which do not count; 0 where there was none.</summary>
    public int TornBytes { get; private set; }

    /// <summary>Lines that were left out in reading because they are no records.</summary>
    public int UnsoundLines { get; private set; }

    /// <summary>Opens the file for a run, creating folder and file where they are not there.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="resume">Whether lines already there are kept and gone on from; where not, their presence is an error.</param>
    /// <param name="read">Takes each line that is there; throws <see cref="JsonException"/> at what is no record.</param>
    /// <param name="accept">Called when all are read, before anything is changed; refuses by an exception.</param>
    /// <exception cref="ResultsException">The folder cannot be written, is in use, holds lines and resume is not asked for, or one of them is no record.</exception>
    public static LineLog Open(string directory, string name, bool resume, Action<string> read, Action? accept = null)
    {
        var log = new LineLog(directory, name);
        try
        {
            Directory.CreateDirectory(directory);
            log._lock = new FileStream(
                Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            log._stream = new FileStream(Path.Combine(directory, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            if (log._stream.Length > 0 && !resume)
                throw new ResultsException($"{directory} already holds results; go on with --resume, or choose another folder with --out");
            long sound = log.Load(log._stream, read, skipUnsound: false);
            accept?.Invoke();
            log._stream.SetLength(sound);
            log._stream.Position = sound;
            return log;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            log.Dispose();
            throw new ResultsException($"cannot write results to {directory}: {OneLine(e)}", e);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Reads the file without changing it, as far as it is sound.</summary>
    /// <exception cref="ResultsException">It cannot be read.</exception>
    public static LineLog Read(string directory, string name, Action<string> read)
    {
        var log = new LineLog(directory, name);
        try
        {
            using var stream = new FileStream(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            log.Load(stream, read, skipUnsound: true);
            return log;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsException($"cannot read results from {directory}: {OneLine(e)}", e);
        }
    }

    /// <summary>Appends a line, in one write.</summary>
    /// <exception cref="ResultsException">It cannot be written; what was stored before stays.</exception>
    public void Append(string line)
    {
        FileStream stream = _stream ?? throw new InvalidOperationException("This folder was opened for reading.");
        long end = stream.Position;
        try
        {
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
            stream.Flush();
        }
        catch (IOException e)
        {
            TryTruncate(stream, end);
            throw new ResultsException($"cannot write results to {_directory}: {OneLine(e)}; what was finished before is stored", e);
        }
    }

    /// <summary>Ends the appending and puts these lines in the place of all.</summary>
    /// <exception cref="ResultsException">They cannot be written; the file stays as it was.</exception>
    public void Replace(IEnumerable<string> lines)
    {
        _stream?.Dispose();
        _stream = null;
        AtomicFile.Write(Path.Combine(_directory, _name), lines);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Reads whole lines; returns the length of the sound part.</summary>
    private long Load(FileStream stream, Action<string> read, bool skipUnsound)
    {
        byte[] bytes = new byte[stream.Length];
        stream.Position = 0;
        stream.ReadExactly(bytes);
        int start = 0, number = 0;
        while (start < bytes.Length)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0)
                break;
            number++;
            try
            {
                read(Encoding.UTF8.GetString(bytes, start, length));
            }
            catch (JsonException) when (skipUnsound)
            {
                UnsoundLines++;
            }
            catch (JsonException e)
            {
                throw new ResultsException($"line {number} of {Path.Combine(_directory, _name)} is no record of this version", e);
            }

            start += length + 1;
        }

        TornBytes = bytes.Length - start;
        return start;
    }

    private static void TryTruncate(FileStream stream, long length)
    {
        try
        {
            stream.SetLength(length);
        }
        catch (IOException)
        {
            // The torn line that stays is cut off when the folder is opened again.
        }
    }

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");
}

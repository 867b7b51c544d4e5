namespace Kappa.Training.Results;

/// <summary>Files that are whole or not there, whatever ends the process.</summary>
internal static class AtomicFile
{
    /// <summary>Writes lines, in the place of what the file held.</summary>
    /// <exception cref="ResultsException">The file cannot be written; what was there stays.</exception>
    public static void Write(string path, IEnumerable<string> lines)
    {
        string temporary = path + ".tmp";
        try
        {
            File.WriteAllText(temporary, string.Concat(lines.Select(line => line + "\n")));
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new ResultsException($"cannot write {path}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A temporary file may stay behind; it is never read.
        }
    }
}

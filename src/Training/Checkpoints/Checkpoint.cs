using System.IO.Compression;
using System.Text;

namespace Kappa.Training.Checkpoints;

/// <summary>The tensors of trained models, in safetensors, .npz and .npy files, read on demand.</summary>
/// <remarks>
/// Opening reads and checks every file's header and nothing else. Tensors stand in the order of the paths given; those of a file in the
/// order of their bytes in it, of an archive in the order of its entries; a folder's files in ordinal order of their names. A name that several files share would lose
/// all but one of its tensors: each of them is named <c>FILE:NAME</c> instead. A file that is named twice is read once.
/// Source: the safetensors format (github.com/huggingface/safetensors); NumPy enhancement proposal 1.
/// </remarks>
public sealed class Checkpoint : IDisposable
{
    private const int LongestQuote = 200;
    private readonly List<IDisposable> _files = [];

    private Checkpoint()
    {
    }

    /// <summary>The tensors.</summary>
    public IReadOnlyList<CheckpointTensor> Tensors { get; private set; } = [];

    /// <summary>
    /// Opens files (<c>.npy</c>, <c>.npz</c>, an index <c>*.safetensors.index.json</c>; any other is taken for safetensors) and folders: a folder's
    /// <c>model.safetensors.index.json</c> and the shards that it names or, without one, all *.safetensors, *.npz and *.npy in it.
    /// </summary>
    /// <param name="paths">Files and folders.</param>
    /// <exception cref="InvalidDataException">A file breaks its format's rules, or a folder holds no checkpoint. The message starts with the path.</exception>
    /// <exception cref="IOException">A path does not exist or cannot be read. The message starts with the path.</exception>
    public static Checkpoint Open(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var checkpoint = new Checkpoint();
        try
        {
            var tensors = new List<CheckpointTensor>();
            var opened = new HashSet<string>();
            foreach (string path in paths)
                foreach (CheckpointFile file in CheckpointFile.At(path))
                    if (opened.Add(Path.GetFullPath(file.Path)))
                        Named(file.Path, () => tensors.AddRange(checkpoint.OpenFile(file)));
            checkpoint.Tensors = WithUniqueNames(tensors);
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Closes the files; their tensors can no longer be read.</summary>
    public void Dispose()
    {
        foreach (IDisposable file in _files)
            file.Dispose();
        _files.Clear();
    }

    /// <summary>A name from a file as a message shows it: in quotation marks, without control characters, and no longer than a line takes.</summary>
    internal static string Quote(string name)
    {
        var text = new StringBuilder("'");
        foreach (char c in name.Length > LongestQuote ? name.AsSpan(0, LongestQuote) : name)
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
                text.Append($"\\u{(int)c:X4}");
            else
                text.Append(c);
        return text.Append(name.Length > LongestQuote ? "…'" : "'").ToString();
    }

    /// <summary>Lets what goes wrong with a file say its path.</summary>
    internal static void Named(string path, Action work)
    {
        try
        {
            work();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = Directory.Exists(path) ? "it is a folder" : File.Exists(path) ? e.Message : "there is no such file";
            throw new IOException($"{path}: {reason}", e);
        }
    }

    private List<CheckpointTensor> OpenFile(CheckpointFile file)
    {
        string path = file.Path;
        var stream = File.OpenRead(path);
        _files.Add(stream);
        if (file.HasEnding(".npz"))
        {
            var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            _files.Add(archive);
            return [.. NpzFile.Read(archive).Select(t => new CheckpointTensor(t.Name, path, t.Layout, t.Source))];
        }

        List<(string Name, TensorLayout Layout)> tensors = file.HasEnding(".npy")
            ? [(Path.GetFileNameWithoutExtension(path), NpyFile.ReadHeader(stream, stream.Length))]
            : SafetensorsHeader.Read(stream);
        if (file.Required.Except(tensors.Select(t => t.Name)).FirstOrDefault() is string missing)
            throw new InvalidDataException($"it has no tensor {Quote(missing)}, which the index says it holds");
        var source = new MappedFile(stream);
        _files.Add(source);
        return [.. tensors.Select(t => new CheckpointTensor(t.Name, path, t.Layout, source))];
    }

    private static List<CheckpointTensor> WithUniqueNames(List<CheckpointTensor> tensors)
    {
        HashSet<string> shared = [.. tensors.GroupBy(t => t.Name).Where(g => g.Skip(1).Any()).Select(g => g.Key)];
        List<CheckpointTensor> named = [.. tensors.Select(t => shared.Contains(t.Name) ? t.Renamed($"{t.File}:{t.Name}") : t)];
        var names = new HashSet<string>();
        foreach (CheckpointTensor tensor in named)
            if (!names.Add(tensor.Name))
                throw new InvalidDataException($"{tensor.File}: another file has a tensor {Quote(tensor.Name)}, too");
        return named;
    }
}

using Kappa.Kernels;
using Kappa.Training.Checkpoints;

namespace Kappa.Cli;

/// <summary>Reads a user's matrix; what is wrong with the file is one line.</summary>
internal static class MatrixFile
{
    public static Matrix<double> Read(string path)
    {
        try
        {
            return NpyFile.ReadMatrix(path);
        }
        catch (InvalidDataException e)
        {
            throw new UserException($"cannot read {path}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UserException($"cannot read {path}: " + (File.Exists(path) ? e.Message : Directory.Exists(path) ? "it is a folder" : "there is no such file"));
        }
    }
}

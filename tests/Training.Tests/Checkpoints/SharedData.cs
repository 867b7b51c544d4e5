using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

/// <summary>Real checkpoints, which stand beside the checkout and are no part of it.</summary>
internal static class SharedData
{
    /// <summary>The path of a file among them; null, with a line in the test's output, where they are absent.</summary>
    public static string? Find(string relative)
    {
        DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kappa.slnx")))
            folder = folder.Parent;
        string? path = folder?.Parent is null ? null : Path.Combine(folder.Parent.FullName, "shared", "data", relative);
        if (path is not null && (File.Exists(path) || Directory.Exists(path)))
            return path;
        TestContext.Out.WriteLine($"Not checked: {relative} is not beside the checkout (../shared/data).");
        return null;
    }
}

namespace Kappa.Cli.Tests;

/// <summary>The project's own documents, which tests check and run.</summary>
internal static class Documents
{
    /// <summary>docs/, beside the solution that these tests belong to.</summary>
    public static string Folder { get; } = Path.Combine(Root(), "docs");

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Kappa.slnx")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No Kappa.slnx above {AppContext.BaseDirectory}: these tests read the documents beside it.");
    }
}

using NUnit.Framework;

// Most tests wait for a process of their own.
[assembly: Parallelizable(ParallelScope.Fixtures)]

namespace Kappa.Cli.Tests;

/// <summary>A folder of its own for every test, to run the command in.</summary>
public abstract class WorkingFolder
{
    protected string Folder { get; private set; } = "";

    [SetUp]
    public void MakeFolder() => Folder = Directory.CreateTempSubdirectory("kappa-cli-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(Folder, recursive: true);

    internal KappaProcess Kappa(params string[] arguments) => KappaProcess.Run(Folder, arguments);

    protected string File(string name) => Path.Combine(Folder, name);

    /// <summary>Bad input: one line on stderr, nothing on stdout, exit code 2.</summary>
    private protected static void AssertRefused(KappaProcess result, string message)
    {
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.Errors.TrimEnd('\n'), Does.StartWith("kappa: ").And.Contain(message).And.Not.Contain("\n"));
    }
}

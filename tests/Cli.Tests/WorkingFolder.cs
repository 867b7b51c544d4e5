using NUnit.Framework;

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
}

using System.Diagnostics;

namespace Kappa.Cli.Tests;

/// <summary>The command as a user starts it: a process of its own, with its exit code and both streams.</summary>
internal sealed record KappaProcess(int ExitCode, string Output, string Errors)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static KappaProcess Run(string directory, params string[] arguments)
    {
        using Process process = Start(directory, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new KappaProcess(process.ExitCode, output, errors.Result);
    }

    public static Process Start(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "kappa.dll"));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}

using System.Diagnostics;

namespace Kappa.Cli.Tests;

/// <summary>The command as a user starts it: a process of its own, with its exit code and both streams.</summary>
internal sealed record KappaProcess(int ExitCode, string Output, string Errors)
{
    /// <summary>The command as a file, which 'dotnet' runs.</summary>
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "kappa.dll");

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static KappaProcess Run(string directory, params string[] arguments) => End(Start(directory, arguments));

    public static Process Start(string directory, params string[] arguments) => Start(directory, "dotnet", [Assembly, .. arguments], []);

    /// <summary>Runs any program to its end.</summary>
    public static KappaProcess Run(string directory, string program, string[] arguments, Dictionary<string, string> environment) =>
        End(Start(directory, program, arguments, environment));

    /// <summary>Starts any program; what the environment is to have beside this process's is given.</summary>
    public static Process Start(string directory, string program, string[] arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static KappaProcess End(Process process)
    {
        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new KappaProcess(process.ExitCode, output, errors.Result);
        }
    }
}

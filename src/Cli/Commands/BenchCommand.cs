using System.CommandLine;

namespace Kappa.Cli.Commands;

/// <summary>kappa bench.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measure the kernels here, beside another library.")
    {
        BenchGemmCommand.Create(),
        BenchSvdCommand.Create(),
        BenchScanCommand.Create(),
    };
}

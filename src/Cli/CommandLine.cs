using System.CommandLine;
using Kappa.Kernels;
using Kappa.Training.Results;

namespace Kappa.Cli;

/// <summary>Runs a command line; whatever goes wrong that the user can mend is one line on stderr and exit code 2.</summary>
internal static class CommandLine
{
    public const int Success = 0, BadInput = 2, Interrupted = 130;

    public static async Task<int> Run(RootCommand root, string[] args)
    {
        ParseResult parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        try
        {
            if (parsed.UnmatchedTokens.Count > 0)
                throw new UserException($"'{parsed.UnmatchedTokens[0]}' is not understood; 'kappa --help' lists the commands and 'kappa COMMAND --help' their options");
            if (parsed.Errors.Count > 0)
                throw new UserException(parsed.Errors[0].Message);
            Hardware.ForcePath(parsed.GetValue(Options.VectorPath));
            _ = Hardware.SelectedPath;
            // Ctrl-C cancels the command; a decomposition under way may take a moment to come to its next check.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
            });
        }
        catch (Exception e) when (e is UserException or ResultsException or InvalidOperationException { Source: "Kappa.Kernels" })
        {
            Terminal.Errors.WriteLine($"kappa: {e.Message.ReplaceLineEndings(" ")}");
            return BadInput;
        }
        catch (OutOfMemoryException)
        {
            Terminal.Errors.WriteLine("kappa: not enough memory for this size");
            return BadInput;
        }
    }
}

/// <summary>Input that its owner can mend; the message is one line.</summary>
internal sealed class UserException(string message) : Exception(message)
{
    /// <summary>What a door of the library refused, without the name of the door's parameter.</summary>
    public UserException(string context, ArgumentException refused)
        : this(context + refused.Message.Split(" (Parameter")[0])
    {
    }
}

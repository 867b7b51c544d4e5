using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Kappa.Kernels;

namespace Kappa.Cli;

/// <summary>Options that several commands share, and how their values are read.</summary>
internal static class Options
{
    public static Option<VectorPath> VectorPath { get; } = new("--vector-path")
    {
        Description = "Force the vectors of the kernels: Scalar, Vector128, Vector256 or Vector512 (also: environment variable KAPPA_VECTOR_PATH).",
        Recursive = true,
        DefaultValueFactory = _ => Kernels.VectorPath.Best,
        CustomParser = result => Enum.TryParse(result.Tokens[0].Value, ignoreCase: true, out VectorPath path) && Enum.IsDefined(path)
            && !char.IsAsciiDigit(result.Tokens[0].Value[0])
                ? path
                : Refuse<VectorPath>(result, "must be one of Best, Scalar, Vector128, Vector256, Vector512"),
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON lines on stdout, and nothing else there." };

    /// <summary>A seed of 32 bits.</summary>
    public static Option<uint?> Seed(string description) => new("--seed")
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => uint.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint value)
            ? value
            : Refuse<uint?>(result, "must be a whole number from 0 to 4294967295"),
    };

    /// <summary>An integer option within bounds.</summary>
    public static Option<int?> Integer(string name, string description, int least, int most = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= least && value <= most
                ? value
                : Refuse<int?>(result, most == int.MaxValue ? $"must be a whole number, at least {least}" : $"must be a whole number from {least} to {most}"),
    };

    /// <summary>A list of integers within bounds, separated by commas.</summary>
    public static Option<int[]?> Integers(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = "N,N,…",
        CustomParser = result =>
        {
            string[] parts = result.Tokens[0].Value.Split(',');
            var values = new int[parts.Length];
            for (int i = 0; i < parts.Length; i++)
                if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]) || values[i] < least || values[i] > most)
                    return Refuse<int[]?>(result, $"must be whole numbers from {least} to {most}, separated by commas");
            return values;
        },
    };

    /// <summary>Reports a value that cannot be used.</summary>
    public static T? Refuse<T>(ArgumentResult result, string rule)
    {
        string name = result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
        result.AddError($"{name} {rule}, not '{result.Tokens[0].Value}'");
        return default;
    }
}

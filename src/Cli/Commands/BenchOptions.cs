using System.CommandLine;
using System.Globalization;
using Kappa.Cli.Bench;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>The options that the benchmarks share, and what they come to.</summary>
internal sealed class BenchOptions
{
    private const string None = "none";
    private static readonly string[] s_types = ["f64", "f32"];

    private readonly Option<string?> _type = Choice("--type", "Element type. Default: both.", s_types);
    private readonly Option<int?> _threads = Options.Integer("--threads", "Threads of one call, ours and theirs. Default: 1.", 1, Environment.ProcessorCount);
    private readonly Option<string?> _against;
    private readonly Option<int?> _rounds = Options.Integer("--rounds", "Rounds; figures are medians over them. Default: 9.", 1, 100_000);
    private readonly Option<bool> _json = Options.Json();
    private readonly Option<bool> _markdown = new("--markdown") { Description = "Print the table as Markdown on stdout, with command line, versions and date." };
    private readonly string[] _routines;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="libraries">The libraries that --against names.</param>
    /// <param name="routines">What the other library must have.</param>
    public BenchOptions(Command command, string libraries, string[] routines)
    {
        _routines = routines;
        _against = new("--against")
        {
            Description = $"The other library: {libraries}, a path, or none. Default: openblas where there is one.",
            HelpName = "LIBRARY",
        };
        foreach (Option option in new Option[] { _type, _threads, _against, _rounds, _json, _markdown })
            command.Options.Add(option);
        Exclude(command, _json, _markdown);
    }

    /// <summary>One of several words, in any case.</summary>
    public static Option<string?> Choice(string name, string description, string[] values) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', values),
        CustomParser = result => values.FirstOrDefault(v => v.Equals(result.Tokens[0].Value, StringComparison.OrdinalIgnoreCase))
            ?? Options.Refuse<string>(result, $"must be one of {string.Join(", ", values)}"),
    };

    /// <summary>Refuses a command line with both options.</summary>
    public static void Exclude(Command command, Option one, Option another) => command.Validators.Add(result =>
    {
        if (result.GetResult(one) is not null && result.GetResult(another) is not null)
            result.AddError($"{one.Name} and {another.Name} exclude each other");
    });

    /// <summary>What was asked for, with the other library loaded and its threads set.</summary>
    public BenchSetting Read(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads) ?? 1;
        NativeBlas? other = FindOther(parsed.GetValue(_against));
        if (other is not null && !other.SetThreads(threads))
            Terminal.Notes.MarkupLineInterpolated($"[grey]{other.Name} offers no way known here to set its threads; it runs with its own number.[/]");
        return new BenchSetting(
            parsed.GetValue(_type) is string one ? [one] : s_types,
            threads,
            parsed.GetValue(_rounds) ?? 9,
            other,
            parsed.GetValue(_json) ? BenchFormat.Json : parsed.GetValue(_markdown) ? BenchFormat.Markdown : BenchFormat.Table,
            $"kappa {string.Join(' ', parsed.Tokens.Select(token => token.Value))}");
    }

    /// <summary>Refuses a problem whose matrices need more than half of the memory.</summary>
    public static void RequireMemory(string problem, double bytes)
    {
        double available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2.0;
        if (bytes > available)
            throw new UserException(string.Create(CultureInfo.InvariantCulture,
                $"{problem} is too large: its matrices need {bytes / (1 << 30):F1} GiB, and half of the memory is {available / (1 << 30):F1} GiB"));
    }

    private NativeBlas? FindOther(string? against)
    {
        if (None.Equals(against, StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            if (against is not null)
                return NativeBlas.Load(against, _routines);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new UserException(e.Message);
        }

        NativeBlas? found = NativeBlas.FindOpenBlas(_routines);
        if (found is null)
            Terminal.Notes.MarkupLineInterpolated($"[grey]OpenBLAS was not found: ours alone is measured; --against takes the path of a library.[/]");
        return found;
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Kappa.Cli;

/// <summary>Where output goes: results to stdout; progress, notes and errors to stderr, so that stdout can be piped.</summary>
internal static class Terminal
{
    /// <summary>Tables for people.</summary>
    public static IAnsiConsole Tables { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Progress and notes.</summary>
    public static IAnsiConsole Notes { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>JSON lines, nothing else.</summary>
    public static TextWriter Lines => Console.Out;

    /// <summary>Writes one line of JSON, with its text readable.</summary>
    public static void WriteJson(JsonNode node) => Lines.WriteLine(node.ToJsonString(s_readable));

    /// <summary>A number for JSON, which has no ∞: null there, and the field beside it or its definition says why.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    /// <summary>Numbers for JSON.</summary>
    public static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(Number)]);

    /// <summary>One line per error.</summary>
    public static TextWriter Errors => Console.Error;

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // A redirected stream has no width of its own; the default of 80 would fold tables that a file can hold.
    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (redirected)
            console.Profile.Width = 200;
        return console;
    }
}

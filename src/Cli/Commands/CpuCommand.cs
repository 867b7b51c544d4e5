using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa cpu.</summary>
internal static class CpuCommand
{
    public static Command Create()
    {
        Option<bool> json = Options.Json();
        var command = new Command("cpu", "Show this CPU, its caches, the kernels it gets and why, and its measured peak on one core.") { json };
        command.SetAction(parsed =>
        {
            double f32 = Hardware.MeasurePeak<float>(150) / 1e9, f64 = Hardware.MeasurePeak<double>(150) / 1e9;
            if (parsed.GetValue(json))
                Terminal.WriteJson(ToJson(f32, f64));
            else
                Show(f32, f64);
        });
        return command;
    }

    private static JsonObject ToJson(double f32, double f64) => new()
    {
        ["cpu"] = Hardware.Processor,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["cores"] = Environment.ProcessorCount,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["instructionSets"] = new JsonArray([.. Hardware.InstructionSets.Select(name => (JsonNode)name)]),
        ["caches"] = new JsonArray([.. Hardware.Caches.Select(c => new JsonObject { ["level"] = c.Level, ["bytes"] = c.Bytes })]),
        ["vectorPath"] = Hardware.SelectedPath.ToString(),
        ["reason"] = Hardware.SelectionReason,
        ["vectorPaths"] = new JsonArray([.. Hardware.VectorPaths.Select(p => new JsonObject
        {
            ["path"] = p.Path.ToString(), ["bits"] = p.Bits, ["supported"] = p.IsSupported, ["reason"] = p.Reason,
        })]),
        ["peakGflops"] = new JsonObject { ["f32"] = f32, ["f64"] = f64 },
    };

    private static void Show(double f32, double f64)
    {
        Grid facts = new Grid().AddColumn().AddColumn();
        void Fact(string name, string value) => facts.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
        Fact("CPU", Hardware.Processor);
        Fact("Cores", $"{Environment.ProcessorCount}, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}");
        Fact("Instruction sets", string.Join(", ", Hardware.InstructionSets));
        Fact("Caches", string.Join(", ", Hardware.Caches.Select(c => $"L{c.Level} {c.Bytes / 1024} KiB")));
        Fact("Kernels", $"{Hardware.SelectedPath}: {Hardware.SelectionReason}");
        Fact("FMA peak, one core", string.Create(CultureInfo.InvariantCulture, $"{f64:F1} GFLOP/s in f64, {f32:F1} GFLOP/s in f32 (measured now)"));
        Terminal.Tables.Write(facts);
        Table paths = new Table().Border(TableBorder.Rounded).AddColumns("Vectors", "Bits", "Native here", "Why it has this place");
        foreach (VectorPathInfo path in Hardware.VectorPaths)
            paths.AddRow(
                new Text(path.Path.ToString(), path.Path == Hardware.SelectedPath ? new Style(decoration: Decoration.Bold) : Style.Plain),
                new Text(path.Bits == 0 ? "—" : path.Bits.ToString(CultureInfo.InvariantCulture)),
                new Text(path.IsSupported ? "yes" : "emulated"),
                new Text(path.Reason));
        Terminal.Tables.Write(paths);
    }
}

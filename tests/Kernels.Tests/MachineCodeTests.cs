using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using Kappa.Kernels.Products;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>
/// What the JIT makes of the micro-kernels: C stays in registers, every multiply-add is one instruction, and nothing is called. A spill
/// or a lost FMA costs half of the speed and changes no result, so no other test would see it.
/// </summary>
public sealed partial class MachineCodeTests
{
    private static readonly string[] s_counts = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight"];

    // With AVX-512 the narrower vectors have 32 registers too, and a tile for 16 could not spill: they are compiled without it as well.
    private static IEnumerable<TestCaseData> Machines()
    {
        if (!Fma.IsSupported)
        {
            yield return new TestCaseData(null, false);
            yield break;
        }

        foreach (VectorPathInfo info in Hardware.VectorPaths.Where(p => p.IsSupported))
        {
            if (Avx512F.IsSupported)
                yield return new TestCaseData(info.Path, true);
            if (info.Path != VectorPath.Vector512)
                yield return new TestCaseData(info.Path, false);
        }
    }

    [TestCaseSource(nameof(Machines))]
    public void NoTileSpillsOrLosesAnFma(VectorPath? path, bool avx512)
    {
        if (path is null)
        {
            Assert.That(Hardware.InstructionSets, Does.Not.Contain("FMA"));
            return;
        }

        (string[] ran, string code) = Compile(path.Value, avx512);
        List<string> compiled = [], faults = [];
        foreach (string listing in code.Split("; Assembly listing for method ").Skip(1))
        {
            Match tile = TileName().Match(listing);
            if (!tile.Success)
                continue;
            int rows = Array.IndexOf(s_counts, tile.Groups["rows"].Value), vectors = Array.IndexOf(s_counts, tile.Groups["vectors"].Value);
            string name = $"{tile.Groups["type"].Value} {rows}x{vectors} {tile.Groups["order"].Value}";
            compiled.Add(name);
            if (!avx512 && HighRegister().Match(listing) is { Success: true } high)
                faults.Add($"{name}: {high.Value} does not exist without AVX-512");

            // What the JIT ceases to inline is called with all vectors on the stack: as dear as several steps of k.
            faults.AddRange(Call().Matches(listing).Select(call => $"{name}: {call.Value.Trim()}"));

            // Where the JIT sets up no frame, rbp is a register like any other.
            Regex stack = listing.Contains("; rbp based frame", StringComparison.Ordinal) ? StackOrFrame() : Stack();
            faults.AddRange(Faults(InnerLoop(listing), rows, vectors, path == VectorPath.Scalar, tile.Groups["order"].Value == nameof(Packed), stack)
                .Select(fault => $"{name}: {fault}"));
        }

        Assert.That(ran, Is.Not.Empty);
        Assert.That(compiled, Is.EquivalentTo(ran));
        Assert.That(faults, Is.Empty, string.Join(Environment.NewLine, faults));
    }

    /// <summary>Runs every tile of the path in a process of its own, and returns their names and the code that the JIT wrote.</summary>
    private static (string[] Ran, string Code) Compile(VectorPath path, bool avx512)
    {
        string file = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("dotnet")
            {
                ArgumentList = { typeof(Program).Assembly.Location, Program.Tiles, path.ToString() },
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["DOTNET_JitDisasm"] = "Run";
            start.Environment["DOTNET_JitStdOutFile"] = file;
            start.Environment.Remove("DOTNET_JitDisasmSummary");
            start.Environment.Remove("DOTNET_TieredCompilation");
            if (!avx512)
                start.Environment["DOTNET_EnableAVX512"] = "0";
            using Process child = Process.Start(start)!;
            Task<string> errors = child.StandardError.ReadToEndAsync();
            string output = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            Assert.That(child.ExitCode, Is.Zero, errors.Result);
            return (output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries), File.ReadAllText(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// The instructions from a label to the jump back to it: of the ranges that hold no other such range, the one with most FMAs.
    /// </summary>
    private static string[] InnerLoop(string listing)
    {
        string[] lines = listing.Split('\n', StringSplitOptions.TrimEntries);
        var labels = new Dictionary<string, int>();
        var ranges = new List<(int Start, int End)>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (Label().Match(lines[i]) is { Success: true } label)
                labels.Add(label.Groups[1].Value, i);
            else if (Jump().Match(lines[i]) is { Success: true } jump && labels.TryGetValue(jump.Groups[1].Value, out int start))
                ranges.Add((start, i));
        }

        return ranges
            .Where(outer => !ranges.Any(inner => inner != outer && inner.Start >= outer.Start && inner.End <= outer.End))
            .Select(range => lines[range.Start..range.End].Where(line => Instruction().IsMatch(line)).ToArray())
            .MaxBy(loop => loop.Count(IsFma)) ?? [];
    }

    private static IEnumerable<string> Faults(string[] loop, int rows, int vectors, bool scalar, bool packed, Regex stack)
    {
        int fused = loop.Count(IsFma);
        if (fused != Tile.Unrolled * rows * vectors)
            yield return $"{fused} FMAs per {Tile.Unrolled} steps instead of {Tile.Unrolled * rows * vectors}";

        int wide = 0, narrow = 0, ahead = 0;
        foreach (string instruction in loop)
        {
            string[] parts = instruction.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            string mnemonic = parts[0], operands = parts.Length > 1 ? parts[1] : "";
            if (stack.IsMatch(operands))
                yield return $"uses the stack: {instruction}";
            if (mnemonic.StartsWith("prefetch", StringComparison.Ordinal))
            {
                ahead++;
                continue;
            }

            bool memory = operands.Contains('[', StringComparison.Ordinal) && mnemonic != "lea";
            if (memory && operands.Split(',')[0].Contains('[', StringComparison.Ordinal))
                yield return $"writes to memory: {instruction}";

            // The JIT's scalar FMA copies its operands about between registers, which costs no port of the FMA units.
            if (!scalar && !memory && mnemonic.StartsWith("vmov", StringComparison.Ordinal))
                yield return $"moves a vector: {instruction}";
            if (memory && (mnemonic.StartsWith("vbroadcast", StringComparison.Ordinal) || mnemonic == "vmovddup"
                || operands.Contains("{1to", StringComparison.Ordinal)))
                narrow++;
            else if (memory)
                wide++;
        }

        if (ahead != (packed ? 1 : 0))
            yield return $"{ahead} lines called ahead per {Tile.Unrolled} steps";

        // One element is loaded alike from A and from B.
        if (scalar ? wide + narrow > Tile.Unrolled * (rows + vectors) : wide > Tile.Unrolled * vectors || narrow > Tile.Unrolled * rows)
            yield return $"{wide} loads and {narrow} broadcasts per {Tile.Unrolled} steps";
    }

    private static bool IsFma(string instruction) => FusedMultiplyAdd().IsMatch(instruction);

    [GeneratedRegex(@"^[\w.]+\.Tile`6\[(?<type>\w+),.*\.(?<rows>\w+),[\w.]+\.(?<vectors>\w+),[\w.]+\.(?<order>\w+)\]:Run\(")]
    private static partial Regex TileName();

    [GeneratedRegex(@"^(G_M\w+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^j\w+ +(?:SHORT +)?(G_M\w+)")]
    private static partial Regex Jump();

    [GeneratedRegex(@"^(?!align\b)[a-z]")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^vfmadd(132|213|231)[ps][sd] ")]
    private static partial Regex FusedMultiplyAdd();

    [GeneratedRegex(@"^ +call .*$", RegexOptions.Multiline)]
    private static partial Regex Call();

    [GeneratedRegex(@"\[[^\]]*\brsp\b")]
    private static partial Regex Stack();

    [GeneratedRegex(@"\[[^\]]*\br[sb]p\b")]
    private static partial Regex StackOrFrame();

    [GeneratedRegex(@"\b(zmm\d+|[xy]mm(1[6-9]|[23]\d))\b")]
    private static partial Regex HighRegister();
}

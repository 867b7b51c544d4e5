using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Cli.Bench;

namespace Kappa.Cli.Commands;

/// <summary>kappa bench gemm.</summary>
internal static class BenchGemmCommand
{
    private static readonly string[] s_layouts = ["NN", "NT", "TN", "TT"];
    private static readonly int[] s_sizes = [8, 16, 32, 64, 128, 256, 512, 1024];
    private static readonly string[] s_columns = ["type", "m×n×k", "ours\nGF/s", "% of\npeak", "theirs\nGF/s", "ours/theirs\n(quartiles)", "largest\ndifference"];

    public static Command Create()
    {
        Option<int[]?> sizes = Options.Integers("--sizes", $"Square products, n×n by n×n. Default: {string.Join(',', s_sizes)}.", 1, int.MaxValue);
        Option<(int, int, int)[]?> shapes = Shapes();
        Option<string?> layout = BenchOptions.Choice("--layout", "Whether A and B are stored as they are (N) or transposed (T). Default: NN.", s_layouts);
        var command = new Command("gemm", "Matrix products: ours, another library's and the FMA peak loop, interleaved.") { sizes, shapes, layout };
        var options = new BenchOptions(command, "openblas, blis", NativeBlas.Products);
        BenchOptions.Exclude(command, sizes, shapes);
        command.SetAction((parsed, cancellation) =>
        {
            string stored = parsed.GetValue(layout) ?? "NN";
            (int M, int N, int K)[] products = parsed.GetResult(shapes) is not null
                ? parsed.GetValue(shapes)!
                : [.. (parsed.GetResult(sizes) is not null ? parsed.GetValue(sizes)! : s_sizes).Select(n => (n, n, n))];
            BenchSetting setting = options.Read(parsed);
            GemmCase[] cases = [.. setting.Types.SelectMany(type => products.Select(p => new GemmCase(type, p.M, p.N, p.K, stored)))];
            foreach (GemmCase product in cases)
                CheckSize(product, setting);
            var run = new BenchRun(setting, $"C ← AB, {stored}", setting.Columns(s_columns), textColumns: 2);
            // A task of its own, because Ctrl-C is listened to only once this delegate has returned.
            return Task.Run(() => run.Run(cases, product => $"{product.Type} {product.Shape}", (product, interleaving) =>
            {
                GemmTiming timing = product.Type == "f64"
                    ? GemmComparison.Measure<double>(product, setting.Other, interleaving)
                    : GemmComparison.Measure<float>(product, setting.Other, interleaving);
                return new BenchRecord(ToJson(product, timing, setting), [ToRow(product, timing)]);
            }, cancellation), CancellationToken.None);
        });
        return command;
    }

    private static Option<(int M, int N, int K)[]?> Shapes() => new("--shapes")
    {
        Description = "Products of m×k by k×n, as MxNxK.",
        HelpName = "MxNxK,…",
        CustomParser = result =>
        {
            string[] parts = result.Tokens[0].Value.Split(',');
            var values = new (int, int, int)[parts.Length];
            for (int i = 0; i < parts.Length; i++)
            {
                int[] shape = [.. parts[i].Split('x', 'X', '×').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0)];
                if (shape is not [> 0, > 0, > 0])
                    return Options.Refuse<(int, int, int)[]?>(result, $"must be shapes MxNxK of whole numbers from 1 to {int.MaxValue}, separated by commas");
                values[i] = (shape[0], shape[1], shape[2]);
            }

            return values;
        },
    };

    private static void CheckSize(GemmCase product, BenchSetting setting)
    {
        // Matrix<T> may spend 64 bytes on alignment.
        const int Slack = 16;
        long a = (long)product.M * product.K, b = (long)product.K * product.N, c = (long)product.M * product.N;
        if (Math.Max(a, Math.Max(b, c)) > Array.MaxLength - Slack)
            throw new UserException($"{product.Shape} is too large: one of its matrices exceeds {Array.MaxLength - Slack} elements");
        int results = 1 + (setting.Other is null ? 0 : 1) + (setting.Threads == 1 ? 0 : setting.Threads);
        BenchOptions.RequireMemory($"{product.Shape} in {product.Type}", (double)(a + b + results * c) * (product.Type == "f64" ? 8 : 4));
    }

    private static JsonObject ToJson(GemmCase product, GemmTiming timing, BenchSetting setting) => new()
    {
        ["type"] = product.Type,
        ["m"] = product.M,
        ["n"] = product.N,
        ["k"] = product.K,
        ["layout"] = product.Layout,
        ["threads"] = setting.Threads,
        ["rounds"] = setting.Rounds,
        ["gflops"] = timing.Gflops,
        ["peak"] = timing.Peak,
        ["fractionOfPeak"] = timing.FractionOfPeak,
        ["against"] = setting.Other?.Name,
        ["againstVersion"] = setting.Other?.Version,
        ["againstGflops"] = timing.Theirs?.Gflops,
        ["ratio"] = timing.Theirs?.Ratio.Median,
        ["ratioQ25"] = timing.Theirs?.Ratio.Q25,
        ["ratioQ75"] = timing.Theirs?.Ratio.Q75,
        ["speedup"] = timing.Speedup?.Ours.Median,
        ["independentSpeedup"] = timing.Speedup?.Independent,
        ["largestDifference"] = BenchRecord.Number(timing.Theirs?.LargestDifference),
    };

    private static string[] ToRow(GemmCase product, GemmTiming timing)
    {
        OtherTiming? theirs = timing.Theirs;
        return
        [
            product.Type,
            product.Shape,
            BenchRecord.Text(timing.Gflops, "F1"),
            BenchRecord.Text(100 * timing.FractionOfPeak, "F0"),
            BenchRecord.Text(theirs?.Gflops, "F1"),
            BenchRecord.Text(theirs?.Ratio),
            BenchRecord.Text(theirs?.LargestDifference, "0.0E+0;;0"),
            .. BenchRecord.Cells(timing.Speedup),
        ];
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Cli.Bench;
using Kappa.Kernels;
using Kappa.Training.Results;

namespace Kappa.Cli.Commands;

/// <summary>kappa bench svd.</summary>
internal static class BenchSvdCommand
{
    // LAPACK's workspace of 4n² elements is one array.
    private const int LargestSize = 16384;

    private static readonly int[] s_sizes = [16, 32, 64, 128, 256, 512];
    private static readonly string[] s_columns = ["type", "n", "algorithm", "ms", "theirs/ours\n(quartiles)", "sweeps"];

    public static Command Create()
    {
        Option<int[]?> sizes = Options.Integers("--sizes", $"Matrices n×n. Default: {string.Join(',', s_sizes)}.", 1, LargestSize);
        Option<string?> job = BenchOptions.Choice("--job", "Singular values alone, U and V with them, or the condition number. Default: values.", Enum.GetNames<SvdJob>().Select(Word).ToArray());
        Option<string?> family = BenchOptions.Choice("--family", "The matrices. Default: gaussian.", SvdFamilies.Names);
        Option<string?> algorithm = BenchOptions.Choice("--algorithm", "What ours is to take for values or vectors. Default: auto.", Enum.GetNames<SvdAlgorithm>().Select(Word).ToArray());
        var command = new Command("svd", "Singular value decompositions: ours and LAPACK's gesdd, gesvj and gejsv, interleaved, with their errors.") { sizes, job, family, algorithm };
        var options = new BenchOptions(command, "openblas", NativeBlas.Decompositions);
        command.SetAction((parsed, cancellation) =>
        {
            SvdJob asked = Enum.Parse<SvdJob>(parsed.GetValue(job) ?? nameof(SvdJob.Values), ignoreCase: true);
            string matrices = parsed.GetValue(family) ?? SvdFamilies.Names[0];
            SvdAlgorithm way = Enum.Parse<SvdAlgorithm>(parsed.GetValue(algorithm) ?? nameof(SvdAlgorithm.Auto), ignoreCase: true);
            int[] orders = parsed.GetResult(sizes) is not null ? parsed.GetValue(sizes)! : s_sizes;
            BenchSetting setting = options.Read(parsed);
            foreach (int n in orders)
                CheckSize(n, setting.Threads);
            SvdCase[] cases = [.. setting.Types.SelectMany(type => orders.Select(n => new SvdCase(type, n, asked, matrices, way)))];
            var run = new BenchRun(setting, $"A = UΣVᵀ, {Word(asked.ToString())}, {matrices}", setting.Columns([.. s_columns, .. ErrorColumns(asked)]), textColumns: 3);
            // A task of its own, because Ctrl-C is listened to only once this delegate has returned.
            return Task.Run(() => run.Run(cases, problem => string.Create(CultureInfo.InvariantCulture, $"{problem.Type} {problem.N}×{problem.N}"), (problem, interleaving) =>
            {
                SvdTiming timing = problem.Type == "f64"
                    ? SvdComparison.Measure<double>(problem, setting.Other, interleaving)
                    : SvdComparison.Measure<float>(problem, setting.Other, interleaving);
                return new BenchRecord(ToJson(problem, timing, setting), ToRows(problem, timing));
            }, cancellation), CancellationToken.None);
        });
        return command;
    }

    // Ours in f64, what the errors are computed in, and three drivers with 4 to 8 n² each; ours again for each of several threads.
    private static void CheckSize(int n, int threads) => BenchOptions.RequireMemory($"{n}×{n}", (40.0 + (threads == 1 ? 0 : 8 * threads)) * n * n * sizeof(double));

    private static string[] ErrorColumns(SvdJob job) => job switch
    {
        SvdJob.Values => ["Δσᵢ/σ₁\n/nε", "Δσᵢ/σᵢ\n/nε"],
        SvdJob.Full => ["A − UΣVᵀ\n/nε", "I − UᵀU\n/nε", "I − VᵀV\n/nε", .. ErrorColumns(SvdJob.Values)],
        _ => ["Δκ/κ\n/nε"],
    };

    private static string Word(string name) => name.ToLowerInvariant();

    private static JsonObject ToJson(SvdCase problem, SvdTiming timing, BenchSetting setting)
    {
        var json = new JsonObject
        {
            ["type"] = problem.Type,
            ["n"] = problem.N,
            ["job"] = Word(problem.Job.ToString()),
            ["family"] = problem.Family,
            ["threads"] = setting.Threads,
            ["rounds"] = setting.Rounds,
            ["algorithm"] = timing.Algorithm,
            ["seconds"] = timing.Seconds,
            ["sweeps"] = timing.Sweeps,
        };
        foreach (SvdDriver driver in Enum.GetValues<SvdDriver>())
            json[$"ratio{driver}"] = Find(driver)?.Ratio.Median;
        json["speedup"] = timing.Speedup?.Ours.Median;
        json["independentSpeedup"] = timing.Speedup?.Independent;
        AddErrors(json, problem, timing.Accuracy);
        json["against"] = setting.Other?.Name;
        json["againstVersion"] = setting.Other?.Version;
        foreach (SvdDriver driver in Enum.GetValues<SvdDriver>())
            json[Word(driver.ToString())] = Find(driver) is not { } theirs ? null : AddErrors(new JsonObject
            {
                ["seconds"] = theirs.Seconds,
                ["info"] = theirs.Info,
                ["ratioQ25"] = theirs.Ratio.Q25,
                ["ratioQ75"] = theirs.Ratio.Q75,
            }, problem, theirs.Accuracy);
        return json;

        OtherSvdTiming? Find(SvdDriver driver) => timing.Theirs.FirstOrDefault(theirs => theirs.Driver == driver);
    }

    private static JsonObject AddErrors(JsonObject json, SvdCase problem, SvdAccuracy accuracy)
    {
        json["residual"] = BenchRecord.Number(accuracy.Residual);
        json["orthogonalityU"] = BenchRecord.Number(accuracy.OrthogonalityU);
        json["orthogonalityV"] = BenchRecord.Number(accuracy.OrthogonalityV);
        json["ordered"] = problem.Job == SvdJob.Kappa ? null : accuracy.Ordered;
        json["normwiseError"] = problem.Job == SvdJob.Kappa ? null : BenchRecord.Number(accuracy.Normwise);
        json["relativeError"] = BenchRecord.Number(accuracy.Relative);
        return json;
    }

    private static string[][] ToRows(SvdCase problem, SvdTiming timing) =>
    [
        [.. Row(problem, timing.Algorithm, timing.Seconds, null, timing.Sweeps, timing.Accuracy), .. BenchRecord.Cells(timing.Speedup)],
        .. timing.Theirs.Select(theirs => (string[])[.. Row(
            problem, Word(theirs.Driver.ToString()) + (theirs.Info == 0 ? "" : $" (info {theirs.Info})"), theirs.Seconds, theirs.Ratio, null, theirs.Accuracy),
            .. BenchRecord.Cells(timing.Speedup).Select(_ => "")]),
    ];

    private static string[] Row(SvdCase problem, string algorithm, double seconds, Statistics? ratio, int? sweeps, SvdAccuracy accuracy) =>
    [
        problem.Type,
        BenchRecord.Text(problem.N, "F0"),
        algorithm,
        BenchRecord.Text(1e3 * seconds, "G4"),
        BenchRecord.Text(ratio),
        BenchRecord.Text(sweeps, "F0"),
        .. Errors(problem.Job, accuracy),
    ];

    private static string[] Errors(SvdJob job, SvdAccuracy accuracy) => job switch
    {
        SvdJob.Values => [BenchRecord.Text(accuracy.Normwise, "G3") + (accuracy.Ordered ? "" : ", unordered"), BenchRecord.Text(accuracy.Relative, "G3")],
        SvdJob.Full =>
        [
            BenchRecord.Text(accuracy.Residual, "G3"),
            BenchRecord.Text(accuracy.OrthogonalityU, "G3"),
            BenchRecord.Text(accuracy.OrthogonalityV, "G3"),
            .. Errors(SvdJob.Values, accuracy),
        ],
        _ => [BenchRecord.Text(accuracy.Relative, "G3")],
    };
}

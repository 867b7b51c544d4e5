using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa svd FILE.npy.</summary>
internal static class SvdCommand
{
    public static Command Create()
    {
        Argument<string> file = new("FILE.npy") { Description = "A 2-D array of float16, float32 or float64 as NumPy saves it." };
        Option<bool> json = Options.Json();
        var command = new Command("svd", "Singular values and condition number of a matrix in a .npy file, to high relative accuracy, in double precision.") { file, json };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            Matrix<double> matrix = MatrixFile.Read(path);
            SvdResult<double> svd;
            // A first call compiles the kernels; the seconds reported are the decomposition's alone.
            Svd.Values<double>(Matrix<double>.Identity(2));
            long start = Stopwatch.GetTimestamp();
            try
            {
                svd = Svd.Values<double>(matrix);
            }
            catch (ArgumentException e)
            {
                throw new UserException($"{path}: ", e);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (parsed.GetValue(json))
                Terminal.WriteJson(ToJson(path, matrix, svd, seconds));
            else
                Show(path, matrix, svd, seconds);
        });
        return command;
    }

    private static JsonObject ToJson(string path, Matrix<double> matrix, SvdResult<double> svd, double seconds)
    {
        ReadOnlySpan<double> sigma = svd.SingularValues;
        double kappa = sigma.IsEmpty ? double.NaN : Spectrum.ConditionNumber(sigma);
        return new JsonObject
        {
            ["file"] = path,
            ["rows"] = matrix.Rows,
            ["columns"] = matrix.Columns,
            ["singularValues"] = Terminal.Numbers(sigma.ToArray()),
            ["conditionNumber"] = Terminal.Number(kappa),
            ["conditionNumberReason"] = double.IsFinite(kappa) ? null : sigma.IsEmpty ? "the matrix is empty" : "the smallest singular value is zero",
            ["numericalRank"] = Spectrum.NumericalRank(sigma, matrix.Rows, matrix.Columns),
            ["nonZeroConditionNumber"] = sigma.IsEmpty ? null : Terminal.Number(Spectrum.NonZeroConditionNumber(sigma, matrix.Rows, matrix.Columns)),
            ["effectiveRank"] = Spectrum.EffectiveRank(sigma),
            ["spectralGap"] = Terminal.Number(Spectrum.SpectralGap(sigma)),
            ["frobeniusNorm"] = Terminal.Number(Spectrum.FrobeniusNorm<double>(matrix)),
            ["logVolume"] = Terminal.Number(Spectrum.LogVolume(sigma)),
            ["algorithm"] = svd.Algorithm.ToString(),
            ["sweeps"] = svd.Sweeps,
            ["converged"] = svd.Converged,
            ["largestCosine"] = svd.LargestCosine,
            ["seconds"] = seconds,
        };
    }

    private static void Show(string path, Matrix<double> matrix, SvdResult<double> svd, double seconds)
    {
        ReadOnlySpan<double> sigma = svd.SingularValues;
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("Measure", "Value").Title(new TableTitle(Markup.Escape($"{path}: {matrix.Rows}×{matrix.Columns}")));
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        string Number(double value) => value.ToString("G10", CultureInfo.InvariantCulture);
        if (!sigma.IsEmpty)
        {
            Row("condition number κ = σ₁/σ_min", Number(Spectrum.ConditionNumber(sigma)));
            int rank = Spectrum.NumericalRank(sigma, matrix.Rows, matrix.Columns);
            if (rank < sigma.Length)
                Row("κ over non-zero σ (numerical rank " + rank.ToString(CultureInfo.InvariantCulture) + ")",
                    Number(Spectrum.NonZeroConditionNumber(sigma, matrix.Rows, matrix.Columns)));
            Row("largest σ₁", Number(sigma[0]));
            Row("smallest σ_min", Number(sigma[^1]));
        }

        Row("effective rank #{σᵢ > 0.01 σ₁}", $"{Spectrum.EffectiveRank(sigma)} of {sigma.Length}");
        Row("spectral gap (σ₁ − σ₂)/σ₁", Number(Spectrum.SpectralGap(sigma)));
        Row("Frobenius norm", Number(Spectrum.FrobeniusNorm<double>(matrix)));
        Row("log-volume Σ log₂ σᵢ", $"{Number(Spectrum.LogVolume(sigma))} bits");
        Row("algorithm", svd.Algorithm == SvdAlgorithm.Jacobi
            ? string.Create(CultureInfo.InvariantCulture, $"Jacobi, {svd.Sweeps} sweeps{(svd.Converged ? "" : ", not converged")}, largest remaining cosine {svd.LargestCosine:E1}")
            : svd.Algorithm.ToString());
        Row("seconds", seconds.ToString("G3", CultureInfo.InvariantCulture));
        Terminal.Tables.Write(table);
        const int Shown = 12;
        string list = string.Join("  ", sigma[..Math.Min(sigma.Length, Shown)].ToArray().Select(s => s.ToString("G6", CultureInfo.InvariantCulture)));
        Terminal.Tables.WriteLine(sigma.Length > Shown ? $"σ: {list}  … ({sigma.Length - Shown} more; all with --json)" : $"σ: {list}");
    }
}

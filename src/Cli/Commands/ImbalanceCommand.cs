using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Imbalance;
using Spectre.Console;

namespace Kappa.Cli.Commands;

/// <summary>kappa imbalance.</summary>
internal static class ImbalanceCommand
{
    private const string NothingToMove = "every derivative is zero", NoLast = "the derivative of the smallest singular value is zero",
        Tiny = "0.0E+0", NoFit = "fewer than two different singular values have a derivative";

    public static Command Create()
    {
        Option<int?> dim = Options.Integer("--dim", "Dimension d of the paper's problem. Default: 64.", 1, Plan.MaximumDimension);
        Option<int?> steps = Options.Integer("--steps", "Training steps; one step is one batch. Default: 200.", 1);
        Option<uint?> seed = Options.Seed("Seed of the trial. Default: 42.");
        Option<string?> matrix = new("--matrix") { Description = "W of yours instead: a 2-D .npy file.", HelpName = "FILE.npy" };
        Option<string?> gradient = new("--gradient") { Description = "With --matrix: G = ∂L/∂W, of the same shape.", HelpName = "FILE.npy" };
        Option<bool> json = Options.Json();
        var command = new Command("imbalance",
            "The gradient |∂L/∂σᵢ| that each singular value gets, checked by differences in higher precision: along training on the paper's problem, or of W and G of yours.")
        {
            dim, steps, seed, matrix, gradient, json,
        };
        command.Validators.Add(result =>
        {
            bool hasMatrix = result.GetResult(matrix) is not null, hasGradient = result.GetResult(gradient) is not null;
            if (hasMatrix != hasGradient)
                result.AddError($"--matrix and --gradient go together: W and its gradient; {(hasMatrix ? "--gradient" : "--matrix")} is missing");
            foreach (Option option in new Option[] { dim, steps, seed })
                if (hasMatrix && result.GetResult(option) is not null)
                    result.AddError($"{option.Name} belongs to the paper's problem; with --matrix there is none");
        });
        // On a thread of its own: Ctrl-C is watched for only once the action has returned its task.
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            if (parsed.GetValue(matrix) is string w)
                Report(w, parsed.GetValue(gradient)!, parsed.GetValue(json));
            else
                return Follow(parsed.GetValue(dim) ?? 64, parsed.GetValue(steps) ?? 200, parsed.GetValue(seed) ?? 42, parsed.GetValue(json), cancellation);
            return CommandLine.Success;
        }, CancellationToken.None));
        return command;
    }

    private static int Follow(int dimension, int steps, uint seed, bool json, CancellationToken cancellation)
    {
        ImbalanceTrace trace;
        try
        {
            trace = ImbalanceTrace.Follow(dimension, steps, seed, cancellation);
        }
        catch (OperationCanceledException)
        {
            return CommandLine.Interrupted;
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new UserException("", e);
        }

        if (json)
            Terminal.WriteJson(ToJson(trace));
        else
            Show(trace);
        return CommandLine.Success;
    }

    private static void Report(string matrixPath, string gradientPath, bool json)
    {
        Matrix<double> w = MatrixFile.Read(matrixPath), g = MatrixFile.Read(gradientPath);
        if (g.Rows != w.Rows || g.Columns != w.Columns)
            throw new UserException($"{gradientPath} is {g.Rows}×{g.Columns}, {matrixPath} is {w.Rows}×{w.Columns}: a gradient has the shape of its matrix");
        RequireFinite(matrixPath, w);
        RequireFinite(gradientPath, g);
        MatrixImbalance imbalance;
        try
        {
            imbalance = MatrixImbalance.Measure(w, g);
        }
        catch (ArgumentException e)
        {
            throw new UserException($"{matrixPath}: ", e);
        }

        if (json)
            Terminal.WriteJson(ToJson(matrixPath, gradientPath, w, imbalance));
        else
            Show($"{matrixPath}: {w.Rows}×{w.Columns}", imbalance);
    }

    private static void RequireFinite(string path, Matrix<double> matrix)
    {
        int first = matrix.Elements.IndexOfAnyExceptInRange(double.MinValue, double.MaxValue);
        if (first >= 0)
            throw new UserException(string.Create(CultureInfo.InvariantCulture,
                $"{path}: element ({first / matrix.Columns}, {first % matrix.Columns}) of the {matrix.Rows}×{matrix.Columns} matrix is {matrix.Elements[first]}"));
    }

    private static JsonObject ToJson(ImbalanceTrace trace)
    {
        double[] target = trace.TargetSingularValues, mean = trace.MeanDerivatives;
        return new JsonObject
        {
            ["dimension"] = trace.Dimension,
            ["steps"] = trace.Steps,
            ["seed"] = trace.Seed,
            ["targetSingularValues"] = Terminal.Numbers(target),
            ["targetRatio"] = Terminal.Number(trace.TargetRatio),
            ["targetRatioReason"] = double.IsFinite(trace.TargetRatio) ? null : "the target's smallest singular value is zero",
            ["meanDerivatives"] = Terminal.Numbers(mean),
            ["meanRatio"] = Terminal.Number(mean[0] / mean[^1]),
            ["meanExponent"] = Terminal.Number(trace.Exponent(mean)),
            ["meanExponentReason"] = double.IsFinite(trace.Exponent(mean)) ? null : NoFit,
            ["disagreement"] = Terminal.Number(trace.Points.Max(p => p.Disagreement)),
            ["relativeDisagreement"] = Terminal.Number(trace.Points.Max(p => p.RelativeDisagreement)),
            ["points"] = new JsonArray([.. trace.Points.Select(point => new JsonObject
            {
                ["step"] = point.Step,
                ["loss"] = Terminal.Number(point.Loss),
                ["ratio"] = Terminal.Number(point.Ratio),
                ["ratioReason"] = double.IsFinite(point.Ratio) ? null : NoLast,
                ["expectedRatio"] = Terminal.Number(point.ExpectedRatio),
                ["expectedRatioReason"] = double.IsFinite(point.ExpectedRatio) ? null : NoLast,
                ["exponent"] = Terminal.Number(trace.Exponent(point.Derivatives)),
                ["expectedExponent"] = Terminal.Number(trace.Exponent(point.Expected)),
                ["exponentReason"] = double.IsFinite(trace.Exponent(point.Derivatives)) ? null : NoFit,
                ["disagreement"] = Terminal.Number(point.Disagreement),
                ["disagreementReason"] = double.IsFinite(point.Disagreement) ? null : NothingToMove,
                ["relativeDisagreement"] = Terminal.Number(point.RelativeDisagreement),
                ["relativeDisagreementReason"] = double.IsFinite(point.RelativeDisagreement) ? null : "a difference is zero where the derivative is not",
                ["singularValues"] = Terminal.Numbers(point.SingularValues),
                ["derivatives"] = Terminal.Numbers(point.Derivatives),
                ["differences"] = Terminal.Numbers(point.Differences),
                ["expected"] = Terminal.Numbers(point.Expected),
                ["overTarget"] = Terminal.Numbers(point.Derivatives.Zip(target, (g, s) => Math.Abs(g) / s)),
            })]),
        };
    }

    private static JsonObject ToJson(string matrixPath, string gradientPath, Matrix<double> w, MatrixImbalance imbalance)
    {
        bool moves = SingularValuesMove(imbalance);
        int compared = imbalance.Gaps.Where((_, i) => imbalance.IsComparable(i)).Count();
        return new JsonObject
        {
            ["matrix"] = matrixPath,
            ["gradient"] = gradientPath,
            ["rows"] = w.Rows,
            ["columns"] = w.Columns,
            ["gradientNorm"] = Terminal.Number(imbalance.GradientNorm),
            ["ratio"] = Terminal.Number(imbalance.Ratio),
            ["ratioReason"] = double.IsFinite(imbalance.Ratio) ? null : NoLast,
            ["diagonalShare"] = Terminal.Number(imbalance.Shares.Sum()),
            ["diagonalShareReason"] = imbalance.GradientNorm > 0 ? null : "the gradient is zero",
            ["disagreement"] = Terminal.Number(imbalance.Disagreement),
            ["disagreementReason"] = moves ? null : NothingToMove,
            ["relativeDisagreement"] = Terminal.Number(imbalance.RelativeDisagreement),
            ["relativeDisagreementReason"] = double.IsFinite(imbalance.RelativeDisagreement) ? null : "an inner product is zero where the derivative is not",
            ["velocityDisagreement"] = Terminal.Number(imbalance.VelocityDisagreement),
            ["velocityDisagreementReason"] = !moves ? NothingToMove : compared == 0 ? "no singular value can be compared" : null,
            ["velocityStep"] = imbalance.Step,
            ["compared"] = compared,
            ["singularValues"] = Terminal.Numbers(imbalance.SingularValues),
            ["derivatives"] = Terminal.Numbers(imbalance.Derivatives),
            ["innerProducts"] = Terminal.Numbers(imbalance.Products),
            ["velocities"] = Terminal.Numbers(imbalance.Velocities),
            ["velocityReasons"] = new JsonArray([.. Enumerable.Range(0, imbalance.Gaps.Length).Select(i => (JsonNode?)WhyNot(imbalance, i))]),
            ["shares"] = Terminal.Numbers(imbalance.Shares),
        };
    }

    private static bool SingularValuesMove(MatrixImbalance imbalance) => imbalance.Products.Any(x => x != 0);

    /// <summary>Why the velocity of σᵢ says nothing of its derivative; null where it does.</summary>
    private static string? WhyNot(MatrixImbalance imbalance, int i)
    {
        if (imbalance.IsComparable(i))
            return null;
        double[] sigma = imbalance.SingularValues;
        if (sigma[0] == 0)
            return "the matrix is zero: all singular values are repeated";
        if (!double.IsFinite(imbalance.Velocities[i]))
            return "matrix and gradient are too far apart in scale";
        bool above = i > 0 && sigma[i - 1] - sigma[i] <= imbalance.Gaps[i], below = i + 1 < sigma.Length && sigma[i] - sigma[i + 1] <= imbalance.Gaps[i];
        return above || below
            ? string.Create(CultureInfo.InvariantCulture, $"{(imbalance.Gaps[i] == 0 ? "equal" : "too close")} to singular value {(above ? i : i + 2)}")
            : "too close to zero";
    }

    private static void Show(ImbalanceTrace trace)
    {
        Table along = NewTable(string.Create(CultureInfo.InvariantCulture, $"Trial 0, d = {trace.Dimension}, seed {trace.Seed}: gᵢ = |∂L/∂σᵢ| = |uᵢᵀGvᵢ| along training"),
            "step", "loss", "g₁", "g_min", "g₁/g_min", "of the\nexpected loss", "a of\ngᵢ ∝ σᵢ*^a", "of the\nexpected loss", "|uᵢᵀGvᵢ − difference|\nover the largest gᵢ", "over its\nown gᵢ");
        foreach (ImbalancePoint p in trace.Points)
            along.AddRow(Cells(p.Step.ToString(CultureInfo.InvariantCulture), Text(p.Loss), Text(Math.Abs(p.Derivatives[0])), Text(Math.Abs(p.Derivatives[^1])),
                Text(p.Ratio), Text(p.ExpectedRatio), Text(trace.Exponent(p.Derivatives)), Text(trace.Exponent(p.Expected)),
                Text(p.Disagreement, Tiny), Text(p.RelativeDisagreement, Tiny)));
        double[] mean = trace.MeanDerivatives;
        along.AddRow(Cells("mean gᵢ", "", Text(mean[0]), Text(mean[^1]), Text(mean[0] / mean[^1]), "", Text(trace.Exponent(mean)), "",
            Text(trace.Points.Max(p => p.Disagreement), Tiny), Text(trace.Points.Max(p => p.RelativeDisagreement), Tiny)));
        Terminal.Tables.Write(along);

        ImbalancePoint end = trace.Points[^1];
        double[] target = trace.TargetSingularValues;
        Table last = NewTable($"After step {end.Step}", "i", "σᵢ", "σᵢ*", "uᵢᵀGvᵢ", "central difference − uᵢᵀGvᵢ", "gᵢ/σᵢ*", "|uᵢᵀ(W − W*)vᵢ|/σᵢ*");
        foreach (int i in Shown(target.Length))
            last.AddRow(Cells((i + 1).ToString(CultureInfo.InvariantCulture), Text(end.SingularValues[i]), Text(target[i]), Text(end.Derivatives[i]),
                Text(end.Differences[i] - end.Derivatives[i], Tiny), Text(Math.Abs(end.Derivatives[i]) / target[i]), Text(Math.Abs(end.Expected[i]) / target[i])));
        Terminal.Tables.Write(last);
        Terminal.Tables.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"σ₁*/σ_min* is {Text(trace.TargetRatio)}: what g₁/g_min is where every singular value gets gradient in proportion to itself (a = 1). All i with --json."));
    }

    private static void Show(string title, MatrixImbalance imbalance)
    {
        Table table = NewTable(title, "i", "σᵢ", "uᵢᵀGvᵢ", "⟨G, uᵢvᵢᵀ⟩ − uᵢᵀGvᵢ", "velocity of σᵢ + uᵢᵀGvᵢ", "share of ‖G‖²");
        double[] derivatives = imbalance.Derivatives, shares = imbalance.Shares;
        foreach (int i in Shown(derivatives.Length))
            table.AddRow(Cells((i + 1).ToString(CultureInfo.InvariantCulture), Text(imbalance.SingularValues[i]), Text(derivatives[i]),
                Text(imbalance.Products[i] - derivatives[i], Tiny),
                WhyNot(imbalance, i) ?? Text(imbalance.Velocities[i] + derivatives[i], Tiny), Text(shares[i])));
        Terminal.Tables.Write(table);
        void Line(string text) => Terminal.Tables.WriteLine(text);
        Line($"|∂L/∂σ₁|/|∂L/∂σ_min|: {(double.IsFinite(imbalance.Ratio) ? Text(imbalance.Ratio) : NoLast)}");
        Line(imbalance.GradientNorm > 0
            ? string.Create(CultureInfo.InvariantCulture, $"Share of ‖G‖² that moves singular values: {shares.Sum():P2}; the rest turns U and V.")
            : "The gradient is zero.");
        if (!SingularValuesMove(imbalance))
            return;
        int compared = imbalance.Gaps.Where((_, i) => imbalance.IsComparable(i)).Count();
        Line($"Largest disagreement over the largest derivative: {Text(imbalance.Disagreement, Tiny)} with the inner product in higher precision"
            + (compared == 0 ? "; no velocity can be compared." : string.Create(CultureInfo.InvariantCulture,
                $", {Text(imbalance.VelocityDisagreement, Tiny)} with the velocity under descent ({compared} of {derivatives.Length} compared).")));
    }

    private static Table NewTable(string title, params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title(new TableTitle(Markup.Escape(title)));
        foreach (string column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned());
        return table;
    }

    private static Text[] Cells(params string[] cells) => [.. cells.Select(cell => new Text(cell))];

    private static string Text(double value, string format = "G4") => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "—";

    /// <summary>Both ends, and powers of two between.</summary>
    private static IEnumerable<int> Shown(int count)
    {
        const int End = 4;
        return Enumerable.Range(0, count).Where(i => i < End || i >= count - End || int.IsPow2(i + 1));
    }
}

using static Kappa.Training.Report.Measures;

namespace Kappa.Training.Report;

/// <summary>A figure of the paper and how it is measured here.</summary>
/// <param name="Experiment">"exp1" … "exp9".</param>
/// <param name="Quantity">What it is.</param>
/// <param name="Printed">As the paper prints it, or null where the paper draws it without a number.</param>
/// <param name="Where">Section, or figure, of the paper.</param>
/// <param name="Measure">The same from trials.</param>
internal sealed record PaperFigure(string Experiment, string Quantity, string? Printed, string Where, Measure Measure);

/// <summary>
/// Everything quantitative in the results of <i>Condition Number as a Non-Learned Matrix Property: Identifying and Correcting
/// Spectral Optimization Flaws</i>, in its order.
/// </summary>
internal static class PaperFigures
{
    /// <summary>The paper's seed of trial 0.</summary>
    public const uint Seed = 42;

    private const string Kappa = "condition_number", Rows = "row_norms", Columns = "col_norms";

    public static IReadOnlyList<PaperFigure> All { get; } =
    [
        // Experiment 1
        new("exp1", KappaErrorAt(32), "0.27 ± 0.31", "§4.1", Value(Kappa, ("d", 32))),
        new("exp1", KappaErrorAt(64), null, "Fig. 3", Value(Kappa, ("d", 64))),
        new("exp1", KappaErrorAt(128), null, "Fig. 3", Value(Kappa, ("d", 128))),
        new("exp1", KappaErrorAt(256), null, "Fig. 3", Value(Kappa, ("d", 256))),
        new("exp1", KappaErrorAt(512), "34.9 ± 126.8", "§4.1", Value(Kappa, ("d", 512))),
        new("exp1", "Row-norm error, over all d", "≈ 0.13", "§4.1", RangeOverCells(Rows)),
        new("exp1", "Column-norm error, over all d", "≈ 0.13", "§4.1", RangeOverCells(Columns)),
        new("exp1", "Frobenius-norm error, over all d", "≈ 0.13", "§4.1", RangeOverCells("frobenius")),
        new("exp1", "Spectral-gap error, over all d", "0.03–0.13", "§4.1", RangeOverCells("spectral_gap")),
        new("exp1", "Effective-rank error, over all d", "≈ 0.001", "§4.1", RangeOverCells("effective_rank")),

        // Experiment 2
        new("exp2", "κ error, SGD", "0.87 ± 1.40", "§4.2", Value(Kappa, ("optimizer", "sgd"))),
        new("exp2", "κ error, Adam", "0.90 ± 0.97", "§4.2", Value(Kappa, ("optimizer", "adam"))),
        new("exp2", "Row-norm error, SGD", "0.13", "§4.2", Value(Rows, ("optimizer", "sgd"))),
        new("exp2", "Row-norm error, Adam", "0.59", "§4.2", Value(Rows, ("optimizer", "adam"))),
        new("exp2", "Overall error, SGD", "0.14", "§4.2", Value("overall", ("optimizer", "sgd"))),
        new("exp2", "Overall error, Adam", "0.60", "§4.2", Value("overall", ("optimizer", "adam"))),

        // Experiment 3
        new("exp3", "Gradient of σ₁ over that of the smallest σ", "10–100", "§4.3", Value("gradient_ratio")),
        new("exp3", "Mean |∂L/∂σ| of σ₁", null, "Fig. 5", Value("gradient_top")),
        new("exp3", "Mean |∂L/∂σ| of the smallest σ", null, "Fig. 5", Value("gradient_bottom")),

        // Experiment 4
        new("exp4", "Row-norm error, standard", "0.134", "§4.4", Value(Rows, Strategy("standard"))),
        new("exp4", "Row-norm error, multipliers", "0.044", "§4.4", Value(Rows, Strategy("multipliers"))),
        new("exp4", "Row-norm error, spectral regularisation", "0.134", "§4.4", Value(Rows, Strategy("spectral-regularization"))),
        new("exp4", "κ error, standard", "1.23", "§4.4", Value(Kappa, Strategy("standard"))),
        new("exp4", "κ error, multipliers", "1.11", "§4.4", Value(Kappa, Strategy("multipliers"))),
        new("exp4", "κ error, spectral regularisation", "0.29", "§4.4", Value(Kappa, Strategy("spectral-regularization"))),
        new("exp4", "Row-norm reduction by multipliers", "67 %", "§4.4", Corrected(Rows, "multipliers")),
        new("exp4", "κ reduction by multipliers", "10 %", "§4.4", Corrected(Kappa, "multipliers")),
        new("exp4", "Row-norm reduction by spectral regularisation", "0 %", "§5.2", Corrected(Rows, "spectral-regularization")),
        new("exp4", "κ reduction by spectral regularisation", "77 %", "§4.4", Corrected(Kappa, "spectral-regularization")),
        new("exp4", "Row-norm reduction by SVD correction", "64 %", "§4.4", Corrected(Rows, "svd-correction")),
        new("exp4", "κ reduction by SVD correction", "32 %", "§4.4", Corrected(Kappa, "svd-correction")),

        // Experiment 5
        new("exp5", "Steps at which the row-norm error rises", "“smoothly and monotonically” down", "§4.5", RisingSteps(Rows)),
        new("exp5", "Steps at which the κ error rises", "“erratic”", "§4.5", RisingSteps(Kappa)),
        new("exp5", "κ error after the last step", "“high variance”", "§4.5", At(true, Kappa)),
        new("exp5", "Row-norm error after the last step", null, "Fig. 7", At(true, Rows)),

        // Experiment 6
        new("exp6", "Row-norm improvement, heterogeneous", null, "Fig. 8", Multiplied(Rows, "heterogeneous")),
        new("exp6", "Row-norm improvement, low rank", "29 %", "§4.6", Multiplied(Rows, "low-rank")),
        new("exp6", "Row-norm improvement, block-diagonal", "93 %", "§4.6", Multiplied(Rows, "block-diagonal")),
        new("exp6", "κ improvement, heterogeneous", "smaller than the norms’", "§4.6", Multiplied(Kappa, "heterogeneous")),
        new("exp6", "κ improvement, low rank", "smaller than the norms’", "§4.6", Multiplied(Kappa, "low-rank")),
        new("exp6", "κ improvement, block-diagonal", "smaller than the norms’", "§4.6", Multiplied(Kappa, "block-diagonal")),

        // Experiment 7
        new("exp7", "κ error, 1 layer", "0.24", "§4.7", Value(Kappa, Linear(1))),
        new("exp7", "κ error, 2 layers", "653", "§4.7", Value(Kappa, Linear(2))),
        new("exp7", "κ error, 3 layers", "13,167", "§4.7", Value(Kappa, Linear(3))),
        new("exp7", "κ error, ReLU MLP", "9.1", "§4.7", Value(Kappa, Mlp)),
        new("exp7", "Overall error, 1 layer", "0.05", "§4.7", Value("overall", Linear(1))),
        new("exp7", "Overall error, 2 layers", "0.22", "§4.7", Value("overall", Linear(2))),
        new("exp7", "Overall error, 3 layers", "0.26", "§4.7", Value("overall", Linear(3))),
        new("exp7", "Overall error, ReLU MLP", "0.57", "§4.7", Value("overall", Mlp)),
        new("exp7", "κ of the target", "≈ 928", "§4.7", Value("kappa_target", ("model", "linear"))),
        new("exp7", "κ of the product, 1 layer", "1,510", "§4.7", Value("kappa", Linear(1))),
        new("exp7", "κ of the product, 2 layers", "242,566", "§4.7", Value("kappa", Linear(2))),
        new("exp7", "κ of the product, 3 layers", "4.8×10⁶", "§4.7", Value("kappa", Linear(3))),
        new("exp7", "κ of single layers, 2 layers", "1,000–1,600", "§4.7", RangeOf(["layer1_kappa", "layer2_kappa"], Linear(2))),
        new("exp7", "κ of single layers, 3 layers", "1,000–1,600", "§4.7",
            RangeOf(["layer1_kappa", "layer2_kappa", "layer3_kappa"], Linear(3))),
        new("exp7", "κ of the MLP’s first layer", "2,719", "§4.7", Value("layer1_kappa", Mlp)),
        new("exp7", "κ of the MLP’s second layer", "6,060", "§4.7", Value("layer2_kappa", Mlp)),
        new("exp7", "κ of the teacher’s layers", "≈ 1,136", "§4.7", Value("teacher_kappa", Mlp)),

        // Experiment 8
        new("exp8", "κ error over row-norm error, η = 0.001", "1.0×", "§4.8", Ratio(Kappa, Rows, ("learning_rate", 0.001))),
        new("exp8", "κ error over row-norm error, η = 0.005", "> 1", "§4.8", Ratio(Kappa, Rows, ("learning_rate", 0.005))),
        new("exp8", "κ error over row-norm error, η = 0.01", "9.2×", "§4.8", Ratio(Kappa, Rows, ("learning_rate", 0.01))),
        new("exp8", "κ error over row-norm error, η = 0.02", "> 1", "§4.8", Ratio(Kappa, Rows, ("learning_rate", 0.02))),
        new("exp8", "κ error over row-norm error, η = 0.05", "440×", "§4.8", Ratio(Kappa, Rows, ("learning_rate", 0.05))),
        new("exp8", "κ error, weight decay 0", "≈ 1.23", "§4.8", Value(Kappa, ("weight_decay", 0))),
        new("exp8", "κ error, weight decay 10⁻⁴", "≈ 1.23", "§4.8", Value(Kappa, ("weight_decay", 1e-4))),
        new("exp8", "κ error, weight decay 10⁻³", "≈ 1.23", "§4.8", Value(Kappa, ("weight_decay", 1e-3))),
        new("exp8", "κ error, weight decay 10⁻²", "≈ 1.23", "§4.8", Value(Kappa, ("weight_decay", 1e-2))),

        // Experiment 9
        new("exp9", "Row-norm error after the first step", "0.93", "§4.9", At(false, Rows)),
        new("exp9", "Row-norm error after the last step", "6.6×10⁻⁵", "§4.9", At(true, Rows)),
        new("exp9", "κ error after the first step", "0.75", "§4.9", At(false, Kappa)),
        new("exp9", "κ error after the last step", "0.017", "§4.9", At(true, Kappa)),
        new("exp9", "κ error over row-norm error after the first step", "0.8×", "§4.9", RatioAt(false, Kappa, Rows)),
        new("exp9", "κ error over row-norm error after the last step", "250×", "§4.9", RatioAt(true, Kappa, Rows)),
    ];

    /// <summary>The paper's figures of an experiment beside those of its cells; what the cells do not have is left out.</summary>
    public static IEnumerable<ComparisonRow> Compare(CellSet cells) =>
        from figure in All
        where figure.Experiment == cells.Experiment.Name
        let measured = figure.Measure(cells)
        where measured is not null
        select Row(figure.Quantity, figure.Printed, figure.Where, measured);

    /// <summary>A row of a comparison.</summary>
    public static ComparisonRow Row(string quantity, string? printed, string? where, Measured measured) =>
        new(quantity, printed, where, measured.Mean, measured.Median, measured.Trials, measured.NotFinite);

    /// <summary>The quantity's name at a dimension.</summary>
    public static string KappaErrorAt(int d) => $"κ error, d = {d}";

    private static (string, object)[] Mlp => [("model", "relu-mlp")];

    private static (string, object)[] Linear(int depth) => [("model", "linear"), ("depth", depth)];

    private static (string, object)[] Strategy(string name) => [("strategy", name)];

    private static Measure Corrected(string component, string strategy) =>
        Reduction(component, Strategy("standard"), Strategy(strategy));

    private static Measure Multiplied(string component, string structure) => Reduction(component,
        [("structure", structure), ("strategy", "standard")], [("structure", structure), ("strategy", "multipliers")]);
}

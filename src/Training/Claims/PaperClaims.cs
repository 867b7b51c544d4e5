using Kappa.Training.Components;
using static Kappa.Training.Claims.Measures;
using static Kappa.Training.Claims.Published;

namespace Kappa.Training.Claims;

/// <summary>
/// Everything quantitative in <i>Condition Number as a Non-Learned Matrix Property: Identifying and Correcting Spectral
/// Optimization Flaws</i>, as data: its figures, and the directions that it states in words.
/// </summary>
internal static class PaperClaims
{
    private const string Kappa = "condition_number", Rows = "row_norms", Columns = "col_norms", Frobenius = "frobenius", Overall = "overall";

    // A κ of a product of several layers magnifies rounding: the sums of another BLAS move its mean by about this much.
    private const double TwoLayers = 1e-4, ThreeLayers = 5e-3;

    // |p| of dᵖ below which a quantity counts as constant: 15 % from d = 32 to 512.
    private const double Flat = 0.05;

    private const string OwnStream = "the paper’s own random stream of this experiment";

    private static readonly (string, object)[] Mlp = [("model", "relu-mlp")];

    private static readonly (string, object)[][] Rates = [.. new[] { 0.001, 0.005, 0.01, 0.02, 0.05 }.Select(Rate)];

    private static readonly (string, object)[][] Decays = [.. new[] { 0, 1e-4, 1e-3, 1e-2 }.Select(Decay)];

    private static readonly (string, object)[][] Depths = [Linear(1), Linear(2), Linear(3)];

    private static readonly (string, object)[][] Optimizers = [Optimizer("sgd"), Optimizer("adam")];

    public static IReadOnlyList<Claim> All { get; } =
    [
        // Experiment 1: §4.1
        new("exp1-kappa-32", "exp1", "§4.1, abstract", KappaErrorAt(32), Figure("0.27 ± 0.31"), Value(Kappa, ("d", 32))) { Unrecovered = OwnStream },
        new("exp1-kappa-512", "exp1", "§4.1, abstract", KappaErrorAt(512), Figure("34.9 ± 126.8"), Value(Kappa, ("d", 512))) { Unrecovered = OwnStream },
        new("exp1-kappa-growth", "exp1", "§1, §6, Fig. 3", "κ error grows super-linearly with d: exponent of d", Above(1), Growth(Kappa))
        {
            Evidence = [new("exp11", "over 200 trials the exponent of d in |ln κ − ln κ*| is", Above(1), GrowthOfLogKappaError())],
        },
        new("exp1-kappa-exceeds-norms", "exp1", "§4.1, abstract", "κ is learned worse than the row norms at every d: least ratio of their errors", Above(1), LeastGapOverDimensions()),
        new("exp1-rows", "exp1", "§4.1, abstract", "Row-norm error, over all d", Figure("≈ 0.13"), RangeOverDimensions(Rows)),
        new("exp1-columns", "exp1", "§4.1, abstract", "Column-norm error, over all d", Figure("≈ 0.13"), RangeOverDimensions(Columns)),
        new("exp1-frobenius", "exp1", "§4.1, abstract", "Frobenius-norm error, over all d", Figure("≈ 0.13"), RangeOverDimensions(Frobenius)),
        new("exp1-rows-flat", "exp1", "§1, §5.1, Fig. 3", "Row-norm error does not depend on d: exponent of d", Within(-Flat, Flat, "within ±0.05"), Growth(Rows)),
        new("exp1-gap", "exp1", "§4.1", "Spectral-gap error, over all d", Figure("0.03–0.13"), RangeOverDimensions("spectral_gap")) { Unrecovered = OwnStream },
        new("exp1-rank", "exp1", "§4.1", "Effective-rank error, mean over d", Figure("≈ 0.001"), MeanOverDimensions("effective_rank")) { Unrecovered = OwnStream },

        // Experiment 2: §4.2
        new("exp2-kappa-sgd", "exp2", "§4.2", "κ error, SGD", Figure("0.87 ± 1.40"), Value(Kappa, Optimizer("sgd"))),
        new("exp2-kappa-adam", "exp2", "§4.2", "κ error, Adam", Figure("0.90 ± 0.97"), Value(Kappa, Optimizer("adam"))),
        new("exp2-rows-sgd", "exp2", "§4.2", "Row-norm error, SGD", Figure("0.13"), Value(Rows, Optimizer("sgd"))),
        new("exp2-rows-adam", "exp2", "§4.2", "Row-norm error, Adam", Figure("0.59"), Value(Rows, Optimizer("adam"))),
        new("exp2-overall-sgd", "exp2", "§4.2, abstract", "Overall error, SGD", Figure("0.14"), Value(Overall, Optimizer("sgd"))),
        new("exp2-overall-adam", "exp2", "§4.2, abstract", "Overall error, Adam", Figure("0.60"), Value(Overall, Optimizer("adam"))),
        new("exp2-adam-worse-overall", "exp2", "§4.2, abstract, §1", "Adam is worse than SGD: ratio of their overall errors", Above(1),
            LeastRatio([Overall], Optimizer("adam"), Optimizer("sgd")))
        {
            Evidence = [new("exp14", "with rate 0.03 and a cosine decay Adam’s overall error over SGD’s is", Above(1), LeastRatio([Overall], Questions.Tuned("adam", 0.03, "cosine"), Questions.Tuned("sgd", 0.01, "constant")))],
        },
        new("exp2-adam-worse-everywhere", "exp2", "§4.2, abstract", "Adam is worse across all components: least ratio of the errors", Above(1),
            LeastRatio(ComponentErrors.Names, Optimizer("adam"), Optimizer("sgd"))),
        new("exp2-structural", "exp2", "§4.2, §1, §6", "The flaw persists across optimizers: least ratio of κ error to row-norm error", Above(1), LeastGap("optimizers", Optimizers)),

        // Experiment 3: §4.3
        new("exp3-imbalance", "exp3", "§4.3, abstract", "Gradient of σ₁ over that of the smallest σ", Figure("10–100×"), PerTrial("g₁/g_min, each averaged over training", Unit.Times, t => t.Number("gradient_ratio"))),
        new("exp3-root-cause", "exp3", "§4.3, abstract, §1, §6", "Weak gradient is the cause: for its size σ₁* receives more gradient than σ_min*", Above(1),
            PerTrial("(g₁/σ₁*)/(g_min/σ_min*)", Unit.Times, t => t.Number("gradient_ratio") / t.Number("kappa_target")))
        {
            Evidence = [new("exp12", "over 20 trials (g₁/σ₁*)/(g_min/σ_min*) is", Above(1), PerTrial("(g₁/σ₁*)/(g_min/σ_min*)", Unit.Times, t => t.Number("gradient_ratio") / t.Number("kappa_target"), ("gradient", "sampled")))],
        },

        // Experiment 4: §4.4
        new("exp4-rows-standard", "exp4", "§4.4", "Row-norm error, standard", Figure("0.134"), Value(Rows, Strategy("standard"))),
        new("exp4-rows-multipliers", "exp4", "§4.4", "Row-norm error, multipliers", Figure("0.044"), Value(Rows, Strategy("multipliers"))),
        new("exp4-rows-regularization", "exp4", "§4.4", "Row-norm error, spectral regularisation", Figure("0.134"), Value(Rows, Strategy("spectral-regularization"))),
        new("exp4-kappa-standard", "exp4", "§4.4", "κ error, standard", Figure("1.23"), Value(Kappa, Strategy("standard"))),
        new("exp4-kappa-multipliers", "exp4", "§4.4", "κ error, multipliers", Figure("1.11"), Value(Kappa, Strategy("multipliers"))),
        new("exp4-kappa-regularization", "exp4", "§4.4", "κ error, spectral regularisation", Figure("0.29"), Value(Kappa, Strategy("spectral-regularization"))),
        new("exp4-reduction-rows-multipliers", "exp4", "§4.4, abstract, §5.2", "Row-norm reduction by multipliers", Figure("67 %"), Corrected(Rows, "multipliers")),
        new("exp4-reduction-kappa-multipliers", "exp4", "§4.4, §5.2", "κ reduction by multipliers", Figure("10 %"), Corrected(Kappa, "multipliers")),
        new("exp4-reduction-rows-regularization", "exp4", "§4.4, §5.2", "Row-norm reduction by spectral regularisation", Figure("0 %"), Corrected(Rows, "spectral-regularization")),
        new("exp4-reduction-kappa-regularization", "exp4", "§4.4, abstract, §5.2", "κ reduction by spectral regularisation", Figure("77 %"), Corrected(Kappa, "spectral-regularization"))
        {
            Unrecovered = "which λ, clip and period the paper regularises with",
        },
        new("exp4-reduction-rows-svd", "exp4", "§4.4, §5.2", "Row-norm reduction by SVD correction", Figure("64 %"), Corrected(Rows, "svd-correction")),
        new("exp4-reduction-kappa-svd", "exp4", "§4.4, §5.2", "κ reduction by SVD correction", Figure("32 %"), Corrected(Kappa, "svd-correction")),
        new("exp4-best-norms", "exp4", "§4.4, abstract, Fig. 6", "Multipliers best correct the norms: row-norm error over the best of the others", Below(1),
            OverBest(Rows, Strategy("multipliers"), Strategy("standard"), Strategy("spectral-regularization"), Strategy("svd-correction")))
        {
            Evidence = [new("exp16", "multipliers’ overall error over that of SGD with a step 1.5 times as large is", Below(0.9), LeastRatio([Overall], Questions.Corrected("multipliers"), Questions.Plain(0.015)))],
        },
        new("exp4-best-kappa", "exp4", "§4.4, abstract, Fig. 6", "Spectral regularisation best corrects κ: κ error over the best of the others", Below(1),
            OverBest(Kappa, Strategy("spectral-regularization"), Strategy("standard"), Strategy("multipliers"), Strategy("svd-correction")))
        {
            Evidence = [new("exp16", "over 50 trials |ln κ − ln κ*| with the penalty over that without is", Below(1), LogKappaRatio(Questions.Corrected("oracle penalty"), Questions.Plain(0.01)))],
        },

        // Experiment 5: §4.5
        new("exp5-rows-monotone", "exp5", "§4.5, Fig. 7", "Row-norm error falls monotonically: part of the steps at which it rises", Within(0, 0, "0 %"), RisingSteps(Rows)),
        new("exp5-kappa-erratic", "exp5", "§4.5, Fig. 7", "κ error is erratic: part of the steps at which it rises", Above(0.25, "> 25 %"), RisingSteps(Kappa)),

        // Experiment 6: §4.6
        new("exp6-low-rank", "exp6", "§4.6", "Row-norm improvement, low rank", Figure("29 %"), Multiplied(Rows, "low-rank")),
        new("exp6-block-diagonal", "exp6", "§4.6", "Row-norm improvement, block-diagonal", Figure("93 %"), Multiplied(Rows, "block-diagonal"))
        {
            Unrecovered = "the paper’s own block-diagonal target",
        },
        new("exp6-norms-first", "exp6", "§4.6", "Multipliers improve norms more than κ for every structure: least difference of the two", Above(0, "> 0 %"),
            LeastAdvantage([.. new[] { "heterogeneous", "low-rank", "block-diagonal" }.Select(s => (Structure(s, "standard"), Structure(s, "multipliers")))])),

        // Experiment 7: §4.7
        new("exp7-kappa-1", "exp7", "§4.7, abstract, §1", "κ error, 1 layer", Figure("0.24"), Value(Kappa, Linear(1))),
        new("exp7-kappa-2", "exp7", "§4.7, abstract, §1", "κ error, 2 layers", Figure("653"), Value(Kappa, Linear(2))),
        new("exp7-kappa-3", "exp7", "§4.7, abstract, §1, §6", "κ error, 3 layers", Figure("13,167", ThreeLayers), Value(Kappa, Linear(3))),
        new("exp7-kappa-mlp", "exp7", "§4.7, §1", "κ error, ReLU MLP", Figure("9.1"), Value(Kappa, Mlp)),
        new("exp7-overall-1", "exp7", "§4.7", "Overall error, 1 layer", Figure("0.05"), Value(Overall, Linear(1))),
        new("exp7-overall-2", "exp7", "§4.7", "Overall error, 2 layers", Figure("0.22"), Value(Overall, Linear(2))),
        new("exp7-overall-3", "exp7", "§4.7, §5.1", "Overall error, 3 layers", Figure("0.26"), Value(Overall, Linear(3))),
        new("exp7-overall-mlp", "exp7", "§4.7", "Overall error, ReLU MLP", Figure("0.57"), Value(Overall, Mlp)),
        new("exp7-target", "exp7", "§4.7", "κ of the target", Figure("≈ 928"), Value("kappa_target", ("model", "linear"))),
        new("exp7-product-1", "exp7", "§4.7", "κ of the product, 1 layer", Figure("1,510"), Value("kappa", Linear(1))),
        new("exp7-product-2", "exp7", "§4.7", "κ of the product, 2 layers", Figure("242,566", TwoLayers), Value("kappa", Linear(2))),
        new("exp7-product-3", "exp7", "§4.7", "κ of the product, 3 layers", Figure("4.8×10⁶"), Value("kappa", Linear(3))),
        new("exp7-layers-2", "exp7", "§4.7", "κ of single layers, 2 layers", Figure("1,000–1,600"), RangeOf(["layer1_kappa", "layer2_kappa"], Linear(2))),
        new("exp7-layers-3", "exp7", "§4.7", "κ of single layers, 3 layers", Figure("1,000–1,600"), RangeOf(["layer1_kappa", "layer2_kappa", "layer3_kappa"], Linear(3))),
        new("exp7-mlp-first", "exp7", "§4.7", "κ of the MLP’s first layer", Figure("2,719"), Value("layer1_kappa", Mlp)),
        new("exp7-mlp-second", "exp7", "§4.7", "κ of the MLP’s second layer", Figure("6,060"), Value("layer2_kappa", Mlp)),
        new("exp7-mlp-teacher", "exp7", "§4.7", "κ of the teacher’s layers", Figure("≈ 1,136"), Value("teacher_kappa", Mlp)),
        new("exp7-grows", "exp7", "§4.7, abstract, §5.1", "κ error grows with depth: least factor from one depth to the next", Above(1), LeastStep(Kappa, Depths)),
        new("exp7-exponential", "exp7", "§4.7, §1, §5.1, §6, Fig. 9", "κ error grows exponentially with depth: third layer’s factor over the second’s", Within(0.5, 2, "near 1 (0.5–2)"), StepRatio(Kappa, Depths))
        {
            Evidence = [new("exp15", "from the identity, at an overall error of 0.3, |ln κ − ln κ*| of 3 layers over that of 1 is", Above(1.2), Questions.AtMatchedOverall("identity"))],
        },

        // Experiment 8: §4.8
        new("exp8-ratio-0.001", "exp8", "§4.8", "κ error over row-norm error, η = 0.001", Figure("1.0×"), Ratio(Kappa, Rows, Rate(0.001))),
        new("exp8-ratio-0.01", "exp8", "§4.8", "κ error over row-norm error, η = 0.01", Figure("9.2×"), Ratio(Kappa, Rows, Rate(0.01))),
        new("exp8-ratio-0.05", "exp8", "§4.8", "κ error over row-norm error, η = 0.05", Figure("440×"), Ratio(Kappa, Rows, Rate(0.05))),
        new("exp8-every-rate", "exp8", "§4.8, §1, §6", "κ error exceeds row-norm error at every η: least ratio", Above(1), LeastGap("learning rates", Rates)),
        new("exp8-gap-grows", "exp8", "§4.8", "κ error over row-norm error grows with η: least factor from one η to the next", Above(1), LeastGapStep(Rates)),
        new("exp8-decay-0", "exp8", "§4.8", "κ error, weight decay 0", Figure("≈ 1.23"), Value(Kappa, Decay(0))),
        new("exp8-decay-1e-4", "exp8", "§4.8", "κ error, weight decay 10⁻⁴", Figure("≈ 1.23"), Value(Kappa, Decay(1e-4))),
        new("exp8-decay-1e-3", "exp8", "§4.8", "κ error, weight decay 10⁻³", Figure("≈ 1.23"), Value(Kappa, Decay(1e-3))),
        new("exp8-decay-1e-2", "exp8", "§4.8", "κ error, weight decay 10⁻²", Figure("≈ 1.23"), Value(Kappa, Decay(1e-2))),
        new("exp8-decay-no-relief", "exp8", "§4.8, abstract, §1, §6", "Weight decay leaves κ error virtually unchanged: largest change", Below(0.05, "< 5 %"), LargestDeparture(Kappa, Decays)),

        // Experiment 9: §4.9
        new("exp9-rows-first", "exp9", "§4.9", "Row-norm error after the first step", Figure("0.93"), At(false, Rows)),
        new("exp9-rows-last", "exp9", "§4.9, abstract, §1", "Row-norm error after the last step", Figure("6.6×10⁻⁵"), At(true, Rows)),
        new("exp9-kappa-first", "exp9", "§4.9", "κ error after the first step", Figure("0.75"), At(false, Kappa)),
        new("exp9-kappa-last", "exp9", "§4.9, abstract, §1", "κ error after the last step", Figure("0.017"), At(true, Kappa)),
        new("exp9-ratio-first", "exp9", "§4.9", "κ error over row-norm error after the first step", Figure("0.8×"), RatioAt(false, Kappa, Rows)),
        new("exp9-ratio-last", "exp9", "§4.9, abstract", "κ error over row-norm error after the last step", Figure("250×"), RatioAt(true, Kappa, Rows)),
        new("exp9-gap-widens", "exp9", "§4.9, abstract, §1", "The gap widens: last ratio of the errors over the first", Above(1), GapGrowth(Kappa, Rows)),
        new("exp9-plateau", "exp9", "§4.9, abstract, §1, §6", "κ error plateaus: its last tenth over the tenth from the middle on", Above(0.5), LateOverMiddle(Kappa))
        {
            Evidence = [new("exp13", "without label noise |ln κ − ln κ*| over that with it is", Above(0.5), LogKappaRatio(Questions.Step(0, "constant 0.01"), Questions.Step(0.01, "constant 0.01")))],
        },
        new("exp9-rows-vanish", "exp9", "§4.9, §5.1", "Row-norm error goes on falling: its last tenth over the tenth from the middle on", Below(0.5), LateOverMiddle(Rows)),
        new("exp9-rows-exponential", "exp9", "§4.9", "Norms converge exponentially: rate of the second half over that of the first", Within(0.75, 1.25, "near 1 (0.75–1.25)"), DecayRatio(Rows)),
        new("exp9-kappa-erratic", "exp9", "§4.9", "κ error oscillates erratically: part of the records at which it rises", Above(0.25, "> 25 %"), RisingSteps(Kappa)),
    ];

    /// <summary>The quantity's name at a dimension.</summary>
    public static string KappaErrorAt(int d) => $"κ error, d = {d}";

    private static (string, object)[] Optimizer(string name) => [("optimizer", name)];

    private static (string, object)[] Linear(int depth) => [("model", "linear"), ("depth", depth)];

    private static (string, object)[] Strategy(string name) => [("strategy", name)];

    private static (string, object)[] Structure(string name, string strategy) => [("structure", name), ("strategy", strategy)];

    private static (string, object)[] Rate(double rate) => [("learning_rate", rate)];

    private static (string, object)[] Decay(double decay) => [("weight_decay", decay)];

    private static Measure Corrected(string component, string strategy) => Reduction(component, Strategy("standard"), Strategy(strategy));

    private static Measure Multiplied(string component, string structure) =>
        Reduction(component, Structure(structure, "standard"), Structure(structure, "multipliers"));
}

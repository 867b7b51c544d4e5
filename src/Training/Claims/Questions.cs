using Kappa.Training.Experiments;
using Kappa.Training.Results;
using Kappa.Training.Theory;
using static Kappa.Training.Claims.Measures;
using static Kappa.Training.Claims.Published;

namespace Kappa.Training.Claims;

/// <summary>A question that a critical reader of the paper asks, and the measurements that decide it.</summary>
/// <param name="Id">Unique: "terms".</param>
/// <param name="Text">The question.</param>
/// <param name="Statement">The answer, if every test holds.</param>
/// <param name="Tests">What must hold for it, each with its interval.</param>
public sealed record Question(string Id, string Text, string Statement, IReadOnlyList<Evidence> Tests);

/// <summary>How well the trials carry an answer, from the best to the worst.</summary>
public enum Standing
{
    /// <summary>Every test holds in means and medians with both 95 % intervals.</summary>
    Shown,

    /// <summary>Every test holds in means and medians, and an interval leaves one open.</summary>
    Likely,

    /// <summary>A test does not hold.</summary>
    NotShown,

    /// <summary>The trials of a test are not there.</summary>
    NotRun,
}

/// <summary>A question with what a run answers.</summary>
/// <param name="Question">The question.</param>
/// <param name="Standing">How well the trials carry the answer.</param>
/// <param name="Reasons">A sentence for each test that was run, its numbers computed from the trials.</param>
public sealed record Answer(Question Question, Standing Standing, IReadOnlyList<string> Reasons)
{
    /// <summary>"shown", "likely", "not shown", "not run".</summary>
    public string Verdict => Standing switch
    {
        Standing.Shown => "shown",
        Standing.Likely => "likely",
        Standing.NotShown => "not shown",
        _ => "not run",
    };
}

/// <summary>The questions that the control experiments were made for.</summary>
public static class Questions
{
    private const string Kappa = "condition_number", Overall = "overall";

    // The step of the paper's Adam times its steps.
    private const double AdamsReach = 200 * 0.001;

    private static readonly double DeepRate = ((Protocol)Exp15MatchedDepth.Description.CellsAt(8)[0].Protocol).LearningRate;

    private static readonly (string, object)[] Gradient = [("gradient", "sampled")];

    /// <summary>The questions, in the order of their experiments.</summary>
    public static IReadOnlyList<Question> All { get; } =
    [
        new("terms", "Which term of W_T = W* + (W₀ − W*)M + N makes the κ error of 200 steps: start, sampling or label noise?",
            "The start: what is left of W₀ is of the size of σ_min*. From W₀ = 0 the error is smaller by an order of magnitude, whatever the "
                + "sampling, the label noise and the batch.",
        [
            new("exp10", "|ln κ − ln κ*| from the paper’s start over that from zero is", Above(3), LogKappaRatio(Factors("sampled", "paper", 0.01, 64), Factors("sampled", "zero", 0.01, 64))),
            new("exp10", "from zero, without sampling and noise, the κ error is", Below(1e-6, "< 10⁻⁶"), Value(Kappa, Factors("population", "zero", 0, 64))),
            new("exp10", "sampling multiplies |ln κ − ln κ*| by", Within(0.5, 2, "within 0.5–2"), LogKappaRatio(Factors("sampled", "paper", 0.01, 64), Factors("population", "paper", 0.01, 64))),
            new("exp10", "label noise multiplies it by", Within(0.5, 2, "within 0.5–2"), LogKappaRatio(Factors("sampled", "paper", 0.01, 64), Factors("sampled", "paper", 0, 64))),
            new("exp10", "a batch of 64 instead of 1024 multiplies it by", Within(0.5, 2, "within 0.5–2"), LogKappaRatio(Factors("sampled", "paper", 0.01, 64), Factors("sampled", "paper", 0.01, 1024))),
        ]),
        new("dimension", "Does the κ error grow with d in the median, and faster than d?",
            "It grows, more slowly than d. Super-linear growth is the tail of a mean.",
        [
            new("exp11", "the exponent of d in |ln κ − ln κ*| is", Within(0.1, 1, "between 0.1 and 1"), GrowthOfLogKappaError()),
        ]),
        new("signal", "Is g₁/g_min anything but σ₁*/σ_min*, and which end of the spectrum is learned better?",
            "No: gᵢ measures how far σᵢ has to go. For its distance the smallest value receives no less gradient than the largest, and it ends far "
                + "nearer to its target. The paper’s central claim, that small values fail for want of gradient, falls.",
        [
            new("exp12", "(g₁/σ₁*)/(g_min/σ_min*) is", Below(1), PerTrial("(g₁/σ₁*)/(g_min/σ_min*)", Unit.Times, t => t.Number("gradient_ratio") / t.Number("kappa_target"), Gradient)),
            new("exp12", "(g₁/σ₁*)/(gᵢ/σᵢ*) in the middle of the spectrum is", Within(0.8, 1.25, "within 0.8–1.25"), PerTrial("(g₁/σ₁*)/(gᵢ/σᵢ*), i = d/2", Unit.Times, FlatnessOfSignal, Gradient)),
            new("exp12", "|σ_min − σ_min*| over |σ₁ − σ₁*| at the end is", Below(0.1), PerTrial("|σ_min − σ_min*|/|σ₁ − σ₁*|", Unit.Times, t => t.Number("sigma_min_shift") / t.Number("sigma_max_shift"), Gradient)),
        ]),
        new("plateau", "Is the plateau of long training the label-noise floor of a constant step, and does a decayed step pass below it?",
            "Yes. ‖W − W*‖ ends at d·√v, v = ησ²/(B(2 − η(1 + (d + 1)/B))), and the κ error at about √v/σ_min*: it falls with σ, and a step that decays passes below.",
        [
            new("exp13", "‖W − W*‖_F over d·√v is", Within(0.9, 1.1, "within 0.9–1.1"), PerTrial("‖W − W*‖_F/(d√v)", Unit.Times, t => t.Number(Overall) * t.Number("target_norm") / (t.Condition.Number("d") * Floor(t)), Step(0.01, "constant 0.01"))),
            new("exp13", "the κ error over √v/σ_min* is", Within(0.2, 2, "within 0.2–2"), PerTrial("κ error/(√v/σ_min*)", Unit.Times, t => t.Number(Kappa) * t.Number("sigma_min_target") / Floor(t), Step(0.01, "constant 0.01"))),
            new("exp13", "|ln κ − ln κ*| at σ = 0.1 over that at 0.01 is", Above(3), LogKappaRatio(Step(0.1, "constant 0.01"), Step(0.01, "constant 0.01"))),
            new("exp13", "the overall error of a cosine decay over that of the constant step is", Below(1), LeastRatio([Overall], Step(0.01, "cosine from 0.02"), Step(0.01, "constant 0.01"))),
        ]),
        new("adam", "Is Adam worse, or can 200 steps of 0.001 not travel the distance?",
            "They cannot: an element moves by 0.2 at most, and has farther to go. At 0.03 with a cosine decay Adam ends nearer to W* than the paper’s "
                + "SGD, and with the smaller κ error.",
        [
            new("exp14", "the farthest element’s way over 200·0.001 is", Above(1), PerTrial("max|W₀ − W*|/0.2", Unit.Times, t => t.Number("farthest_element") / AdamsReach, Tuned("adam", 0.001, "constant"))),
            new("exp14", "tuned Adam’s overall error over SGD’s is", Below(1), LeastRatio([Overall], Tuned("adam", 0.03, "cosine"), Tuned("sgd", 0.01, "constant"))),
            new("exp14", "its |ln κ − ln κ*| over SGD’s is", Below(1), LogKappaRatio(Tuned("adam", 0.03, "cosine"), Tuned("sgd", 0.01, "constant"))),
        ]),
        new("depth", "Does depth amplify the κ error at the same rate, the same start and the same overall error?",
            "It does, and most of that is the small start: at the same overall error three layers err several times as much as one from it, and about "
                + "twice from the identity. A mode’s rate falls with s^(2 − 2/L), so that the small modes of a product stay near where the start left them.",
        [
            new("exp15", "from the small start, at an overall error of 0.3, |ln κ − ln κ*| of 3 layers over that of 1 is", Above(5), AtMatchedOverall("small gaussian")),
            new("exp15", "from the identity it is there", Within(1, 5, "within 1–5"), AtMatchedOverall("identity")),
            new("exp15", "|ln κ − ln κ*| of 3 layers after 3000 steps, from the identity over from the small start, is", Below(0.5), LogKappaRatio(Deep("identity", 3), Deep("small gaussian", 3))),
            new("exp15", "by Saxe’s rates the smallest mode of 3 layers then has reached of σ_min* the part", Below(0.1), PerTrial("s(τ)/σ_min*", Unit.Number, SaxesShare, Deep("small gaussian", 3))),
            new("exp15", "it has reached", Below(0.1), PerTrial("σ_min/σ_min*", Unit.Number, t => t.Series.GetValueOrDefault("sigma_bottom", []).LastOrDefault(double.NaN) / t.Number("sigma_min_target"), Deep("small gaussian", 3))),
        ]),
        new("corrections", "Do multipliers do more than enlarge the step, and do penalties work without knowing κ(W*)?",
            "No and no. At the overall error of multipliers, SGD with a step 1.5 times as large has the smaller κ error; penalties towards a κ that is only "
                + "assumed enlarge it, and with the oracle’s κ(W*) it falls in the mean alone.",
        [
            new("exp16", "the overall error of SGD at 0.015 over that of multipliers is", Within(0.8, 1.25, "within 0.8–1.25"), LeastRatio([Overall], Plain(0.015), Corrected("multipliers"))),
            new("exp16", "its |ln κ − ln κ*| over that of multipliers is", Below(1), LogKappaRatio(Plain(0.015), Corrected("multipliers"))),
            new("exp16", "|ln κ − ln κ*| with a penalty towards 100 over that without is", Above(1), LogKappaRatio(Corrected("penalty towards 100"), Plain(0.01))),
            new("exp16", "with multipliers and that penalty, over multipliers alone, it is", Above(1), LogKappaRatio(Corrected("multipliers and penalty towards 100"), Corrected("multipliers"))),
        ]),
        new("target", "Is the κ error the target’s own nearness to a singular matrix?",
            "Yes: the same overall error leaves κ within a few per cent where κ* = 10, and wrong by its own size where κ* = 1000.",
        [
            new("exp17", "the κ error at κ* = 10 is", Below(0.05), Value(Kappa, Prescribed(10))),
            new("exp17", "|ln κ − ln κ*| at κ* = 1000 over that at 10 is", Above(10), LogKappaRatio(Prescribed(1000), Prescribed(10))),
            new("exp17", "the overall error at κ* = 1000 over that at 10 is", Within(0.95, 1.05, "within 0.95–1.05"), LeastRatio([Overall], Prescribed(1000), Prescribed(10))),
        ]),
        new("noise", "How does the κ error of 200 steps scale with B and σ?",
            "Hardly, up to σ = 0.01: the start makes it. Ten times the noise makes it larger.",
        [
            new("exp18", "|ln κ − ln κ*| at B = 16 over that at 1024 (σ = 0.01) is", Within(0.5, 3, "within 0.5–3"), LogKappaRatio(BatchNoise(16, 0.01), BatchNoise(1024, 0.01))),
            new("exp18", "at σ = 0.01 over that without noise (B = 64) it is", Within(0.5, 2, "within 0.5–2"), LogKappaRatio(BatchNoise(64, 0.01), BatchNoise(64, 0))),
            new("exp18", "at σ = 0.1 over that at 0.01 (B = 16) it is", Above(1), LogKappaRatio(BatchNoise(16, 0.1), BatchNoise(16, 0.01))),
        ]),
    ];

    /// <summary>Answers every question.</summary>
    /// <param name="records">Trials in any order, of any experiments.</param>
    /// <returns>
    /// An answer for each of <see cref="All"/>, in their order, and to those about the second paper where its experiment was run; to
    /// the latter alone where nothing else was. The same records give the same answers, to the bit.
    /// </returns>
    public static IReadOnlyList<Answer> Answer(IEnumerable<TrialRecord> records)
    {
        var run = new Dictionary<string, CellSet>(StringComparer.Ordinal);
        foreach (IGrouping<string, TrialRecord> own in records.GroupBy(r => r.Experiment))
            if (Catalogue.Find(own.Key) is Experiment experiment)
                run.Add(own.Key, new CellSet(experiment, [.. own]));
        return [.. SecondPaper.Beside(All, SecondPaper.Questions, records).Select(question => Answer(question, run))];
    }

    private static Answer Answer(Question question, Dictionary<string, CellSet> run)
    {
        var standing = Standing.Shown;
        var reasons = new List<string>();
        foreach (Evidence test in question.Tests)
        {
            if (!run.TryGetValue(test.Experiment, out CellSet? cells) || test.Measure.Of(cells) is not Estimate found)
            {
                standing = Standing.NotRun;
                continue;
            }

            (Verdict verdict, string sentence) = Judgement.Weigh(test, found);
            reasons.Add(sentence);
            Standing own = verdict switch
            {
                Verdict.Reproduced => Standing.Shown,
                Verdict.DirectionOnly => Standing.Likely,
                _ => Standing.NotShown,
            };
            standing = (Standing)Math.Max((int)standing, (int)own);
        }

        return new Answer(question, standing, reasons);
    }

    private static double FlatnessOfSignal(TrialRecord trial)
    {
        double[] g = trial.Series.GetValueOrDefault("gradient_mean", []), sigma = trial.Series.GetValueOrDefault("spectrum_target", []);
        int middle = g.Length / 2;
        return g.Length == 0 || g.Length != sigma.Length ? double.NaN : g[0] / sigma[0] / (g[middle] / sigma[middle]);
    }

    /// <summary>|ln κ − ln κ*| of 3 layers over that of 1, where the overall error first is ≤ 0.3.</summary>
    internal static Measure AtMatchedOverall(string start) =>
        RatioPerTrial("|ln κ − ln κ*| where the overall error first is ≤ 0.3", AtOverall, Deep(start, 3), Deep(start, 1));

    private static double AtOverall(TrialRecord trial)
    {
        double[] overall = trial.Series.GetValueOrDefault(Overall, []), top = trial.Series.GetValueOrDefault("sigma_top", []),
            bottom = trial.Series.GetValueOrDefault("sigma_bottom", []);
        int at = Array.FindIndex(overall, x => x <= 0.3);
        return at < 0 ? double.NaN : Math.Abs(Math.Log(top[at] / bottom[at] / trial.Number("kappa_target")));
    }

    /// <summary>The part of σ_min* that the smallest mode reaches from its first record on, were it a mode of its own.</summary>
    private static double SaxesShare(TrialRecord trial)
    {
        double[] bottom = trial.Series.GetValueOrDefault("sigma_bottom", []), steps = trial.Series.GetValueOrDefault("step", []);
        double target = trial.Number("sigma_min_target");
        if (bottom.Length == 0 || steps.Length == 0 || !(bottom[0] > 0) || !(target > 0))
            return double.NaN;
        return DeepLinearModes.Strength((int)trial.Condition.Number("depth"), bottom[0], target, DeepRate * (steps[^1] - steps[0])) / target;
    }

    /// <summary>√v of the protocol's constant step.</summary>
    private static double Floor(TrialRecord trial)
    {
        var protocol = new Protocol();
        return new NoisyDescent((int)trial.Condition.Number("d"), protocol.BatchSize, protocol.LearningRate, trial.Condition.Number("noise")).NoiseFloor;
    }

    private static (string, object)[] Factors(string gradient, string start, double noise, int batch) =>
        [("gradient", gradient), ("start", start), ("noise", noise), ("batch", batch)];

    internal static (string, object)[] Step(double noise, string step) => [("noise", noise), ("step_size", step)];

    internal static (string, object)[] Tuned(string optimizer, double rate, string schedule) =>
        [("optimizer", optimizer), ("learning_rate", rate), ("schedule", schedule), ("steps", 200)];

    private static (string, object)[] Deep(string start, int depth) => [("start", start), ("depth", depth)];

    internal static (string, object)[] Plain(double rate) => [("strategy", "standard"), ("learning_rate", rate)];

    internal static (string, object)[] Corrected(string strategy) => [("strategy", strategy)];

    private static (string, object)[] Prescribed(int condition) => [("target", "prescribed"), ("kappa", condition)];

    private static (string, object)[] BatchNoise(int batch, double noise) => [("batch", batch), ("noise", noise)];
}

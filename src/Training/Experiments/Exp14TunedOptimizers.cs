namespace Kappa.Training.Experiments;

/// <summary>Experiment 14: optimizers with a rate and a schedule of their own.</summary>
public static class Exp14TunedOptimizers
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp14", "Optimizers, tuned", "Is Adam worse, or can 200 steps of 0.001 not travel the distance?",
        15, [128], ["overall", "row_norms", "condition_number"],
        d =>
        [
            At(d, UpdateRule.Sgd, 0.01, Schedule.Constant, 200),
            .. from rate in new[] { 0.001, 0.003, 0.01, 0.03 }
               from schedule in new[] { Schedule.Constant, Schedule.Cosine }
               select At(d, UpdateRule.Adam, rate, schedule, 200),
            At(d, UpdateRule.Adam, 0.001, Schedule.Constant, 1000),
            At(d, UpdateRule.Momentum, 0.001, Schedule.Constant, 200),
            At(d, UpdateRule.Momentum, 0.01, Schedule.Constant, 200),
            At(d, UpdateRule.Momentum, 0.01, Schedule.Cosine, 200),
            .. from rate in new[] { 0.03, 0.1 }
               from schedule in new[] { Schedule.Constant, Schedule.Cosine }
               select At(d, UpdateRule.Muon, rate, schedule, 200),
        ]);

    private static Cell At(int d, UpdateRule rule, double rate, Schedule schedule, int epochs) => new(
        new Condition(("optimizer", rule.ToString().ToLowerInvariant()), ("learning_rate", rate),
            ("schedule", schedule.ToString().ToLowerInvariant()), ("steps", epochs), ("d", d)),
        new Protocol { Dimension = d, Rule = rule, LearningRate = rate, Schedule = schedule, Epochs = epochs, TrainingStream = 50 });
}

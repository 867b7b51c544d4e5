using Kappa.Training.Tuning;

namespace Kappa.Training.Experiments;

/// <summary>What trials take, estimated, in products of two numbers: to divide them evenly, not to predict seconds.</summary>
internal static class Cost
{
    // Products done in the time of a number drawn, and of a decomposition over d³: measured times of all experiments are met within a factor of two or so.
    private const double Draw = 60, Values = 8, Vectors = 60;

    // Five Newton–Schulz steps of three products.
    private const double Orthogonalisation = 15;

    // Of a classifier that learns: samples of a task, features, and products done in the time of one with all that is no product.
    private const double Samples = 3000, Features = 100, Overhead = 3;

    /// <summary>Of trials that share their batches or their beginning: these are drawn or trained once.</summary>
    public static double Of(IReadOnlyList<PlannedTrial> cohort)
    {
        if (cohort[0].Cell.Protocol is TuningProtocol tuned)
            return Of(tuned, cohort.Sum(t => t.Cell.Protocol.Epochs));
        var first = (Protocol)cohort[0].Cell.Protocol;
        double drawn = 2.0 * first.BatchSize * first.Dimension * cohort.Max(t => t.Cell.Protocol.Epochs);
        return Draw * drawn + cohort.Sum(t => Of((Protocol)t.Cell.Protocol));
    }

    /// <summary>Of a group that shares its first task; what is in its file is not known to every shard.</summary>
    private static double Of(TuningProtocol p, double passes)
    {
        double weights = p.Width * (Features + Classification.Classes + 2.0 * p.Blocks * p.Width);
        return Overhead * 3 * weights * Samples * (p.FirstEpochs + passes) / (p.Task == SecondTask.NewClasses ? 2 : 1);
    }

    private static double Of(Protocol p)
    {
        double d = p.Dimension, cube = d * d * d;
        bool oneLayer = p is { Student: Student.Linear, Depth: 1 };
        // Error and gradient take a product each; with several layers also the teacher's, and the error goes back through all but the first.
        double step = p.BatchSize * d * d * (oneLayer ? 2 : 4 * p.Depth - 1);
        if (p.Rule == UpdateRule.Muon)
            step += Orthogonalisation * cube * p.Depth;
        if (p.Recording == Recording.GradientSignal)
            step += Vectors * cube;
        if (p.Recording == Recording.Errors)
            step += Values * cube / p.RecordEvery;
        if (p.Regularization is { } penalty)
            step += Vectors * cube / penalty.Period;
        if (p.Correction is { } correction)
            step += Vectors * cube / correction.Period;
        // Target and student are drawn, decomposed and measured.
        return p.Epochs * step + 2 * p.Depth * (Draw * d * d + Values * cube);
    }
}

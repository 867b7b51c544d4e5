namespace Kappa.Training.Experiments;

/// <summary>What trials take, estimated, in products of two numbers: to divide them evenly, not to predict seconds.</summary>
internal static class Cost
{
    // Products done in the time of a number drawn, and of a decomposition over d³: measured times of all experiments are met within a factor of two or so.
    private const double Draw = 60, Values = 8, Vectors = 60;

    // Five Newton–Schulz steps of three products.
    private const double Orthogonalisation = 15;

    /// <summary>Of trials that see the same batches: these are drawn once.</summary>
    public static double Of(IReadOnlyList<PlannedTrial> cohort)
    {
        Protocol first = cohort[0].Cell.Protocol;
        double drawn = 2.0 * first.BatchSize * first.Dimension * cohort.Max(t => t.Cell.Protocol.Epochs);
        return Draw * drawn + cohort.Sum(t => Of(t.Cell.Protocol));
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

using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Targets;
using Kappa.Training.Theory;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class TheoryTests
{
    // E‖D_t‖² over independent runs of plain descent; its relative standard error is the sample's own.
    [TestCase(4, 2, 0.2, 0.5, 12)]
    [TestCase(3, 5, 0.1, 0, 30)]
    [TestCase(5, 3, 0.3, 1, 40)]
    public void Moments_AreThoseOfManyRuns(int d, int batch, double eta, double noise, int steps)
    {
        const int runs = 20000;
        var theory = new NoisyDescent(d, batch, eta, noise);
        var stream = new GaussianStream(17);
        double[] start = [.. Enumerable.Range(0, d).Select(i => 1.0 - 0.3 * i)], norm = new double[runs], first = new double[runs];
        for (int run = 0; run < runs; run++)
        {
            double[] row = [.. start];
            for (int t = 0; t < steps; t++)
            {
                var gradient = new double[d];
                for (int sample = 0; sample < batch; sample++)
                {
                    double[] x = [.. Enumerable.Range(0, d).Select(_ => stream.Next())];
                    double e = row.Zip(x, (a, b) => a * b).Sum() - noise * stream.Next();
                    for (int j = 0; j < d; j++)
                        gradient[j] += e * x[j] / batch;
                }

                for (int j = 0; j < d; j++)
                    row[j] -= eta * gradient[j];
            }

            norm[run] = row.Sum(a => a * a);
            first[run] = row[0];
        }

        (double mean, double alpha, double beta, double v) = theory.After(steps);
        double length = start.Sum(a => a * a);
        Assert.That(first.Average(), Is.EqualTo(mean * start[0]).Within(5 * Deviation(first) / Math.Sqrt(runs)));
        Assert.That(norm.Average(), Is.EqualTo((alpha + d * beta) * length + d * v).Within(5 * Deviation(norm) / Math.Sqrt(runs)));
        double[] square = [.. first.Select(a => a * a)];
        Assert.That(square.Average(), Is.EqualTo(alpha * start[0] * start[0] + beta * length + v).Within(5 * Deviation(square) / Math.Sqrt(runs)));
    }

    [Test]
    public void Distance_IsTheRecursionOfTheTrace()
    {
        var theory = new NoisyDescent(64, 64, 0.01, 0.01);
        double squared = 3 * 3;
        for (int t = 0; t < 500; t++)
            squared = theory.SecondMomentFactor * squared + 64 * 64 * 0.01 * 0.01 * 0.01 * 0.01 / 64;
        Assert.That(theory.Distance(3, 500), Is.EqualTo(Math.Sqrt(squared)).Within(500 * Math.ScaleB(3, -52)));
    }

    [Test]
    public void NoiseFloor_IsWhereTheVarianceStays()
    {
        var theory = new NoisyDescent(16, 8, 0.1, 0.3);
        Assert.That(Math.Sqrt(theory.After(2000).NoiseVariance), Is.EqualTo(theory.NoiseFloor).Within(Math.ScaleB(theory.NoiseFloor, -40)));
        Assert.That((theory with { LearningRate = 1.5 }).NoiseFloor, Is.EqualTo(double.PositiveInfinity));
        Assert.That((theory with { Noise = 0 }).NoiseFloor, Is.Zero);
    }

    // Where the κ error is small, its median over trials is the closed form's: over 60 targets of one κ*, the ratio to it has the median
    // of |N(0, 1)|/0.6745, which 60 draws give to ±0.15: a median's standard error is 1/(2f√n), and f = 0.43 in units of 0.6745.
    [TestCase(200)]
    [TestCase(1200)]
    public void ConditionNumberError_IsTheMedian(int steps)
    {
        const int d = 16, trials = 60;
        var protocol = new Protocol { Dimension = d, Epochs = steps, Structure = TargetStructure.Prescribed, TargetCondition = 20 };
        var theory = new NoisyDescent(d, protocol.BatchSize, protocol.LearningRate, protocol.Noise);
        double[] ratios =
        [
            .. from k in Enumerable.Range(0, trials)
               let record = Trial.Run("test", new Cell(new Condition(("d", d)), protocol), k, 42, CancellationToken.None)
               select record.Values["condition_number"]
                   / theory.ConditionNumberError(record.Values["sigma_min_target"], protocol.InitialScale * Math.Sqrt(2.0 / d), steps),
        ];
        double median = Results.Statistics.Of(ratios).Median;
        Assert.That(median, Is.EqualTo(1).Within(3 * 0.15));
    }

    // Experiment 9's end, over its ten trials: row norms stand at the floor, and κ where the plateau says, within a factor for ten trials.
    [Test]
    public void LongTraining_EndsOnTheFloor()
    {
        const int d = 24, trials = 12;
        var protocol = new Protocol { Dimension = d, Epochs = 1500 };
        var theory = new NoisyDescent(d, protocol.BatchSize, protocol.LearningRate, protocol.Noise);
        double ratio = 0;
        for (int k = 0; k < trials; k++)
        {
            Results.TrialRecord record = Trial.Run("test", new Cell(new Condition(("d", d)), protocol), k, 42, CancellationToken.None);
            ratio += record.Values["overall"] * record.Values["target_norm"] / (d * theory.NoiseFloor) / trials;
        }

        // ‖N‖_F over its root mean square is 1 up to 1/√(2d²) in each trial.
        Assert.That(ratio, Is.EqualTo(1).Within(5 / Math.Sqrt(2.0 * d * d * trials) + 1e-2));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    public void Modes_FollowTheirFlow(int depth)
    {
        const double h = 1e-4;
        foreach ((double start, double target) in new[] { (0.01, 1.0), (0.3, 0.05), (0.1, 0.1) })
            foreach (double time in new[] { 0.5, 2.0, 8 })
            {
                double s = DeepLinearModes.Strength(depth, start, target, time);
                double slope = (DeepLinearModes.Strength(depth, start, target, time + h) - DeepLinearModes.Strength(depth, start, target, time - h)) / (2 * h);
                Assert.That(slope, Is.EqualTo(depth * Math.Pow(s, 2 - 2.0 / depth) * (target - s)).Within(1e-4 * (1 + depth) * Math.Max(start, target)));
            }

        Assert.That(DeepLinearModes.Strength(depth, 0.2, 0.7, 0), Is.EqualTo(0.2).Within(Math.ScaleB(1, -50)));
        Assert.That(DeepLinearModes.Strength(depth, 0.2, 0.7, 500), Is.EqualTo(0.7).Within(1e-9));
    }

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
    }
}

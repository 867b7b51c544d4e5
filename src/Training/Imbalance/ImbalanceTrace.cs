using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Targets;

namespace Kappa.Training.Imbalance;

/// <summary>The gradient imbalance at one moment of training, analytically and by differences.</summary>
/// <param name="Step">Updates so far.</param>
/// <param name="Loss">L(W) = ‖XWᵀ − XW*ᵀ − N‖²_F/2B of the batch at hand.</param>
/// <param name="SingularValues">σᵢ of W.</param>
/// <param name="Derivatives">∂L/∂σᵢ = uᵢᵀGvᵢ, with its sign.</param>
/// <param name="Differences">(L(W + h·uᵢvᵢᵀ) − L(W − h·uᵢvᵢᵀ))/2h in double-double arithmetic.</param>
/// <param name="Expected">uᵢᵀ(W − W*)vᵢ: the derivative of the loss over the whole distribution of X.</param>
public sealed record ImbalancePoint(int Step, double Loss, double[] SingularValues, double[] Derivatives, double[] Differences, double[] Expected)
{
    /// <summary>|∂L/∂σ₁|/|∂L/∂σ_min|.</summary>
    public double Ratio => SingularDerivatives.Ratio(Derivatives);

    /// <summary>The same of the expected loss.</summary>
    public double ExpectedRatio => SingularDerivatives.Ratio(Expected);

    /// <summary>max |derivative − difference| over max |difference|.</summary>
    public double Disagreement => SingularDerivatives.Farthest(Derivatives, Differences) / SingularDerivatives.Largest(Differences);

    /// <summary>max |derivative − difference|/|difference|, each i against itself.</summary>
    public double RelativeDisagreement => SingularDerivatives.FarthestRelatively(Derivatives, Differences);
}

/// <summary>The gradient imbalance along a trial of the paper's linear problem.</summary>
/// <param name="Dimension">d.</param>
/// <param name="Steps">T.</param>
/// <param name="Seed">The trial's seed.</param>
/// <param name="TargetSingularValues">σᵢ*.</param>
/// <param name="Points">From the start to the end.</param>
public sealed record ImbalanceTrace(int Dimension, int Steps, uint Seed, double[] TargetSingularValues, IReadOnlyList<ImbalancePoint> Points)
{
    private const int Intervals = 10;

    /// <summary>σ₁*/σ_min*.</summary>
    public double TargetRatio => SingularDerivatives.Ratio(TargetSingularValues);

    /// <summary>|∂L/∂σᵢ|, averaged over the points.</summary>
    public double[] MeanDerivatives => [.. TargetSingularValues.Select((_, i) => Points.Average(point => Math.Abs(point.Derivatives[i])))];

    /// <summary>a of |∂L/∂σᵢ| ∝ σᵢ*^a, fitted to the logarithms over i: 1 where the derivative is in proportion to what is to be learned.</summary>
    /// <param name="derivatives">One for each i.</param>
    /// <returns>NaN where fewer than two i have both numbers above 0, or all σᵢ* are equal.</returns>
    public double Exponent(double[] derivatives)
    {
        (double X, double Y)[] points =
        [
            .. TargetSingularValues.Zip(derivatives, (sigma, g) => (X: Math.Log(sigma), Y: Math.Log(Math.Abs(g))))
                .Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)),
        ];
        if (points.Length < 2)
            return double.NaN;
        double x = points.Average(point => point.X), y = points.Average(point => point.Y);
        return points.Sum(point => (point.X - x) * (point.Y - y)) / points.Sum(point => (point.X - x) * (point.X - x));
    }

    /// <summary>Trains trial 0 of the paper's problem (see <see cref="Protocol"/>) and looks at 11 moments of it, the end included.</summary>
    /// <remarks>
    /// The batch of a moment is the one that the next step takes. O(d³ + Bd²) for each moment beside the training, the second in
    /// double-double arithmetic.
    /// </remarks>
    /// <param name="dimension">d ≥ 1.</param>
    /// <param name="steps">T ≥ 1.</param>
    /// <param name="seed">The target's seed; the training stream is the protocol's.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">d or T is below 1, or the training stream's seed beyond 32 bits.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static ImbalanceTrace Follow(int dimension, int steps, uint seed, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        var protocol = new Protocol { Dimension = dimension, Epochs = steps };
        uint offset = (uint)protocol.TrainingStream!.Value;
        if (seed > uint.MaxValue - offset)
            throw new ArgumentOutOfRangeException(nameof(seed), $"seed {seed} + {offset}, the training stream's, exceeds a 32-bit seed");
        Matrix<double> target = Target.Draw(protocol.Structure, dimension, new GaussianStream(seed));
        var stream = new GaussianStream(seed + offset);
        Matrix<double> w = Draw(dimension, protocol.InitialScale * Math.Sqrt(2.0 / dimension));
        int[] moments = [.. Enumerable.Range(0, Intervals + 1).Select(k => (int)((long)k * steps / Intervals)).Distinct()];
        var points = new List<ImbalancePoint>();
        for (int step = 0; step <= steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var loss = new BatchLoss(Draw(protocol.BatchSize, 1), target, Draw(protocol.BatchSize, protocol.Noise));
            Matrix<double> gradient = loss.Gradient(w);
            if (moments.Contains(step))
                points.Add(Look(step, loss, w, gradient, target));
            for (int i = 0; i < w.Elements.Length; i++)
                w.Elements[i] -= protocol.LearningRate * gradient.Elements[i];
        }

        return new ImbalanceTrace(dimension, steps, seed, Svd.Values<double>(target).SingularValues.ToArray(), points);

        Matrix<double> Draw(int rows, double scale)
        {
            var draws = new Matrix<double>(rows, dimension);
            stream.Fill(draws.Elements);
            foreach (ref double e in draws.Elements)
                e *= scale;
            return draws;
        }
    }

    private static ImbalancePoint Look(int step, BatchLoss loss, Matrix<double> w, Matrix<double> gradient, Matrix<double> target)
    {
        SvdResult<double> svd = Svd.Decompose<double>(w);
        Matrix<double> difference = w.Clone();
        for (int i = 0; i < difference.Elements.Length; i++)
            difference.Elements[i] -= target.Elements[i];
        (double value, double[] differences) = loss.Differentiate(w, svd);
        return new ImbalancePoint(step, value, svd.SingularValues.ToArray(), SingularDerivatives.Of(svd, gradient), differences,
            SingularDerivatives.Of(svd, difference));
    }
}

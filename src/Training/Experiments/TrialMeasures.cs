using Kappa.Kernels;
using Kappa.Training.Components;
using Kappa.Training.Theory;

namespace Kappa.Training.Experiments;

/// <summary>What a trial's record will say: numbers and series by their names.</summary>
/// <param name="protocol">The protocol.</param>
/// <param name="target">W*, the product of the teacher's layers.</param>
internal sealed class TrialMeasures(Protocol protocol, Matrix<double> target)
{
    /// <summary>The components of W*.</summary>
    public SpectralComponents<double> Target { get; } = ComponentErrors.Measure(target);

    /// <summary>Single numbers.</summary>
    public SortedDictionary<string, double> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Series.</summary>
    public SortedDictionary<string, double[]> Series { get; } = new(StringComparer.Ordinal);

    /// <summary>How far one layer has to go: max |w_ij − w*_ij|.</summary>
    public void Start(Matrix<double> weight)
    {
        double farthest = 0;
        for (int i = 0; i < weight.Elements.Length; i++)
            farthest = Math.Max(farthest, Math.Abs(weight.Elements[i] - target.Elements[i]));
        Values["farthest_element"] = farthest;
    }

    /// <summary>What the theory of noisy descent says of each σᵢ at the end, and of its spread over batches.</summary>
    public void Predict(Matrix<double> start) =>
        (Series["predicted_sigma"], Series["predicted_deviation"]) =
            new NoisyDescent(protocol.Dimension, protocol.BatchSize, protocol.LearningRate, protocol.Noise).SingularValues(Svd.Decompose<double>(target), start, protocol.Epochs);

    /// <summary>What was recorded on the way, and the product of the student's weights beside W*.</summary>
    public void End(Matrix<double> map, ErrorSeries? onTheWay, GradientSeries? signal)
    {
        onTheWay?.CopyTo(Series);
        signal?.CopyTo(Series, Values);
        double[]? errors = Trial.IsFinite(map) ? null : [.. ComponentErrors.Names.Select(_ => double.NaN)];
        if (errors is null)
        {
            SpectralComponents<double> components = ComponentErrors.Measure(map);
            errors = ComponentErrors.Of(map, components, target, Target);
            Values["kappa"] = components.ConditionNumber;
            Values["sigma_max_shift"] = Math.Abs(components.SingularValues[0] - Target.SingularValues[0]);
            Values["sigma_min_shift"] = Math.Abs(components.SingularValues[^1] - Target.SingularValues[^1]);
            if (signal is not null)
                (Series["spectrum"], Series["spectrum_target"]) = (components.SingularValues, Target.SingularValues);
        }

        for (int i = 0; i < errors.Length; i++)
            Values[ComponentErrors.Names[i]] = errors[i];
        Values["kappa_target"] = Target.ConditionNumber;
        Values["sigma_min_target"] = Target.SingularValues[^1];
        Values["target_norm"] = Target.FrobeniusNorm;
    }

    /// <summary>κ of each layer; a network with activations has no product of its own, and its κ error is the mean over its layers.</summary>
    public void Layers(IEnumerable<Matrix<double>> weights, IEnumerable<Matrix<double>> teacherWeights)
    {
        double[] layers = ConditionNumbers(weights), teachers = ConditionNumbers(teacherWeights);
        Values["layer_kappa"] = layers.Average();
        for (int l = 0; l < layers.Length; l++)
            Values[$"layer{l + 1}_kappa"] = layers[l];
        if (protocol.Student != Student.ReluMlp)
            return;
        Values["teacher_kappa"] = teachers.Average();
        Values["condition_number"] = layers.Zip(teachers, ComponentErrors.Number).Average();
    }

    private static double[] ConditionNumbers(IEnumerable<Matrix<double>> weights) =>
        [.. weights.Select(w => Trial.IsFinite(w) ? Spectrum.ConditionNumber<double>(w, maxThreads: 1).Value : double.NaN)];
}

using Kappa.Kernels;
using Kappa.Training.Components;
using Kappa.Training.Corrections;
using Kappa.Training.Models;
using Kappa.Training.Optimizers;
using Kappa.Training.Results;
using Kappa.Training.Targets;

namespace Kappa.Training.Experiments;

/// <summary>One trial: draws the target, trains the student on noisy samples of it, measures.</summary>
/// <remarks>
/// Everything is drawn in the order of the protocol from NumPy's legacy streams RandomState(seed + 100k) for the target and
/// RandomState(seed + 100k + offset) for the training, so the same trial in NumPy starts from the same bits.
/// </remarks>
public sealed class Trial
{
    private readonly Protocol _protocol;
    private readonly GaussianStream _stream;
    private readonly Network _teacher, _student;
    private readonly Optimizer _optimizer;
    private readonly Matrix<double> _target;
    private readonly SpectralComponents<double> _targetComponents;
    private readonly SortedDictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double[]> _series = new(StringComparer.Ordinal);

    private Trial(Protocol protocol, uint streamSeed)
    {
        _protocol = protocol;
        int d = protocol.Dimension, batch = protocol.BatchSize;
        var targetStream = new GaussianStream(streamSeed);
        int teacherLayers = protocol.Student == Student.ReluMlp ? protocol.Depth : 1;
        var teacherWeights = new Matrix<double>[teacherLayers];
        for (int l = 0; l < teacherLayers; l++)
            teacherWeights[l] = Target.Draw(protocol.Structure, d, targetStream);
        _stream = protocol.TrainingStream is int offset ? new GaussianStream(streamSeed + (uint)offset) : targetStream;
        _teacher = Build(teacherWeights, weight => new Dense(weight));

        // 0.1^(1/L) per layer gives every depth a product of the same scale; the MLP's layers each take 0.1.
        double scale = protocol.Student == Student.ReluMlp ? protocol.InitialScale : Math.Pow(protocol.InitialScale, 1.0 / protocol.Depth);
        var weights = new Matrix<double>[protocol.Depth];
        for (int l = 0; l < weights.Length; l++)
        {
            weights[l] = new Matrix<double>(d, d);
            _stream.Fill(weights[l].Elements);
            double spread = Math.Sqrt(2.0 / d);
            foreach (ref double x in weights[l].Elements)
                x = x * scale * spread;
        }

        _student = Build(weights, weight => protocol.MultiplierRate is double rate
            ? new ScaledDense(weight, rate / protocol.LearningRate)
            : new Dense(weight));
        _optimizer = protocol.Rule == UpdateRule.Adam
            ? new Adam(protocol.LearningRate)
            : new Sgd(protocol.LearningRate, protocol.WeightDecay);
        _target = _teacher.Product();
        _targetComponents = Spectrum.Components<double>(_target);

        Network Build(Matrix<double>[] matrices, Func<Matrix<double>, Layer> layer)
        {
            var layers = new List<Layer>();
            foreach (Matrix<double> matrix in matrices)
            {
                if (layers.Count > 0 && protocol.Student == Student.ReluMlp)
                    layers.Add(new Relu(d));
                layers.Add(layer(matrix));
            }

            return new Network(batch, layers);
        }
    }

    /// <summary>Runs trial number k of a cell.</summary>
    /// <param name="experiment">The experiment's name, for the record.</param>
    /// <param name="cell">What to run.</param>
    /// <param name="trial">k ≥ 0.</param>
    /// <param name="seed">The seed of trial 0.</param>
    /// <param name="cancellation">Ends the trial between two steps.</param>
    /// <exception cref="OperationCanceledException">The trial was ended; nothing of it is kept.</exception>
    public static TrialRecord Run(string experiment, Cell cell, int trial, uint seed, CancellationToken cancellation)
    {
        var run = new Trial(cell.Protocol, checked(seed + 100 * (uint)trial));
        run.Train(cancellation);
        run.MeasureEnd();
        return new TrialRecord(experiment, cell.Condition, trial, seed, cell.Protocol.Fingerprint(seed), run._values, run._series);
    }

    private void Train(CancellationToken cancellation)
    {
        int d = _protocol.Dimension;
        var x = new Matrix<double>(_protocol.BatchSize, d);
        var noise = new Matrix<double>(_protocol.BatchSize, d);
        ErrorSeries? errors = _protocol.Recording == Recording.Errors ? new ErrorSeries(_target, _targetComponents) : null;
        GradientSeries? signal = _protocol.Recording == Recording.GradientSignal ? new GradientSeries() : null;
        for (int step = 0; step < _protocol.Epochs; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            _stream.Fill(x.Elements);
            _stream.Fill(noise.Elements);
            Span<double> e = noise.Elements, y = _student.Forward(x).Elements, t = _teacher.Forward(x).Elements;
            for (int i = 0; i < e.Length; i++)
                e[i] = y[i] - t[i] - _protocol.Noise * e[i];
            _student.Backward(x, noise);
            Parameter weight = _student.Parameters[0];
            signal?.Record(weight);
            if (_protocol.Regularization is not null && IsFinite(weight.Value))
                _protocol.Regularization.AddTo(step, weight, _targetComponents.ConditionNumber);
            _optimizer.Step(_student.Parameters);
            if (_protocol.Correction is not null && IsFinite(weight.Value))
                _protocol.Correction.Apply(step, weight.Value, _targetComponents.SingularValues);
            if (step == 0 || (step + 1) % _protocol.RecordEvery == 0)
                errors?.Record(step + 1, _student.Product());
        }

        errors?.CopyTo(_series);
        signal?.CopyTo(_series, _values);
    }

    private void MeasureEnd()
    {
        Matrix<double> product = _student.Product();
        double[]? errors = IsFinite(product) ? null : [.. ComponentErrors.Names.Select(_ => double.NaN)];
        if (errors is null)
        {
            SpectralComponents<double> components = Spectrum.Components<double>(product);
            errors = ComponentErrors.Of(product, components, _target, _targetComponents);
            _values["kappa"] = components.ConditionNumber;
        }

        for (int i = 0; i < errors.Length; i++)
            _values[ComponentErrors.Names[i]] = errors[i];
        _values["kappa_target"] = _targetComponents.ConditionNumber;
        if (_protocol.Depth == 1)
            return;

        double[] layers = ConditionNumbers(_student), teachers = ConditionNumbers(_teacher);
        _values["layer_kappa"] = layers.Average();
        for (int l = 0; l < layers.Length; l++)
            _values[$"layer{l + 1}_kappa"] = layers[l];
        if (_protocol.Student != Student.ReluMlp)
            return;
        // A network with activations has no product of its own: its κ error is the mean over its layers.
        _values["teacher_kappa"] = teachers.Average();
        _values["condition_number"] = layers.Zip(teachers, ComponentErrors.Number).Average();
    }

    private static double[] ConditionNumbers(Network network) =>
        [.. network.Weights.Select(w => IsFinite(w) ? Spectrum.ConditionNumber(Svd.Values<double>(w).SingularValues) : double.NaN)];

    // A learning rate beyond stability sends the weights to ∞; such a trial reports NaN.
    internal static bool IsFinite(Matrix<double> matrix)
    {
        foreach (double x in matrix.Elements)
            if (!double.IsFinite(x))
                return false;
        return true;
    }
}

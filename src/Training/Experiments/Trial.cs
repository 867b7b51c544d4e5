using Kappa.Kernels;
using Kappa.Training.Corrections;
using Kappa.Training.Models;
using Kappa.Training.Optimizers;
using Kappa.Training.Results;
using Kappa.Training.Targets;

namespace Kappa.Training.Experiments;

/// <summary>One trial: draws the target, trains the student on noisy samples of it, measures.</summary>
/// <remarks>
/// <para>Everything is drawn in the order of the protocol from NumPy's legacy streams RandomState(seed + 100k) for the target and
/// RandomState(seed + 100k + offset) for the training, so the same trial in NumPy starts from the same bits.</para>
/// <para>A step of one linear layer takes two products: E = XDᵀ − σN with D = W − W*, and W ← W − (η/B)EᵀX, added up where W stands:
/// 4Bd² operations. Plain descent moves D itself (<see cref="LinearDescent"/>), since W and D differ by a constant, and W = D + W* is formed where it is measured.
/// A step allocates nothing.</para>
/// </remarks>
public sealed class Trial
{
    private readonly Protocol _protocol;
    private readonly Network _student;
    private readonly Network? _teacher;
    private readonly Matrix<double>[] _teacherWeights;
    private readonly Optimizer _optimizer;
    private readonly Matrix<double> _target, _error;
    private readonly Matrix<double>? _difference, _sum;
    private readonly bool _shifted;
    private readonly LinearDescent? _descent;
    private readonly double[] _rates;
    private readonly TrialMeasures _measures;
    private readonly ErrorSeries? _errors;
    private readonly GradientSeries? _signal;

    /// <summary>Draws target and initial weights.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="streamSeed">seed + 100k.</param>
    internal Trial(Protocol protocol, uint streamSeed)
    {
        _protocol = protocol;
        int d = protocol.Dimension;
        bool oneLayer = protocol is { Student: Student.Linear, Depth: 1 }, plain = oneLayer && protocol.MultiplierRate is null;
        if (!plain && (protocol.Sampling == Sampling.Population || protocol.Averaging))
            throw new ArgumentException("Population gradients and averaging are for one linear layer without multipliers.", nameof(protocol));
        var targetStream = new GaussianStream(streamSeed);
        _teacherWeights = new Matrix<double>[protocol.Student == Student.ReluMlp ? protocol.Depth : 1];
        for (int l = 0; l < _teacherWeights.Length; l++)
            _teacherWeights[l] = Target.Draw(protocol.Structure, d, targetStream, protocol.TargetCondition);
        _target = Network.Product(_teacherWeights);
        _measures = new TrialMeasures(protocol, _target);
        Stream = protocol.TrainingStream is int offset ? new GaussianStream(streamSeed + (uint)offset) : targetStream;

        Matrix<double>[] weights = Initial(protocol, Stream);
        _shifted = plain && protocol.WeightDecay == 0;
        if (plain && protocol.Recording == Recording.GradientSignal)
            _measures.Predict(weights[0]);
        if (oneLayer)
            _measures.Start(weights[0]);
        if (_shifted)
            Add(weights[0].Elements, -1, _target.Elements);
        if (_shifted && protocol is { Rule: UpdateRule.Sgd, Sampling: Sampling.Batch, Regularization: null }
            && protocol.Recording != Recording.GradientSignal)
            _descent = new LinearDescent(weights[0], protocol.BatchSize, protocol.Noise);
        _student = Build(weights, weight => protocol.MultiplierRate is double rate
            ? new ScaledDense(weight, rate / protocol.LearningRate)
            : new Dense(weight));
        _difference = _shifted ? weights[0] : oneLayer ? new Matrix<double>(d, d) : null;
        _teacher = oneLayer ? null : Build(_teacherWeights, weight => new Dense(weight));
        _error = new Matrix<double>(protocol.BatchSize, d);
        _sum = protocol.Averaging ? new Matrix<double>(d, d) : null;
        _optimizer = protocol.Rule switch
        {
            UpdateRule.Adam => new Adam(protocol.LearningRate),
            UpdateRule.Momentum => new Momentum(protocol.LearningRate),
            UpdateRule.Muon => new Muon(protocol.LearningRate),
            _ => new Sgd(protocol.LearningRate, protocol.WeightDecay),
        };
        _rates = new double[BatchBlocks.MostSteps];
        _errors = protocol.Recording == Recording.Errors ? new ErrorSeries(_target, _measures.Target) : null;
        _signal = protocol.Recording == Recording.GradientSignal ? new GradientSeries() : null;

        Network Build(Matrix<double>[] matrices, Func<Matrix<double>, Layer> layer)
        {
            var layers = new List<Layer>();
            foreach (Matrix<double> matrix in matrices)
            {
                if (layers.Count > 0 && protocol.Student == Student.ReluMlp)
                    layers.Add(new Relu(d));
                layers.Add(layer(matrix));
            }

            return new Network(protocol.BatchSize, layers);
        }
    }

    /// <summary>The training stream, behind the initial weights.</summary>
    internal GaussianStream Stream { get; }

    /// <summary>Runs trial number k of a cell.</summary>
    /// <param name="experiment">The experiment's name, for the record.</param>
    /// <param name="cell">What to run.</param>
    /// <param name="trial">k ≥ 0.</param>
    /// <param name="seed">The seed of trial 0.</param>
    /// <param name="cancellation">Ends the trial between two steps.</param>
    /// <exception cref="OperationCanceledException">The trial was ended; nothing of it is kept.</exception>
    public static TrialRecord Run(string experiment, Cell cell, int trial, uint seed, CancellationToken cancellation) =>
        Cohort.Run([(experiment, cell)], trial, seed, false, cancellation)[0];

    /// <summary>One step of training per batch, or as many as the protocol still has.</summary>
    /// <param name="step">The first one's number, from 0.</param>
    /// <param name="batches">The batches.</param>
    internal void Advance(int step, ReadOnlySpan<Batch> batches)
    {
        batches = batches[..Math.Clamp(_protocol.Epochs - step, 0, batches.Length)];
        while (!batches.IsEmpty)
        {
            int count = 1;
            if (_descent is null)
                Step(step, batches[0]);
            else
                count = Descend(step, batches);
            step += count;
            batches = batches[count..];
            if (IsPause(step))
                Pause(step);
        }
    }

    /// <summary>Steps of plain descent up to the next pause; returns how many.</summary>
    private int Descend(int step, ReadOnlySpan<Batch> batches)
    {
        int count = 0;
        do
            _rates[count] = Rate(step + count);
        while (++count < batches.Length && count < _rates.Length && !IsPause(step + count));
        _descent!.Run(batches[..count], _rates.AsSpan(0, count));
        return count;
    }

    private void Step(int step, in Batch batch)
    {
        _optimizer.LearningRate = Rate(step);
        Parameter weight = _student.Parameters[0];
        if (_difference is not null && !_shifted)
        {
            _student.Layers[0].Weight!.View.CopyTo(_difference);
            Add(_difference.Elements, -1, _target.Elements);
        }

        if (_protocol.Sampling == Sampling.Population)
        {
            _difference!.View.CopyTo(weight.Gradient);
            Gemm.Multiply(-_protocol.Noise / _protocol.BatchSize, batch.Noise.Transposed(), batch.X, 1.0, weight.Gradient);
        }
        else
        {
            Differ(batch);
            _student.Backward(batch.X, _error);
        }

        _signal?.Record(Current(), weight.Gradient);
        if (_protocol.Regularization is { } penalty && penalty.IsDue(step) && IsFinite(weight.Value))
            _student.Layers[0].AddGradient(penalty.Gradient(Current(), _measures.Target.ConditionNumber));
        _optimizer.Step(_student.Parameters);
    }

    private double Rate(int step) => _protocol.LearningRate * _protocol.Schedule switch
    {
        Schedule.Linear => 1 - (double)step / _protocol.Epochs,
        Schedule.Cosine => (1 + Math.Cos(Math.PI * step / _protocol.Epochs)) / 2,
        _ => 1,
    };

    /// <summary>Whether anything looks at the weights after so many steps.</summary>
    private bool IsPause(int steps) => _protocol.Correction?.IsDue(steps - 1) == true || IsAveraged(steps) || IsRecorded(steps);

    private bool IsAveraged(int steps) => _sum is not null && steps > _protocol.Epochs / 2;

    private bool IsRecorded(int steps) => _errors is not null && (steps == 1 || steps % _protocol.RecordEvery == 0);

    private void Pause(int steps)
    {
        Matrix<double> weight = _student.Parameters[0].Value;
        _descent?.CopyTo(weight);
        if (_protocol.Correction is { } correction && correction.IsDue(steps - 1) && IsFinite(weight))
            Correct(correction, weight);
        if (IsAveraged(steps))
            Add(_sum!.Elements, 1.0 / (_protocol.Epochs - _protocol.Epochs / 2), weight.Elements);
        if (IsRecorded(steps))
            _errors!.Record(steps, Map());
    }

    /// <summary>Measures the end of the training.</summary>
    internal TrialRecord End(string experiment, Condition condition, int trial, uint seed)
    {
        _descent?.CopyTo(_student.Parameters[0].Value);
        _sum?.View.CopyTo(_student.Parameters[0].Value);
        _measures.End(Map(), _errors, _signal);
        if (_protocol.Depth > 1)
            _measures.Layers(_student.Weights, _teacherWeights);
        return new TrialRecord(experiment, condition, trial, seed, _protocol.Fingerprint(seed), _measures.Values, _measures.Series);
    }

    private static Matrix<double>[] Initial(Protocol protocol, GaussianStream stream)
    {
        // 0.1^(1/L) per layer gives every depth a product of the same scale; the MLP's layers each take 0.1.
        int d = protocol.Dimension;
        double scale = protocol.Student == Student.ReluMlp ? protocol.InitialScale : Math.Pow(protocol.InitialScale, 1.0 / protocol.Depth);
        double spread = Math.Sqrt(2.0 / d);
        var weights = new Matrix<double>[protocol.Depth];
        for (int l = 0; l < weights.Length; l++)
        {
            weights[l] = new Matrix<double>(d, d);
            stream.Fill(weights[l].Elements);
            for (int i = 0; i < d; i++)
                for (int j = 0; j < d; j++)
                    weights[l][i, j] = protocol.Start == Start.Identity ? (i == j ? scale : 0) : weights[l][i, j] * scale * spread;
        }

        return weights;
    }

    /// <summary>E ← f(X) − f*(X) − σN.</summary>
    private void Differ(in Batch batch)
    {
        batch.Noise.View.CopyTo(_error);
        if (_difference is not null)
        {
            Gemm.Multiply(1.0, batch.X, _difference.Transposed(), -_protocol.Noise, _error);
            return;
        }

        Span<double> e = _error.Elements, y = _student.Forward(batch.X).Elements, t = _teacher!.Forward(batch.X).Elements;
        for (int i = 0; i < e.Length; i++)
            e[i] = y[i] - t[i] - _protocol.Noise * e[i];
    }

    private void Correct(SvdCorrection correction, Matrix<double> weight)
    {
        Matrix<double> current = Current();
        correction.Apply(current, _measures.Target.SingularValues);
        if (!_shifted)
            return;
        Add(current.Elements, -1, _target.Elements);
        current.View.CopyTo(weight);
        _descent?.Set(weight);
    }

    /// <summary>W of the first layer, multipliers and all: its own storage, or a fresh matrix where the layer holds W − W*.</summary>
    private Matrix<double> Current()
    {
        Matrix<double> weight = _student.Layers[0].Weight!;
        if (!_shifted)
            return weight;
        Matrix<double> sum = weight.Clone();
        Add(sum.Elements, 1, _target.Elements);
        return sum;
    }

    /// <summary>The product of the student's weights.</summary>
    private Matrix<double> Map() => _shifted ? Current() : Network.Product(_student.Weights);

    private static void Add(Span<double> to, double factor, ReadOnlySpan<double> values)
    {
        for (int i = 0; i < to.Length; i++)
            to[i] += factor * values[i];
    }

    // A learning rate beyond stability sends the weights to ∞; such a trial reports NaN.
    internal static bool IsFinite(Matrix<double> matrix)
    {
        foreach (double x in matrix.Elements)
            if (!double.IsFinite(x))
                return false;
        return true;
    }
}

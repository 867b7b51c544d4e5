using Kappa.Kernels;
using Kappa.Training.Experiments;
using Kappa.Training.Models;
using Kappa.Training.Optimizers;
using Kappa.Training.Results;

namespace Kappa.Training.Tuning;

/// <summary>Trials of one number and one pair of tasks: the first task is learned once, and each member goes on from there.</summary>
/// <remarks>
/// Streams: RandomState(s) for a drawn teacher, s = seed + 100k; s + 1 for the initial weights, and then the order of the samples
/// in each pass over the first task; s + 2 for the order of features; s + 3 for the order of samples in the second task, the same for
/// every member; s + 4 for a random choice of tensors. The last samples of a pass that fill no batch are left out of it.
/// A step allocates nothing.
/// </remarks>
internal sealed class TuningGroup
{
    private readonly TuningProtocol _protocol;
    private readonly uint _streamSeed;
    private readonly CancellationToken _cancellation;
    private readonly LearningTask _old, _new;
    private readonly ResidualMlp _model;
    private readonly Matrix<double> _x, _gradient;
    private readonly int[] _labels;
    private readonly double[][] _learned;
    private readonly double[] _initialKappa;
    private readonly ConditionEstimate<double>[] _kappa;
    private readonly Accuracy _oldBefore, _newBefore;

    /// <summary>Learns the first task.</summary>
    public TuningGroup(TuningProtocol protocol, uint streamSeed, CancellationToken cancellation)
    {
        _protocol = protocol;
        _streamSeed = streamSeed;
        _cancellation = cancellation;
        Classification data = protocol.Data ?? Classification.Teacher(new GaussianStream(streamSeed));
        int features = data.Train.Features.Columns;
        if (protocol.Task == SecondTask.PermutedFeatures)
        {
            int[] order = Permutation.Draw(features, new GaussianStream(streamSeed + 2));
            _old = new LearningTask(data.Train, data.Test, 0, Classification.Classes);
            _new = new LearningTask(data.Train.Permuted(order), data.Test.Permuted(order), 0, Classification.Classes);
        }
        else
        {
            const int half = Classification.Classes / 2;
            _old = new LearningTask(data.Train.OfClasses(0, half), data.Test.OfClasses(0, half), 0, half);
            _new = new LearningTask(data.Train.OfClasses(half, half), data.Test.OfClasses(half, half), half, half);
        }

        var stream = new GaussianStream(streamSeed + 1);
        _model = new ResidualMlp(protocol.BatchSize, features, protocol.Width, protocol.Blocks, Classification.Classes, stream);
        _x = new Matrix<double>(protocol.BatchSize, features);
        _gradient = new Matrix<double>(protocol.BatchSize, Classification.Classes);
        _labels = new int[protocol.BatchSize];
        _initialKappa = [.. Measure().Select(k => k.Value)];
        int[] order1 = [.. Enumerable.Range(0, _old.Train.Count)];
        var optimizer = new Adam(protocol.FirstRate);
        for (int epoch = 0; epoch < protocol.FirstEpochs; epoch++)
            Pass(_old.Train, order1, stream, optimizer, _model.Network.Parameters);
        _learned = [.. _model.Weights.Select(w => w.Value.Elements.ToArray())];
        _kappa = Measure();
        (_oldBefore, _newBefore) = (Test(_old), Test(_new));
    }

    /// <summary>The model as it is; each member starts from the weights that the first task left.</summary>
    internal ResidualMlp Model => _model;

    /// <summary>Learns the second task as each member says, one after the other.</summary>
    public IEnumerable<TrialRecord> Adapt(IReadOnlyList<(string Experiment, Cell Cell)> members, int trial, uint seed)
    {
        // Two rules may choose the same tensors, as the largest κ of all and of the blocks; they are trained once.
        var done = new Dictionary<(string, double, int), (SortedDictionary<string, double> Values, SortedDictionary<string, double[]> Series)>();
        foreach ((string experiment, Cell cell) in members)
        {
            var protocol = (TuningProtocol)cell.Protocol;
            int[] chosen = TensorSelection.Choose(protocol.Choice, [.. _kappa.Select(k => k.Value)], protocol.BlocksOnly, protocol.Count,
                new GaussianStream(_streamSeed + 4));
            (string, double, int) key = (string.Join(' ', chosen), protocol.LearningRate, protocol.Epochs);
            if (!done.TryGetValue(key, out var found))
                done.Add(key, found = Adapt(protocol, chosen));
            yield return new TrialRecord(experiment, cell.Condition, trial, seed, protocol.Fingerprint(seed), found.Values, found.Series);
        }
    }

    /// <summary>The second task, learned by the chosen tensors.</summary>
    private (SortedDictionary<string, double> Values, SortedDictionary<string, double[]> Series) Adapt(TuningProtocol protocol, int[] chosen)
    {
        foreach (Parameter parameter in _model.Network.Parameters)
            parameter.IsFrozen = true;
        for (int i = 0; i < _learned.Length; i++)
            _learned[i].CopyTo(_model.Weights[i].Value.Elements);
        Parameter[] trained = [.. chosen.Select(i => _model.Weights[i])];
        foreach (Parameter parameter in trained)
            parameter.IsFrozen = false;

        var optimizer = new Adam(protocol.LearningRate);
        var stream = new GaussianStream(_streamSeed + 3);
        int[] order = [.. Enumerable.Range(0, _new.Train.Count)];
        List<Accuracy> old = [_oldBefore], fresh = [_newBefore];
        for (int epoch = 0; epoch < protocol.Epochs; epoch++)
        {
            Pass(_new.Train, order, stream, optimizer, trained);
            old.Add(Test(_old));
            fresh.Add(Test(_new));
        }

        double[] kappa = [.. _kappa.Select(k => k.Value)];
        var values = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var series = new SortedDictionary<string, double[]>(StringComparer.Ordinal);
        values["new_accuracy"] = fresh[^1].Within;
        values["old_accuracy"] = old[^1].Within;
        values["old_accuracy_before"] = old[0].Within;
        values["forgetting"] = old[0].Within - old[^1].Within;
        values["new_accuracy_of_all_classes"] = fresh[^1].OfAll;
        values["old_accuracy_of_all_classes"] = old[^1].OfAll;
        values["parameters"] = trained.Sum(p => (double)p.Value.Elements.Length);
        values["kappa_rank_correlation"] = RankCorrelation.Of(_initialKappa[1..^1], kappa[1..^1]);
        series["epoch"] = [.. Enumerable.Range(0, protocol.Epochs + 1).Select(e => (double)e)];
        series["new_accuracy"] = [.. fresh.Select(a => a.Within)];
        series["old_accuracy"] = [.. old.Select(a => a.Within)];
        series["kappa"] = kappa;
        series["kappa_lower"] = [.. _kappa.Select(k => k.Lower)];
        series["kappa_upper"] = [.. _kappa.Select(k => k.Upper)];
        series["kappa_initial"] = _initialKappa;
        series["chosen"] = [.. Enumerable.Range(0, kappa.Length).Select(i => chosen.Contains(i) ? 1.0 : 0)];
        return (values, series);
    }

    /// <summary>A pass over samples in a new order.</summary>
    private void Pass(Samples samples, int[] order, GaussianStream stream, Optimizer optimizer, IReadOnlyList<Parameter> trained)
    {
        Permutation.Shuffle(order, stream);
        for (int start = 0; start + _labels.Length <= order.Length; start += _labels.Length)
        {
            _cancellation.ThrowIfCancellationRequested();
            Step(samples, order.AsSpan(start, _labels.Length), optimizer, trained);
        }
    }

    /// <summary>A step on one batch.</summary>
    internal void Step(Samples samples, ReadOnlySpan<int> batch, Optimizer optimizer, IReadOnlyList<Parameter> trained)
    {
        Gather(samples, batch);
        SoftmaxCrossEntropy.Evaluate(_model.Network.Forward(_x), _labels, _gradient);
        _model.Network.Backward(_x, _gradient);
        optimizer.Step(trained);
    }

    private void Gather(Samples samples, ReadOnlySpan<int> batch)
    {
        for (int i = 0; i < batch.Length; i++)
        {
            samples.Features.Row(batch[i]).CopyTo(_x.Row(i));
            _labels[i] = samples.Labels[batch[i]];
        }
    }

    /// <summary>The parts of a task's test samples whose largest output is that of their class.</summary>
    private Accuracy Test(LearningTask task)
    {
        int within = 0, ofAll = 0;
        Span<int> batch = stackalloc int[_labels.Length];
        for (int start = 0; start < task.Test.Count; start += batch.Length)
        {
            int count = Math.Min(batch.Length, task.Test.Count - start);
            for (int i = 0; i < count; i++)
                batch[i] = start + i;
            // The rows behind the last samples are left from before, and not looked at.
            Gather(task.Test, batch[..count]);
            Matrix<double> outputs = _model.Network.Forward(_x);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<double> row = outputs.Row(i);
                within += Largest(row.Slice(task.FirstClass, task.Classes)) + task.FirstClass == _labels[i] ? 1 : 0;
                ofAll += Largest(row) == _labels[i] ? 1 : 0;
            }
        }

        return new Accuracy((double)within / task.Test.Count, (double)ofAll / task.Test.Count);
    }

    /// <summary>The place of the first of the largest.</summary>
    private static int Largest(ReadOnlySpan<double> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
            if (values[i] > values[largest])
                largest = i;
        return largest;
    }

    private ConditionEstimate<double>[] Measure() => [.. _model.Weights.Select(w => Spectrum.ConditionNumber<double>(w.Value, maxThreads: 1))];

    /// <summary>Samples of some of the classes, whose outputs alone compete.</summary>
    private sealed record LearningTask(Samples Train, Samples Test, int FirstClass, int Classes);

    /// <summary>Within the task's classes, and among all classes.</summary>
    private readonly record struct Accuracy(double Within, double OfAll);
}

using Kappa.Kernels;

namespace Kappa.Training.Tuning;

/// <summary>Samples with their classes.</summary>
/// <param name="Features">X (n×p), a sample per row.</param>
/// <param name="Labels">n classes, from 0 on.</param>
public sealed record Samples(Matrix<double> Features, int[] Labels)
{
    /// <summary>n.</summary>
    public int Count => Labels.Length;

    /// <summary>Those of the classes first … first + count − 1, in their order; the labels stay.</summary>
    internal Samples OfClasses(int first, int count)
    {
        int[] chosen = [.. Enumerable.Range(0, Count).Where(i => Labels[i] >= first && Labels[i] < first + count)];
        var features = new Matrix<double>(chosen.Length, Features.Columns);
        for (int i = 0; i < chosen.Length; i++)
            Features.Row(chosen[i]).CopyTo(features.Row(i));
        return new Samples(features, [.. chosen.Select(i => Labels[i])]);
    }

    /// <summary>The same samples with feature order[j] in the place of feature j.</summary>
    internal Samples Permuted(int[] order)
    {
        var features = new Matrix<double>(Count, Features.Columns);
        for (int i = 0; i < Count; i++)
            for (int j = 0; j < order.Length; j++)
                features[i, j] = Features[i, order[j]];
        return this with { Features = features };
    }
}

/// <summary>What a classifier learns: samples to train on and samples to test on, of the same features and classes.</summary>
/// <param name="Train">Training samples.</param>
/// <param name="Test">Test samples.</param>
/// <param name="Digest">16 hexadecimal digits of the SHA-256 of the file they come from; null of drawn ones.</param>
public sealed record Classification(Samples Train, Samples Test, string? Digest)
{
    /// <summary>The number of classes.</summary>
    public const int Classes = 10;

    private const int TeacherFeatures = 32, TeacherUnits = 12, TeacherTrain = 3000, TeacherTest = 1000;

    /// <summary>The classes of a drawn teacher: y = argmax of the standardised outputs of V max(Ux, 0), x ~ N(0, I).</summary>
    /// <remarks>
    /// U (12×32) and V (10×12) are N(0, 1); each output is taken relative to its mean and deviation over all samples, so that no class
    /// is rare. 3000 training and 1000 test samples.
    /// </remarks>
    /// <param name="stream">Where U, V and then the samples are drawn from.</param>
    public static Classification Teacher(GaussianStream stream)
    {
        const int count = TeacherTrain + TeacherTest;
        Matrix<double> first = Draw(TeacherUnits, TeacherFeatures), second = Draw(Classes, TeacherUnits), x = Draw(count, TeacherFeatures);
        Matrix<double> hidden = Gemm.Multiply<double>(x, first.Transposed());
        foreach (ref double unit in hidden.Elements)
            unit = Math.Max(unit, 0);
        Matrix<double> outputs = Gemm.Multiply<double>(hidden, second.Transposed());
        int[] labels = new int[count];
        double[] most = new double[count];
        Array.Fill(most, double.NegativeInfinity);
        for (int c = 0; c < Classes; c++)
        {
            (double mean, double deviation) = Moments(outputs.View.Column(c));
            for (int i = 0; i < count; i++)
                if ((outputs[i, c] - mean) / deviation is var score && score > most[i])
                    (most[i], labels[i]) = (score, c);
        }

        return new Classification(Rows(0, TeacherTrain), Rows(TeacherTrain, TeacherTest), null);

        Matrix<double> Draw(int rows, int columns)
        {
            var matrix = new Matrix<double>(rows, columns);
            stream.Fill(matrix.Elements);
            return matrix;
        }

        Samples Rows(int start, int rows) =>
            new(Matrix<double>.From(x.View.Block(start, 0, rows, TeacherFeatures)), labels[start..(start + rows)]);
    }

    /// <summary>Mean and standard deviation, divisor mn, of all elements.</summary>
    internal static (double Mean, double Deviation) Moments(ReadOnlyMatrixView<double> x)
    {
        double mean = 0, variance = 0, count = (double)x.Rows * x.Columns;
        for (int i = 0; i < x.Rows; i++)
            for (int j = 0; j < x.Columns; j++)
                mean += x[i, j];
        mean /= count;
        for (int i = 0; i < x.Rows; i++)
            for (int j = 0; j < x.Columns; j++)
                variance += (x[i, j] - mean) * (x[i, j] - mean);
        return (mean, Math.Sqrt(variance / count));
    }
}

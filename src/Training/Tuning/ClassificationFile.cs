using System.Security.Cryptography;
using Kappa.Kernels;
using Kappa.Training.Checkpoints;

namespace Kappa.Training.Tuning;

/// <summary>Reads labelled pixels: a safetensors file with U8 Xtrain (n×p), Ytrain (n×10, one-hot), Xtest and Ytest of the same widths.</summary>
public static class ClassificationFile
{
    /// <summary>Reads training and test samples; pixels are standardised by the mean and the deviation of all training pixels.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file breaks its format's rules, or is no such data set. The message names the tensor.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static Classification Read(string path)
    {
        using Checkpoint file = Checkpoint.Open([path]);
        Samples train = Read(file, "train"), test = Read(file, "test");
        if (train.Features.Columns != test.Features.Columns)
            throw new InvalidDataException($"Xtrain has {train.Features.Columns} pixels a sample and Xtest {test.Features.Columns}");
        for (int c = 0; c < Classification.Classes; c++)
            if (!train.Labels.Contains(c) || !test.Labels.Contains(c))
                throw new InvalidDataException($"class {c} has no sample in {(train.Labels.Contains(c) ? "Ytest" : "Ytrain")}");
        (double mean, double deviation) = Classification.Moments(train.Features);
        if (deviation == 0)
            throw new InvalidDataException("all pixels of Xtrain are equal");
        foreach (Samples samples in new[] { train, test })
            foreach (ref double pixel in samples.Features.Elements)
                pixel = (pixel - mean) / deviation;
        using FileStream stream = File.OpenRead(path);
        return new Classification(train, test, Convert.ToHexStringLower(SHA256.HashData(stream).AsSpan(0, 8)));
    }

    private static Samples Read(Checkpoint file, string part)
    {
        Matrix<double> x = Matrix(file, $"X{part}"), y = Matrix(file, $"Y{part}");
        if (y.Columns != Classification.Classes || y.Rows != x.Rows)
            throw new InvalidDataException($"Y{part} is {y.Rows}×{y.Columns}; {x.Rows} samples of {Classification.Classes} classes need {x.Rows}×{Classification.Classes}");
        int[] labels = new int[y.Rows];
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<double> row = y.Row(i);
            labels[i] = row.IndexOf(1);
            if (labels[i] < 0 || row.IndexOfAnyExcept(0, 1) >= 0 || row[(labels[i] + 1)..].Contains(1))
                throw new InvalidDataException($"row {i} of Y{part} is not one-hot");
        }

        return new Samples(x, labels);
    }

    private static Matrix<double> Matrix(Checkpoint file, string name)
    {
        CheckpointTensor tensor = file.Tensors.FirstOrDefault(t => t.Name == name)
            ?? throw new InvalidDataException($"it has no tensor {name}; Xtrain, Ytrain, Xtest and Ytest are needed");
        if (tensor.ElementType != ElementType.U8 || tensor.Shape.Count != 2 || tensor.Count == 0)
            throw new InvalidDataException($"{name} is {tensor.ElementType} of shape ({string.Join(", ", tensor.Shape)}); a U8 matrix is needed");
        if (tensor.Count > Array.MaxLength / 8)
            throw new InvalidDataException($"{name} has {tensor.Count} elements, more than fit into memory");
        var matrix = new Matrix<double>((int)tensor.Shape[0], (int)tensor.Shape[1]);
        tensor.Read(0, matrix.Elements);
        return matrix;
    }
}

using Kappa.Training.Checkpoints;
using Kappa.Training.Tests.Checkpoints;
using Kappa.Training.Tuning;
using NUnit.Framework;

namespace Kappa.Training.Tests;

public class ClassificationFileTests
{
    private const int Pixels = 3;
    private string _path = "";

    [SetUp]
    public void MakeFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void DeleteFile() => File.Delete(_path);

    private static (string Name, ElementType Type, long[] Shape, byte[] Data) Bytes(string name, int rows, int columns, Func<int, int, int> value) =>
        (name, ElementType.U8, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(k => (byte)value(k / columns, k % columns))]);

    private static (string Name, ElementType Type, long[] Shape, byte[] Data)[] Sound() =>
    [
        Bytes("Xtrain", 20, Pixels, (i, j) => 10 * i + j), Bytes("Ytrain", 20, 10, (i, j) => i % 10 == j ? 1 : 0),
        Bytes("Xtest", 10, Pixels, (i, j) => 7 * i + j), Bytes("Ytest", 10, 10, (i, j) => i == j ? 1 : 0),
    ];

    private Classification Read(params (string, ElementType, long[], byte[])[] tensors)
    {
        File.WriteAllBytes(_path, Safetensors.File(tensors));
        return ClassificationFile.Read(_path);
    }

    [Test]
    public void SoundFile_GivesStandardisedPixelsAndLabels()
    {
        Classification data = Read(Sound());
        Assert.That(data.Train.Labels, Is.EqualTo(Enumerable.Range(0, 20).Select(i => i % 10)));
        Assert.That((data.Test.Count, data.Test.Features.Columns), Is.EqualTo((10, Pixels)));
        double eps = Math.ScaleB(1, -52), count = 20 * Pixels;
        (double mean, double deviation) = Classification.Moments(data.Train.Features);
        Assert.That((mean, deviation), Is.EqualTo((0.0, 1.0)).Within(count * eps));
        // A step of one grey level is the same everywhere.
        double step = data.Train.Features[0, 1] - data.Train.Features[0, 0];
        Assert.That(data.Test.Features[5, 2] - data.Train.Features[0, 0], Is.EqualTo(37 * step).Within(count * eps));
        Assert.That(data.Digest, Does.Match("^[0-9a-f]{16}$"));
    }

    [Test]
    public void Digest_DiffersWithEveryByte()
    {
        string? before = Read(Sound()).Digest;
        Assert.That(Read([.. Sound()[..3], Bytes("Ytest", 10, 10, (i, j) => 9 - i == j ? 1 : 0)]).Digest, Is.Not.EqualTo(before));
        Assert.That(Read(Sound()).Digest, Is.EqualTo(before));
    }

    [Test]
    public void WhatIsNoDataSet_IsRefusedByName()
    {
        AssertRefused("no tensor Ytest", Sound()[..3]);
        AssertRefused("Xtrain is F32 of shape (4, 3)", [Safetensors.Counting("Xtrain", 4, 3), .. Sound()[1..]]);
        AssertRefused("Xtest is U8 of shape (30)", [.. Sound()[..2], ("Xtest", ElementType.U8, [30], new byte[30]), Sound()[3]]);
        AssertRefused("Xtest is U8 of shape (0, 3)", [.. Sound()[..2], ("Xtest", ElementType.U8, [0, 3], []), Sound()[3]]);
        AssertRefused("Ytrain is 19×10; 20 samples", [Sound()[0], Bytes("Ytrain", 19, 10, (i, j) => i % 10 == j ? 1 : 0), .. Sound()[2..]]);
        AssertRefused("Ytest is 10×9", [.. Sound()[..3], Bytes("Ytest", 10, 9, (i, j) => i == j ? 1 : 0)]);
        AssertRefused("row 4 of Ytest is not one-hot", [.. Sound()[..3], Bytes("Ytest", 10, 10, (i, j) => i == j || i == 4 && j == 8 ? 1 : 0)]);
        AssertRefused("row 0 of Ytest is not one-hot", [.. Sound()[..3], Bytes("Ytest", 10, 10, (i, j) => i == j && i > 0 ? 1 : 0)]);
        AssertRefused("row 2 of Ytest is not one-hot", [.. Sound()[..3], Bytes("Ytest", 10, 10, (i, j) => i == j ? 1 : i == 2 && j == 0 ? 3 : 0)]);
        AssertRefused("class 9 has no sample in Ytest", [.. Sound()[..3], Bytes("Ytest", 10, 10, (i, j) => Math.Min(i, 8) == j ? 1 : 0)]);
        AssertRefused("Xtrain has 3 pixels a sample and Xtest 2", [.. Sound()[..2], Bytes("Xtest", 10, 2, (i, j) => i + j), Sound()[3]]);
        AssertRefused("all pixels of Xtrain are equal", [Bytes("Xtrain", 20, Pixels, (_, _) => 7), .. Sound()[1..]]);

        void AssertRefused(string message, (string, ElementType, long[], byte[])[] tensors) =>
            Assert.That(() => Read(tensors), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(message));
    }

    [Test]
    public void Digits_AreAsTheirSourceSays()
    {
        if (SharedData.Find("mnist14/mnist.safetensors") is not string path)
            return;
        Classification digits = ClassificationFile.Read(path);
        Assert.That((digits.Train.Count, digits.Test.Count, digits.Train.Features.Columns), Is.EqualTo((6000, 1000, 14 * 14)));
        int[] counts = [.. Enumerable.Range(0, 10).Select(c => digits.Train.Labels.Count(l => l == c))];
        Assert.That(counts, Is.All.InRange(500, 700));
    }
}

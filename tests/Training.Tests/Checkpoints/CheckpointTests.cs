using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

public class CheckpointTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("kappa-checkpoint-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, byte[] file)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, file);
        return path;
    }

    private string WriteIndex(string map) => Write("model.safetensors.index.json", Encoding.UTF8.GetBytes($$"""{"metadata":{"total_size":8},"weight_map":{{map}}}"""));

    private static double[] Values(CheckpointTensor tensor)
    {
        var values = new double[tensor.Count];
        tensor.Read(0, values);
        return values;
    }

    private static void AssertRefused(string[] paths, params string[] fragments)
    {
        string message = Assert.Catch<Exception>(() => Checkpoint.Open(paths))!.Message;
        foreach (string fragment in fragments)
            Assert.That(message, Does.Contain(fragment));
    }

    [Test]
    public void ATensor_SaysWhatItsFileSays_AndReadsAnyPart()
    {
        string path = Write("a.safetensors", Safetensors.File(Safetensors.Counting("w", 5, 2, 7), ("s", ElementType.F64, [], BitConverter.GetBytes(Math.PI)), Safetensors.Counting("none", 0, 3)));
        using var checkpoint = Checkpoint.Open([path]);
        CheckpointTensor w = checkpoint.Tensors[0];
        Assert.That((w.Name, w.File, w.ElementType, w.Count, w.ByteLength), Is.EqualTo(("w", path, ElementType.F32, 70L, 280L)));
        Assert.That(w.Shape, Is.EqualTo(new long[] { 5, 2, 7 }));
        Assert.That(Values(w), Is.EqualTo(Enumerable.Range(1, 70)));
        var part = new double[3];
        w.Read(67, part);
        Assert.That(part, Is.EqualTo(new[] { 68.0, 69, 70 }));
        var floats = new float[2];
        w.Read(8, floats);
        Assert.That(floats, Is.EqualTo(new[] { 9f, 10 }));
        Assert.That(() => w.Read(68, part), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => w.Read(-1, part), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => w.Read(long.MaxValue, part), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(Values(checkpoint.Tensors[1]), Is.EqualTo(new[] { Math.PI }));
        Assert.That(checkpoint.Tensors[1].Shape, Is.Empty);
        Assert.That(Values(checkpoint.Tensors[2]), Is.Empty);
    }

    [Test]
    public void WhatIsWritten_IsReadBack() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(Files(), tensors =>
    {
        string path = Write("a.safetensors", Safetensors.File(tensors));
        using var checkpoint = Checkpoint.Open([path]);
        return checkpoint.Tensors.Count == tensors.Length && checkpoint.Tensors.Zip(tensors).All(pair =>
        {
            (CheckpointTensor tensor, (string name, ElementType type, long[] shape, byte[] data)) = pair;
            var expected = new double[tensor.Count];
            ElementConversion.Convert<double>(type, data, expected);
            return tensor.Name == name && tensor.ElementType == type && tensor.Shape.SequenceEqual(shape) && Values(tensor).AsSpan().SequenceEqual(expected);
        });
    }));

    private static Arbitrary<(string Name, ElementType Type, long[] Shape, byte[] Data)[]> Files()
    {
        Gen<(ElementType Type, long[] Shape)> tensor = from type in Gen.Elements(Enum.GetValues<ElementType>())
                                                       from rank in Gen.Choose(0, 4)
                                                       from shape in Gen.Choose(0, 6).ArrayOf(rank)
                                                       select (type, shape.Select(n => (long)n).ToArray());
        return (from count in Gen.Choose(0, 6)
                from tensors in tensor.ArrayOf(count)
                select tensors.Select((t, i) => ($"t\"{i}\né", t.Type, t.Shape, Safetensors.Bytes((int)t.Shape.Aggregate(1L, (a, b) => a * b) * t.Type.Size()))).ToArray()).ToArbitrary();
    }

    [Test]
    public void Folders_GiveTheirFilesInOrdinalOrder()
    {
        Write("b.safetensors", Safetensors.File(Safetensors.Counting("one", 1), Safetensors.Counting("two", 2)));
        Write("B.npy", NpyFileTests.Npy(1, "<i4", false, "(3,)", [1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255]));
        Write("a.npz", NpzFileTests.Archive(("x.npy", NpyFileTests.Npy(1, "|u1", false, "()", [7]))));
        Write("notes.txt", "no tensors"u8.ToArray());
        Write("below/c.safetensors", Safetensors.File(Safetensors.Counting("below", 1)));
        using var checkpoint = Checkpoint.Open([_folder]);
        Assert.That(checkpoint.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "B", "x", "one", "two" }));
        Assert.That(Values(checkpoint.Tensors[0]), Is.EqualTo(new[] { 1.0, 2, -1 }));
        Assert.That(Values(checkpoint.Tensors[1]), Is.EqualTo(new[] { 7.0 }));
    }

    [Test]
    public void NamesThatFilesShare_AreToldApart()
    {
        string a = Write("a.safetensors", Safetensors.File(Safetensors.Counting("w", 1), Safetensors.Counting("only a", 1)));
        string b = Write("b.safetensors", Safetensors.File(Safetensors.Counting("w", 2)));
        using var checkpoint = Checkpoint.Open([b, a, b, Path.Combine(_folder, ".", "a.safetensors")]);
        Assert.That(checkpoint.Tensors.Select(t => (t.Name, t.Count)), Is.EqualTo(new[] { ($"{b}:w", 2L), ($"{a}:w", 1), ("only a", 1) }));
        Assert.That(Values(checkpoint.Tensors[0]), Is.EqualTo(new[] { 1.0, 2 }));
    }

    [Test]
    public void Shards_AreFoundByTheirIndex()
    {
        Write("model-00001-of-00002.safetensors", Safetensors.File(Safetensors.Counting("a", 1), Safetensors.Counting("b", 2)));
        Write("model-00002-of-00002.safetensors", Safetensors.File(Safetensors.Counting("c", 3)));
        Write("consolidated.safetensors", Safetensors.File(Safetensors.Counting("a", 1)));
        string index = WriteIndex("""{"c":"model-00002-of-00002.safetensors","a":"model-00001-of-00002.safetensors","b":"model-00001-of-00002.safetensors"}""");
        foreach (string path in new[] { _folder, index })
        {
            using var checkpoint = Checkpoint.Open([path]);
            Assert.That(checkpoint.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "a", "b", "c" }), "an index says which files count");
        }
    }

    [TestCase("""{"a":"gone.safetensors"}""", "its shard 'gone.safetensors', for tensor 'a', is not there")]
    [TestCase("""{"a":"one.safetensors","z":"one.safetensors"}""", "it has no tensor 'z', which the index says it holds")]
    [TestCase("""{"a":"../one.safetensors"}""", "'../one.safetensors' for tensor 'a', which is no plain file name")]
    [TestCase("""{"a":"/etc/passwd"}""", "no plain file name")]
    [TestCase("""{"a":"..\\one.safetensors"}""", "no plain file name")]
    [TestCase("""{"a":"C:one.safetensors"}""", "no plain file name")]
    [TestCase("""{"a":".."}""", "no plain file name")]
    [TestCase("""{"a":""}""", "no plain file name")]
    [TestCase("""{"a":1}""", "no file name for tensor 'a'")]
    [TestCase("""{"a":"one.safetensors","a":"one.safetensors"}""", "tensor 'a' a second time")]
    [TestCase("""{"a":"\ud800"}""", "half a surrogate pair")]
    [TestCase("[]", "no weight_map")]
    [TestCase("{", "is no JSON at byte")]
    public void AnIndexThatIsWrong_IsRefused(string map, string message)
    {
        Write("one.safetensors", Safetensors.File(Safetensors.Counting("a", 1)));
        WriteIndex(map);
        AssertRefused([_folder], _folder, message);
    }

    [Test]
    public void WhatIsNoCheckpoint_IsRefusedByItsPath()
    {
        string missing = Path.Combine(_folder, "missing.safetensors");
        AssertRefused([missing], $"{missing}: there is no such file");
        AssertRefused([_folder], $"{_folder}: the folder holds no model.safetensors.index.json and no *.safetensors");
        AssertRefused([Write("empty.npy", [])], "empty.npy: it is no .npy file");
        AssertRefused([Write("empty.npz", [])], "empty.npz: ");
        AssertRefused([Write("empty.safetensors", [])], "empty.safetensors: it has 0 bytes");
        AssertRefused([Write("sound.safetensors", Safetensors.File()), Write("cut.safetensors", [1, 2])], "cut.safetensors: it has 2 bytes");
    }

    [Test]
    public void AFileCutShortLater_IsRefusedWhenRead()
    {
        string path = Write("a.safetensors", Safetensors.File(Safetensors.Counting("w", 1000)));
        using var checkpoint = Checkpoint.Open([path]);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(500);
        Assert.That(() => Values(checkpoint.Tensors[0]), Throws.InstanceOf<InvalidDataException>().With.Message.Contains($"{path}: tensor 'w'").And.Message.Contains("now it ends at byte 500"));
    }

    [Test]
    public void AClosedCheckpoint_IsNotRead()
    {
        var checkpoint = Checkpoint.Open([Write("a.safetensors", Safetensors.File(Safetensors.Counting("w", 10)))]);
        CheckpointTensor tensor = checkpoint.Tensors[0];
        checkpoint.Dispose();
        Assert.That(() => Values(tensor), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Threads_ReadTheSame()
    {
        string npz = Write("z.npz", NpzFileTests.Archive([.. Enumerable.Range(0, 20).Select(i => ($"z{i}.npy", NpyFileTests.Npy(1, "<i2", false, "(5000,)", Safetensors.Bytes(10000))))]));
        string safetensors = Write("s.safetensors", Safetensors.File([.. Enumerable.Range(0, 20).Select(i => ($"s{i}", ElementType.I16, new long[] { 5000 }, Safetensors.Bytes(10000)))]));
        using var checkpoint = Checkpoint.Open([npz, safetensors]);
        double[] expected = Values(checkpoint.Tensors[0]);
        var read = new double[checkpoint.Tensors.Count][];
        Parallel.For(0, read.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => read[i] = Values(checkpoint.Tensors[i]));
        Assert.That(read, Has.All.EqualTo(expected));
    }

    [TestCase("silero-vad/silero_vad_16k.safetensors", 15, "stft_conv.weight", 258 * 256)]
    [TestCase("retsim-pytorch/model.safetensors", 23, "gau_layers.0.proj1.weight", 640 * 256)]
    [TestCase("cellogpt/weights_s2s.safetensors", 188, "decoder_stack.0.ca.proj.weight", 16 * 16)]
    public void RealFiles_Open(string file, int tensors, string name, long count)
    {
        if (SharedData.Find(file) is not string path)
            return;
        using var checkpoint = Checkpoint.Open([path]);
        Assert.That(checkpoint.Tensors, Has.Count.EqualTo(tensors));
        Assert.That(checkpoint.Tensors.Sum(t => t.ByteLength), Is.LessThan(new FileInfo(path).Length));
        Assert.That(checkpoint.Tensors.Single(t => t.Name == name).Count, Is.EqualTo(count));
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
            Assert.That(Values(tensor), Has.All.Matches<double>(double.IsFinite), tensor.Name);
    }
}

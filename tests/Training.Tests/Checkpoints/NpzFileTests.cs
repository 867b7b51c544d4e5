using System.IO.Compression;
using System.Text;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

public class NpzFileTests
{
    private string _path = "";

    [SetUp]
    public void MakePath() => _path = Path.Combine(Path.GetTempPath(), $"kappa-{Guid.NewGuid():N}.npz");

    [TearDown]
    public void DeleteFile() => File.Delete(_path);

    internal static byte[] Archive(params (string Name, byte[] Data)[] entries) => Archive(CompressionLevel.SmallestSize, entries);

    private static byte[] Archive(CompressionLevel level, params (string Name, byte[] Data)[] entries)
    {
        var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create))
            foreach ((string name, byte[] data) in entries)
                using (Stream stream = archive.CreateEntry(name, level).Open())
                    stream.Write(data);
        return memory.ToArray();
    }

    private Checkpoint Open(byte[] file)
    {
        File.WriteAllBytes(_path, file);
        return Checkpoint.Open([_path]);
    }

    private void AssertRefused(byte[] file, params string[] fragments)
    {
        string message = Assert.Throws<InvalidDataException>(() => Open(file))!.Message;
        foreach (string fragment in (string[])[$"{_path}: ", .. fragments])
            Assert.That(message, Does.Contain(fragment));
    }

    [Test]
    public void StoredAndDeflatedEntries_AreRead([Values(CompressionLevel.NoCompression, CompressionLevel.SmallestSize)] CompressionLevel level)
    {
        byte[] doubles = [.. Enumerable.Range(0, 6000).SelectMany(i => BitConverter.GetBytes((double)i))];
        using Checkpoint checkpoint = Open(Archive(level,
            ("layer/w.npy", NpyFileTests.Npy(1, "<f8", false, "(60, 100)", doubles)),
            ("b.npy", NpyFileTests.Npy(3, "|b1", false, "(2, 1, 2)", [1, 0, 0, 1])),
            ("e.npy", NpyFileTests.Npy(2, "<f4", false, "(0, 3)", []))));
        Assert.That(checkpoint.Tensors.Select(t => (t.Name, t.ElementType, t.Count)),
            Is.EqualTo(new[] { ("layer/w", ElementType.F64, 6000L), ("b", ElementType.BOOL, 4), ("e", ElementType.F32, 0) }));
        var part = new double[100];
        checkpoint.Tensors[0].Read(5900, part);
        Assert.That(part, Is.EqualTo(Enumerable.Range(5900, 100)));
        checkpoint.Tensors[0].Read(0, part);
        Assert.That(part, Is.EqualTo(Enumerable.Range(0, 100)));
        var flags = new double[4];
        checkpoint.Tensors[1].Read(0, flags);
        Assert.That(flags, Is.EqualTo(new[] { 1.0, 0, 0, 1 }));
    }

    [Test]
    public void FortranOrder_IsReadInCOrder()
    {
        // Element (i, j, k) of 2×3×4 is 100i + 10j + k; stored with i fastest.
        short[] stored = [.. from k in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 2) select (short)(100 * i + 10 * j + k)];
        double[] expected = [.. from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4) select 100.0 * i + 10 * j + k];
        using Checkpoint checkpoint = Open(Archive(("a.npy", NpyFileTests.Npy(1, "<i2", true, "(2, 3, 4)", [.. stored.SelectMany(BitConverter.GetBytes)]))));
        for (int offset = 0; offset <= 24; offset++)
            for (int count = 0; count <= 24 - offset; count++)
            {
                var part = new double[count];
                checkpoint.Tensors[0].Read(offset, part);
                Assert.That(part, Is.EqualTo(expected[offset..(offset + count)]));
            }
    }

    [Test]
    public void WhatIsNoArchiveOfArrays_IsRefused()
    {
        byte[] sound = NpyFileTests.Npy(1, "<f8", false, "(2,)", new byte[16]);
        AssertRefused("PK, but no archive"u8.ToArray());
        AssertRefused(Archive(("data.pkl", [1, 2, 3])), "entry 'data.pkl': it is no .npy file");
        AssertRefused(Archive(("folder/", [])), "entry 'folder/': it is no .npy file");
        AssertRefused(Archive(("a.npy", sound), ("a.npy", sound)), "entry 'a.npy' is there a second time");
        AssertRefused(Archive(("a.npy", sound[..^1])), "entry 'a.npy': it is cut short: an array of shape (2) needs 16 bytes, 15 are there");
        AssertRefused(Archive(("a.npy", [.. sound, 1])), "entry 'a.npy': 1 bytes follow");
        byte[] cut = Archive(("a.npy", sound));
        for (int length = 0; length < cut.Length; length++)
            AssertRefused(cut[..length]);
    }

    [Test]
    public void ABomb_IsUnpackedNoFurtherThanItsHeaderSays()
    {
        // 64 MiB of zeros in 64 KiB: the array that the header declares, and what follows it.
        byte[] bomb = Archive(("a.npy", [.. NpyFileTests.Npy(1, "|u1", false, "(4,)", [1, 2, 3, 4]), .. new byte[1 << 26]]));
        Assert.That(bomb, Has.Length.LessThan(1 << 17));
        File.WriteAllBytes(_path, bomb);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Checkpoint.Open([_path]), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("67108864 bytes follow"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));

        // The directory lies about the length: what the header declares is all that is read, and the memory for it is the caller's.
        byte[] liar = [.. bomb];
        byte[] actual = BitConverter.GetBytes((1 << 26) + 132);
        int at = 0, replaced = 0;
        while ((at = liar.AsSpan(at).IndexOf(actual) is var found and >= 0 ? at + found : -1) >= 0)
        {
            BitConverter.GetBytes(132).CopyTo(liar, at);
            replaced++;
            at++;
        }

        Assert.That(replaced, Is.Positive);
        using Checkpoint checkpoint = Open(liar);
        var values = new double[4];
        checkpoint.Tensors[0].Read(0, values);
        Assert.That(values, Is.EqualTo(new[] { 1.0, 2, 3, 4 }));

        byte[] header = NpyFileTests.Npy(1, "|u1", false, "(1000000000000,)", []);
        AssertRefused(Archive(("a.npy", header)), "needs 1000000000000 bytes, 0 are there");
    }

    [Test]
    public void MutatedArchives_AreReadOrRefused()
    {
        byte[] sound = Archive(
            ("w.npy", NpyFileTests.Npy(1, "<f4", true, "(2, 3)", Safetensors.Bytes(24))), ("b.npy", NpyFileTests.Npy(2, ">i2", false, "(5,)", Safetensors.Bytes(10))));
        byte[] alone = NpyFileTests.Npy(1, "<f4", true, "(2, 3)", Safetensors.Bytes(24));
        var random = new Random(8);
        int read = 0, refused = 0;
        string npy = Path.ChangeExtension(_path, ".npy");
        try
        {
            for (int i = 0; i < 4000; i++)
            {
                (string path, byte[] file) = i % 2 == 0 ? (_path, (byte[])[.. sound]) : (npy, [.. alone]);
                for (int times = random.Next(1, 5); times > 0; times--)
                    file[random.Next(file.Length)] = random.Next(3) == 0 ? Encoding.ASCII.GetBytes("0123456789(),'<>|fiub"[random.Next(21)..])[0] : (byte)random.Next(256);
                if (random.Next(8) == 0)
                    file = file[..random.Next(file.Length)];
                File.WriteAllBytes(path, file);
                try
                {
                    using var checkpoint = Checkpoint.Open([path]);
                    foreach (CheckpointTensor tensor in checkpoint.Tensors)
                    {
                        if (tensor.ByteLength > 1000)
                            Assert.Fail($"case {i}: {tensor.ByteLength} bytes");
                        tensor.Read(0, new double[tensor.Count]);
                    }

                    read++;
                }
                catch (InvalidDataException)
                {
                    refused++;
                }
            }
        }
        finally
        {
            File.Delete(npy);
        }

        Assert.That(Math.Min(read, refused), Is.GreaterThan(100), $"{read} read, {refused} refused");
    }
}

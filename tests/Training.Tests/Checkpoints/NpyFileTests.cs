using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

public class NpyFileTests
{
    private string _path = "";

    [SetUp]
    public void MakeFile() => _path = Path.GetTempFileName();

    [TearDown]
    public void DeleteFile() => File.Delete(_path);

    /// <summary>A file as NumPy writes it: magic, version, header length, header padded to 64 bytes, elements.</summary>
    internal static byte[] Npy(int version, string type, bool fortran, string shape, byte[] data, string? header = null)
    {
        header ??= $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}";
        int lengthBytes = version == 1 ? 2 : 4;
        int total = (8 + lengthBytes + header.Length + 1 + 63) / 64 * 64;
        byte[] text = Encoding.Latin1.GetBytes(header.PadRight(total - 8 - lengthBytes - 1) + "\n");
        byte[] length = BitConverter.GetBytes(text.Length)[..lengthBytes];
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. data];
    }

    private Matrix<double> Read(byte[] file)
    {
        File.WriteAllBytes(_path, file);
        return NpyFile.ReadMatrix(_path);
    }

    [Test]
    public void EveryVersionOrderAndType_ReadsTheSame(
        [Values(1, 2, 3)] int version, [Values] bool fortran, [Values("<f8", ">f8", "<f4", ">f4", "f8", "<f2", ">f2")] string type)
    {
        double[] values = [1.5, -2, 0.1, 4e4, double.NaN, -0.0];
        byte[] data = [.. Enumerable.Range(0, 6).Select(i => values[fortran ? i % 2 * 3 + i / 2 : i]).SelectMany(x => Bytes(x, type))];
        Matrix<double> matrix = Read(Npy(version, type, fortran, "(2, 3)", data));
        Assert.That((matrix.Rows, matrix.Columns), Is.EqualTo((2, 3)));
        for (int i = 0; i < 6; i++)
            Assert.That(matrix.Elements[i], Is.EqualTo(type[^1] switch { '2' => (double)(Half)values[i], '4' => (float)values[i], _ => values[i] }));

        static byte[] Bytes(double x, string type)
        {
            byte[] bytes = type[^1] switch { '2' => BitConverter.GetBytes((Half)x), '4' => BitConverter.GetBytes((float)x), _ => BitConverter.GetBytes(x) };
            return type[0] == '>' ? [.. bytes.Reverse()] : bytes;
        }
    }

    [TestCase("(0, 4)", 0, 4)]
    [TestCase("(3, 0)", 3, 0)]
    [TestCase("(0, 0)", 0, 0)]
    public void EmptyMatrices_AreRead(string shape, int rows, int columns)
    {
        Matrix<double> matrix = Read(Npy(1, "<f8", false, shape, []));
        Assert.That((matrix.Rows, matrix.Columns), Is.EqualTo((rows, columns)));
    }

    [TestCase("<i8", "(1, 1)", 8, "elements are integers (I64)")]
    [TestCase("|b1", "(1, 1)", 1, "elements are integers (BOOL)")]
    [TestCase("<c16", "(1, 1)", 16, "elements are '<c16'")]
    [TestCase("<f16", "(1, 1)", 16, "elements are '<f16'")]
    [TestCase("|O", "(1, 1)", 8, "elements are '|O'")]
    [TestCase("<f8", "(1, 1, 1)", 8, "3-D")]
    [TestCase("<f8", "(1,)", 8, "1-D")]
    [TestCase("<f8", "()", 8, "0-D")]
    [TestCase("<f8", "(2, 1)", 15, "cut short")]
    [TestCase("<f8", "(1, 1)", 9, "follow")]
    [TestCase("<f8", "(-1, 1)", 8, "malformed")]
    [TestCase("<f8", "(1e3, 1)", 8, "malformed")]
    [TestCase("<f8", "(99999999999999999999, 1)", 8, "malformed")]
    [TestCase("<f8", "(2147483647, 1000)", 8, "cut short")]
    [TestCase("<f8", "(4294967296, 4294967296)", 0, "too large")]
    public void WhatIsNoMatrix_IsRefusedWithAReason(string type, string shape, int bytes, string reason) => Assert.That(
        () => Read(Npy(1, type, false, shape, new byte[bytes])), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(reason));

    [Test]
    public void BrokenHeaders_AreRefused()
    {
        byte[] sound = Npy(1, "<f8", false, "(1, 1)", new byte[8]);
        for (int length = 0; length < sound.Length; length++)
        {
            byte[] cut = sound[..length];
            Assert.That(() => Read(cut), Throws.InstanceOf<InvalidDataException>(), $"{length} bytes");
        }

        byte[] version9 = [.. sound];
        version9[6] = 9;
        Assert.That(() => Read(version9), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("version 9"));
        byte[] huge = Npy(2, "<f8", false, "(1, 1)", new byte[8]);
        BinaryPrimitives.WriteUInt32LittleEndian(huge.AsSpan(8), uint.MaxValue);
        Assert.That(() => Read(huge), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("cut short"));
        Assert.That(() => Read(Npy(2, "<f8", false, "(1, 1)" + new string(' ', 70_000), new byte[8])),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains("65536 are read"));
        Assert.That(() => Read(Npy(1, "", false, "", [], "{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,)}")),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains("structured"));
    }

    [Test]
    public void MutatedFiles_AreReadOrRefused() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll<int, byte>((position, value) =>
    {
        byte[] file = Npy(1, "<f8", false, "(2, 2)", new byte[32]);
        file[(int)((uint)position % file.Length)] = value;
        try
        {
            return Read(file).Elements.Length >= 0;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }));
}

using System.Buffers.Binary;
using System.Text;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

/// <summary>Every rule of the format, what breaks it, and what the message says.</summary>
public class SafetensorsHeaderTests
{
    private const string Sound = """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""";

    private static List<(string Name, TensorLayout Layout)> Read(byte[] file) => SafetensorsHeader.Read(new MemoryStream(file));

    private static void AssertRefused(byte[] file, params string[] fragments)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read(file))!.Message;
        foreach (string fragment in fragments)
            Assert.That(message, Does.Contain(fragment));
        Assert.That(message, Does.Not.Contain('\n'));
    }

    [TestCase("beyond the end of the file", """{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", 2, "tensor 'a' (byte 13)", "data offset 3", TestName = "Truncated")]
    [TestCase("2 bytes follow its last tensor 'a' from byte 63 on", Sound, 4, TestName = "TrailingBytes")]
    [TestCase("3 bytes follow its header from byte 10 on", "{}", 3, TestName = "TrailingBytesWithoutTensor")]
    [TestCase("within tensor 'a', which ends at byte 117", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, "tensor 'b' begins at byte 115", TestName = "Overlap")]
    [TestCase("bytes 115 to 117, before tensor 'b', belong to no tensor", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}""", 6, TestName = "Hole")]
    [TestCase("bytes 61 to 62, before tensor 'a', belong to no tensor", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, TestName = "HoleAtTheStart")]
    [TestCase("tensor 'a' is there a second time at byte 61", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 4, TestName = "DuplicateTensor")]
    [TestCase("a second time at byte 27", """{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "tensor 'a'", TestName = "DuplicateDtype")]
    [TestCase("a second time at byte 39", """{"a":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}}""", 2, TestName = "DuplicateShape")]
    [TestCase("a second time", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"data_offsets":[0,2]}}""", 2, TestName = "DuplicateOffsets")]
    [TestCase("tensor '__metadata__' is there a second time", """{"__metadata__":{},"__metadata__":{}}""", 0, TestName = "DuplicateMetadata")]
    [TestCase("__metadata__ has 'k' a second time", """{"__metadata__":{"k":"1","k":"2"}}""", 0, TestName = "DuplicateMetadataKey")]
    [TestCase("__metadata__ has no text for 'k' at byte 29", """{"__metadata__":{"k":1}}""", 0, TestName = "MetadataNumber")]
    [TestCase("__metadata__ is no object at byte 24", """{"__metadata__":"x"}""", 0, TestName = "MetadataText")]
    [TestCase("whose product is too large", """{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "tensor 'a' (byte 13)", TestName = "ShapeOverflow")]
    [TestCase("whose product is too large", """{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, TestName = "ShapeTimesSizeOverflow")]
    [TestCase("whose product is too large", """{"a":{"dtype":"U8","shape":[9223372036854775807,2,0],"data_offsets":[0,0]}}""", 0, TestName = "OverflowBeforeZero")]
    [TestCase("not whole from 0 to 2⁶³ − 1", """{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,0]}}""", 0, "its shape at byte 36", TestName = "ShapeBeyond64Bits")]
    [TestCase("not whole from 0 to 2⁶³ − 1", """{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}""", 0, TestName = "NegativeShape")]
    [TestCase("not whole from 0 to 2⁶³ − 1", """{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}""", 0, TestName = "MinusZero")]
    [TestCase("not whole from 0 to 2⁶³ − 1", """{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}""", 2, TestName = "Fraction")]
    [TestCase("not whole from 0 to 2⁶³ − 1", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2e0]}}""", 2, "its data_offsets", TestName = "Exponent")]
    [TestCase("something else than numbers in its shape", """{"a":{"dtype":"U8","shape":[2,"2"],"data_offsets":[0,4]}}""", 4, TestName = "TextInShape")]
    [TestCase("something else than numbers in its shape", """{"a":{"dtype":"U8","shape":[[2]],"data_offsets":[0,2]}}""", 2, TestName = "ListInShape")]
    [TestCase("no list as its shape", """{"a":{"dtype":"U8","shape":2,"data_offsets":[0,2]}}""", 2, TestName = "ShapeIsANumber")]
    [TestCase("takes 8 bytes; its data_offsets [0, 2] hold 2", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,2]}}""", 2, "F32 and shape [2]", TestName = "WrongSize")]
    [TestCase("takes 4 bytes; its data_offsets [0, 0] hold 0", """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}""", 0, TestName = "ScalarWithoutBytes")]
    [TestCase("no begin and end", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}""", 2, "[2, 0]", TestName = "OffsetsReversed")]
    [TestCase("no begin and end", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[2]}}""", 2, TestName = "OneOffset")]
    [TestCase("no begin and end", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,2]}}""", 2, TestName = "ThreeOffsets")]
    [TestCase("beyond the end of the file", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,9223372036854775807]}}""", 2, TestName = "HugeOffset")]
    [TestCase("has no dtype", """{"a":{"shape":[2],"data_offsets":[0,2]}}""", 2, "tensor 'a'", TestName = "NoDtype")]
    [TestCase("has no shape", """{"a":{"dtype":"U8","data_offsets":[0,2]}}""", 2, TestName = "NoShape")]
    [TestCase("has no data_offsets", """{"a":{"dtype":"U8","shape":[2]}}""", 2, TestName = "NoOffsets")]
    [TestCase("has 'stride' at byte 60", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"stride":[1]}}""", 2, TestName = "UnknownKey")]
    [TestCase("has dtype 'F4' at byte 22, elements smaller than a byte", """{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}""", 1, TestName = "F4")]
    [TestCase("elements smaller than a byte", """{"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}""", 3, TestName = "F6_E2M3")]
    [TestCase("elements smaller than a byte", """{"a":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[0,3]}}""", 3, TestName = "F6_E3M2")]
    [TestCase("complex numbers", """{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8, TestName = "C64")]
    [TestCase("'f32' at byte 22, which is unknown", """{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, TestName = "DtypeInSmallLetters")]
    [TestCase("'F32, F16'", """{"a":{"dtype":"F32, F16","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown", TestName = "TwoDtypes")]
    [TestCase("'1'", """{"a":{"dtype":"1","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown", TestName = "DtypeByNumber")]
    [TestCase("no text as its dtype", """{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}""", 4, TestName = "DtypeIsANumber")]
    [TestCase("tensor 'a' is no object at byte 13", """{"a":null}""", 0, TestName = "TensorIsNull")]
    [TestCase("does not start with '{' at byte 8", """ {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, TestName = "SpaceBeforeTheHeader")]
    [TestCase("does not start with '{' at byte 8", """[]""", 0, TestName = "HeaderIsAList")]
    [TestCase("does not start with '{' at byte 8", "", 0, TestName = "EmptyHeader")]
    [TestCase("no JSON near byte", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}""", 2, TestName = "HeaderCutShort")]
    [TestCase("no JSON near byte", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}} {}""", 2, TestName = "SecondObject")]
    [TestCase("no JSON near byte", """{"a":{"dtype":"U8","shape":[2,],"data_offsets":[0,2]}}""", 2, TestName = "TrailingComma")]
    [TestCase("no JSON near byte", """{"a":{"dtype":"U8","shape":[02],"data_offsets":[0,2]}}""", 2, TestName = "LeadingZero")]
    [TestCase("no JSON near byte", """{/**/"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, TestName = "Comment")]
    [TestCase("half a surrogate pair at byte 9", """{"\ud800":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, TestName = "HalfASurrogatePair")]
    public void BrokenRules_AreNamed(string message, string header, int dataBytes, params string[] more) =>
        AssertRefused(Safetensors.File(header, dataBytes), [message, .. more]);

    [Test]
    public void NestingWithoutEnd_IsRefused() =>
        AssertRefused(Safetensors.File("""{"a":""" + new string('[', 100_000), 0), "tensor 'a' is no object");

    [Test]
    public void HeaderLengths_MustBeAllowedAndInside()
    {
        for (int length = 0; length < 8; length++)
            AssertRefused(new byte[length], $"it has {length} bytes");
        byte[] file = Safetensors.File(Sound, 2);
        foreach ((ulong length, string message) in new (ulong, string)[]
        {
            (ulong.MaxValue, "bytes 0 to 7 say that its header has 18446744073709551615 bytes; the format allows 100000000"),
            (100_000_001, "the format allows 100000000"),
            (1UL << 63, "the format allows"),
            (100_000_000, "beyond the end of the file at byte 63"),
            ((ulong)file.Length - 7, "beyond the end of the file"),
        })
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file, length);
            AssertRefused(file, message);
        }

        AssertRefused(Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "Git LFS");
        AssertRefused(NpzFileTests.Archive(("archive/data.pkl", [1, 2, 3])), "a zip archive, as PyTorch's .pt");
    }

    [Test]
    public void BytesThatAreNoUtf8_AreNamed()
    {
        foreach (byte[] bad in new byte[][] { [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80] })
        {
            byte[] header = [.. "{\"é"u8, .. bad, .. "\":{}}"u8];
            AssertRefused(Safetensors.File(header, []), "no UTF-8 at byte 12");
        }

        AssertRefused(Safetensors.File([.. Encoding.UTF8.Preamble, .. "{}"u8], []), "does not start with '{'");
    }

    [Test]
    public void Names_AreShownWithoutControlCharactersAndCut()
    {
        AssertRefused(Safetensors.File("""{"a\n\u001b[31m":null}""", 0), @"tensor 'a\u000A\u001B[31m' is no object");
        AssertRefused(Safetensors.File($$"""{"{{new string('x', 1000)}}":null}""", 0), new string('x', 200) + "…'");
    }

    [Test]
    public void WhatTheFormatAllows_IsRead()
    {
        List<(string Name, TensorLayout Layout)> Tensors(string header, int bytes) => Read(Safetensors.File(header, bytes));
        Assert.That(Tensors("{}", 0), Is.Empty);
        Assert.That(Tensors("{}      ", 0), Is.Empty);
        Assert.That(Tensors("""{"__metadata__":null}""", 0), Is.Empty, "as MLX writes it");
        Assert.That(Tensors("""{"__metadata__":{"format":"pt","":"\n"}}""", 0), Is.Empty);

        // No order in the header is asked for; tensors stand in that of their bytes, and empty ones take no place.
        List<(string Name, TensorLayout Layout)> tensors = Tensors("""
            {"last":{"data_offsets":[8,12],"dtype":"I32","shape":[]},
             "none":{"dtype":"F64","shape":[0,9223372036854775807],"data_offsets":[8,8]},
             "é\u0022":{"dtype":"BF16","shape":[2,1,2],"data_offsets":[0,8]},
             "also none":{"dtype":"F64","shape":[3,0],"data_offsets":[12,12]}}
            """, 12);
        Assert.That(tensors.Select(t => t.Name), Is.EqualTo(new[] { "é\"", "none", "last", "also none" }));
        Assert.That(tensors.Select(t => t.Layout.Type), Is.EqualTo(new[] { ElementType.BF16, ElementType.F64, ElementType.I32, ElementType.F64 }));
        Assert.That(tensors[0].Layout.Shape, Is.EqualTo(new long[] { 2, 1, 2 }));
        Assert.That(tensors[2].Layout.Shape, Is.Empty);
        Assert.That(tensors[2].Layout.Start - tensors[0].Layout.Start, Is.EqualTo(8));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void LongLists_AreReadWithoutGrowth(int kind)
    {
        // What takes the most memory per byte of header: extents of two bytes, metadata and tensors with the shortest names.
        const int Count = 20_000;
        string header = kind switch
        {
            0 => """{"a":{"dtype":"U8","shape":[""" + string.Join(',', Enumerable.Repeat(1, Count)) + """],"data_offsets":[0,1]}}""",
            1 => """{"__metadata__":{""" + string.Join(',', Enumerable.Range(0, Count).Select(i => $"\"{(char)(0x100 + i)}\":\"\"")) + "}}",
            _ => "{" + string.Join(',', Enumerable.Range(0, Count).Select(i => $$"""
                "{{(char)(0x100 + i)}}":{"dtype":"U8","shape":[],"data_offsets":[{{i}},{{i + 1}}]}
                """)) + "}",
        };
        byte[] file = Safetensors.File(header, kind == 1 ? 0 : kind == 0 ? 1 : Count);
        Read(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Read(file);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(allocated, Is.LessThan(16L * file.Length), $"{allocated} bytes for a file of {file.Length}");
    }
}

using System.Numerics;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

/// <summary>Every code of every small type against the definition of its format, in powers of two.</summary>
public class ElementConversionTests
{
    private static T[] Convert<T>(ElementType type, byte[] bytes) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var values = new T[bytes.Length / type.Size()];
        ElementConversion.Convert<T>(type, bytes, values);
        return values;
    }

    /// <summary>(−1)^s · 2^(e − bias) · (1 + f/2^bits), e = 0: 2^(1 − bias)·f/2^bits.</summary>
    private static double Definition(int code, int exponentBits, int fractionBits, int bias)
    {
        int e = (code >> fractionBits) & ((1 << exponentBits) - 1), f = code & ((1 << fractionBits) - 1);
        double sign = (code >> (exponentBits + fractionBits) & 1) == 0 ? 1 : -1, fraction = f / Math.Pow(2, fractionBits);
        return sign * (e == 0 ? Math.Pow(2, 1 - bias) * fraction : Math.Pow(2, e - bias) * (1 + fraction));
    }

    private static double Ieee(int code, int exponentBits, int fractionBits)
    {
        int e = (code >> fractionBits) & ((1 << exponentBits) - 1), f = code & ((1 << fractionBits) - 1);
        if (e < (1 << exponentBits) - 1)
            return Definition(code, exponentBits, fractionBits, (1 << (exponentBits - 1)) - 1);
        return f != 0 ? double.NaN : code >> (exponentBits + fractionBits) == 0 ? double.PositiveInfinity : double.NegativeInfinity;
    }

    private static double Reference(ElementType type, int code) => type switch
    {
        ElementType.F16 => Ieee(code, 5, 10),
        ElementType.BF16 => Ieee(code, 8, 7),
        ElementType.F8_E5M2 => Ieee(code, 5, 2),
        ElementType.F8_E4M3 => code is 0x7F or 0xFF ? double.NaN : Definition(code, 4, 3, 7),
        ElementType.F8_E4M3FNUZ => code == 0x80 ? double.NaN : Definition(code, 4, 3, 8),
        ElementType.F8_E5M2FNUZ => code == 0x80 ? double.NaN : Definition(code, 5, 2, 16),
        ElementType.F8_E8M0 => code == 0xFF ? double.NaN : Math.Pow(2, code - 127),
        ElementType.I8 => code < 128 ? code : code - 256,
        ElementType.I16 => code < 32768 ? code : code - 65536,
        ElementType.BOOL => code == 0 ? 0 : 1,
        _ => code,
    };

    [Test]
    public void EveryCode_IsWhatItsFormatDefines([Values(
        ElementType.F16, ElementType.BF16, ElementType.F8_E4M3, ElementType.F8_E5M2, ElementType.F8_E8M0, ElementType.F8_E4M3FNUZ,
        ElementType.F8_E5M2FNUZ, ElementType.I16, ElementType.U16, ElementType.I8, ElementType.U8, ElementType.BOOL)] ElementType type)
    {
        int codes = type.Size() == 1 ? 256 : 65536;
        byte[] bytes = [.. Enumerable.Range(0, codes).SelectMany(c => type.Size() == 1 ? [(byte)c] : BitConverter.GetBytes((ushort)c))];
        double[] doubles = Convert<double>(type, bytes);
        float[] floats = Convert<float>(type, bytes);
        for (int code = 0; code < codes; code++)
        {
            long expected = BitConverter.DoubleToInt64Bits(Reference(type, code));
            // Bit by bit, −0 included; of NaN only that it is one.
            bool isNaN = double.IsNaN(BitConverter.Int64BitsToDouble(expected));
            if (isNaN ? !double.IsNaN(doubles[code]) : BitConverter.DoubleToInt64Bits(doubles[code]) != expected)
                Assert.Fail($"{type} 0x{code:X}: {doubles[code]:R}, not {Reference(type, code):R}");
            if (isNaN ? !float.IsNaN(floats[code]) : BitConverter.DoubleToInt64Bits(floats[code]) != expected)
                Assert.Fail($"{type} 0x{code:X} as float: {floats[code]:R}, not {Reference(type, code):R}");
        }
    }

    [TestCase(ElementType.F8_E4M3, 0x7E, 448)]
    [TestCase(ElementType.F8_E4M3, 0x01, 1.0 / 512)]
    [TestCase(ElementType.F8_E5M2, 0x7B, 57344)]
    [TestCase(ElementType.F8_E5M2, 0x01, 1.0 / 65536)]
    [TestCase(ElementType.F8_E4M3FNUZ, 0x7F, 240)]
    [TestCase(ElementType.F8_E5M2FNUZ, 0xFF, -57344)]
    [TestCase(ElementType.F8_E8M0, 127, 1)]
    public void Landmarks_OfThePapers(ElementType type, byte code, double expected) => Assert.That(Convert<double>(type, [code]), Is.EqualTo(new[] { expected }));

    [Test]
    public void WideTypes_AreExactOrRoundedToNearest()
    {
        double[] doubles = [0, -0.0, 1.5, -1e300, double.Epsilon, double.NaN, double.PositiveInfinity, Math.PI, 16777217];
        byte[] Bytes<T>(T[] values) where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>(values).ToArray();
        Assert.That(Convert<double>(ElementType.F64, Bytes(doubles)), Is.EqualTo(doubles));
        Assert.That(Convert<float>(ElementType.F64, Bytes(doubles)), Is.EqualTo(doubles.Select(x => (float)x)));
        float[] floats = [.. Enumerable.Range(0, 1000).Select(i => BitConverter.Int32BitsToSingle(i * 4294967)), float.NaN, float.NegativeInfinity];
        Assert.That(Convert<float>(ElementType.F32, Bytes(floats)), Is.EqualTo(floats));
        Assert.That(Convert<double>(ElementType.F32, Bytes(floats)), Is.EqualTo(floats.Select(x => (double)x)));
        int[] ints = [0, -1, int.MinValue, int.MaxValue, 16777217, 16777219];
        Assert.That(Convert<double>(ElementType.I32, Bytes(ints)), Is.EqualTo(new double[] { 0, -1, -2147483648, 2147483647, 16777217, 16777219 }));
        Assert.That(Convert<float>(ElementType.I32, Bytes(ints)), Is.EqualTo(new float[] { 0, -1, -2147483648f, 2147483648f, 16777216, 16777220 }));
        Assert.That(Convert<double>(ElementType.U32, Bytes(ints)), Is.EqualTo(new double[] { 0, 4294967295, 2147483648, 2147483647, 16777217, 16777219 }));
        // 2⁵³ + 1 and 2⁵³ + 3 lie half way between two doubles and go to the even one.
        long[] longs = [long.MinValue, long.MaxValue, -1, 9007199254740993, 9007199254740995];
        Assert.That(Convert<double>(ElementType.I64, Bytes(longs)), Is.EqualTo(new[] { -Math.Pow(2, 63), Math.Pow(2, 63), -1, 9007199254740992, 9007199254740996 }));
        Assert.That(Convert<double>(ElementType.U64, Bytes(longs)), Is.EqualTo(new[] { Math.Pow(2, 63), Math.Pow(2, 63), Math.Pow(2, 64), 9007199254740992, 9007199254740996 }));
    }

    [Test]
    public void AnyLength_IsConvertedToItsEnd([Values(ElementType.F16, ElementType.BF16, ElementType.F32)] ElementType type)
    {
        for (int count = 0; count < 70; count++)
        {
            byte[] bytes = [.. Enumerable.Range(0, count).SelectMany(i => type switch
            {
                ElementType.F16 => BitConverter.GetBytes((Half)(i - 7)),
                ElementType.BF16 => BitConverter.GetBytes((float)(i - 7))[2..],
                _ => BitConverter.GetBytes((float)(i - 7)),
            })];
            double[] expected = [.. Enumerable.Range(0, count).Select(i => (double)(i - 7))];
            Assert.That(Convert<double>(type, bytes), Is.EqualTo(expected));
            Assert.That(Convert<float>(type, bytes), Is.EqualTo(expected));
        }
    }
}

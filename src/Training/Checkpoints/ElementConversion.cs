using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kappa.Training.Checkpoints;

/// <summary>Stored elements as numbers: exact wherever the destination's type holds the value, rounded to nearest elsewhere (integers of more bits than its fraction; F64 as float).</summary>
internal static class ElementConversion
{
    private static readonly float[] s_e4M3 = Table(code => Float(code, exponentBits: 4, bias: 7, nan: (code & 0x7F) == 0x7F));
    private static readonly float[] s_e5M2 = Table(code => (code & 0x7F) == 0x7C
        ? (code < 0x80 ? float.PositiveInfinity : float.NegativeInfinity)
        : Float(code, exponentBits: 5, bias: 15, nan: (code & 0x7F) > 0x7C));
    private static readonly float[] s_e8M0 = Table(code => code == 255 ? float.NaN : MathF.ScaleB(1, code - 127));
    private static readonly float[] s_e4M3Fnuz = Table(code => Float(code, exponentBits: 4, bias: 8, nan: code == 0x80));
    private static readonly float[] s_e5M2Fnuz = Table(code => Float(code, exponentBits: 5, bias: 16, nan: code == 0x80));

    /// <summary>Converts as many elements as the destination holds, in the byte order of this machine.</summary>
    public static void Convert<T>(ElementType type, ReadOnlySpan<byte> source, Span<T> destination) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (type)
        {
            case ElementType.F64: Numbers<double, T>(source, destination); break;
            case ElementType.F32: Widen(MemoryMarshal.Cast<byte, float>(source), destination); break;
            case ElementType.F16: Small(source, destination, 2, static (s, d) => Halves(MemoryMarshal.Cast<byte, ushort>(s), d)); break;
            case ElementType.BF16: Small(source, destination, 2, static (s, d) => UpperHalves(MemoryMarshal.Cast<byte, ushort>(s), d)); break;
            case ElementType.F8_E4M3: LookUp(s_e4M3, source, destination); break;
            case ElementType.F8_E5M2: LookUp(s_e5M2, source, destination); break;
            case ElementType.F8_E8M0: LookUp(s_e8M0, source, destination); break;
            case ElementType.F8_E4M3FNUZ: LookUp(s_e4M3Fnuz, source, destination); break;
            case ElementType.F8_E5M2FNUZ: LookUp(s_e5M2Fnuz, source, destination); break;
            case ElementType.I64: Numbers<long, T>(source, destination); break;
            case ElementType.I32: Numbers<int, T>(source, destination); break;
            case ElementType.I16: Numbers<short, T>(source, destination); break;
            case ElementType.I8: Numbers<sbyte, T>(source, destination); break;
            case ElementType.U64: Numbers<ulong, T>(source, destination); break;
            case ElementType.U32: Numbers<uint, T>(source, destination); break;
            case ElementType.U16: Numbers<ushort, T>(source, destination); break;
            case ElementType.U8: Numbers<byte, T>(source, destination); break;
            case ElementType.BOOL:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = source[i] == 0 ? T.Zero : T.One;
                break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such element type.");
        }
    }

    private static void Numbers<TStored, T>(ReadOnlySpan<byte> source, Span<T> destination)
        where TStored : unmanaged, INumberBase<TStored>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(TStored) == typeof(T))
        {
            source[..(destination.Length * Unsafe.SizeOf<T>())].CopyTo(MemoryMarshal.AsBytes(destination));
            return;
        }

        ReadOnlySpan<TStored> numbers = MemoryMarshal.Cast<byte, TStored>(source);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = T.CreateTruncating(numbers[i]);
    }

    private static void LookUp<T>(float[] table, ReadOnlySpan<byte> source, Span<T> destination) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = T.CreateTruncating(table[source[i]]);
    }

    // By way of float, which holds every 16-bit number; straight into the destination where that is float.
    private static void Small<T>(ReadOnlySpan<byte> source, Span<T> destination, int size, Step step) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<float> block = stackalloc float[1024];
        for (int done = 0; done < destination.Length; done += block.Length)
        {
            int count = Math.Min(block.Length, destination.Length - done);
            step(source.Slice(done * size, count * size), block[..count]);
            Widen(block[..count], destination.Slice(done, count));
        }
    }

    private static void Widen<T>(ReadOnlySpan<float> source, Span<T> destination) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            source[..destination.Length].CopyTo(MemoryMarshal.Cast<T, float>(destination));
            return;
        }

        int i = 0;
        if (typeof(T) == typeof(double))
        {
            Span<double> doubles = MemoryMarshal.Cast<T, double>(destination);
            for (; i <= doubles.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(source[i..]), out Vector<double> low, out Vector<double> high);
                low.CopyTo(doubles[i..]);
                high.CopyTo(doubles[(i + Vector<double>.Count)..]);
            }
        }

        for (; i < destination.Length; i++)
            destination[i] = T.CreateTruncating(source[i]);
    }

    private static void UpperHalves(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
            bits[i] = (uint)source[i] << 16;
    }

    private static void Halves(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            Half(low).CopyTo(destination[i..]);
            Half(high).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
            destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
    }

    // Exponent and fraction moved to their places in binary32 are off by the difference of the biases, 127 − 15, which a product
    // with 2¹¹² mends exactly, subnormal numbers too; ∞ and NaN get binary32's exponent of all ones.
    private static Vector<float> Half(Vector<uint> codes)
    {
        Vector<uint> magnitude = (codes & new Vector<uint>(0x7FFF)) << 13;
        Vector<uint> finite = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) * new Vector<float>(MathF.ScaleB(1, 112)));
        Vector<uint> other = magnitude | new Vector<uint>(0x7F800000);
        Vector<uint> isFinite = Vector.LessThan(magnitude, new Vector<uint>(0x7C00u << 13));
        return Vector.AsVectorSingle(Vector.ConditionalSelect(isFinite, finite, other) | ((codes & new Vector<uint>(0x8000)) << 16));
    }

    private static float[] Table(Func<int, float> value) => [.. Enumerable.Range(0, 256).Select(value)];

    private static float Float(int code, int exponentBits, int bias, bool nan)
    {
        if (nan)
            return float.NaN;
        int fractionBits = 7 - exponentBits;
        int exponent = (code & 0x7F) >> fractionBits, fraction = code & ((1 << fractionBits) - 1);
        float magnitude = exponent == 0
            ? MathF.ScaleB(fraction, 1 - bias - fractionBits)
            : MathF.ScaleB((1 << fractionBits) + fraction, exponent - bias - fractionBits);
        return code < 0x80 ? magnitude : -magnitude;
    }

    private delegate void Step(ReadOnlySpan<byte> source, Span<float> destination);
}

using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Kappa.Training.Checkpoints;

namespace Kappa.Training.Tests.Checkpoints;

/// <summary>Writes safetensors files, right and wrong ones.</summary>
internal static class Safetensors
{
    /// <summary>A header as it stands, and what follows it.</summary>
    public static byte[] File(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        return [.. length, .. header, .. data];
    }

    public static byte[] File(string header, int dataBytes) => File(Encoding.UTF8.GetBytes(header), Bytes(dataBytes));

    /// <summary>A sound file of these tensors, in this order, padded as the format's own writer does.</summary>
    public static byte[] File(params (string Name, ElementType Type, long[] Shape, byte[] Data)[] tensors)
    {
        var entries = new List<string>();
        long offset = 0;
        foreach ((string name, ElementType type, long[] shape, byte[] data) in tensors)
        {
            entries.Add($$"""{{JsonSerializer.Serialize(name)}}:{"dtype":"{{type}}","shape":[{{string.Join(',', shape)}}],"data_offsets":[{{offset}},{{offset + data.Length}}]}""");
            offset += data.Length;
        }

        byte[] header = Encoding.UTF8.GetBytes("{" + string.Join(',', entries) + "}");
        byte[] padding = [.. Enumerable.Repeat((byte)' ', (8 - header.Length % 8) % 8)];
        return File([.. header, .. padding], tensors.SelectMany(t => t.Data).ToArray());
    }

    /// <summary>One tensor of floats, 1, 2, 3, ….</summary>
    public static (string Name, ElementType Type, long[] Shape, byte[] Data) Counting(string name, params long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        return (name, ElementType.F32, shape, [.. Enumerable.Range(1, (int)count).SelectMany(i => BitConverter.GetBytes((float)i))]);
    }

    public static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(37 * i + 1))];
}

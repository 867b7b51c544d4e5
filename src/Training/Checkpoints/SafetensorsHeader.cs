using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Kappa.Training.Checkpoints;

/// <summary>The header of a safetensors file: 8 bytes with its length, then JSON that says where each tensor lies in the bytes behind it.</summary>
/// <remarks>
/// All of the format's rules are enforced, so that no byte behind the header belongs to no tensor or to two. Allocates less than 16 times the header's bytes and a constant.
/// Source: the format section of the safetensors README, and what its reference implementation accepts.
/// </remarks>
internal static class SafetensorsHeader
{
    /// <summary>The longest header that the format allows.</summary>
    public const int MaxBytes = 100_000_000;

    private const int PrefixBytes = 8;
    private const string Metadata = "__metadata__";
    private static readonly ElementType[] s_types = Enum.GetValues<ElementType>();

    /// <summary>Reads the header from the start of a file.</summary>
    /// <returns>The tensors in the order in which their bytes lie in the file, empty ones where they stand.</returns>
    /// <exception cref="InvalidDataException">The file breaks a rule; the message says which tensor and which byte of the file.</exception>
    public static List<(string Name, TensorLayout Layout)> Read(Stream file)
    {
        long length = file.Length;
        if (length < PrefixBytes)
            throw new InvalidDataException($"it has {length} bytes; a safetensors file starts with 8 that hold the length of its header");
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        file.ReadExactly(prefix);
        if (prefix.SequenceEqual("version "u8))
            throw new InvalidDataException("it is no safetensors file; it looks like a pointer of Git LFS, whose file is still to be fetched");
        if (prefix.StartsWith("PK\u0003\u0004"u8))
            throw new InvalidDataException("it is no safetensors file but a zip archive, as PyTorch's .pt and .bin are; save the model as safetensors, arrays as .npz");
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerBytes > MaxBytes)
            throw new InvalidDataException($"bytes 0 to 7 say that its header has {headerBytes} bytes; the format allows {MaxBytes}");
        if ((long)headerBytes > length - PrefixBytes)
            throw new InvalidDataException($"its header of {headerBytes} bytes from byte 8 on goes beyond the end of the file at byte {length}");
        byte[] header = new byte[headerBytes];
        file.ReadExactly(header);
        RequireUtf8(header, PrefixBytes);
        if (header.Length == 0 || header[0] != (byte)'{')
            throw new InvalidDataException("its header does not start with '{' at byte 8");

        long start = PrefixBytes + header.Length;
        List<Entry> entries = Parse(header, length - start);
        return InFileOrder(entries, start, length);
    }

    /// <summary>Refuses bytes that are no UTF-8, naming the first of them by its place in the file.</summary>
    internal static void RequireUtf8(ReadOnlySpan<byte> text, long start)
    {
        if (Utf8.IsValid(text))
            return;
        int position = 0;
        while (Rune.DecodeFromUtf8(text[position..], out _, out int consumed) == System.Buffers.OperationStatus.Done)
            position += consumed;
        throw new InvalidDataException($"its JSON is no UTF-8 at byte {start + position}");
    }

    private static List<Entry> Parse(ReadOnlySpan<byte> header, long dataBytes)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string>();
        var reader = new Utf8JsonReader(header);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                long at = Position(reader);
                string name = reader.GetString()!;
                if (!names.Add(name))
                    throw new InvalidDataException($"tensor {Checkpoint.Quote(name)} is there a second time at byte {at}");
                reader.Read();
                if (name == Metadata)
                    RequireTexts(ref reader);
                else
                    entries.Add(ReadEntry(ref reader, name, dataBytes));
            }

            // Whatever else than white space follows is refused by the reader.
            reader.Read();
            return entries;
        }
        catch (JsonException e)
        {
            // The reader's own message would quote what it cannot read, however long.
            throw new InvalidDataException($"its header is no JSON near byte {PrefixBytes + reader.BytesConsumed}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"its header has half a surrogate pair at byte {Position(reader)}", e);
        }
    }

    // The metadata is text by text; a null stands for none, as some writers have it.
    private static void RequireTexts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidDataException($"{Metadata} is no object at byte {Position(reader)}");
        var keys = new HashSet<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long at = Position(reader);
            string key = reader.GetString()!;
            if (!keys.Add(key))
                throw new InvalidDataException($"{Metadata} has {Checkpoint.Quote(key)} a second time at byte {at}");
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw new InvalidDataException($"{Metadata} has no text for {Checkpoint.Quote(key)} at byte {Position(reader)}");
        }
    }

    private static Entry ReadEntry(ref Utf8JsonReader reader, string name, long dataBytes)
    {
        long at = Position(reader);
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Refused(name, $"is no object at byte {at}");
        ElementType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long keyAt = Position(reader);
            bool again;
            if (reader.ValueTextEquals("dtype"u8))
            {
                again = type is not null;
                reader.Read();
                type = ReadType(ref reader, name);
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                again = shape is not null;
                reader.Read();
                shape = ReadNumbers(ref reader, name, "shape");
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                again = offsets is not null;
                reader.Read();
                offsets = ReadNumbers(ref reader, name, "data_offsets");
            }
            else
            {
                throw Refused(name, $"has {Checkpoint.Quote(reader.GetString()!)} at byte {keyAt}; the format knows dtype, shape and data_offsets");
            }

            if (again)
                throw Refused(name, $"has dtype, shape or data_offsets a second time at byte {keyAt}");
        }

        if (type is null || shape is null || offsets is null)
            throw Refused(name, $"has no {(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")} at byte {at}");
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw Refused(name, $"has data_offsets [{List(offsets)}] at byte {at}, which are no begin and end");
        (long begin, long end) = (offsets[0], offsets[1]);
        if (end > dataBytes)
            throw Refused(name, $"(byte {at}) ends at data offset {end}, beyond the end of the file: {dataBytes} bytes follow the header");
        if (!type.Value.TryMeasure(shape, out _, out long bytes))
            throw Refused(name, $"(byte {at}) has shape [{List(shape)}], whose product is too large");
        if (bytes != end - begin)
            throw Refused(name, $"(byte {at}) of type {type} and shape [{List(shape)}] takes {bytes} bytes; its data_offsets [{begin}, {end}] hold {end - begin}");
        return new Entry(name, type.Value, shape, begin, end);
    }

    private static ElementType ReadType(ref Utf8JsonReader reader, string name)
    {
        long at = Position(reader);
        if (reader.TokenType != JsonTokenType.String)
            throw Refused(name, $"has no text as its dtype at byte {at}");
        foreach (ElementType type in s_types)
            if (reader.ValueTextEquals(type.ToString()))
                return type;
        string text = reader.GetString()!;
        throw Refused(name, $"has dtype {Checkpoint.Quote(text)} at byte {at}, " + (text switch
        {
            "F4" or "F6_E2M3" or "F6_E3M2" => "elements smaller than a byte, which are not read",
            "C64" => "complex numbers, which are not read",
            _ => "which is unknown",
        }));
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string name, string key)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Refused(name, $"has no list as its {key} at byte {Position(reader)}");
        // Counted first, on a copy of the reader: a list that grows would be copied again and again.
        Utf8JsonReader ahead = reader;
        int count = 0;
        while (ahead.Read() && ahead.TokenType == JsonTokenType.Number)
            count++;
        var numbers = new long[count];
        for (int i = 0; i < count; i++)
        {
            reader.Read();
            if (reader.ValueSpan[0] == (byte)'-' || !reader.TryGetInt64(out numbers[i]))
                throw Refused(name, $"has a number in its {key} at byte {Position(reader)} that is not whole from 0 to 2⁶³ − 1");
        }

        reader.Read();
        if (reader.TokenType != JsonTokenType.EndArray)
            throw Refused(name, $"has something else than numbers in its {key} at byte {Position(reader)}");
        return numbers;
    }

    private static List<(string, TensorLayout)> InFileOrder(List<Entry> entries, long start, long length)
    {
        var ordered = new List<(string, TensorLayout)>(entries.Count);
        long reached = start;
        string last = "";
        foreach (Entry entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            long begin = start + entry.Begin;
            if (begin > reached)
                throw new InvalidDataException($"bytes {reached} to {begin}, before tensor {Checkpoint.Quote(entry.Name)}, belong to no tensor");
            if (begin < reached)
                throw new InvalidDataException($"tensor {Checkpoint.Quote(entry.Name)} begins at byte {begin}, within tensor {Checkpoint.Quote(last)}, which ends at byte {reached}");
            (reached, last) = (start + entry.End, entry.Name);
            ordered.Add((entry.Name, new TensorLayout(entry.Type, entry.Shape, begin)));
        }

        if (reached < length)
            throw new InvalidDataException(ordered.Count == 0
                ? $"{length - reached} bytes follow its header from byte {reached} on, and it has no tensor"
                : $"{length - reached} bytes follow its last tensor {Checkpoint.Quote(last)} from byte {reached} on");
        return ordered;
    }

    private static InvalidDataException Refused(string tensor, string reason) => new($"tensor {Checkpoint.Quote(tensor)} {reason}");

    private static string List(long[] numbers) => string.Join(", ", numbers.Take(16)) + (numbers.Length > 16 ? ", …" : "");

    private static long Position(in Utf8JsonReader reader) => PrefixBytes + reader.TokenStartIndex;

    private readonly record struct Entry(string Name, ElementType Type, long[] Shape, long Begin, long End);
}

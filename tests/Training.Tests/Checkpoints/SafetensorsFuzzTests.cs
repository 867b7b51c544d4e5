using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kappa.Training.Checkpoints;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

/// <summary>Files mutated at random are read soundly or refused, and never cost more memory than a multiple of their size.</summary>
public partial class SafetensorsFuzzTests
{
    private const int Cases = 100_000, MappedCases = 2_000;

    // What a refusal costs whatever the file: the exception, its trace and its message.
    private const int AllocatedAnyway = 32 * 1024, AllocatedPerByte = 16;

    private static readonly byte[][] s_sound =
    [
        Safetensors.File(Safetensors.Counting("a.weight", 4, 3), ("a.bias", ElementType.BF16, [4], Safetensors.Bytes(8)), ("n", ElementType.I64, [], Safetensors.Bytes(8))),
        Safetensors.File(),
        Safetensors.File("""{"__metadata__":{"format":"pt"},"x":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]},"e":{"dtype":"F64","shape":[0,7],"data_offsets":[4,4]}}  """, 4),
        Safetensors.File("""{"__metadata__":null,"z":{"data_offsets":[6,10],"dtype":"F32","shape":[1]},"é\u0022":{"data_offsets":[0,6],"dtype":"F16","shape":[1,3]}}""", 10),
        Safetensors.File([.. Enumerable.Range(0, 8).Select(i => ($"layers.{i}.w", (ElementType)(2 * i), new long[] { i, 2 }, Safetensors.Bytes(2 * i * ((ElementType)(2 * i)).Size())))]),
    ];

    private static readonly string[] s_tokens =
    [
        "null", "true", "[]", "{}", "\"\"", "\"F4\"", "\"F64\"", "\"BF16\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"x\"", "\"\\ud800\"",
        "0", "1", "2", "4", "8", "12", "-1", "1.5", "1e3", "4294967296", "9223372036854775807", "18446744073709551616", "[0,0]", "[1,2,3]", ",", ":", "}", "{", "]",
    ];

    private static readonly string[] s_rules =
    [
        "bytes; a safetensors file starts with", "say that its header has", "goes beyond the end of the file at", "no UTF-8", "does not start with", "no JSON near",
        "half a surrogate pair", "is there a second time", "shape or data_offsets a second time", "__metadata__ has no text", "__metadata__ is no object", "is no object at",
        "no text as its dtype", "no list as its", "not whole", "something else than numbers", "has no dtype", "has no shape", "has no data_offsets", "the format knows",
        "no begin and end", "beyond the end of the file:", "is too large", "hold", "belong to no tensor", "within tensor", "follow its last tensor", "follow its header",
        "smaller than a byte", "which is unknown",
    ];

    [Test]
    public void MutatedHeaders_AreReadSoundlyOrRefused()
    {
        var random = new Random(6);
        var broken = new int[s_rules.Length];
        int sound = 0;
        Read(s_sound[0]);
        for (int i = 0; i < Cases; i++)
        {
            byte[] file = Mutate(random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            List<(string Name, TensorLayout Layout)>? tensors = null;
            string reason = "";
            try
            {
                tensors = Read(file);
            }
            catch (InvalidDataException e)
            {
                reason = e.Message;
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > AllocatedAnyway + (long)AllocatedPerByte * file.Length)
                Assert.Fail($"case {i}: {allocated} bytes for a file of {file.Length}");
            if (tensors is not null)
            {
                sound++;
                AssertSound(file, tensors, $"case {i}");
            }
            else
            {
                int rule = Array.FindIndex(s_rules, r => reason.Contains(r, StringComparison.Ordinal));
                if (rule < 0 || reason.Length > 1500 || reason.Contains('\n'))
                    Assert.Fail($"case {i}: {reason}");
                broken[rule]++;
            }
        }

        TestContext.Out.WriteLine($"{sound} of {Cases} sound; refused: {string.Join(", ", s_rules.Zip(broken, (r, n) => $"{r} {n}"))}");
        // The mutations must reach beyond the first check: into the data, and into each of the rules.
        Assert.That(sound, Is.InRange(Cases / 100, Cases / 2));
        Assert.That(s_rules.Where((_, i) => broken[i] == 0), Is.Empty, "rules that no case broke");
    }

    [Test]
    public void MutatedFiles_OnDisk_AreReadSoundlyOrRefused()
    {
        var random = new Random(7);
        string path = Path.GetTempFileName();
        int read = 0;
        try
        {
            for (int i = 0; i < MappedCases; i++)
            {
                File.WriteAllBytes(path, Mutate(random));
                try
                {
                    using var checkpoint = Checkpoint.Open([path]);
                    foreach (CheckpointTensor tensor in checkpoint.Tensors)
                    {
                        tensor.Read(0, new double[tensor.Count]);
                        read++;
                    }
                }
                catch (InvalidDataException e)
                {
                    if (!e.Message.StartsWith(path + ": ", StringComparison.Ordinal))
                        Assert.Fail($"case {i}: {e.Message}");
                }
            }
        }
        finally
        {
            File.Delete(path);
        }

        Assert.That(read, Is.GreaterThan(MappedCases / 100));
    }

    private static List<(string Name, TensorLayout Layout)> Read(byte[] file) => SafetensorsHeader.Read(new MemoryStream(file));

    /// <summary>What was read says what another parser finds, and its tensors take every byte behind the header once.</summary>
    private static void AssertSound(byte[] file, List<(string Name, TensorLayout Layout)> tensors, string which)
    {
        int start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using var document = JsonDocument.Parse(file.AsMemory(8, start - 8));
        List<JsonProperty> entries = [.. document.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__")];
        long reached = start;
        bool same = entries.Count == tensors.Count;
        foreach ((string name, TensorLayout layout) in tensors)
        {
            JsonElement entry = entries.Single(e => e.Name == name).Value;
            long[] offsets = [.. entry.GetProperty("data_offsets").EnumerateArray().Select(e => e.GetInt64())];
            long[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64())];
            same &= layout.Start == reached && layout.Start == start + offsets[0] && layout.Shape.SequenceEqual(shape)
                && layout.Type.ToString() == entry.GetProperty("dtype").GetString();
            var tensor = new CheckpointTensor(name, "", layout, new InMemory(file));
            same &= tensor.ByteLength == offsets[1] - offsets[0];
            tensor.Read(0, new double[tensor.Count]);
            reached += tensor.ByteLength;
        }

        if (!same || reached != file.Length)
            Assert.Fail($"{which}: {Encoding.UTF8.GetString(file)}");
    }

    private static byte[] Mutate(Random random)
    {
        List<byte> file = [.. s_sound[random.Next(s_sound.Length)]];
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.Take(8).ToArray());
        int dataBytes = file.Count - 8 - header;
        for (int times = random.Next(1, 4); times > 0; times--)
            MutateOnce(random, file, Math.Max(Math.Min(8 + header, file.Count), 1));
        // Mostly the length is made to fit again, so that what lies deeper is reached.
        if (file.Count >= 8 && random.Next(4) > 0)
        {
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, Math.Max(0, file.Count - 8 - dataBytes));
            for (int i = 0; i < 8; i++)
                file[i] = length[i];
        }

        return [.. file];
    }

    private static void MutateOnce(Random random, List<byte> file, int headerEnd)
    {
        if (file.Count == 0)
            return;
        int at = random.Next(Math.Min(headerEnd, file.Count));
        switch (random.Next(12))
        {
            case 0: file[random.Next(file.Count)] ^= (byte)(1 << random.Next(8)); break;
            case 1: file[at] = (byte)random.Next(' ', 128); break;
            case 2: file.Insert(at, (byte)random.Next(256)); break;
            case 3: file.RemoveRange(at, Math.Min(random.Next(1, 12), file.Count - at)); break;
            case 4: file.InsertRange(at, file.Skip(random.Next(file.Count)).Take(random.Next(1, 60)).ToArray()); break;
            case 5: file.AddRange(Safetensors.Bytes(random.Next(1, 9))); break;
            case 6:
                if (file.Count < 8)
                    break;
                byte[] length = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(length, random.Next(6) switch
                {
                    0 => ulong.MaxValue,
                    1 => 1UL << 63,
                    2 => 100_000_000,
                    3 => 100_000_001,
                    4 => (ulong)file.Count,
                    _ => (ulong)random.Next(file.Count),
                });
                for (int i = 0; i < 8; i++)
                    file[i] = length[i];
                break;
            case 7: Cut(file, random.Next(1, Math.Min(12, file.Count) + 1)); break;
            case 8: ShiftOffsets(random, file); break;
            default: ReplaceToken(random, file, headerEnd); break;
        }
    }

    private static void Cut(List<byte> file, int bytes) => file.RemoveRange(file.Count - bytes, bytes);

    /// <summary>Puts a token of JSON in the place of one that is there, or a second time the entry of a tensor.</summary>
    private static void ReplaceToken(Random random, List<byte> file, int headerEnd)
    {
        // Latin-1 keeps a byte a character.
        string text = Encoding.Latin1.GetString([.. file]);
        MatchCollection tokens = Token().Matches(text);
        List<Match> within = [.. tokens.Where(t => t.Index >= 8 && t.Index + t.Length <= headerEnd)];
        if (within.Count == 0)
            return;
        Match token = within[random.Next(within.Count)];
        string replacement = random.Next(5) == 0 ? within[random.Next(within.Count)].Value : s_tokens[random.Next(s_tokens.Length)];
        file.RemoveRange(token.Index, token.Length);
        file.InsertRange(token.Index, Encoding.Latin1.GetBytes(replacement));
    }

    /// <summary>Moves a tensor as a whole, or lets it end elsewhere.</summary>
    private static void ShiftOffsets(Random random, List<byte> file)
    {
        string text = Encoding.Latin1.GetString([.. file]);
        MatchCollection offsets = Offsets().Matches(text);
        if (offsets.Count == 0)
            return;
        Match match = offsets[random.Next(offsets.Count)];
        int by = random.Next(-6, 7);
        string shifted = $"[{int.Parse(match.Groups[1].ValueSpan) + by},{int.Parse(match.Groups[2].ValueSpan) + by}]";
        file.RemoveRange(match.Index, match.Length);
        file.InsertRange(match.Index, Encoding.Latin1.GetBytes(shifted));
    }

    [GeneratedRegex("""\[(\d{1,8}),(\d{1,8})\]""")]
    private static partial Regex Offsets();

    [GeneratedRegex("""
        "[^"]*"|-?\d+|[\[\]{}:,]
        """)]
    private static partial Regex Token();

    private sealed class InMemory(byte[] file) : TensorSource
    {
        public override object Gate => file;

        public override Stream Open(long offset, long length) => new MemoryStream(file, checked((int)offset), checked((int)length));
    }
}

using System.Text.Json;
using Kappa.Training.Checkpoints;
using Kappa.Training.Results;
using NUnit.Framework;

namespace Kappa.Training.Tests.Checkpoints;

public class ScanTests
{
    private sealed record Spectra(string Numpy, Row[] Real, Row[] Made);

    private sealed record Row(string? File, string? Name, int Rows, int Columns, double[] Sigma);

    // Multiples of 1/64 from -2 to 2, as reference/spectra.py makes them; all of these types hold them exactly.
    private static readonly ElementType[] s_types = [ElementType.F64, ElementType.F32, ElementType.F16, ElementType.BF16];
    private static readonly Spectra s_reference = Reference();

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("kappa-scan-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private static Spectra Reference()
    {
        using Stream stream = typeof(ScanTests).Assembly.GetManifestResourceStream("reference/spectra.json")!;
        return JsonSerializer.Deserialize<Spectra>(stream, JsonSerializerOptions.Web)!;
    }

    private Checkpoint Open(params (string Name, ElementType Type, long[] Shape, byte[] Data)[] tensors)
    {
        string path = Path.Combine(_folder, "model.safetensors");
        File.WriteAllBytes(path, Safetensors.File(tensors));
        return Checkpoint.Open([path]);
    }

    private static (string Name, ElementType Type, long[] Shape, byte[] Data) Floats(string name, int rows, int columns, Func<int, int, double> value, ElementType type = ElementType.F32) =>
        (name, type, [rows, columns], [.. from i in Enumerable.Range(0, rows) from j in Enumerable.Range(0, columns) from b in Bytes(value(i, j), type) select b]);

    private static byte[] Bytes(double x, ElementType type) => type switch
    {
        ElementType.F64 => BitConverter.GetBytes(x),
        ElementType.F16 => BitConverter.GetBytes((Half)x),
        ElementType.BF16 => BitConverter.GetBytes((float)x)[2..],
        _ => BitConverter.GetBytes((float)x),
    };

    private static double Made(int i, int j) => ((37 * i * i + 101 * j * j + 59 * i * j) % 257 - 128) / 64.0;

    private static List<ScanRecord> Run(Checkpoint checkpoint, ScanSettings settings, int threads = 2)
    {
        var records = new List<ScanRecord>();
        Scan.Run(Scan.Plan(checkpoint, settings), settings, threads, records.Add, CancellationToken.None);
        return records;
    }

    private static ScanMeasure Measure(string name) => ScanMeasure.Find(name)!;

    /// <summary>Every σ to 1e-10 of itself where NumPy's own error, about 16·ε·σ₁, is less than that.</summary>
    private static void AssertNumPys(ScanRecord record, double[] sigma, string which)
    {
        double condition = sigma[0] / sigma[^1];
        Assert.That(16 * Math.ScaleB(1, -52) * condition, Is.LessThan(1e-10), which);
        Assert.That(record.SingularValues, Has.Count.EqualTo(sigma.Length), which);
        for (int i = 0; i < sigma.Length; i++)
            if (!(Math.Abs(record.SingularValues![i] - sigma[i]) <= 1e-10 * sigma[i]))
                Assert.Fail($"{which}: σ[{i}] is {record.SingularValues[i]:R}, NumPy's {sigma[i]:R}");
        Assert.That(record[ScanMeasure.ConditionNumber], Is.EqualTo(condition).Within(2e-10 * condition), which);
        Assert.That(record[Measure("conditionLower")], Is.LessThanOrEqualTo(condition * (1 + 1e-10)), which);
        Assert.That(record[Measure("conditionUpper")], Is.GreaterThanOrEqualTo(condition * (1 - 1e-10)), which);
    }

    [Test]
    public void MadeTensors_HaveNumPysSpectra([Values] bool transposed)
    {
        using Checkpoint checkpoint = Open([.. s_reference.Made.SelectMany((row, i) => s_types.Select(type => transposed
            ? Floats($"{i}.{type}", row.Columns, row.Rows, (a, b) => Made(b, a), type)
            : Floats($"{i}.{type}", row.Rows, row.Columns, Made, type)))]);
        List<ScanRecord> records = Run(checkpoint, new ScanSettings());
        Assert.That(records, Has.Count.EqualTo(4 * s_reference.Made.Length));
        foreach (ScanRecord record in records)
            AssertNumPys(record, s_reference.Made[int.Parse(record.Name.Split('.')[0], System.Globalization.CultureInfo.InvariantCulture)].Sigma, record.Name);
    }

    [Test]
    public void RealTensors_HaveNumPysSpectra()
    {
        Assert.That(s_reference.Numpy, Is.EqualTo("1.24.2"));
        Assert.That(s_reference.Real, Has.Length.EqualTo(151));
        foreach (IGrouping<string?, Row> file in s_reference.Real.GroupBy(r => r.File))
        {
            if (SharedData.Find(file.Key!) is not string path)
                continue;
            using var checkpoint = Checkpoint.Open([path]);
            Dictionary<string, ScanRecord> records = Run(checkpoint, new ScanSettings()).ToDictionary(r => r.Name);
            Assert.That(records.Values.Count(r => r.Rows > 0), Is.EqualTo(file.Count()), file.Key);
            foreach (Row row in file)
            {
                Assert.That((records[row.Name!].Rows, records[row.Name!].Columns), Is.EqualTo((row.Rows, row.Columns)), row.Name);
                if (row.Name != "stft_conv.weight")
                    AssertNumPys(records[row.Name!], row.Sigma, row.Name!);
            }
        }
    }

    [Test]
    public void SileroFourierBasis_IsRankDeficient([Values] bool withSpectrum)
    {
        if (SharedData.Find("silero-vad/silero_vad_16k.safetensors") is not string path)
            return;
        using var checkpoint = Checkpoint.Open([path]);
        var settings = new ScanSettings { Measures = withSpectrum ? ScanMeasure.All : [ScanMeasure.ConditionNumber, Measure("logVolume"), Measure("sigmaMin")] };
        ScanRecord stft = Run(checkpoint, settings).Single(r => r.Name == "stft_conv.weight");
        Assert.That(stft.ConditionReason, Does.StartWith("singular"));
        foreach (string none in new[] { "conditionNumber", "logVolume", "sigmaMin", "entropy", "entropyDeficit" })
            Assert.That(stft[Measure(none)], Is.NaN, none);
        Assert.That(stft.ToJson(), Does.Contain("\"conditionNumber\":null"));
        if (withSpectrum)
            Assert.That(stft[Measure("conditionNonZero")], Is.GreaterThan(1).And.LessThan(1e6));
    }

    [Test]
    public void OneFactorization_AgreesWithTheSpectrum()
    {
        using Checkpoint checkpoint = Open(Floats("a", 40, 40, Made), Floats("b", 90, 30, Made), Floats("c", 20, 70, (i, j) => Made(i, j) * Math.Pow(2, -i)));
        ScanMeasure[] cheap = [.. ScanMeasure.All.Where(m => !m.NeedsSpectrum)];
        List<ScanRecord> few = Run(checkpoint, new ScanSettings { Measures = cheap, InputDeviation = 3 }), all = Run(checkpoint, new ScanSettings { InputDeviation = 3 });
        foreach ((ScanRecord f, ScanRecord a) in few.OrderBy(r => r.Name).Zip(all.OrderBy(r => r.Name)))
        {
            Assert.That(f.Values.Keys, Is.EqualTo(cheap.Select(m => m.Name)));
            Assert.That(f.SingularValues, Is.Null);
            // Both err by p·ε·κ at most; their bounds on κ may differ by what each proves.
            double tolerance = 70 * Math.ScaleB(1, -52) * a[ScanMeasure.ConditionNumber];
            foreach (ScanMeasure measure in cheap.Where(m => !m.Name.EndsWith("Lower", StringComparison.Ordinal) && !m.Name.EndsWith("Upper", StringComparison.Ordinal)))
                Assert.That(f[measure], Is.EqualTo(a[measure]).Within(100 * tolerance * Math.Max(1, Math.Abs(a[measure]))), $"{f.Name} {measure.Name}");
        }
    }

    [Test]
    public void Threads_DoNotChangeABit()
    {
        using Checkpoint checkpoint = Open([.. Enumerable.Range(0, 20).Select(k => Floats($"w{k}", 10 + 3 * k, 40, (i, j) => Made(i + k, j)))]);
        string Lines(int threads) => string.Join('\n', Run(checkpoint, new ScanSettings(), threads).OrderBy(r => r.Name, StringComparer.Ordinal).Select(r => r.ToJson()));
        Assert.That(Lines(3), Is.EqualTo(Lines(1)));
    }

    [Test]
    public void Elements_ThatAreNotFinite_AreNamed()
    {
        using Checkpoint checkpoint = Open(Floats("nan", 3, 4, (i, j) => i == 1 && j == 2 ? double.NaN : i + j), Floats("inf", 3, 4, (i, j) => i == 2 && j == 0 ? double.NegativeInfinity : 1));
        List<ScanRecord> records = Run(checkpoint, new ScanSettings(), 1);
        Assert.That(records.Select(r => r.ConditionReason), Is.EquivalentTo(new[] { "element (1, 2) is NaN", "element (2, 0) is infinite" }));
        Assert.That(records.Select(r => r.Values.Count), Has.All.Zero);
    }

    [Test]
    public void Records_RoundTrip()
    {
        using Checkpoint checkpoint = Open(Floats("a\"\né", 5, 4, Made), Floats("zero", 3, 3, (_, _) => 0), Safetensors.Counting("v", 3));
        foreach (ScanRecord record in Run(checkpoint, new ScanSettings()))
        {
            string line = record.ToJson();
            Assert.That(line, Does.Not.Contain('\n'));
            Assert.That(ScanRecord.FromJson(line).ToJson(), Is.EqualTo(line));
        }

        foreach (string none in new[] { "", "{}", "[]", "null", "{\"name\":1}", "{\"name\":\"a\",\"file\":\"b\",\"shape\":[1.5]}" })
            Assert.That(() => ScanRecord.FromJson(none), Throws.InstanceOf<JsonException>(), none);
    }

    [Test]
    public void AStore_GoesOnWhereItWasCut()
    {
        using Checkpoint checkpoint = Open([.. Enumerable.Range(0, 6).Select(k => Floats($"w{k}", 4 + k, 3, Made))]);
        var settings = new ScanSettings();
        IReadOnlyList<TensorMatrix> plan = Scan.Plan(checkpoint, settings);
        string whole = Path.Combine(_folder, "whole"), cut = Path.Combine(_folder, "cut");
        using (var store = ScanStore.Open(whole, settings, plan, resume: false))
        {
            Scan.Run(plan, settings, 2, store.Append, CancellationToken.None);
            store.Complete();
        }

        using (var store = ScanStore.Open(cut, settings, plan, resume: false))
        {
            store.Append(Scan.Measure(plan[4], settings, 1));
            store.Append(Scan.Measure(plan[1], settings, 1));
        }

        File.AppendAllText(Path.Combine(cut, "scan.jsonl"), "{\"name\":\"w2");
        using (var store = ScanStore.Read(cut))
            Assert.That((store.Records.Count, store.Planned.Count, store.TornBytes), Is.EqualTo((2, 6, 11)));
        Assert.That(() => ScanStore.Open(cut, settings, plan, resume: false), Throws.InstanceOf<ResultsException>().With.Message.Contains("--resume"));
        Assert.That(() => ScanStore.Open(cut, settings with { InputDeviation = 2 }, plan, resume: true), Throws.InstanceOf<ResultsException>().With.Message.Contains("other measures"));
        Assert.That(() => ScanStore.Open(cut, settings, [.. plan.Skip(1)], resume: true), Throws.InstanceOf<ResultsException>());
        using (var store = ScanStore.Open(cut, settings, plan, resume: true))
        {
            Assert.That(store.Missing(plan).Select(m => m.Name), Is.EqualTo(new[] { "w0", "w2", "w3", "w5" }));
            Scan.Run(store.Missing(plan), settings, 1, store.Append, CancellationToken.None);
            store.Complete();
        }

        foreach (string file in new[] { "scan.jsonl", "scan.json" })
            Assert.That(File.ReadAllText(Path.Combine(cut, file)), Is.EqualTo(File.ReadAllText(Path.Combine(whole, file))), file);
        Assert.That(() => ScanStore.Read(_folder), Throws.InstanceOf<ResultsException>().With.Message.Contains("holds no scan.jsonl"));
    }

    [Test]
    public void Selection_RanksByTheStatedRule()
    {
        ScanRecord Record(string name, double? condition, double nonZero, bool part = false) => new()
        {
            Name = name,
            File = "f",
            Shape = [2, 3],
            ElementType = "F32",
            Parameters = 6,
            IsPart = part,
            Values = new Dictionary<string, double> { ["conditionNumber"] = condition ?? double.NaN, ["conditionNonZero"] = nonZero },
        };
        ScanRecord[] records = [Record("d", 5, 5), Record("singular", null, 7), Record("b", 2, 2), Record("a", 5, 5), Record("v", null, double.NaN), Record("c", 9, 9)];
        string[] Names(ScanMeasure measure, int count, bool largest) => [.. Selection.Of(records, measure, count, largest).Chosen.Select(r => r.Name)];
        Assert.That(Names(ScanMeasure.ConditionNumber, 3, false), Is.EqualTo(new[] { "b", "a", "d" }));
        Assert.That(Names(ScanMeasure.ConditionNumber, 9, true), Is.EqualTo(new[] { "c", "a", "d", "b" }));
        Assert.That(Names(Measure("conditionNonZero"), 2, true), Is.EqualTo(new[] { "c", "singular" }));
        var selection = Selection.Of(records, ScanMeasure.ConditionNumber, 1, false);
        Assert.That((selection.LeftOut.Count, selection.Parameters), Is.EqualTo((2, 36L)));
        Assert.That(() => Selection.Of([Record("x[q]", 1, 1, part: true)], ScanMeasure.ConditionNumber, 1, false), Throws.ArgumentException.With.Message.Contains("'x[q]' is a part"));
    }
}

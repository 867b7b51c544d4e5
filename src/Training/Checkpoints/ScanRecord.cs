using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kappa.Training.Checkpoints;

/// <summary>What a scan found of one matrix, or why there was nothing to find; a line of JSON.</summary>
public sealed record ScanRecord
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The name of the tensor or its part.</summary>
    public required string Name { get; init; }

    /// <summary>The path of its file.</summary>
    public required string File { get; init; }

    /// <summary>The tensor's extents.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>How its elements are stored.</summary>
    public required string ElementType { get; init; }

    /// <summary>How they make a matrix; null where they do not.</summary>
    public string? Matricization { get; init; }

    /// <summary>m; 0 where there is no matrix.</summary>
    public int Rows { get; init; }

    /// <summary>n; 0 where there is no matrix.</summary>
    public int Columns { get; init; }

    /// <summary>The number of elements.</summary>
    public long Parameters { get; init; }

    /// <summary>Whether it is not the whole tensor.</summary>
    public bool IsPart { get; init; }

    /// <summary>Why there is no condition number: "a vector", "singular: numerical rank 255 of 256", "not resolved: κ ≥ 1E+16"; null where there is one or none was asked for.</summary>
    public string? ConditionReason { get; init; }

    /// <summary>The measures asked for, by name; NaN where one has no finite value. 1 and 0 stand for true and false.</summary>
    public IReadOnlyDictionary<string, double> Values { get; init; } = new Dictionary<string, double>();

    /// <summary>σ₁ ≥ … ≥ σ_p; null where they were not asked for.</summary>
    public IReadOnlyList<double>? SingularValues { get; init; }

    /// <summary>A measure's value; NaN where it is not there or not finite.</summary>
    public double this[ScanMeasure measure] => Values.GetValueOrDefault(measure.Name, double.NaN);

    /// <summary>What is known before anything is measured.</summary>
    internal static ScanRecord Of(TensorMatrix matrix) => new()
    {
        Name = matrix.Name,
        File = matrix.Tensor.File,
        Shape = matrix.Tensor.Shape,
        ElementType = matrix.Tensor.ElementType.ToString(),
        Matricization = matrix.Matricization,
        Rows = matrix.Rows,
        Columns = matrix.Columns,
        Parameters = matrix.Parameters,
        IsPart = matrix.IsPart,
        ConditionReason = matrix.Reason,
    };

    /// <summary>One line of JSON. Numbers round-trip; what has no finite value is null.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, s_readable))
        {
            json.WriteStartObject();
            json.WriteString("name", Name);
            json.WriteString("file", File);
            json.WriteStartArray("shape");
            foreach (long extent in Shape)
                json.WriteNumberValue(extent);
            json.WriteEndArray();
            json.WriteString("dtype", ElementType);
            json.WriteString("matricization", Matricization);
            json.WriteNumber("rows", Rows);
            json.WriteNumber("columns", Columns);
            json.WriteNumber("parameters", Parameters);
            json.WriteBoolean("part", IsPart);
            json.WriteString("conditionReason", ConditionReason);
            foreach (ScanMeasure measure in ScanMeasure.All)
            {
                if (measure == ScanMeasure.SingularValues && SingularValues is not null)
                {
                    json.WriteStartArray(measure.Name);
                    foreach (double sigma in SingularValues)
                        json.WriteNumberValue(sigma);
                    json.WriteEndArray();
                }
                else if (Values.TryGetValue(measure.Name, out double value))
                {
                    if (!double.IsFinite(value))
                        json.WriteNull(measure.Name);
                    else if (measure == ScanMeasure.LikeRandom)
                        json.WriteBoolean(measure.Name, value != 0);
                    else
                        json.WriteNumber(measure.Name, value);
                }
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>The record of such a line.</summary>
    /// <exception cref="JsonException">The line is none.</exception>
    public static ScanRecord FromJson(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            var values = new Dictionary<string, double>();
            foreach (ScanMeasure measure in ScanMeasure.All)
                if (measure != ScanMeasure.SingularValues && root.TryGetProperty(measure.Name, out JsonElement value))
                    values[measure.Name] = value.ValueKind switch
                    {
                        JsonValueKind.Null => double.NaN,
                        JsonValueKind.True => 1,
                        JsonValueKind.False => 0,
                        _ => value.GetDouble(),
                    };
            return new ScanRecord
            {
                Name = root.GetProperty("name").GetString()!,
                File = root.GetProperty("file").GetString()!,
                Shape = [.. root.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64())],
                ElementType = root.GetProperty("dtype").GetString()!,
                Matricization = root.GetProperty("matricization").GetString(),
                Rows = root.GetProperty("rows").GetInt32(),
                Columns = root.GetProperty("columns").GetInt32(),
                Parameters = root.GetProperty("parameters").GetInt64(),
                IsPart = root.GetProperty("part").GetBoolean(),
                ConditionReason = root.GetProperty("conditionReason").GetString(),
                Values = values,
                SingularValues = root.TryGetProperty(ScanMeasure.SingularValues.Name, out JsonElement sigma)
                    ? [.. sigma.EnumerateArray().Select(e => e.GetDouble())]
                    : null,
            };
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("The line is no record of a scan.", e);
        }
    }
}

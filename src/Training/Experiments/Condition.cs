using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Training.Experiments;

/// <summary>What distinguishes one cell of an experiment: named levels, as {"strategy":"multipliers","d":64}.</summary>
[JsonConverter(typeof(ConditionConverter))]
public sealed class Condition : IEquatable<Condition>
{
    private readonly (string Name, object Level)[] _levels;

    /// <summary>Builds a condition; a level is a string, an int or a double.</summary>
    public Condition(params (string Name, object Level)[] levels)
    {
        _levels = levels;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer);
        Key = Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The condition as JSON: its identity.</summary>
    public string Key { get; }

    /// <summary>The names, in order.</summary>
    public IEnumerable<string> Names => _levels.Select(level => level.Name);

    /// <summary>The level of a name as text, or null where the condition does not have that name.</summary>
    public string? this[string name]
    {
        get
        {
            foreach ((string key, object level) in _levels)
                if (key == name)
                    return Convert.ToString(level, CultureInfo.InvariantCulture);
            return null;
        }
    }

    /// <summary>The level of a name as a number, NaN where it is none.</summary>
    public double Number(string name) =>
        double.TryParse(this[name], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN;

    /// <inheritdoc/>
    public bool Equals(Condition? other) => other is not null && Key == other.Key;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Condition);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary>"strategy multipliers, d 64".</summary>
    public override string ToString() =>
        string.Join(", ", _levels.Select(level => string.Create(CultureInfo.InvariantCulture, $"{level.Name.Replace('_', ' ')} {level.Level}")));

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach ((string name, object level) in _levels)
        {
            switch (level)
            {
                case int number: writer.WriteNumber(name, number); break;
                case double number: writer.WriteNumber(name, number); break;
                default: writer.WriteString(name, (string)level); break;
            }
        }

        writer.WriteEndObject();
    }

    internal sealed class ConditionConverter : JsonConverter<Condition>
    {
        public override Condition Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException("A condition is an object.");
            var levels = new List<(string, object)>();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                levels.Add((name, reader.TokenType switch
                {
                    JsonTokenType.String => reader.GetString()!,
                    JsonTokenType.Number => reader.TryGetInt32(out int number) ? number : reader.GetDouble(),
                    _ => throw new JsonException("A level is a string or a number."),
                }));
            }

            return new Condition([.. levels]);
        }

        public override void Write(Utf8JsonWriter writer, Condition value, JsonSerializerOptions options) => value.Write(writer);
    }
}

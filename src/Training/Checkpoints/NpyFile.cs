using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Kappa.Kernels;

namespace Kappa.Training.Checkpoints;

/// <summary>Reads matrices from NumPy's .npy files: format versions 1 to 3, f4 and f8 of either byte order, C and Fortran order.</summary>
/// <remarks>Source: NumPy enhancement proposal 1, <i>A simple file format for NumPy arrays</i>.</remarks>
public static partial class NpyFile
{
    private const int PreambleBytes = 8;

    /// <summary>Reads a 2-D array as a matrix in double precision; f4 values widen exactly. O(mn).</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no .npy file of a 2-D float array, or is cut short; the message says which.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Matrix<double> ReadMatrix(string path)
    {
        using FileStream stream = File.OpenRead(path);
        Header header = ReadHeader(stream);
        if (header.Shape.Length != 2)
            throw new InvalidDataException($"it holds a {header.Shape.Length}-D array; a matrix is 2-D");
        string type = header.Type.TrimStart('<', '>', '=', '|');
        bool isDouble = type == "f8";
        if (!isDouble && type != "f4")
            throw new InvalidDataException($"its elements are '{header.Type}'; float32 (f4) and float64 (f8) are read");

        int size = isDouble ? 8 : 4;
        (long rows, long columns) = (header.Shape[0], header.Shape[1]);
        long present = stream.Length - stream.Position;
        if (rows > int.MaxValue || columns > int.MaxValue || (columns > 0 && rows > long.MaxValue / size / columns))
            throw new InvalidDataException($"its shape ({rows}, {columns}) is too large");
        long needed = rows * columns * size;
        if (present < needed)
            throw new InvalidDataException($"it is cut short: a {rows}×{columns} array needs {needed} bytes, {present} are there");
        if (present > needed)
            throw new InvalidDataException($"{present - needed} bytes follow its {rows}×{columns} array");

        // Fortran order is C order of the transpose.
        Matrix<double> stored;
        try
        {
            stored = header.FortranOrder ? new Matrix<double>((int)columns, (int)rows) : new Matrix<double>((int)rows, (int)columns);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new InvalidDataException($"its shape ({rows}, {columns}) is too large", e);
        }

        bool bigEndian = header.Type[0] == '>';
        byte[] buffer = new byte[size * 4096];
        Span<double> rest = stored.Elements;
        while (rest.Length > 0)
        {
            int count = Math.Min(rest.Length, 4096);
            Span<byte> bytes = buffer.AsSpan(0, count * size);
            stream.ReadExactly(bytes);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> element = bytes.Slice(i * size, size);
                rest[i] = (isDouble, bigEndian) switch
                {
                    (true, false) => BinaryPrimitives.ReadDoubleLittleEndian(element),
                    (true, true) => BinaryPrimitives.ReadDoubleBigEndian(element),
                    (false, false) => BinaryPrimitives.ReadSingleLittleEndian(element),
                    (false, true) => BinaryPrimitives.ReadSingleBigEndian(element),
                };
            }

            rest = rest[count..];
        }

        return header.FortranOrder ? Matrix<double>.From(stored.Transposed()) : stored;
    }

    private static Header ReadHeader(FileStream stream)
    {
        Span<byte> preamble = stackalloc byte[PreambleBytes + 4];
        int read = stream.ReadAtLeast(preamble[..PreambleBytes], PreambleBytes, throwOnEndOfStream: false);
        if (read < PreambleBytes || preamble[0] != 0x93 || !preamble[1..6].SequenceEqual("NUMPY"u8))
            throw new InvalidDataException("it is no .npy file");
        int version = preamble[6];
        if (version is < 1 or > 3)
            throw new InvalidDataException($"its format version {version}.{preamble[7]} is unknown; 1 to 3 are read");
        int lengthBytes = version == 1 ? 2 : 4;
        Span<byte> lengthField = preamble.Slice(PreambleBytes, lengthBytes);
        if (stream.ReadAtLeast(lengthField, lengthBytes, throwOnEndOfStream: false) < lengthBytes)
            throw new InvalidDataException("its header is cut short");
        long length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthField) : BinaryPrimitives.ReadUInt32LittleEndian(lengthField);
        if (length > stream.Length - stream.Position)
            throw new InvalidDataException("its header is cut short");
        byte[] bytes = new byte[length];
        stream.ReadExactly(bytes);
        string text = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes);

        Match type = TypePattern().Match(text), order = OrderPattern().Match(text), shape = ShapePattern().Match(text);
        if (!type.Success || !order.Success || !shape.Success)
            throw new InvalidDataException(text.Contains("'descr'", StringComparison.Ordinal) && text.Contains("[(", StringComparison.Ordinal)
                ? "it holds a structured array; a matrix of floats is read"
                : "its header is malformed");
        var sizes = new List<long>();
        foreach (string part in shape.Groups[1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!long.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out long extent))
                throw new InvalidDataException($"its shape ({shape.Groups[1].Value}) is malformed");
            sizes.Add(extent);
        }

        return new Header(type.Groups[1].Value, order.Groups[1].Value == "True", [.. sizes]);
    }

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"]([<>|=]?[^'"]+)['"]""")]
    private static partial Regex TypePattern();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(True|False)""")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\(([^)]*)\)""")]
    private static partial Regex ShapePattern();

    private readonly record struct Header(string Type, bool FortranOrder, long[] Shape);
}

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Kappa.Kernels;

namespace Kappa.Training.Checkpoints;

/// <summary>Reads NumPy's .npy files: format versions 1 to 3, floats, integers and booleans of either byte order, C and Fortran order.</summary>
/// <remarks>Source: NumPy enhancement proposal 1, <i>A simple file format for NumPy arrays</i>.</remarks>
public static partial class NpyFile
{
    private const int PreambleBytes = 8;

    // More than version 1 can say; longer ones describe structured arrays.
    private const int MaxHeaderBytes = 1 << 16;

    /// <summary>Reads a 2-D array of floats as a matrix in double precision, exactly. O(mn).</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no .npy file of a 2-D float array, or is cut short; the message says which.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Matrix<double> ReadMatrix(string path)
    {
        using FileStream file = File.OpenRead(path);
        TensorLayout layout = ReadHeader(file, file.Length);
        if (layout.Shape.Length != 2)
            throw new InvalidDataException($"it holds a {layout.Shape.Length}-D array; a matrix is 2-D");
        if (!layout.Type.IsFloat())
            throw new InvalidDataException($"its elements are integers ({layout.Type}); float16, float32 and float64 are read");
        (long rows, long columns) = (layout.Shape[0], layout.Shape[1]);
        Matrix<double> matrix;
        try
        {
            matrix = new Matrix<double>(checked((int)rows), checked((int)columns));
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException($"its shape ({rows}, {columns}) is too large", e);
        }

        using var source = new MappedFile(file);
        new CheckpointTensor(Path.GetFileNameWithoutExtension(path), path, layout, source).Read(0, matrix.Elements);
        return matrix;
    }

    /// <summary>Reads the header at the start of a stream of <paramref name="length"/> bytes, all of which belong to the file.</summary>
    /// <exception cref="InvalidDataException">It is no header, or its array does not take the rest of the bytes.</exception>
    internal static TensorLayout ReadHeader(Stream stream, long length)
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
        long headerBytes = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthField) : BinaryPrimitives.ReadUInt32LittleEndian(lengthField);
        long start = PreambleBytes + lengthBytes + headerBytes;
        if (start > length)
            throw new InvalidDataException("its header is cut short");
        if (headerBytes > MaxHeaderBytes)
            throw new InvalidDataException($"its header has {headerBytes} bytes; {MaxHeaderBytes} are read");
        byte[] bytes = new byte[headerBytes];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new InvalidDataException("its header is cut short");

        TensorLayout layout = ParseHeader((version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes), start);
        string extents = string.Join(", ", layout.Shape);
        if (!layout.Type.TryMeasure(layout.Shape, out long count, out long needed) || layout.FortranOrder && count > Array.MaxLength)
            throw new InvalidDataException($"its shape ({extents}) is too large");
        long present = length - start;
        if (present < needed)
            throw new InvalidDataException($"it is cut short: an array of shape ({extents}) needs {needed} bytes, {present} are there");
        if (present > needed)
            throw new InvalidDataException($"{present - needed} bytes follow its array of shape ({extents})");
        return layout;
    }

    private static TensorLayout ParseHeader(string text, long start)
    {
        Match type = TypePattern().Match(text), order = OrderPattern().Match(text), shape = ShapePattern().Match(text);
        if (!type.Success || !order.Success || !shape.Success)
            throw new InvalidDataException(text.Contains("'descr'", StringComparison.Ordinal) && text.Contains("[(", StringComparison.Ordinal)
                ? "it holds a structured array; arrays of numbers are read"
                : "its header is malformed");
        var extents = new List<long>();
        foreach (string part in shape.Groups[1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!long.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out long extent))
                throw new InvalidDataException($"its shape ({shape.Groups[1].Value}) is malformed");
            extents.Add(extent);
        }

        string description = type.Groups[1].Value;
        ElementType element = description.TrimStart('<', '>', '=', '|') switch
        {
            "f8" => ElementType.F64,
            "f4" => ElementType.F32,
            "f2" => ElementType.F16,
            "i8" => ElementType.I64,
            "i4" => ElementType.I32,
            "i2" => ElementType.I16,
            "i1" => ElementType.I8,
            "u8" => ElementType.U64,
            "u4" => ElementType.U32,
            "u2" => ElementType.U16,
            "u1" => ElementType.U8,
            "b1" => ElementType.BOOL,
            _ => throw new InvalidDataException($"its elements are '{description}'; floats of 2, 4 and 8 bytes, integers and booleans are read"),
        };
        return new TensorLayout(element, [.. extents], start, description[0] == '>', order.Groups[1].Value == "True");
    }

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"]([<>|=]?[^'"]+)['"]""")]
    private static partial Regex TypePattern();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(True|False)""")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\(([^)]*)\)""")]
    private static partial Regex ShapePattern();
}

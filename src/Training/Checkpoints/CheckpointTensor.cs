using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Kappa.Training.Checkpoints;

/// <summary>A tensor of an open checkpoint: what its file says of it, and its elements on demand.</summary>
/// <remarks>Safe for several threads at a time; readings of one .npz file take turns.</remarks>
public sealed class CheckpointTensor
{
    private const int ChunkBytes = 1 << 18;
    private readonly TensorSource _source;
    private readonly TensorLayout _layout;

    internal CheckpointTensor(string name, string file, TensorLayout layout, TensorSource source)
    {
        (Name, File, Shape, _layout, _source) = (name, file, Array.AsReadOnly(layout.Shape), layout, source);
        if (!layout.Type.TryMeasure(layout.Shape, out long count, out long bytes))
            throw new ArgumentException($"A tensor of shape ({string.Join(", ", layout.Shape)}) is too large.", nameof(layout));
        (Count, ByteLength) = (count, bytes);
    }

    /// <summary>The tensor's name; that of an array in a .npy file is the file's, in a .npz file the entry's, without the ending.</summary>
    public string Name { get; }

    /// <summary>The path of the file that holds it.</summary>
    public string File { get; }

    /// <summary>The extents n₁ × n₂ × …; none for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>How an element is stored.</summary>
    public ElementType ElementType => _layout.Type;

    /// <summary>The number of elements, the product of the extents; 1 where there are none.</summary>
    public long Count { get; }

    /// <summary>The bytes that the elements take in the file, before any compression.</summary>
    public long ByteLength { get; }

    /// <summary>
    /// Elements <paramref name="offset"/>, offset + 1, … in C order, the last index fastest. Exact for all types but I64 and U64, which are rounded to nearest
    /// beyond 2⁵³. O(k) for k values, O(offset + k) in a .npz file, O(<see cref="Count"/>) and as much memory for an array in Fortran order.
    /// </summary>
    /// <param name="offset">The first element, 0 ≤ offset ≤ Count − k.</param>
    /// <param name="values">Takes k elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in the tensor.</exception>
    /// <exception cref="InvalidDataException">
    /// The file no longer holds them, or its compressed bytes do not unpack to them. A file that another process truncates within the
    /// reading itself ends this one: the operating system takes the mapped pages away.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The checkpoint is closed.</exception>
    public void Read(long offset, Span<double> values) => Read<double>(offset, values);

    /// <summary>As <see cref="Read(long, Span{double})"/>; F64 and integers of more than 24 bits are rounded to nearest.</summary>
    /// <inheritdoc cref="Read(long, Span{double})"/>
    public void Read(long offset, Span<float> values) => Read<float>(offset, values);

    /// <summary>The same tensor by another name.</summary>
    internal CheckpointTensor Renamed(string name) => new(name, File, _layout, _source);

    internal void Read<T>(long offset, Span<T> values) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Count - values.Length);
        if (values.IsEmpty)
            return;
        try
        {
            if (_layout.FortranOrder && Shape.Count > 1)
                Reorder(offset, values);
            else
                ReadStored(offset, values);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InvalidDataException($"{File}: tensor {Checkpoint.Quote(Name)}: {(e is EndOfStreamException ? "its bytes end too early" : e.Message)}", e);
        }
    }

    private void ReadStored<T>(long offset, Span<T> values) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int size = ElementType.Size();
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkBytes, (long)values.Length * size));
        try
        {
            lock (_source.Gate)
            {
                using Stream stream = _source.Open(_layout.Start + offset * size, (long)values.Length * size);
                while (!values.IsEmpty)
                {
                    int count = Math.Min(values.Length, buffer.Length / size);
                    Span<byte> bytes = buffer.AsSpan(0, count * size);
                    stream.ReadExactly(bytes);
                    if (_layout.BigEndian == BitConverter.IsLittleEndian)
                        Swap(bytes, size);
                    ElementConversion.Convert(ElementType, bytes, values[..count]);
                    values = values[count..];
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Stored with the first index fastest. Element (i₁, …, i_r) stands at i₁ + n₁·(i₂ + n₂·(…)).
    private void Reorder<T>(long offset, Span<T> values) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var stored = new T[Count];
        ReadStored<T>(0, stored);
        int rank = Shape.Count;
        var (index, stride) = (new long[rank], new long[rank]);
        long position = 0, rest = offset, step = 1;
        for (int i = 0; i < rank; i++)
        {
            stride[i] = step;
            step *= Shape[i];
        }

        for (int i = rank - 1; i >= 0; i--)
        {
            (rest, index[i]) = Math.DivRem(rest, Shape[i]);
            position += index[i] * stride[i];
        }

        for (int k = 0; k < values.Length; k++)
        {
            values[k] = stored[position];
            for (int i = rank - 1; i >= 0; i--)
            {
                position += stride[i];
                if (++index[i] < Shape[i])
                    break;
                position -= index[i] * stride[i];
                index[i] = 0;
            }
        }
    }

    private static void Swap(Span<byte> bytes, int size)
    {
        switch (size)
        {
            case 2: Reverse(MemoryMarshal.Cast<byte, ushort>(bytes)); break;
            case 4: Reverse(MemoryMarshal.Cast<byte, uint>(bytes)); break;
            case 8: Reverse(MemoryMarshal.Cast<byte, ulong>(bytes)); break;
        }
    }

    private static void Reverse(Span<ushort> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Reverse(Span<uint> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Reverse(Span<ulong> values) => BinaryPrimitives.ReverseEndianness(values, values);
}

/// <summary>How a tensor's elements lie in their source, from byte <paramref name="Start"/> on.</summary>
internal readonly record struct TensorLayout(ElementType Type, long[] Shape, long Start, bool BigEndian = false, bool FortranOrder = false);

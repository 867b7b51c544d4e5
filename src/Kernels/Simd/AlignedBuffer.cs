using System.Runtime.InteropServices;

namespace Kappa.Kernels.Simd;

/// <summary>64-byte aligned native scratch memory that grows and is freed with its owner.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>One cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    private void* _memory;
    private nuint _bytes;

    /// <summary>What it holds.</summary>
    public nuint Bytes => _bytes;

    /// <summary>At least <paramref name="count"/> elements of T; what stood there before is lost when the buffer grows.</summary>
    public T* Rent<T>(nint count) where T : unmanaged
    {
        nuint bytes = checked((nuint)count * (nuint)sizeof(T));
        if (bytes > _bytes || _memory == null)
        {
            Free();
            _memory = NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), Alignment);
            _bytes = bytes;
        }

        return (T*)_memory;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    ~AlignedBuffer() => Free();

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _bytes = 0;
    }
}

using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kappa.Kernels.Tests;

/// <summary>Memory between two pages that no one may touch: one element beyond either end kills the process.</summary>
internal sealed unsafe partial class GuardedMemory<T> : IDisposable where T : unmanaged
{
    private readonly byte* _mapping;
    private readonly int _count;
    private readonly nuint _page, _inside;

    /// <summary>At least this many elements.</summary>
    public GuardedMemory(int count)
    {
        _page = (nuint)Environment.SystemPageSize;
        _count = count;
        _inside = ((nuint)count * (nuint)sizeof(T) + _page) / _page * _page;
        _mapping = (byte*)Libc.mmap(0, _inside + 2 * _page, Libc.ReadWrite, Libc.PrivateAnonymous, -1, 0);
        if ((nint)_mapping == -1
            || Libc.mprotect((nint)_mapping, _page, Libc.NoAccess) != 0
            || Libc.mprotect((nint)(_mapping + _page + _inside), _page, Libc.NoAccess) != 0)
        {
            throw new Win32Exception();
        }
    }

    /// <summary>The elements, either the first ones after the lower guard or the last ones before the upper.</summary>
    public Span<T> Against(bool upperGuard) =>
        new(_mapping + _page + (upperGuard ? _inside - (nuint)_count * (nuint)sizeof(T) : 0), _count);

    public void Dispose() => _ = Libc.munmap((nint)_mapping, _inside + 2 * _page);
}

/// <summary>Linux's memory calls; the numbers are those of its x64 and Arm64 kernels.</summary>
internal static partial class Libc
{
    public const int NoAccess = 0, ReadWrite = 3, PrivateAnonymous = 0x22;

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int munmap(nint address, nuint length);
}

using System.Numerics;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels;

/// <summary>The result and the memory of one decomposition after another: once warm, a call through it allocates nothing.</summary>
/// <remarks>
/// It keeps one <see cref="SvdResult{T}"/> with vectors and one without, which the next call of the same kind and shape overwrites and
/// one of another shape replaces; so a matrix decomposed at every step of a training wants a workspace of its own. For one call at a time.
/// At most about 6·max(m, n)·p elements of native memory beside the results, p = min(m, n).
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed class SvdWorkspace<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // What a thread keeps for its calls without a workspace: fresh pages cost a tenth of a decomposition.
    private const int KeptBytes = 64 << 20;

    [ThreadStatic]
    private static SvdWorkspace<T>? t_own;

    private SvdResult<T>? _full, _values;
    private bool _disposed;

    /// <summary>The calling thread's own, for calls without one.</summary>
    internal static SvdWorkspace<T> OfThread => t_own ??= new SvdWorkspace<T>();

    /// <summary>The reflections of the QR.</summary>
    internal HouseholderColumns<T> Qr { get; } = new();

    /// <summary>The columns that sweeps rotate or that the bidiagonalisation reduces.</summary>
    internal AlignedBuffer Columns { get; } = new();

    /// <summary>What a decomposition knows of single rows and columns.</summary>
    internal AlignedBuffer Lists { get; } = new();

    /// <summary>Copies of A and of U, one after the other.</summary>
    internal AlignedBuffer Copies { get; } = new();

    /// <summary>Values of which only the condition number is kept.</summary>
    internal AlignedBuffer Values { get; } = new();

    /// <summary>The result that a call overwrites.</summary>
    internal SvdResult<T> Result(int rows, int columns, bool vectors)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ref SvdResult<T>? result = ref vectors ? ref _full : ref _values;
        if (result is null || result.Rows != rows || result.Columns != columns)
            result = new SvdResult<T>(rows, columns, vectors);
        return result;
    }

    /// <summary>Lets go of a thread's own workspace where it has become large.</summary>
    internal static void TrimOfThread()
    {
        if (t_own is not { } own || own.Columns.Bytes + own.Lists.Bytes + own.Copies.Bytes + own.Qr.Bytes <= KeptBytes)
            return;
        own.Dispose();
        t_own = null;
    }

    /// <summary>Frees the native memory. Results stay valid.</summary>
    public void Dispose()
    {
        _disposed = true;
        Qr.Dispose();
        Columns.Dispose();
        Lists.Dispose();
        Copies.Dispose();
        Values.Dispose();
    }
}

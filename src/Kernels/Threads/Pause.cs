using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Kappa.Kernels.Threads;

/// <summary>One look's distance from the next at what another core is about to write.</summary>
internal static class Pause
{
    /// <summary>The CPU's own pause, 10 to 50 ns, where it has one; the runtime's shortest wait is a call and twice as long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Once()
    {
        if (X86Base.IsSupported)
            X86Base.Pause();
        else
            Thread.SpinWait(1);
    }
}

namespace Kappa.Kernels.Tests;

/// <summary>What a call leaves for the garbage collector.</summary>
internal static class Garbage
{
    /// <summary>Bytes that the current thread allocates while an action runs, which has run before.</summary>
    /// <remarks>
    /// A collection counts the unused rest of the thread's allocation window, up to 8 KiB, as allocated. So collections are held off,
    /// and a run in which other threads forced one nevertheless is repeated.
    /// </remarks>
    public static long Of(Action action)
    {
        while (true)
        {
            GC.TryStartNoGCRegion(16 << 20);
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            try
            {
                GC.EndNoGCRegion();
                return allocated;
            }
            catch (InvalidOperationException)
            {
                // A collection came in between. No region can begin until this one has been ended all the same.
            }
        }
    }
}

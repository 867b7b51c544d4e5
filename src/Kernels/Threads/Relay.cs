using System.Runtime.InteropServices;

namespace Kappa.Kernels.Threads;

/// <summary>A row of short steps, in each of which a second thread takes a part where it comes in time.</summary>
/// <remarks>
/// Two chunks of one phase of a <see cref="Team"/>: one leads and offers a part per step, the other takes it. A phase per step would pass its few words back
/// and forth between the cores six times; here each word stands on a line of its own that one thread writes, and a step takes one way there and one back, about 0.1 µs
/// together. The leader takes a part that nobody has begun: it waits for no thread that has not started.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 4 * Line)]
internal struct Relay
{
    // Two cache lines, which prefetchers fetch together.
    private const int Line = 128;

    private const int Closed = int.MaxValue;

    // Ten µs, longer than a step; then cores are given up, in case both threads have but one.
    private const int Spins = 400;

    [FieldOffset(Line)]
    private int _offered;

    [FieldOffset(2 * Line)]
    private int _claimed;

    [FieldOffset(3 * Line)]
    private int _done;

    /// <summary>Offers a part of this step; steps count upwards from 1.</summary>
    public void Offer(int step) => Volatile.Write(ref _offered, step);

    /// <summary>Whether the leader has to take the part of this step itself; where not, it is done.</summary>
    public bool Reclaim(int step)
    {
        if (Volatile.Read(ref _done) == step)
            return false;
        int claimed = Volatile.Read(ref _claimed);
        if (claimed != step && Interlocked.CompareExchange(ref _claimed, step, claimed) == claimed)
            return true;
        for (int spins = 0; Volatile.Read(ref _done) != step && spins < Spins; spins++)
            Pause.Once();
        var spin = new SpinWait();
        while (Volatile.Read(ref _done) != step)
            spin.SpinOnce(sleep1Threshold: -1);
        return false;
    }

    /// <summary>Ends the row.</summary>
    public void Close() => Volatile.Write(ref _offered, Closed);

    /// <summary>Waits for a part to take; false where the row has ended.</summary>
    public bool Await(out int step)
    {
        var spin = new SpinWait();
        for (int spins = 0; ; spins++)
        {
            step = Volatile.Read(ref _offered);
            if (step == Closed)
                return false;
            int claimed = _claimed;
            if (claimed < step && Interlocked.CompareExchange(ref _claimed, step, claimed) == claimed)
                return true;
            if (spins < Spins)
                Pause.Once();
            else
                spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Tells the leader that the part of this step is done.</summary>
    public void Complete(int step) => Volatile.Write(ref _done, step);
}

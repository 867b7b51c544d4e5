using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kappa.Kernels.Threads;

/// <summary>A row of short steps, in each of which a second thread takes a part where it comes in time.</summary>
/// <remarks>
/// Two chunks of one phase of a <see cref="Team"/>: one leads and offers a part per step, the other takes it. A phase per step would pass its few words back
/// and forth between the cores six times; here each word stands on a line of its own that one thread writes, and a step takes one way there and one back, about 0.1 µs
/// together between cores that share a cache, and five times as long between those that do not, which <see cref="RoundTrip"/> tells. The leader takes a part
/// that nobody has begun: it waits for no thread that has not started.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 4 * Line)]
internal struct Relay
{
    // Two cache lines, which prefetchers fetch together.
    private const int Line = 128;

    private const int Closed = int.MaxValue;

    // A word is four times a step's number; between steps, 1 to 3 more ask the follower for no more than the same word.
    private const int Words = 4;

    // Ten µs, longer than a step.
    private const int Pauses = 400;

    // Some µs, without pauses, which would be a part of what is measured.
    private const int Looks = 4000;

    [FieldOffset(Line)]
    private int _offered;

    [FieldOffset(2 * Line)]
    private int _claimed;

    [FieldOffset(3 * Line)]
    private int _done;

    /// <summary>Offers a part of this step; steps count upwards from 1.</summary>
    public void Offer(int step) => Volatile.Write(ref _offered, Words * step);

    /// <summary>Whether the leader has to take the part of this step itself; where not, it is done.</summary>
    public bool Reclaim(int step)
    {
        if (Volatile.Read(ref _done) == Words * step)
            return false;
        int claimed = Volatile.Read(ref _claimed);
        if (claimed != step && Interlocked.CompareExchange(ref _claimed, step, claimed) == claimed)
            return true;
        var patience = new Patience(Pauses);
        while (Volatile.Read(ref _done) != Words * step)
            patience.Wait();
        return false;
    }

    /// <summary>The least time, in ticks of <see cref="Stopwatch"/>, in which a word comes back from who has taken the part of this step; the largest there is where it does not come at once.</summary>
    public long RoundTrip(int step)
    {
        long least = long.MaxValue;
        for (int word = Words * step + 1; word < Words * (step + 1); word++)
        {
            long begin = Stopwatch.GetTimestamp();
            Volatile.Write(ref _offered, word);
            for (int looks = 0; Volatile.Read(ref _done) != word; looks++)
                if (looks == Looks)
                    return long.MaxValue;

            least = Math.Min(least, Stopwatch.GetTimestamp() - begin);
        }

        return least;
    }

    /// <summary>Ends the row.</summary>
    public void Close() => Volatile.Write(ref _offered, Closed);

    /// <summary>Waits for a part to take; false where the row has ended.</summary>
    public bool Await(out int step)
    {
        var patience = new Patience(Pauses);
        while (true)
        {
            int word = Volatile.Read(ref _offered), claimed = _claimed;
            step = word / Words;
            if (word == Closed)
                return false;
            if (word % Words != 0 && _done != word)
                Volatile.Write(ref _done, word);
            else if (word % Words == 0 && claimed < step && Interlocked.CompareExchange(ref _claimed, step, claimed) == claimed)
                return true;
            patience.Wait();
        }
    }

    /// <summary>Tells the leader that the part of this step is done.</summary>
    public void Complete(int step) => Volatile.Write(ref _done, Words * step);
}

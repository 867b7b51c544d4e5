using System.Diagnostics;
using Kappa.Training.Results;

namespace Kappa.Cli.Bench;

/// <summary>What several threads gain.</summary>
/// <param name="Ours">Our time with one thread over ours with all, of each round.</param>
/// <param name="Independent">The median over rounds of the calls that as many threads do at once, each of its own with one thread, over the calls of one: what the machine gives where nobody waits for anybody.</param>
internal sealed record Speedup(Statistics Ours, double Independent);

/// <summary>
/// Times contenders in one process, so that a noisy machine slows all of them: each round takes a sample of every one,
/// forwards and backwards in turn.
/// </summary>
/// <param name="threads">Threads that a contender may use.</param>
/// <param name="rounds">Rounds after the warm-up, ≥ 1.</param>
/// <param name="roundDone">Called after each round, outside of what is timed.</param>
/// <param name="cancellation">Looked at between samples.</param>
internal sealed class Interleaving(int threads, int rounds, Action roundDone, CancellationToken cancellation)
{
    // A sample lasts at least this long, 10⁴ times what reading the clock costs.
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(2);

    // Threads that slept share a core at first where the system packs them until they prove busy; a sample of several is what comes after.
    private static readonly TimeSpan s_lead = TimeSpan.FromMilliseconds(20);

    // What is called in small problems is compiled in earnest after 30 calls and a pause of the JIT of 100 ms.
    private static readonly TimeSpan s_compilation = TimeSpan.FromMilliseconds(400);

    private static readonly HashSet<object> s_compiled = [];

    /// <summary>Threads that a contender may use.</summary>
    public int Threads => threads;

    /// <summary>Looked at between samples.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>Seconds per call of each contender, by round, and what our threads gain where there are several.</summary>
    /// <param name="code">What tells the contenders' code from others': seen for the first time, it is given time to be compiled.</param>
    /// <param name="startRound">Called before each round, outside of what is timed.</param>
    /// <param name="ours">Ours with so many threads, in memory of its own; like all contenders, it repeats its call as often as told.</param>
    /// <param name="others">Theirs.</param>
    public (double[][] Seconds, Speedup? Speedup) Measure(object code, Action startRound, Func<int, Action<int>> ours, params Action<int>[] others)
    {
        Action<int>[] alone = threads == 1 ? [] : [.. Enumerable.Range(0, threads).Select(_ => ours(1))];
        Action<int>[] contenders = [ours(threads), .. others, .. alone.Take(1)];
        // The previous problem's matrices are garbage by now; they are not to be collected within a sample.
        GC.Collect();
        TimeSpan warmUp = s_compiled.Add(code) ? s_compilation : s_sample;
        int[] perClock = [.. contenders.Select(contender => WarmUp(contender, warmUp))];
        double[][] seconds = [.. contenders.Select(_ => new double[rounds])];
        double[] callsAtOnce = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            startRound();
            for (int turn = 0; turn < contenders.Length; turn++)
            {
                int next = round % 2 == 0 ? turn : contenders.Length - 1 - turn;
                cancellation.ThrowIfCancellationRequested();
                if (threads > 1)
                {
                    WaitForIdleThreads();
                    SecondsPerCall(contenders[next], perClock[next], s_lead);
                }
                else
                {
                    // On a busy machine a thread that has slept is let run for longer than a sample; one that has not is interrupted in it.
                    Thread.Sleep(1);
                }

                seconds[next][round] = SecondsPerCall(contenders[next], perClock[next], s_sample);
            }

            if (threads > 1)
            {
                WaitForIdleThreads();
                callsAtOnce[round] = CallsPerSecond(alone, perClock[^1]);
            }

            roundDone();
        }

        if (threads == 1)
            return (seconds, null);
        return (seconds[..^1], new Speedup(Ratio(seconds[^1], seconds[0]), Statistics.Of([.. seconds[^1].Zip(callsAtOnce, (time, calls) => time * calls)]).Median));
    }

    /// <summary>Times over other times of the same rounds.</summary>
    public static Statistics Ratio(double[] times, double[] others) => Statistics.Of([.. times.Zip(others, (time, other) => time / other)]);

    // Returns how many calls go between two looks at the clock, so that these cost nothing.
    private int WarmUp(Action<int> contender, TimeSpan least)
    {
        // Of the processor's time: on a busy machine the compiler waits for its share, too.
        TimeSpan before = Environment.CpuUsage.TotalTime;
        int perClock = 1;
        // The first call compiles, and would count as a slow one.
        contender(perClock);
        do
        {
            cancellation.ThrowIfCancellationRequested();
            perClock = (int)Math.Clamp(s_sample.TotalSeconds / 20 / SecondsPerCall(contender, perClock, s_sample), 1, 1e6);
        }
        while (Environment.CpuUsage.TotalTime - before < least);
        return perClock;
    }

    // Workers of a library may spin for a while after a call, OpenBLAS's for 0.14 s here, on cores that the next sample needs.
    private static void WaitForIdleThreads()
    {
        TimeSpan busy;
        long start = Stopwatch.GetTimestamp();
        do
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(10);
            busy = Environment.CpuUsage.TotalTime - before;
        }
        while (busy.TotalMilliseconds > 2 && Stopwatch.GetElapsedTime(start).TotalSeconds < 0.5);
    }

    // All of them together, each on a thread of its own that goes on until the last one's sample is done.
    private static double CallsPerSecond(Action<int>[] contenders, int perClock)
    {
        double[] calls = new double[contenders.Length];
        int done = 0;
        using var start = new Barrier(contenders.Length);
        Thread[] workers = [.. Enumerable.Range(1, contenders.Length - 1).Select(i => new Thread(() => Work(i)))];
        foreach (Thread worker in workers)
            worker.Start();
        Work(0);
        foreach (Thread worker in workers)
            worker.Join();
        return calls.Sum();

        void Work(int i)
        {
            start.SignalAndWait();
            SecondsPerCall(contenders[i], perClock, s_lead);
            calls[i] = 1 / SecondsPerCall(contenders[i], perClock, s_sample);
            Interlocked.Increment(ref done);
            while (Volatile.Read(ref done) < contenders.Length)
                contenders[i](perClock);
        }
    }

    private static double SecondsPerCall(Action<int> contender, int perClock, TimeSpan least)
    {
        long start = Stopwatch.GetTimestamp(), calls = 0;
        TimeSpan elapsed;
        do
        {
            contender(perClock);
            calls += perClock;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < least);
        return elapsed.TotalSeconds / calls;
    }
}

namespace Kappa.Kernels.Threads;

/// <summary>The threads that help teams, shared by all callers; they start when first asked for and sleep when nobody asks.</summary>
/// <remarks>
/// The runtime's pool would do, but its queue and its threads come and go with garbage on the thread that queues, and work that
/// blocks the pool elsewhere in a process would leave products alone. As many threads as one call ever asked for: more callers
/// share them.
/// </remarks>
internal static class Crew
{
    // Calls beyond this many unanswered ones go without help; the queue never grows.
    private const int MostCalls = 1024;

    // A monitor, because a Lock allocates where callers first contend for it.
    private static readonly object s_gate = new();
    private static readonly Queue<Team> s_calls = new(MostCalls);
    private static int s_threads;

    /// <summary>Asks so many threads to help a team; returns how many were asked.</summary>
    public static int Call(Team team, int wanted)
    {
        lock (s_gate)
        {
            wanted = Math.Min(wanted, MostCalls - s_calls.Count);
            for (; s_threads < wanted; s_threads++)
                new Thread(Work) { IsBackground = true, Name = "Kappa" }.UnsafeStart();
            for (int i = 0; i < wanted; i++)
            {
                s_calls.Enqueue(team);
                Monitor.Pulse(s_gate);
            }
        }

        return wanted;
    }

    private static void Work()
    {
        Team.StayAlone();
        while (true)
        {
            Team? team;
            lock (s_gate)
                while (!s_calls.TryDequeue(out team))
                    Monitor.Wait(s_gate);
            team.Help();
        }
    }
}

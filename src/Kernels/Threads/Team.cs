using System.Runtime.ExceptionServices;

namespace Kappa.Kernels.Threads;

/// <summary>
/// Runs the chunks of a phase of work over several threads: whoever is free claims the next chunk, the caller among them.
/// </summary>
/// <remarks>
/// Nobody waits for a thread that has not started: the caller drains what nobody took and then waits only for chunks that
/// others hold. A helper that comes too late finds nothing and leaves, or helps with a later phase. Nothing is allocated
/// after the first call of a thread.
/// </remarks>
internal sealed unsafe class Team
{
    // 50 µs or more, what waking a thread that sleeps takes in a virtual machine: who lingers for as long never spends more than twice what is best.
    private const int LingerSpins = 2000;

    [ThreadStatic]
    private static Team? t_team;

    // Phase number above, next chunk below: one compare-and-swap claims a chunk of the phase that was looked at and of no other.
    private long _ticket;
    private int _finished;
    private int _chunks;
    private void* _state;
    private delegate*<void*, int, void> _body;
    private Exception? _failure;
    private int _helpers;
    private bool _running;

    /// <summary>Calls body(state, i) for every i in [0, chunks) on up to <paramref name="threads"/> threads; returns when all are done.</summary>
    public static void Run(int chunks, int threads, void* state, delegate*<void*, int, void> body)
    {
        if (threads > 1 && chunks > 1)
        {
            Team team = t_team ??= new Team();
            if (!team._running)
            {
                team.RunPhase(chunks, threads, state, body);
                return;
            }
        }

        for (int i = 0; i < chunks; i++)
            body(state, i);
    }

    /// <summary>Makes every <see cref="Run"/> of the current thread run in place: a helper does not ask for helpers.</summary>
    public static void StayAlone() => t_team = new Team { _running = true };

    /// <summary>What a helper does for the team that asked for it.</summary>
    public void Help()
    {
        for (int spins = 0; spins < LingerSpins; spins++)
        {
            long ticket = Volatile.Read(ref _ticket);
            Drain();
            if (Volatile.Read(ref _ticket) != ticket)
                spins = 0;
            Pause.Once();
        }

        Interlocked.Decrement(ref _helpers);
    }

    private void RunPhase(int chunks, int threads, void* state, delegate*<void*, int, void> body)
    {
        _running = true;
        _state = state;
        _body = body;
        _chunks = chunks;
        _finished = 0;
        _failure = null;
        // The release of this write publishes the fields above to whoever reads the ticket.
        Volatile.Write(ref _ticket, ((_ticket >> 32) + 1) << 32);
        int wanted = Math.Min(threads, chunks) - 1 - Volatile.Read(ref _helpers);
        if (wanted > 0)
            Interlocked.Add(ref _helpers, Crew.Call(this, wanted));

        Drain();
        var patience = new Patience(LingerSpins);
        while (Volatile.Read(ref _finished) < chunks)
            patience.Wait();
        // Closes the phase before the fields change: a helper that still holds this phase's ticket must not claim a chunk of the next
        // one with it. A full fence, because Arm64 may show later writes before a volatile one.
        Interlocked.Exchange(ref _ticket, _ticket | int.MaxValue);
        _running = false;
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    private void Drain()
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int chunk = (int)(ticket & int.MaxValue), chunks = _chunks;
            void* state = _state;
            delegate*<void*, int, void> body = _body;
            if (chunk >= chunks || Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket)
            {
                if (Volatile.Read(ref _ticket) == ticket)
                    return;
                continue;
            }

            try
            {
                body(state, chunk);
            }
            catch (Exception e)
            {
                _failure = e;
            }

            Interlocked.Increment(ref _finished);
        }
    }
}

using Kappa.Training.Results;

namespace Kappa.Training.Experiments;

/// <summary>Runs a plan's trials over threads, those that share their beginnings or batches as one group, and stores every record the moment its trial ends.</summary>
/// <remarks>A trial touches nothing that another one writes, so the records are the same bits for any number of threads.</remarks>
public static class Runner
{
    /// <summary>Runs what the store does not hold yet.</summary>
    /// <param name="plan">The trials.</param>
    /// <param name="store">Where records go; it tells what is already there.</param>
    /// <param name="threads">Groups of trials at a time, ≥ 1; the last ones draw their batches on threads that have no group left.</param>
    /// <param name="finished">Called after each stored trial, from any thread, one call at a time.</param>
    /// <param name="cancellation">Ends the run between two steps of training; stored trials stay.</param>
    /// <exception cref="ResultsException">The store holds trials of another protocol, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The run was ended.</exception>
    public static void Run(Plan plan, TrialStore store, int threads, Action<PlannedTrial> finished, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        IReadOnlyList<IReadOnlyList<PlannedTrial>> cohorts = Cohort.Group(store.Missing(plan));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Exception? failure = null;
        object gate = new();
        int next = -1;

        void Work()
        {
            try
            {
                for (int i; (i = Interlocked.Increment(ref next)) < cohorts.Count;)
                {
                    IReadOnlyList<PlannedTrial> cohort = cohorts[i];
                    int ended = 0;
                    bool isOfTheLast = cohorts.Count - i < threads;
                    foreach (TrialRecord record in cohort[0].Cell.Protocol.Run(
                        [.. cohort.Select(t => (t.Experiment.Name, t.Cell))], cohort[0].Trial, plan.Seed, isOfTheLast, stop.Token))
                        lock (gate)
                        {
                            store.Append(record);
                            finished(cohort[ended++]);
                        }
                }
            }
            catch (Exception e)
            {
                lock (gate)
                    failure ??= e;
                stop.Cancel();
            }
        }

        // A trial's work is deep, not wide: one plain thread each, the caller among them.
        Thread[] helpers = [.. Enumerable.Range(1, Math.Clamp(cohorts.Count, 1, threads) - 1).Select(_ => new Thread(Work))];
        foreach (Thread helper in helpers)
            helper.Start();
        Work();
        foreach (Thread helper in helpers)
            helper.Join();
        cancellation.ThrowIfCancellationRequested();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }
}

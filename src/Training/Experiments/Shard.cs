using System.Globalization;

namespace Kappa.Training.Experiments;

/// <summary>One of N parts that a list of work is divided into, written i/N with 0 ≤ i &lt; N: a task of a job array runs one.</summary>
public sealed record Shard
{
    /// <summary>Part i of N.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 ≤ i &lt; N.</exception>
    public Shard(int index, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        Index = index;
        Count = count;
    }

    /// <summary>i, from 0.</summary>
    public int Index { get; }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>Reads "i/N"; null where the text is something else.</summary>
    public static Shard? Parse(string text) =>
        text.Split('/') is [string i, string n]
        && int.TryParse(i, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && index < count
            ? new Shard(index, count)
            : null;

    /// <summary>"i/N".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");

    /// <summary>The items of this part, in their order; the N parts are disjoint and together all of them.</summary>
    /// <param name="items">The work, in an order that is the same for every part.</param>
    /// <param name="cost">What an item takes, ≥ 0, in any unit.</param>
    public IReadOnlyList<T> Of<T>(IReadOnlyList<T> items, Func<T, double> cost)
    {
        int[] parts = Assign(items, cost, Count);
        return [.. items.Where((_, i) => parts[i] == Index)];
    }

    /// <summary>The part that each item belongs to: the costliest first, each to the part that has least so far.</summary>
    /// <remarks>
    /// The sums of two parts differ by one item's cost at most: whatever part got an item had the least before it. The largest is
    /// within 4/3 − 1/(3N) of the best possible (Graham, Bounds on multiprocessing timing anomalies, 1969). O(n log n).
    /// </remarks>
    /// <param name="items">The work.</param>
    /// <param name="cost">What an item takes, ≥ 0.</param>
    /// <param name="count">N ≥ 1.</param>
    internal static int[] Assign<T>(IReadOnlyList<T> items, Func<T, double> cost, int count)
    {
        double[] costs = [.. items.Select(cost)];
        var parts = new int[items.Count];
        var least = new PriorityQueue<int, (double Sum, int Part)>(Math.Min(count, items.Count));
        int opened = 0;
        // The sort is stable, and equal sums go by number: the same parts everywhere.
        foreach (int i in Enumerable.Range(0, items.Count).OrderByDescending(i => costs[i]))
        {
            double sum = 0;
            if (opened < count)
                parts[i] = opened++;
            else if (least.TryDequeue(out int part, out (double Sum, int) before))
                (parts[i], sum) = (part, before.Sum);
            least.Enqueue(parts[i], (sum + costs[i], parts[i]));
        }

        return parts;
    }
}

using Kappa.Kernels;

namespace Kappa.Training.Tuning;

/// <summary>Random orders.</summary>
internal static class Permutation
{
    /// <summary>A uniformly drawn order of 0 … n − 1.</summary>
    public static int[] Draw(int n, GaussianStream stream)
    {
        int[] order = [.. Enumerable.Range(0, n)];
        Shuffle(order, stream);
        return order;
    }

    /// <summary>Brings the elements into a uniformly drawn order, with n − 1 uniform draws. O(n), no allocation.</summary>
    /// <remarks>Source: Durstenfeld, <i>Algorithm 235: random permutation</i>, CACM 7 (1964).</remarks>
    public static void Shuffle(Span<int> order, GaussianStream stream)
    {
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = (int)((i + 1) * stream.NextUniform());
            (order[i], order[j]) = (order[j], order[i]);
        }
    }
}

namespace Kappa.Kernels.Jacobi;

/// <summary>A round robin of blocks: p &lt; q meet in round p + q modulo their number, in groups of some pairs, each on one of several lists.</summary>
/// <remarks>
/// With an even number of blocks two of them are alone in every round of even number, with an odd one always one. On a circle the pairs of a round lie
/// opposite each other about an axis, which turns by half a block per round and in a sweep by half a circle. A list has those that are about as far from the axis's ends, and
/// on a sweep of odd number counts from the other end: so a block changes its list every few rounds only, and a thread that keeps to a list finds its blocks in its cache.
/// </remarks>
/// <param name="blocks">How many blocks.</param>
/// <param name="group">The most pairs of a group.</param>
/// <param name="lists">How many lists.</param>
/// <param name="isOdd">Whether the sweep's number is odd.</param>
internal readonly struct BlockRounds(int blocks, int group, int lists, bool isOdd)
{
    /// <summary>Groups of all rounds.</summary>
    public int Groups => (blocks + 1) / 2 * GroupsOf(0) + blocks / 2 * GroupsOf(1);

    /// <summary>How many lists.</summary>
    public int Lists => lists;

    private static int PairsOf(int blocks, int round) => (blocks - 1 + (round & 1)) / 2;

    private int GroupsOf(int round) => (PairsOf(blocks, round) + group - 1) / group;

    /// <summary>Whether a block meets none in a round.</summary>
    public bool IsAlone(int block, int round) => (2 * block - round) % blocks == 0;

    /// <summary>The round of a group, the first round's groups being the first.</summary>
    public int Round(int index) => Round(ref index);

    /// <summary>The first group from this one on that is on a list.</summary>
    public int From(int index, int list)
    {
        while (index < Groups && List(index) != list)
            index++;
        return index;
    }

    /// <summary>The pairs of a group, those nearest to the axis's first end being in the round's first.</summary>
    public unsafe void Pairs(int index, int* pairs, out int count)
    {
        int round = Round(ref index), first = index * group;
        count = Math.Min(group, PairsOf(blocks, round) - first);
        for (int k = 0; k < count; k++)
        {
            int left = ((round - 1) >> 1) - first - k, right = round - left;
            left += left < 0 ? blocks : 0;
            right -= right >= blocks ? blocks : 0;
            (pairs[2 * k], pairs[2 * k + 1]) = (Math.Min(left, right), Math.Max(left, right));
        }
    }

    private int List(int index)
    {
        int round = Round(ref index), groups = GroupsOf(round), place = isOdd ? groups - 1 - index : index;
        // What is left over of a number that the lists do not divide is not always the same list's.
        return (2 * place + (round >> 1 & 1)) * lists / (2 * groups);
    }

    private int Round(ref int index)
    {
        int even = GroupsOf(0), both = even + GroupsOf(1), round = index / both * 2;
        index %= both;
        if (index < even)
            return round;
        index -= even;
        return round + 1;
    }
}

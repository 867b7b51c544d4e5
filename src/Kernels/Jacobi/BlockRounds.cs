namespace Kappa.Kernels.Jacobi;

/// <summary>A round robin of blocks: p &lt; q meet in round p + q modulo their number, in groups of some pairs.</summary>
/// <remarks>With an even number of blocks two of them are alone in every round of even number, with an odd one always one.</remarks>
/// <param name="blocks">How many blocks.</param>
/// <param name="group">The most pairs of a group.</param>
internal readonly struct BlockRounds(int blocks, int group)
{
    /// <summary>Groups of all rounds.</summary>
    public int Groups => (blocks + 1) / 2 * GroupsOf(0) + blocks / 2 * GroupsOf(1);

    private static int PairsOf(int blocks, int round) => (blocks - 1 + (round & 1)) / 2;

    private int GroupsOf(int round) => (PairsOf(blocks, round) + group - 1) / group;

    /// <summary>Whether a block meets none in a round.</summary>
    public bool IsAlone(int block, int round) => (2 * block - round) % blocks == 0;

    /// <summary>The pairs of a group, the first round's groups being the first, and their round.</summary>
    public unsafe int Pairs(int index, int* pairs, out int count)
    {
        int even = GroupsOf(0), both = even + GroupsOf(1), round = index / both * 2;
        index %= both;
        if (index >= even)
            (round, index) = (round + 1, index - even);
        int first = index * group, wrapped = (round + 1) / 2;
        count = Math.Min(group, PairsOf(blocks, round) - first);
        for (int k = 0; k < count; k++)
        {
            // First those with p + q = round, then those with as many more as there are blocks.
            bool wraps = first + k >= wrapped;
            int p = wraps ? round + 1 + first + k - wrapped : first + k;
            (pairs[2 * k], pairs[2 * k + 1]) = (p, (wraps ? round + blocks : round) - p);
        }

        return round;
    }
}

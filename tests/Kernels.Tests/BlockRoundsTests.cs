using Kappa.Kernels.Jacobi;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

public sealed class BlockRoundsTests
{
    // Each pair once, and each block in each round at most once: in all but those that it is alone in.
    [Test]
    public unsafe void AllMeetOnceAndNobodyTwiceInARound([Range(2, 17)] int blocks, [Values(1, 2, 3, 4, 20)] int group)
    {
        var rounds = new BlockRounds(blocks, group);
        var met = new HashSet<(int, int)>();
        var places = new HashSet<(int Round, int Block)>();
        int* pairs = stackalloc int[2 * group];
        int last = 0;
        for (int index = 0; index < rounds.Groups; index++)
        {
            int round = rounds.Pairs(index, pairs, out int count);
            Assert.That(count, Is.InRange(1, group));
            Assert.That(round, Is.InRange(last, last + 1).And.LessThan(blocks));
            last = round;
            for (int k = 0; k < count; k++)
            {
                (int p, int q) = (pairs[2 * k], pairs[2 * k + 1]);
                Assert.That(p, Is.InRange(0, q - 1));
                Assert.That(q, Is.LessThan(blocks));
                Assert.That(met.Add((p, q)) & places.Add((round, p)) & places.Add((round, q)), Is.True);
            }
        }

        Assert.That(met, Has.Count.EqualTo(blocks * (blocks - 1) / 2));
        for (int round = 0; round < blocks; round++)
            for (int block = 0; block < blocks; block++)
                Assert.That(rounds.IsAlone(block, round), Is.Not.EqualTo(places.Contains((round, block))));
    }
}

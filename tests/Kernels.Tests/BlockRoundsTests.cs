using Kappa.Kernels.Jacobi;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

public sealed class BlockRoundsTests
{
    // Each pair once and on one list, and each block in each round at most once: in all but those that it is alone in.
    [Test]
    public unsafe void AllMeetOnceAndNobodyTwiceInARound([Range(2, 17)] int blocks, [Values(1, 2, 3, 4, 20)] int group, [Values(1, 2, 3)] int lists, [Values] bool isOdd)
    {
        var rounds = new BlockRounds(blocks, group, lists, isOdd);
        var met = new HashSet<(int, int)>();
        var places = new HashSet<(int Round, int Block)>();
        int* pairs = stackalloc int[2 * group];
        int taken = 0;
        for (int list = 0; list < lists; list++)
        {
            int last = 0;
            for (int index = rounds.From(0, list); index < rounds.Groups; index = rounds.From(index + 1, list), taken++)
            {
                int round = rounds.Round(index);
                Assert.That(round, Is.InRange(last, blocks - 1));
                last = round;
                rounds.Pairs(index, pairs, out int count);
                Assert.That(count, Is.InRange(1, group));
                for (int k = 0; k < count; k++)
                {
                    (int p, int q) = (pairs[2 * k], pairs[2 * k + 1]);
                    Assert.That(p, Is.InRange(0, q - 1));
                    Assert.That(q, Is.LessThan(blocks));
                    Assert.That((p + q - round) % blocks, Is.Zero);
                    Assert.That(met.Add((p, q)) & places.Add((round, p)) & places.Add((round, q)), Is.True);
                }
            }
        }

        Assert.That(taken, Is.EqualTo(rounds.Groups));
        Assert.That(rounds.Round(taken), Is.GreaterThanOrEqualTo(blocks));
        Assert.That(met, Has.Count.EqualTo(blocks * (blocks - 1) / 2));
        for (int round = 0; round < blocks; round++)
            for (int block = 0; block < blocks; block++)
                Assert.That(rounds.IsAlone(block, round), Is.Not.EqualTo(places.Contains((round, block))));
    }

    // Two lists of a sweep are as long as each other but for one group, and a block changes its list, and between sweeps, in a quarter of its rounds or fewer.
    [Test]
    public unsafe void BlocksKeepToTheirList([Values(8, 12, 16, 32)] int blocks)
    {
        int[] list = new int[blocks], groups = new int[2];
        int* pairs = stackalloc int[2];
        int changes = 0, meetings = 0;
        for (int sweep = 0; sweep < 10; sweep++)
        {
            var rounds = new BlockRounds(blocks, 1, 2, int.IsOddInteger(sweep));
            for (int index = 0; index < rounds.Groups; index++)
            {
                int on = rounds.From(index, 0) == index ? 0 : 1;
                groups[on]++;
                rounds.Pairs(index, pairs, out _);
                for (int k = 0; k < 2; k++, meetings++)
                {
                    changes += list[pairs[k]] == on ? 0 : 1;
                    list[pairs[k]] = on;
                }
            }

            Assert.That(groups[0] - groups[1], Is.InRange(-sweep - 1, sweep + 1));
        }

        Assert.That(4 * changes, Is.LessThan(meetings));
    }
}

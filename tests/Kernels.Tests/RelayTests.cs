using System.Diagnostics;
using Kappa.Kernels.Threads;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

public sealed class RelayTests
{
    private const int Steps = 20_000;

    private Relay _relay;

    private long[] _parts = [];

    [SetUp]
    public void Begin() => (_relay, _parts) = (default, new long[Steps + 1]);

    /// <summary>Each step's part reads what the step before has written, by whichever thread: a part that is lost, repeated or early shows.</summary>
    private void TakePart(int step) => _parts[step] += 3 * _parts[step - 1] + step;

    private int Lead(int hesitation, bool asks = false)
    {
        int alone = 0;
        for (int step = 1; step <= Steps; step++)
        {
            _relay.Offer(step);
            Thread.SpinWait(step % 7 * hesitation);
            if (!_relay.Reclaim(step))
            {
                if (asks)
                    _relay.RoundTrip(step);
                continue;
            }

            TakePart(step);
            alone++;
        }

        _relay.Close();
        return alone;
    }

    private int Follow(int hesitation)
    {
        int taken = 0;
        while (_relay.Await(out int step))
        {
            Thread.SpinWait(step % 5 * hesitation);
            TakePart(step);
            _relay.Complete(step);
            taken++;
        }

        return taken;
    }

    private void AssertEveryPartWasTakenOnce()
    {
        long expected = 0;
        for (int step = 1; step <= Steps; step++)
        {
            expected = 3 * expected + step;
            Assert.That(_parts[step], Is.EqualTo(expected));
        }
    }

    [Test]
    public void OneThreadTakesEveryPart()
    {
        Assert.That(Lead(0), Is.EqualTo(Steps));
        Assert.That(Follow(0), Is.Zero);
        AssertEveryPartWasTakenOnce();
    }

    [Test]
    public void TwoThreadsTakeEveryPartOnce([Values(0, 1, 10)] int leader, [Values(0, 1, 10)] int follower, [Values] bool asks)
    {
        int taken = 0;
        var other = new Thread(() => taken = Follow(follower));
        other.Start();
        int alone = Lead(leader, asks);
        other.Join();
        Assert.That(alone + taken, Is.EqualTo(Steps));
        AssertEveryPartWasTakenOnce();
    }

    // Who comes late finds the row begun, or over.
    [Test]
    public void AThreadMayComeLate([Values(0, 1, 5)] int milliseconds)
    {
        int taken = 0;
        var other = new Thread(() =>
        {
            Thread.Sleep(milliseconds);
            taken = Follow(0);
        });
        other.Start();
        int alone = Lead(1);
        other.Join();
        Assert.That(alone + taken, Is.EqualTo(Steps));
        AssertEveryPartWasTakenOnce();
    }

    [Test]
    public void AWordComesBackFromWhoFollows()
    {
        var other = new Thread(() =>
        {
            while (_relay.Await(out int step))
                _relay.Complete(step);
        });
        other.Start();
        var watch = Stopwatch.StartNew();
        long least = long.MaxValue;
        for (int step = 1; least == long.MaxValue && watch.Elapsed < TimeSpan.FromMinutes(1); step++)
        {
            _relay.Offer(step);
            Thread.Yield();
            if (!_relay.Reclaim(step))
                least = _relay.RoundTrip(step);
        }

        _relay.Close();
        other.Join();
        Assert.That(least, Is.GreaterThan(0).And.LessThan(Stopwatch.Frequency));
    }

    [Test]
    public void NoWordComesBackFromNobody()
    {
        _relay.Offer(1);
        Assert.That(_relay.Reclaim(1), Is.True);
        Assert.That(_relay.RoundTrip(1), Is.EqualTo(long.MaxValue));
        _relay.Offer(2);
        Assert.That(_relay.Reclaim(2), Is.True);
    }
}

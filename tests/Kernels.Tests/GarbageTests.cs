using NUnit.Framework;

namespace Kappa.Kernels.Tests;

[NonParallelizable]
public sealed class GarbageTests
{
    // One that is asked for, and one because allocations have used up what a region sets aside.
    [Test]
    public void ARunThatACollectionCutsShortIsRepeated([Values] bool isInduced)
    {
        int runs = 0;
        long allocated = Garbage.Of(() =>
        {
            if (runs++ > 0)
                return;
            int before = GC.CollectionCount(0);
            if (isInduced)
                GC.Collect();
            while (GC.CollectionCount(0) == before)
                GC.KeepAlive(new byte[1 << 12]);
        });
        Assert.That(runs, Is.EqualTo(2));
        Assert.That(allocated, Is.Zero);
    }
}

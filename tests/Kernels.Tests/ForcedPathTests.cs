using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Forcing a path changes it for the whole process, so nothing else may run beside this.</summary>
[NonParallelizable]
public sealed class ForcedPathTests
{
    [Test]
    public void AForcedPathStandsForBestUntilBestIsForced(
        [ValueSource(typeof(Fixtures), nameof(Fixtures.Paths))] VectorPath path)
    {
        VectorPath before = Hardware.SelectedPath;
        try
        {
            Hardware.ForcePath(path);
            Assert.That(Hardware.SelectedPath, Is.EqualTo(path));
            bool first = path == Hardware.VectorPaths.First(p => p.IsSupported).Path;
            Assert.That(Hardware.SelectionReason, Does.StartWith(first ? "the first supported" : "forced"));
            bool supported = Hardware.VectorPaths.First(p => p.Path == path).IsSupported;
            Assert.That(Hardware.SelectionReason, supported ? Does.Not.Contain("emulated") : Does.Contain("emulated"));
        }
        finally
        {
            Hardware.ForcePath(VectorPath.Best);
        }

        Assert.That(Hardware.SelectedPath, Is.EqualTo(before));
    }
}

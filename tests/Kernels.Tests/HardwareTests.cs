using System.Reflection;
using Kappa.Kernels.Simd;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

public sealed class HardwareTests
{
    private static VectorPath Choose(string? variable)
    {
        MethodInfo choose = typeof(VectorPaths).GetMethod("Choose", BindingFlags.NonPublic | BindingFlags.Static)!;
        return choose.CreateDelegate<Func<string?, VectorPath>>()(variable);
    }

    [Test]
    public void ListsEveryPathBestFirst()
    {
        Assert.That(Hardware.VectorPaths.Select(p => p.Path), Is.EqualTo(Fixtures.Paths.Reverse()));
        Assert.That(Hardware.VectorPaths.Select(p => p.Bits), Is.EqualTo(new[] { 512, 256, 128, 0 }));
        Assert.That(Hardware.VectorPaths.Select(p => p.Reason), Has.All.Not.Empty);
        Assert.That(Hardware.VectorPaths[^1].IsSupported, Is.True);
    }

    [TestCase(null)]
    [TestCase("")]
    public void WithoutAVariableTheFirstSupportedPathIsTaken(string? variable) =>
        Assert.That(Choose(variable), Is.EqualTo(Hardware.VectorPaths.First(p => p.IsSupported).Path));

    [TestCase("Scalar", VectorPath.Scalar)]
    [TestCase("vector128", VectorPath.Vector128)]
    [TestCase("VECTOR256", VectorPath.Vector256)]
    [TestCase("Vector512", VectorPath.Vector512)]
    public void TheVariableNamesAPath(string variable, VectorPath path) =>
        Assert.That(Choose(variable), Is.EqualTo(path));

    [TestCase("Vector1024")]
    [TestCase("Best")]
    [TestCase("3")]
    [TestCase(" ")]
    public void TheVariableMustNameAPath(string variable) => Assert.That(() => Choose(variable),
        Throws.InvalidOperationException
            .With.Message.Contain(VectorPaths.Variable).And.Message.Contain($"'{variable}'"));

    [Test]
    public void TheProcessorHasAName() => Assert.That(Hardware.Processor.Trim(), Is.Not.Empty);

    [Test]
    public void InstructionSetsExplainTheSupportedPaths()
    {
        bool Supports(VectorPath path) => Hardware.VectorPaths.First(p => p.Path == path).IsSupported;
        Assert.That(Hardware.InstructionSets, Is.Unique);
        if (Supports(VectorPath.Vector512))
            Assert.That(Hardware.InstructionSets, Does.Contain("AVX-512F"));
        if (Supports(VectorPath.Vector256))
            Assert.That(Hardware.InstructionSets, Does.Contain("AVX2"));
    }

    // The system may tell nothing; what it tells must make sense.
    [Test]
    public void CachesGrowOutwards()
    {
        Assert.That(Hardware.Caches.Select(c => c.Level), Is.Ordered.And.All.InRange(1, 4));
        Assert.That(Hardware.Caches.Select(c => c.Bytes), Is.Ordered.And.All.InRange(1L << 12, 1L << 33));
    }

    [Test]
    public void CachesWithoutASizeAreLeftOut()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            string[][] caches = [["1", "Data", "64K"], ["1", "Instruction", "64K"], ["2", "Unified"], ["3", "Unified", "32768K"]];
            for (int i = 0; i < caches.Length; i++)
            {
                string index = root.CreateSubdirectory($"index{i}").FullName;
                foreach ((string name, string text) in new[] { "level", "type", "size" }.Zip(caches[i]))
                    File.WriteAllText(Path.Combine(index, name), text + "\n");
            }

            Assert.That(Hardware.ReadCaches(root.FullName), Is.EqualTo(new CacheInfo[] { new(1, 64 << 10), new(3, 32 << 20) }));
            Assert.That(Hardware.ReadCaches(Path.Combine(root.FullName, "none")), Is.Empty);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Test]
    public void ThePeakIsPositiveOnEveryPath([ValueSource(typeof(Fixtures), nameof(Fixtures.Paths))] VectorPath path)
    {
        Assert.That(Hardware.MeasurePeak<float>(1, path), Is.Positive.And.LessThan(double.PositiveInfinity));
        Assert.That(Hardware.MeasurePeak<double>(1, path), Is.Positive.And.LessThan(double.PositiveInfinity));
    }

    [TestCase(0)]
    [TestCase(-5)]
    public void ThePeakNeedsTime(int milliseconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Hardware.MeasurePeak<double>(milliseconds));
}

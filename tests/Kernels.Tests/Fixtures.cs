// NUnit has a PropertyAttribute of its own; here a property is one that FsCheck tries to refute.
global using PropertyAttribute = FsCheck.NUnit.PropertyAttribute;
using NUnit.Framework;

[assembly: Parallelizable(ParallelScope.Fixtures)]

namespace Kappa.Kernels.Tests;

/// <summary>The element types and vector paths that fixtures run over.</summary>
internal static class Fixtures
{
    public static readonly VectorPath[] Paths =
        [VectorPath.Scalar, VectorPath.Vector128, VectorPath.Vector256, VectorPath.Vector512];

    public static IEnumerable<TestFixtureData> TypesAndPaths =>
        from type in new[] { typeof(float), typeof(double) }
        from path in Paths
        select new TestFixtureData(path) { TypeArgs = [type] };
}

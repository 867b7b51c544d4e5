using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Bidiagonal;
using Kappa.Kernels.Simd;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>Bidiagonalisation by one thread and by two, near each other or far.</summary>
[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.TypesAndPaths))]
public sealed class ReductionTests<T>(VectorPath path) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private struct Reduce : ILaneWork<T>
    {
        public int Rows, Columns, Threads;
        public double FarSeconds;

        /// <summary>B and what the columns keep.</summary>
        public T[] Result;

        public unsafe void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int stride = (Rows + 15) / 16 * 16, n = Columns, grouped = Reduction<T, V, L>.Grouped(n);
            using AlignedBuffer buffer = new(), results = new();
            nint size = (nint)stride * grouped + Reduction<T, V, L>.Workspace(stride, n);
            T* a = buffer.Rent<T>(size), into = results.Rent<T>(3 * n);
            new Span<T>(a, (int)size).Clear();
            new Span<T>(into, 3 * n).Clear();
            var stream = new GaussianStream(5);
            for (int j = 0; j < n; j++)
                for (int i = 0; i < Rows; i++)
                    a[(nint)j * stride + i] = T.CreateTruncating(stream.Next() / 64);
            Reduction<T, V, L>.Run(a, stride, n, a + (nint)stride * grouped, into, into + n, into + 2 * n, Threads, FarSeconds);
            Result = [.. new Span<T>(into, 3 * n), .. new Span<T>(a, stride * n)];
        }
    }

    private T[] Run(int rows, int columns, int threads, double farSeconds)
    {
        var reduce = new Reduce { Rows = rows, Columns = columns, Threads = threads, FarSeconds = farSeconds };
        VectorPaths.Run<T, Reduce>(path, ref reduce);
        return reduce.Result;
    }

    // Halves are offered for all steps, none, or, where cores are far from each other and A has 1.5 MiB, for some.
    [Test]
    [Category("Large")]
    public void TheDistanceOfCoresChangesNoBit([Values(0.2, 1.5)] double mebibytes, [Values(0, 40)] int more)
    {
        int n = (int)Math.Sqrt(mebibytes * 1024 * 1024 / Unsafe.SizeOf<T>());
        T[] alone = Run(n + more, n, 1, 0);
        Assert.That(alone.AsSpan().IndexOfAnyExcept(T.Zero), Is.Zero);
        foreach (double seconds in (double[])[0, 1])
            Assert.That(Run(n + more, n, 2, seconds).AsSpan().SequenceEqual(alone), Is.True);
    }
}

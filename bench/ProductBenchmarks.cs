using System.Numerics;
using BenchmarkDotNet.Attributes;
using Kappa.Kernels;
using Managed = MathNet.Numerics.LinearAlgebra;

namespace Kappa.Bench;

/// <summary>Where the call weighs more than the product.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class TinyProducts<T>() : ModestProductBenchmark<T>(Shape.Squares(8, 12, 16))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>All within L1.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class SmallProducts<T>() : ModestProductBenchmark<T>(Shape.Squares(24, 31, 32, 33))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Around the size at which packing begins to pay.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class MediumProducts<T>() : ModestProductBenchmark<T>(Shape.Squares(48, 63, 64, 65))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Within L2, odd sizes too.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class CachedProducts<T>() : ModestProductBenchmark<T>(Shape.Squares(96, 127, 128, 129, 192, 255, 256))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Blocked for every cache.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class LargeProducts<T>() : ProductBenchmark<T>(Shape.Squares(512, 1024, 2048))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>A layer's products with a batch of 64, in every layout.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class TrainingProducts<T>() : ModestProductBenchmark<T>(
    from d in new[] { 32, 128, 512 }
    from shape in new[] { new Shape(d, d, 64), new Shape(d, 64, d), new Shape(64, d, d) }
    from layout in new[] { "NN", "NT", "TN", "TT" }
    select shape with { Layout = layout })
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Thin outputs, and matrix × vector from either side.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class ThinProducts<T>() : ModestProductBenchmark<T>(
    from d in new[] { 64, 512 }
    from shape in new[] { new Shape(d, 10, d), new Shape(10, d, d), new Shape(d, 1, d), new Shape(1, d, d) }
    from layout in new[] { "NN", "TN" }
    select shape with { Layout = layout })
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Two threads each.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class TwoThreadProducts<T>() : ProductBenchmark<T>(Shape.Squares(256, 512, 1024, 2048), threads: 2)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>Many tiny products: ours in one call, and everyone's one by one.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class BatchedProducts<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Count = 1000;

    private Matrix<T> _a = null!, _b = null!, _c = null!;
    private Matrix<T>[] _eachA = null!, _eachB = null!, _eachC = null!;
    private Managed.Matrix<T>[] _mathA = null!, _mathB = null!, _mathC = null!;

    [Params(4, 8, 16)]
    public int N { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Contenders.SetThreads(1);
        // One below another: row block i is matrix i.
        (_a, _b, _c) = (Contenders.Gaussian<T>(Count * N, N, 1), Contenders.Gaussian<T>(Count * N, N, 2), new Matrix<T>(Count * N, N));
        (_eachA, _eachB, _eachC) = (Split(_a), Split(_b), Split(_c));
        (_mathA, _mathB, _mathC) = (ToMathNet(_eachA), ToMathNet(_eachB), ToMathNet(_eachC));

        Matrix<T>[] Split(Matrix<T> matrix) => [.. Enumerable.Range(0, Count).Select(i => Matrix<T>.From(matrix.View.Block(i * N, 0, N, N)))];
        Managed.Matrix<T>[] ToMathNet(Matrix<T>[] matrices) => [.. matrices.Select(Contenders.ToMathNet)];
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public void Kappa() => Gemm.MultiplyBatch<T>(Count, N, N, N, T.One, _a.Elements, N * N, _b.Elements, N * N, T.Zero, _c.Elements, N * N);

    [Benchmark(OperationsPerInvoke = Count)]
    public void KappaOneByOne()
    {
        for (int i = 0; i < Count; i++)
            Gemm.Multiply(T.One, _eachA[i], _eachB[i], T.Zero, _eachC[i]);
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory(Contenders.NeedsOpenBlas)]
    public void OpenBlas()
    {
        for (int i = 0; i < Count; i++)
            Contenders.OpenBlas!.Multiply(1, false, _eachA[i], false, _eachB[i], _eachC[i]);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void MathNet()
    {
        for (int i = 0; i < Count; i++)
            _mathA[i].Multiply(_mathB[i], _mathC[i]);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void ThreeLoops()
    {
        for (int i = 0; i < Count; i++)
            Contenders.ThreeLoops(false, _eachA[i], false, _eachB[i], _eachC[i]);
    }
}

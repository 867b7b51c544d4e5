using System.Numerics;
using BenchmarkDotNet.Attributes;
using Kappa.Cli.Bench;
using Kappa.Kernels;
using Managed = MathNet.Numerics.LinearAlgebra;

namespace Kappa.Bench;

/// <summary>A = UΣVᵀ of a Gaussian matrix (n×n): ours against LAPACK's drivers in OpenBLAS and Math.NET's managed SVD.</summary>
public abstract class SvdBenchmark<T>(bool vectors) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Matrix<T> _a = null!;
    private Managed.Matrix<T> _math = null!;
    private NativeSvd<T> _gesdd = null!, _gesvj = null!, _gejsv = null!;

    [Params(16, 32, 64, 128, 256, 512)]
    public int N { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Contenders.SetThreads(1);
        _a = Contenders.Gaussian<T>(N, N);
        _math = Contenders.ToMathNet(_a);
        if (Contenders.OpenBlas is not null)
            (_gesdd, _gesvj, _gejsv) = (Native(SvdDriver.Gesdd), Native(SvdDriver.Gesvj), Native(SvdDriver.Gejsv));

        NativeSvd<T> Native(SvdDriver driver) => new(Contenders.OpenBlas!, driver, _a, vectors);
    }

    [Benchmark(Baseline = true)]
    public SvdResult<T> Kappa() => vectors ? Svd.Decompose<T>(_a) : Svd.Values<T>(_a);

    [Benchmark, BenchmarkCategory(Contenders.NeedsOpenBlas)]
    public void Gesdd() => _gesdd.Run(1);

    [Benchmark, BenchmarkCategory(Contenders.NeedsOpenBlas)]
    public void Gesvj() => _gesvj.Run(1);

    [Benchmark, BenchmarkCategory(Contenders.NeedsOpenBlas)]
    public void Gejsv() => _gejsv.Run(1);

    [Benchmark]
    public object MathNet() => _math.Svd(vectors);
}

/// <summary>Σ alone.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class SingularValues<T>() : SvdBenchmark<T>(vectors: false) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

/// <summary>U, Σ and V.</summary>
[GenericTypeArguments(typeof(double)), GenericTypeArguments(typeof(float))]
public class FullDecompositions<T>() : SvdBenchmark<T>(vectors: true) where T : unmanaged, IBinaryFloatingPointIeee754<T>;

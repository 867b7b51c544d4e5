using BenchmarkDotNet.Attributes;
using Kappa.Kernels;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Kappa.Bench;

/// <summary>A = UΣVᵀ of a Gaussian matrix in f64: ours, values alone and with vectors, against Math.NET's managed SVD.</summary>
public class SvdBenchmarks
{
    private Matrix<double> _a = null!;
    private DenseMatrix _math = null!;

    [Params(16, 64, 256)]
    public int N { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _a = new Matrix<double>(N, N);
        new GaussianStream(42).Fill(_a.Elements);
        _math = new DenseMatrix(N, N, _a.Elements.ToArray());
    }

    [Benchmark(Baseline = true)]
    public SvdResult<double> KappaFull() => Svd.Decompose<double>(_a);

    [Benchmark]
    public SvdResult<double> KappaValues() => Svd.Values<double>(_a);

    [Benchmark]
    public object MathNetFull() => _math.Svd();
}

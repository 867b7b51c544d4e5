using BenchmarkDotNet.Attributes;
using Kappa.Kernels;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Kappa.Bench;

/// <summary>C ← AB in f64: ours against three loops, Math.NET's managed product and OpenBLAS.</summary>
public unsafe class GemmBenchmarks
{
    private Matrix<double> _a = null!, _b = null!, _c = null!;
    private DenseMatrix _mathA = null!, _mathB = null!, _mathC = null!;

    [Params(16, 64, 256)]
    public int N { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (_a, _b, _c) = (Compare.Random<double>(N, 1), Compare.Random<double>(N, 2), new Matrix<double>(N, N));
        _mathA = new DenseMatrix(N, N, _a.Elements.ToArray());
        _mathB = new DenseMatrix(N, N, _b.Elements.ToArray());
        _mathC = new DenseMatrix(N, N);
        Gemm.MaxThreads = 1;
        if (NativeLapack.IsAvailable)
            NativeLapack.SetThreads(1);
    }

    [Benchmark(Baseline = true)]
    public void Kappa() => Gemm.Multiply(1.0, _a, _b, 0.0, _c);

    [Benchmark]
    public void MathNet() => _mathA.Multiply(_mathB, _mathC);

    [Benchmark]
    public void OpenBlas()
    {
        if (!NativeLapack.IsAvailable)
            throw new NotSupportedException("OpenBLAS is not on this machine.");
        fixed (double* a = _a.Elements, b = _b.Elements, c = _c.Elements)
            NativeLapack.Gemm(N, N, N, a, b, c);
    }

    [Benchmark]
    public void Naive()
    {
        Span<double> a = _a.Elements, b = _b.Elements, c = _c.Elements;
        c.Clear();
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c[i * N + j] += a[i * N + k] * b[k * N + j];
    }
}

using System.Numerics;
using BenchmarkDotNet.Attributes;
using Kappa.Kernels;
using Managed = MathNet.Numerics.LinearAlgebra;

namespace Kappa.Bench;

/// <summary>C (m×n) ← op(A) op(B) with inner dimension k; layout NN, NT, TN or TT: for A and then B, whether it is stored transposed.</summary>
public sealed record Shape(int M, int N, int K, string Layout = "NN")
{
    /// <summary>Squares of these sizes.</summary>
    public static IEnumerable<Shape> Squares(params int[] sizes) => sizes.Select(n => new Shape(n, n, n));

    public override string ToString() => $"{M}x{N}x{K} {Layout}";
}

/// <summary>Ours against OpenBLAS and Math.NET's managed product, on the shapes of a size class.</summary>
/// <param name="shapes">The shapes.</param>
/// <param name="threads">Threads of each contender.</param>
public abstract class ProductBenchmark<T>(IEnumerable<Shape> shapes, int threads = 1) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private bool _ta, _tb;
    private Matrix<T> _a = null!, _b = null!, _c = null!;
    private Managed.Matrix<T> _mathA = null!, _mathB = null!, _mathC = null!;

    [ParamsSource(nameof(Shapes))]
    public Shape Shape { get; set; } = null!;

    public IEnumerable<Shape> Shapes => shapes;

    [GlobalSetup]
    public void Setup()
    {
        Contenders.SetThreads(threads);
        (_ta, _tb) = (Shape.Layout[0] == 'T', Shape.Layout[1] == 'T');
        _a = _ta ? Contenders.Gaussian<T>(Shape.K, Shape.M, 1) : Contenders.Gaussian<T>(Shape.M, Shape.K, 1);
        _b = _tb ? Contenders.Gaussian<T>(Shape.N, Shape.K, 2) : Contenders.Gaussian<T>(Shape.K, Shape.N, 2);
        _c = new Matrix<T>(Shape.M, Shape.N);
        (_mathA, _mathB, _mathC) = (Contenders.ToMathNet(_a), Contenders.ToMathNet(_b), Contenders.ToMathNet(_c));
    }

    [Benchmark(Baseline = true)]
    public void Kappa() => Gemm.Multiply<T>(T.One, _ta ? _a.Transposed() : _a, _tb ? _b.Transposed() : _b, T.Zero, _c);

    [Benchmark, BenchmarkCategory(Contenders.NeedsOpenBlas)]
    public void OpenBlas() => Contenders.OpenBlas!.Multiply(1, _ta, _a, _tb, _b, _c);

    [Benchmark]
    public void MathNet()
    {
        if (_ta && _tb)
            _mathA.Transpose().TransposeAndMultiply(_mathB, _mathC);
        else if (_ta)
            _mathA.TransposeThisAndMultiply(_mathB, _mathC);
        else if (_tb)
            _mathA.TransposeAndMultiply(_mathB, _mathC);
        else
            _mathA.Multiply(_mathB, _mathC);
    }

    private protected void RunThreeLoops() => Contenders.ThreeLoops(_ta, _a, _tb, _b, _c);
}

/// <summary>With three loops beside them, where these come to an end.</summary>
public abstract class ModestProductBenchmark<T>(IEnumerable<Shape> shapes) : ProductBenchmark<T>(shapes) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [Benchmark]
    public void ThreeLoops() => RunThreeLoops();
}

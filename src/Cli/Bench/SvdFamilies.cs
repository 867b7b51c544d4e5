using System.Numerics;
using Kappa.Kernels;

namespace Kappa.Cli.Bench;

/// <summary>The matrices (n×n) whose decompositions are compared, by the name of their family.</summary>
internal static class SvdFamilies
{
    private static readonly Dictionary<string, Func<int, bool, Matrix<double>>> s_families = new()
    {
        ["gaussian"] = (n, _) => Gaussian(n, new GaussianStream(42)),
        ["graded"] = (n, isDouble) => Graded(n, isDouble ? -90 : -27),
        ["dense-ill"] = (n, isDouble) => WithSingularValues([.. Enumerable.Range(0, n).Select(i => Geometric(i, n, isDouble ? -10 : -5))]),
        ["ones"] = (n, _) => Ones(n),
        ["clustered"] = (n, _) => WithSingularValues([.. Enumerable.Range(0, n).Select(i => i % 8 == 0 ? 10 * Geometric(i, n, -2) : 1)]),
    };

    /// <summary>The families' names.</summary>
    public static string[] Names => [.. s_families.Keys];

    /// <summary>The matrix (n×n) of a family, made in double precision and rounded.</summary>
    /// <remarks>
    /// gaussian: elements from N(0, 1). graded: B·D, B gaussian, D geometric from 1 to 1e-90 (f32: 1e-27) in random order.
    /// dense-ill: U·diag(σ)·Vᵀ, U and V random orthogonal, σ geometric from 1 to 1e-10 (f32: 1e-5). ones: every element is 1.
    /// clustered: U·diag(σ)·Vᵀ with seven of eight σ equal to 1 and the others geometric from 10 to 1/10.
    /// </remarks>
    public static Matrix<T> Create<T>(string family, int n) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Matrix<double> wide = s_families[family](n, typeof(T) == typeof(double));
        var matrix = new Matrix<T>(n, n);
        for (int i = 0; i < matrix.Elements.Length; i++)
            matrix.Elements[i] = T.CreateTruncating(wide.Elements[i]);
        return matrix;
    }

    private static Matrix<double> Gaussian(int n, GaussianStream stream)
    {
        var matrix = new Matrix<double>(n, n);
        stream.Fill(matrix.Elements);
        return matrix;
    }

    private static Matrix<double> Graded(int n, double decades)
    {
        var stream = new GaussianStream(42);
        Matrix<double> matrix = Gaussian(n, stream);
        double[] scales = [.. Enumerable.Range(0, n).Select(j => Geometric(j, n, decades))];
        Array.Sort([.. scales.Select(_ => stream.NextUniform())], scales);
        ScaleColumns(matrix, scales);
        return matrix;
    }

    private static Matrix<double> Ones(int n)
    {
        var matrix = new Matrix<double>(n, n);
        matrix.Elements.Fill(1);
        return matrix;
    }

    private static Matrix<double> WithSingularValues(double[] sigma)
    {
        var stream = new GaussianStream(42);
        Matrix<double> u = Orthogonal(sigma.Length, stream), v = Orthogonal(sigma.Length, stream);
        ScaleColumns(u, sigma);
        return Gemm.Multiply<double>(u, v.Transposed());
    }

    private static Matrix<double> Orthogonal(int n, GaussianStream stream)
    {
        using QrFactorization<double> factors = Qr.Factor<double>(Gaussian(n, stream));
        return factors.Q();
    }

    private static void ScaleColumns(Matrix<double> matrix, double[] scales)
    {
        for (int i = 0; i < matrix.Rows; i++)
            for (int j = 0; j < matrix.Columns; j++)
                matrix[i, j] *= scales[j];
    }

    // From 1 at i = 0 to 10^decades at i = n − 1.
    private static double Geometric(int i, int n, double decades) => Math.Pow(10, decades * i / Math.Max(1, n - 1));
}

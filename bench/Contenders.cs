using System.Numerics;
using Kappa.Cli.Bench;
using Kappa.Kernels;
using MathNet.Numerics;
using Managed = MathNet.Numerics.LinearAlgebra;

namespace Kappa.Bench;

/// <summary>Who is measured beside ours, on the same matrices and threads.</summary>
internal static class Contenders
{
    /// <summary>The category of what needs OpenBLAS.</summary>
    public const string NeedsOpenBlas = "OpenBLAS";

    /// <summary>OpenBLAS, where this machine has it with LAPACK's drivers.</summary>
    public static NativeBlas? OpenBlas { get; } = NativeBlas.FindOpenBlas([.. NativeBlas.Products, .. NativeBlas.Decompositions]);

    /// <summary>Gives every contender as many threads.</summary>
    public static void SetThreads(int threads)
    {
        Gemm.MaxThreads = threads;
        Control.MaxDegreeOfParallelism = threads;
        OpenBlas?.SetThreads(threads);
    }

    /// <summary>A matrix (rows×columns) of elements from N(0, 1).</summary>
    public static Matrix<T> Gaussian<T>(int rows, int columns, uint seed = 42) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var matrix = new Matrix<T>(rows, columns);
        new GaussianStream(seed).Fill(matrix.Elements);
        return matrix;
    }

    /// <summary>The same matrix for Math.NET.</summary>
    public static Managed.Matrix<T> ToMathNet<T>(Matrix<T> matrix) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Managed.Matrix<T>.Build.DenseOfRowMajor(matrix.Rows, matrix.Columns, matrix.Elements.ToArray());

    /// <summary>C ← op(A) op(B) as it is written on paper, op the transposition where a flag says so.</summary>
    public static void ThreeLoops<T>(bool transposedA, Matrix<T> a, bool transposedB, Matrix<T> b, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<T> x = a.Elements, y = b.Elements, z = c.Elements;
        int inner = transposedA ? a.Rows : a.Columns;
        (int xRow, int xColumn) = transposedA ? (1, a.Columns) : (a.Columns, 1);
        (int yRow, int yColumn) = transposedB ? (1, b.Columns) : (b.Columns, 1);
        for (int i = 0; i < c.Rows; i++)
            for (int j = 0; j < c.Columns; j++)
            {
                T sum = T.Zero;
                for (int k = 0; k < inner; k++)
                    sum += x[i * xRow + k * xColumn] * y[k * yRow + j * yColumn];
                z[i * c.Columns + j] = sum;
            }
    }
}

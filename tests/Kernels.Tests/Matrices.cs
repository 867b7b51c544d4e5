using System.Numerics;

namespace Kappa.Kernels.Tests;

/// <summary>Matrices to test with, made in double and rounded to the type under test.</summary>
internal static class Matrices
{
    public static Matrix<double> From(int rows, int columns, Func<int, int, double> element)
    {
        var a = new Matrix<double>(rows, columns);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                a[i, j] = element(i, j);
        return a;
    }

    public static Matrix<double> Random(int rows, int columns, uint seed)
    {
        var a = new Matrix<double>(rows, columns);
        new GaussianStream(seed).Fill(a.Elements);
        return a;
    }

    /// <summary>A product of n random Householder reflections, made without the kernels under test.</summary>
    public static Matrix<double> Orthogonal(int order, uint seed)
    {
        var stream = new GaussianStream(seed);
        var q = Matrix<double>.Identity(order);
        double[] v = new double[order];
        for (int k = 0; k < order; k++)
        {
            stream.Fill<double>(v);
            double square = v.Sum(x => x * x);
            for (int i = 0; i < order; i++)
            {
                Span<double> row = q.Row(i);
                double dot = 0;
                for (int j = 0; j < order; j++)
                    dot += row[j] * v[j];
                for (int j = 0; j < order; j++)
                    row[j] -= 2 * dot / square * v[j];
            }
        }

        return q;
    }

    /// <summary>U diag(σ) Vᵀ with random orthogonal U (m×m), V (n×n) and min(m, n) values.</summary>
    public static Matrix<double> WithSingularValues(int rows, int columns, double[] sigma, uint seed)
    {
        Matrix<double> u = Orthogonal(rows, seed), v = Orthogonal(columns, seed + 1);
        return From(rows, columns, (i, j) =>
        {
            double sum = 0;
            for (int k = 0; k < sigma.Length; k++)
                sum += u[i, k] * sigma[k] * v[j, k];
            return sum;
        });
    }

    /// <summary>A matrix of exactly this rank: a product of two matrices of small integers.</summary>
    public static Matrix<double> OfRank(int rank, int rows, int columns, uint seed)
    {
        var stream = new GaussianStream(seed);
        Matrix<double> left = From(rows, rank, (_, _) => Math.Round(4 * stream.Next()));
        Matrix<double> right = From(rank, columns, (_, _) => Math.Round(4 * stream.Next()));
        return left.Times(right);
    }

    /// <summary>Hadamard's matrix by Sylvester's rule: entries ±1, HHᵀ = 2^k I, all exact.</summary>
    public static Matrix<double> Hadamard(int log2Order) =>
        From(1 << log2Order, 1 << log2Order, (i, j) => 1 - 2 * (BitOperations.PopCount((uint)(i & j)) % 2));

    public static Matrix<double> Hilbert(int order) => From(order, order, (i, j) => 1.0 / (i + j + 1));

    /// <summary>diag(1, s, s², …)·(I − cU), U the strict upper triangle of ones, s = sin θ, c = cos θ.</summary>
    public static Matrix<double> Kahan(int order, double theta) =>
        From(order, order, (i, j) => Math.Pow(Math.Sin(theta), i) * (i == j ? 1 : i < j ? -Math.Cos(theta) : 0));

    /// <summary>Läuchli's (n + 1)×n matrix: a row of ones over μI. σ₁² = n + μ², all others μ.</summary>
    public static Matrix<double> Lauchli(int columns, double mu) =>
        From(columns + 1, columns, (i, j) => i == 0 ? 1 : i == j + 1 ? mu : 0);

    public static Matrix<double> Times(this Matrix<double> a, Matrix<double> b) => From(a.Rows, b.Columns, (i, j) =>
    {
        double sum = 0;
        for (int k = 0; k < a.Columns; k++)
            sum += a[i, k] * b[k, j];
        return sum;
    });

    public static Matrix<double> Select(this Matrix<double> a, Func<double, double> map) =>
        From(a.Rows, a.Columns, (i, j) => map(a[i, j]));

    public static Matrix<double> ScaledColumns(this Matrix<double> a, Func<int, double> factor) =>
        From(a.Rows, a.Columns, (i, j) => a[i, j] * factor(j));

    public static Matrix<T> Rounded<T>(this Matrix<double> a) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var rounded = new Matrix<T>(a.Rows, a.Columns);
        for (int k = 0; k < a.Elements.Length; k++)
            rounded.Elements[k] = T.CreateTruncating(a.Elements[k]);
        return rounded;
    }

    public static Matrix<double> Widened<T>(this Matrix<T> a) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        From(a.Rows, a.Columns, (i, j) => a[i, j].Widened());

    public static double Widened<T>(this T x) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        double.CreateTruncating(x);

    public static double[] Widened<T>(this ReadOnlySpan<T> values) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double[] widened = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
            widened[i] = values[i].Widened();
        return widened;
    }

    /// <summary>The binary exponent of each column's largest element; int.MinValue for a column of zeros.</summary>
    public static IEnumerable<int> ColumnExponents(this Matrix<double> a)
    {
        for (int j = 0; j < a.Columns; j++)
        {
            double largest = 0;
            for (int i = 0; i < a.Rows; i++)
                largest = Math.Max(largest, Math.Abs(a[i, j]));
            yield return largest == 0 ? int.MinValue : Math.ILogB(largest);
        }
    }

    /// <summary>‖A‖₁, the largest sum of a column's moduli.</summary>
    public static double OneNorm(this Matrix<double> a)
    {
        double norm = 0;
        for (int j = 0; j < a.Columns; j++)
        {
            double sum = 0;
            for (int i = 0; i < a.Rows; i++)
                sum += Math.Abs(a[i, j]);
            norm = Math.Max(norm, sum);
        }

        return norm;
    }
}

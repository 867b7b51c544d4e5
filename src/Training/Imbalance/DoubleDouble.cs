using System.Runtime.CompilerServices;
using Kappa.Kernels;

namespace Kappa.Training.Imbalance;

/// <summary>An unevaluated sum High + Low of two doubles, 106 bits: error-free sums, and products by FMA.</summary>
/// <remarks>Source: Dekker, <i>A floating-point technique for extending the available precision</i> (1971).</remarks>
internal readonly record struct DoubleDouble(double High, double Low)
{
    public static implicit operator DoubleDouble(double x) => new(x, 0);

    public static explicit operator double(DoubleDouble x) => x.High + x.Low;

    public static DoubleDouble operator -(DoubleDouble x) => new(-x.High, -x.Low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator +(DoubleDouble x, DoubleDouble y)
    {
        (double high, double low) = TwoSum(x.High, y.High);
        (double high2, double low2) = TwoSum(x.Low, y.Low);
        (high, low) = FastTwoSum(high, low + high2);
        return FastTwoSum(high, low + low2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator -(DoubleDouble x, DoubleDouble y) => x + -y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleDouble operator *(DoubleDouble x, DoubleDouble y)
    {
        double product = x.High * y.High;
        double error = Math.FusedMultiplyAdd(x.High, y.High, -product);
        return FastTwoSum(product, error + (x.High * y.Low + x.Low * y.High));
    }

    /// <summary>The elements of a matrix, row by row.</summary>
    public static DoubleDouble[] Widen(Matrix<double> a)
    {
        var wide = new DoubleDouble[a.Elements.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = a.Elements[i];
        return wide;
    }

    /// <summary>AB (m×n) row by row, of A (m×k) and B (k×n). mnk products, rows side by side on all cores.</summary>
    public static DoubleDouble[] Product(Matrix<double> a, DoubleDouble[] b)
    {
        int columns = a.Columns == 0 ? 0 : b.Length / a.Columns;
        var product = new DoubleDouble[a.Rows * columns];
        Parallel.For(0, a.Rows, i => AddRow(a.Row(i), b, product.AsSpan(i * columns, columns)));
        return product;
    }

    // Column by column in the inner loop: no sum waits for the one before.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(ReadOnlySpan<double> a, ReadOnlySpan<DoubleDouble> b, Span<DoubleDouble> sum)
    {
        for (int k = 0; k < a.Length; k++)
        {
            ReadOnlySpan<DoubleDouble> row = b.Slice(k * sum.Length, sum.Length);
            for (int j = 0; j < row.Length; j++)
                sum[j] += a[k] * row[j];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DoubleDouble TwoSum(double x, double y)
    {
        double sum = x + y, part = sum - x;
        return new(sum, x - (sum - part) + (y - part));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DoubleDouble FastTwoSum(double x, double y)
    {
        double sum = x + y;
        return new(sum, y - (sum - x));
    }
}

using System.Numerics;

namespace Kappa.Kernels.Tests.Reference;

/// <summary>αAB + βC with every element summed in double-double.</summary>
internal static class CompensatedProduct
{
    /// <summary>The largest error of an element of C in units of its bound γ_{k+2}(|α||A||B| + |β||C|).</summary>
    /// <remarks>
    /// k products and sums, the multiplication by α and the addition of βC: k + 2 roundings at most on the way of any
    /// product, fused or not and in any order. Each may also lose half of the smallest number, times |α|, to underflow.
    /// </remarks>
    public static double WorstError<T>(
        T alpha, ReadOnlyMatrixView<T> a, ReadOnlyMatrixView<T> b,
        T beta, ReadOnlyMatrixView<T> before, ReadOnlyMatrixView<T> after)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double scale = alpha.Widened(), keep = beta.Widened(), worst = 0;
        double gamma = Machine<T>.Gamma(a.Columns + 2);
        double underflow = (a.Columns + 2) * Machine<T>.Tiny * Math.Max(1, Math.Abs(scale));
        Matrix<double> left = Matrix<T>.From(a).Widened(), right = Matrix<T>.From(b.Transposed()).Widened();
        for (int i = 0; i < after.Rows; i++)
            for (int j = 0; j < after.Columns; j++)
            {
                DoubleDouble exact = 0;
                double magnitude = 0;
                if (scale != 0)
                {
                    exact = scale * DoubleDouble.Dot(left.Row(i), right.Row(j));
                    magnitude = Math.Abs(scale) * DotOfModuli(left.Row(i), right.Row(j));
                }

                if (keep != 0)
                {
                    DoubleDouble kept = (DoubleDouble)keep * before[i, j].Widened();
                    exact += kept;
                    magnitude += Math.Abs(kept.High);
                }

                double error = Math.Abs((double)(exact - after[i, j].Widened()));
                worst = Math.Max(worst, error / (gamma * magnitude + underflow));
            }

        return worst;
    }

    private static double DotOfModuli(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += Math.Abs(x[i] * y[i]);
        return sum;
    }
}

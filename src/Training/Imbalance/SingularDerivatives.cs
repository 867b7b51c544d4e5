using Kappa.Kernels;

namespace Kappa.Training.Imbalance;

/// <summary>∂L/∂σᵢ = uᵢᵀGvᵢ of W = UΣVᵀ with G = ∂L/∂W, and what is read off it.</summary>
internal static class SingularDerivatives
{
    /// <summary>uᵢᵀGvᵢ with its sign, for every i, in double precision. 2mnp operations.</summary>
    public static double[] Of(SvdResult<double> svd, Matrix<double> gradient)
    {
        Matrix<double> product = Gemm.Multiply<double>(gradient, svd.V);
        var result = new double[svd.SingularValues.Length];
        for (int j = 0; j < product.Rows; j++)
            for (int i = 0; i < result.Length; i++)
                result[i] += svd.U[j, i] * product[j, i];
        return result;
    }

    /// <summary>⟨G, uᵢvᵢᵀ⟩ for every i, in double-double arithmetic, rounded to doubles. mnp products.</summary>
    public static double[] Exactly(SvdResult<double> svd, Matrix<double> gradient)
    {
        DoubleDouble[] product = DoubleDouble.Product(gradient, DoubleDouble.Widen(svd.V));
        var sums = new DoubleDouble[svd.SingularValues.Length];
        for (int j = 0; j < gradient.Rows; j++)
            for (int i = 0; i < sums.Length; i++)
                sums[i] += svd.U[j, i] * product[j * sums.Length + i];
        return [.. sums.Select(sum => (double)sum)];
    }

    /// <summary>|g₁|/|g_p|, ∞ or NaN where g_p is 0.</summary>
    public static double Ratio(double[] values) => Math.Abs(values[0]) / Math.Abs(values[^1]);

    /// <summary>max |aᵢ − bᵢ|.</summary>
    public static double Farthest(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    /// <summary>max |aᵢ − bᵢ|/|bᵢ|, where 0 and 0 agree.</summary>
    public static double FarthestRelatively(double[] a, double[] b) => a.Zip(b, (x, y) => x == y ? 0 : Math.Abs(x - y) / Math.Abs(y)).Max();

    /// <summary>max |aᵢ|.</summary>
    public static double Largest(double[] a) => a.Max(Math.Abs);
}

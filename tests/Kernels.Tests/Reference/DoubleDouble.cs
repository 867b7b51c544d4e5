namespace Kappa.Kernels.Tests.Reference;

/// <summary>An unevaluated sum High + Low of two doubles: 106 bits, from error-free sums and FMA products.</summary>
internal readonly record struct DoubleDouble(double High, double Low)
{
    /// <summary>The unit round-off, with room for the last bits that the operations lose.</summary>
    public static readonly double Epsilon = double.ScaleB(1, -102);

    public static implicit operator DoubleDouble(double x) => new(x, 0);

    public static explicit operator double(DoubleDouble x) => x.High + x.Low;

    public static DoubleDouble operator -(DoubleDouble x) => new(-x.High, -x.Low);

    public static DoubleDouble operator +(DoubleDouble x, DoubleDouble y)
    {
        (double high, double low) = TwoSum(x.High, y.High);
        (double high2, double low2) = TwoSum(x.Low, y.Low);
        (high, low) = FastTwoSum(high, low + high2);
        return FastTwoSum(high, low + low2);
    }

    public static DoubleDouble operator -(DoubleDouble x, DoubleDouble y) => x + -y;

    public static DoubleDouble operator *(DoubleDouble x, DoubleDouble y)
    {
        double product = x.High * y.High;
        double error = Math.FusedMultiplyAdd(x.High, y.High, -product);
        return FastTwoSum(product, error + (x.High * y.Low + x.Low * y.High));
    }

    public static DoubleDouble operator /(DoubleDouble x, DoubleDouble y)
    {
        double first = x.High / y.High;
        DoubleDouble rest = x - first * y;
        double second = rest.High / y.High;
        rest -= second * y;
        return FastTwoSum(first, second) + rest.High / y.High;
    }

    public static DoubleDouble Sqrt(DoubleDouble x)
    {
        if (x.High == 0)
            return x;
        DoubleDouble root = Math.Sqrt(x.High);
        return root + (x - root * root) / (root + root);
    }

    /// <summary>ln x = e·ln 2 + 2 artanh((f − 1)/(f + 1)) for x = 2^e·f, f from √½ to √2; ln 2 = 2 artanh(1/3).</summary>
    public static DoubleDouble Log(DoubleDouble x)
    {
        int exponent = Math.ILogB(x.High * Math.Sqrt(2));
        DoubleDouble f = new(Math.ScaleB(x.High, -exponent), Math.ScaleB(x.Low, -exponent));
        return 2 * (exponent * Artanh(1 / (DoubleDouble)3) + Artanh((f - 1) / (f + 1)));
    }

    public static DoubleDouble Abs(DoubleDouble x) => x.High < 0 ? -x : x;

    /// <summary>xᵀy to n²u²·Σ|xᵢyᵢ|: what products and sums lose is summed beside them (Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005), Dot2).</summary>
    public static DoubleDouble Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0, lost = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double product = x[i] * y[i], error = Math.FusedMultiplyAdd(x[i], y[i], -product);
            (sum, double rest) = TwoSum(sum, product);
            lost += error + rest;
        }

        (double high, double low) = TwoSum(sum, lost);
        return new DoubleDouble(high, low);
    }

    // z ≤ 1/3: 35 terms of z^(2k + 1)/(2k + 1) are exact to 3⁻⁷¹.
    private static DoubleDouble Artanh(DoubleDouble z)
    {
        DoubleDouble sum = 0;
        for (int k = 34; k >= 0; k--)
            sum = sum * z * z + 1 / (DoubleDouble)(2 * k + 1);
        return z * sum;
    }

    private static DoubleDouble TwoSum(double x, double y)
    {
        double sum = x + y, part = sum - x;
        return new(sum, x - (sum - part) + (y - part));
    }

    private static DoubleDouble FastTwoSum(double x, double y)
    {
        double sum = x + y;
        return new(sum, y - (sum - x));
    }
}

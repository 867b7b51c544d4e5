namespace Kappa.Kernels.Tests.Reference;

/// <summary>Counts singular values of a bidiagonal matrix in double-double: the judge of those that are claimed.</summary>
internal static class SturmCount
{
    /// <summary>#{σ &lt; x}, x > 0: the negative pivots of Golub and Kahan's tridiagonal form less x, less n.</summary>
    public static int Below(double[] diagonal, double[] superdiagonal, double x)
    {
        int negative = 1;
        DoubleDouble pivot = -x;
        for (int k = 0; k < 2 * diagonal.Length - 1; k++)
        {
            DoubleDouble c = k % 2 == 0 ? diagonal[k / 2] : superdiagonal[k / 2];
            double size = c.High * (c.High / pivot.High);
            // Beyond the range nothing but the sign counts, and nothing is left of the next quotient.
            pivot = Math.Abs(size) < double.MaxValue ? c.High == 0 ? -x : -(x + c * (c / pivot)) : -Math.CopySign(double.MaxValue, size);
            if (pivot.High == 0)
                pivot = -double.Epsilon;
            if (pivot.High < 0)
                negative++;
        }

        return negative - diagonal.Length;
    }

    /// <summary>Whether σ₁ ≥ … ≥ σₙ are the singular values, each to this relative error, to the smallest number of its type, or to 2⁻⁹⁵⁰σ₁.</summary>
    public static bool Confirms(double[] diagonal, double[] superdiagonal, double[] sigma, double relativeError, double tiny)
    {
        int n = sigma.Length;
        double largest = diagonal.Concat(superdiagonal).Max(Math.Abs);
        if (largest == 0)
            return sigma.All(s => s == 0);
        int exponent = Math.ILogB(largest);
        double floor = Math.ScaleB(1, -950) + Math.ScaleB(tiny, -exponent);
        double[] d = [.. diagonal.Select(x => Math.ScaleB(x, -exponent))], e = [.. superdiagonal.Select(x => Math.ScaleB(x, -exponent))];
        for (int k = 0; k < n; k++)
        {
            double value = Math.ScaleB(sigma[k], -exponent);
            double above = value * (1 + relativeError) + floor, below = value * (1 - relativeError) - floor;
            if (Below(d, e, above) < n - k || below > 0 && Below(d, e, below) > n - 1 - k)
                return false;
        }

        return true;
    }
}

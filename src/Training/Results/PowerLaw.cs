namespace Kappa.Training.Results;

/// <summary>The law y = a·xᵖ fitted to points.</summary>
public static class PowerLaw
{
    /// <summary>p by least squares of log y on log x.</summary>
    /// <param name="x">Positive abscissae.</param>
    /// <param name="y">As many ordinates.</param>
    /// <returns>NaN where an ordinate is not positive and finite, or the abscissae are all the same. O(n).</returns>
    /// <exception cref="ArgumentException">The two differ in length.</exception>
    public static double Exponent(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"{x.Length} abscissae and {y.Length} ordinates.", nameof(y));
        double meanX = 0, meanY = 0, covariance = 0, variance = 0;
        for (int i = 0; i < x.Length; i++)
        {
            meanX += Math.Log(x[i]) / x.Length;
            meanY += Math.Log(y[i]) / x.Length;
        }

        for (int i = 0; i < x.Length; i++)
        {
            double distance = Math.Log(x[i]) - meanX;
            covariance += distance * (Math.Log(y[i]) - meanY);
            variance += distance * distance;
        }

        double exponent = covariance / variance;
        return double.IsFinite(exponent) ? exponent : double.NaN;
    }
}

using System.Globalization;

namespace Kappa.Training.Results;

/// <summary>Numbers for readers: three significant digits, powers of ten outside 0.001 … 10⁶, "–" for NaN and ∞.</summary>
internal static class NumberText
{
    public const string None = "–", PerCent = "\u202f%";

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>"0.134", "13,170", "6.62×10⁻⁵".</summary>
    public static string Number(double x)
    {
        if (!double.IsFinite(x))
            return None;
        if (x == 0)
            return "0";
        if (IsPlain(x))
            return Fixed(x, Decimals(x, 3));
        (double mantissa, int exponent) = Split(x);
        return $"{Fixed(mantissa, 2)}×{PowerOfTen(exponent)}";
    }

    /// <summary>"1,000" of a whole number.</summary>
    public static string Whole(double x) => Fixed(x, 0);

    /// <summary>"0.1337 ± 0.0008", "(6.62 ± 0.56)×10⁻⁵"; the mean alone for one trial.</summary>
    public static string MeanStd(Sample sample)
    {
        double mean = sample.Mean, std = sample.Std;
        if (sample.Trials - sample.NotFinite < 2 || !double.IsFinite(mean) || !double.IsFinite(std))
            return Number(mean);
        double scale = mean == 0 ? std : mean;
        if (scale == 0)
            return "0 ± 0";
        if (IsPlain(scale))
        {
            int decimals = Decimals(scale, 3);
            if (std > 0 && std < 5 * Math.Pow(10, -decimals))
                decimals++;
            return $"{Fixed(mean, decimals)} ± {Fixed(std, decimals)}";
        }

        (double mantissa, int exponent) = Split(scale);
        return $"({Fixed(mean == 0 ? 0 : mantissa, 2)} ± {Fixed(std / Math.Pow(10, exponent), 2)})×{PowerOfTen(exponent)}";
    }

    /// <summary>"64.3 %" of 0.643.</summary>
    public static string Percent(double fraction) => double.IsFinite(fraction)
        ? Fixed(Math.Round(100 * fraction, 1) + 0.0, 1) + PerCent
        : None;

    /// <summary>"9.22×".</summary>
    public static string Times(double factor) => double.IsFinite(factor) ? Number(factor) + "×" : None;

    /// <summary>"0.132–0.134" over the finite ones.</summary>
    public static string Range(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0)
            return None;
        string low = Number(finite.Min()), high = Number(finite.Max());
        return low == high ? low : $"{low}–{high}";
    }

    /// <summary>"a, b and c".</summary>
    public static string Enumerate(IEnumerable<string> items) => items.ToArray() switch
    {
        [] => None,
        [var only] => only,
        [.. var first, var last] => $"{string.Join(", ", first)} and {last}",
    };

    /// <summary>"10⁻⁵".</summary>
    public static string PowerOfTen(int exponent) =>
        "10" + string.Concat(exponent.ToString(Invariant).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));

    private static bool IsPlain(double x) => Math.Abs(x) is >= 1e-3 and < 1e6;

    private static int Decimals(double x, int digits) =>
        Math.Max(0, digits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(x))));

    private static string Fixed(double x, int decimals) =>
        x.ToString("N" + decimals.ToString(Invariant), Invariant).Replace('-', '−');

    private static (double Mantissa, int Exponent) Split(double x)
    {
        int exponent = (int)Math.Floor(Math.Log10(Math.Abs(x)));
        double mantissa = x / Math.Pow(10, exponent);
        return Math.Abs(Math.Round(mantissa, 2)) >= 10 ? (mantissa / 10, exponent + 1) : (mantissa, exponent);
    }
}

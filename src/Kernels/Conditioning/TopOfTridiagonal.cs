using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Conditioning;

/// <summary>The largest eigenvalue of a symmetric tridiagonal matrix (k×k), its vector, and how far the next one is. O(k).</summary>
/// <remarks>
/// With a on the diagonal and b &gt; 0 beside it, the pivots of x − T are Dᵢ = x − aᵢ − b²ᵢ₋₁/Dᵢ₋₁; as many are negative as eigenvalues
/// exceed x (Sylvester). The value by Laguerre's iteration from above, monotone and cubic, on p′/p = ΣD′ᵢ/Dᵢ; the vector by a twisted
/// factorisation. Sources: Wilkinson, <i>The Algebraic Eigenvalue Problem</i>, 7.17 to 7.23; Dhillon and Parlett, Linear Algebra Appl. 387 (2004).
/// </remarks>
internal static unsafe class TopOfTridiagonal
{
    private const double Accuracy = 1e-15;

    /// <summary>λ₁, or up to 4·10⁻¹⁵ more of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Value(double* a, double* b, int k)
    {
        double x = a[0], below = a[0], before = 0;
        for (int i = 0; i < k; i++)
        {
            double after = i < k - 1 ? b[i] : 0;
            x = Math.Max(x, a[i] + before + after);
            below = Math.Max(below, a[i]);
            before = after;
        }

        // Where rounding throws a step below λ₁, it is near: a little back, and more where that is not enough.
        double above = x, back = 2 * Accuracy;
        while (above - below > 4 * Accuracy * Math.Abs(above))
        {
            double next = Step(a, b, k, x);
            if (double.IsNaN(next))
            {
                below = x;
                x = below + Math.Min(back * Math.Abs(above), (above - below) / 2);
                back *= 16;
            }
            else if (next >= x - Accuracy * Math.Abs(x))
                return x;
            else
            {
                above = x;
                x = next > below ? next : below + (above - below) / 2;
            }
        }

        return above;
    }

    /// <summary>Laguerre's step from x ≥ λ₁; NaN where x &lt; λ₁.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Step(double* a, double* b, int k, double x)
    {
        double d = x - a[0], d1 = 1, d2 = 0, sum = 1 / d, sumOfSquares = sum * sum;
        if (!(d > 0))
            return double.NaN;
        for (int i = 1; i < k; i++)
        {
            double inverse = 1 / d, t = b[i - 1] * inverse, share = t * t, q = d1 * inverse;
            double next1 = 1 + share * d1;
            d2 = share * (d2 - 2 * q * d1);
            d1 = next1;
            d = x - a[i] - b[i - 1] * t;
            if (!(d > 0))
                return double.NaN;
            double r = d1 / d;
            sum += r;
            sumOfSquares += r * r - d2 / d;
        }

        return x - k / (sum + Math.Sqrt(Math.Max(0, (k - 1) * (k * sumOfSquares - sum * sum))));
    }

    /// <summary>Writes the vector of the eigenvalue x, of norm 1; backward (k) is scratch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Vector(double* a, double* b, int k, double x, double* s, double* backward)
    {
        // The pivots from the top stand in s until the vector takes their place.
        const double Least = 1e-290;
        s[0] = x - a[0];
        for (int i = 1; i < k; i++)
            s[i] = x - a[i] - b[i - 1] * (b[i - 1] / NotZero(s[i - 1]));
        backward[k - 1] = x - a[k - 1];
        for (int i = k - 2; i >= 0; i--)
            backward[i] = x - a[i] - b[i] * (b[i] / NotZero(backward[i + 1]));
        int twist = 0;
        double smallest = double.PositiveInfinity;
        for (int i = 0; i < k; i++)
        {
            double gamma = Math.Abs(s[i] + backward[i] - (x - a[i]));
            if (gamma < smallest)
                (smallest, twist) = (gamma, i);
        }

        s[twist] = 1;
        double square = 1;
        for (int i = twist - 1; i >= 0; i--)
        {
            s[i] = b[i] * s[i + 1] / NotZero(s[i]);
            square += s[i] * s[i];
        }

        for (int i = twist + 1; i < k; i++)
        {
            s[i] = b[i - 1] * s[i - 1] / NotZero(backward[i]);
            square += s[i] * s[i];
        }

        double norm = 1 / Math.Sqrt(square);
        for (int i = 0; i < k; i++)
            s[i] *= norm;

        static double NotZero(double pivot) => Math.Abs(pivot) < Least ? Least : pivot;
    }

    /// <summary>The largest of x/4, x/8, …, x/2³⁰ by which the other eigenvalues are known to be below x = λ₁; 0 where none is.</summary>
    public static double Gap(double* a, double* b, int k, double x)
    {
        for (int power = -2; power >= -30; power--)
            if (IsAlone(a, b, k, x, Math.ScaleB(x, power)))
                return Math.ScaleB(x, power);
        return 0;
    }

    /// <summary>Whether all eigenvalues but x = λ₁ are at least so far below it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IsAlone(double* a, double* b, int k, double x, double gap)
    {
        double d = x - gap - a[0];
        int above = d < 0 ? 1 : 0;
        for (int i = 1; i < k && above < 2; i++)
        {
            d = x - gap - a[i] - b[i - 1] * (b[i - 1] / d);
            above += d < 0 ? 1 : 0;
        }

        return above < 2;
    }
}

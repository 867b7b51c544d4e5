using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The shifts: lower bounds for the smallest eigenvalue left, from the last sweep (LAWN 155, section 3; the cases are numbered as there).</summary>
internal unsafe partial struct Dqds
{
    /// <summary>
    /// A τ close to the smallest eigenvalue from below, from what the last sweep left at the bottom. LAWN 155's cases: one of the last three d
    /// is the smallest, so its eigenvector is known to decay upwards and bounds from Rayleigh quotients hold; values have just left
    /// and their successors take their place; nothing is known.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double ChooseShift(int deflated)
    {
        Shift previous = _shift;
        _shift = Shift.Informed;
        if (_min <= 0 && _rest == 0)
            return -_min;
        int n = _end;
        double* q = _q, e = _e;
        switch (deflated)
        {
            case 0 when _min == _last && _min1 == _last1:
                return FromTheLastTwo();
            case 0 when _min == _last:
                return FromNorm(_last, 0, e[n - 1], q[n - 1], n - 2);
            case 0 when _min == _last1:
                return FromNorm(_last1, _oldE[n - 1] / _oldQ[n], e[n - 2], q[n - 2], n - 3);
            case 0 when _min == _last2:
                return FromTheThirdLast();
            case 0:
                _shift = Shift.Blind;
                _share = previous switch
                {
                    Shift.Blind => _share + 0.333 * (1 - _share),
                    Shift.BlindAfterFailure => 0.25 * 0.333,
                    _ => 0.25,
                };
                return _share * _min;
            case 1 when _min1 == _last1 && _min2 == _last2:
                return AfterDeflation(_min1, 0.5 * _min2);
            case 1:
                return (_min1 == _last1 ? 0.5 : 0.25) * _min1;
            case 2 when _min2 == _last2 && 2 * e[n - 1] < q[n - 1]:
                return AfterDeflation(_min2, q[n - 1] + e[n - 2] - Math.Sqrt(q[n - 2]) * Math.Sqrt(e[n - 2]));
            case 2:
                return 0.25 * _min2;
            default:
                return 0;
        }
    }

    /// <summary>Cases 2 and 3: the two smallest d are the last two, and gaps tell them apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double FromTheLastTwo()
    {
        int n = _end;
        double b1 = Math.Sqrt(_q[n]) * Math.Sqrt(_e[n - 1]), b2 = Math.Sqrt(_q[n - 1]) * Math.Sqrt(_e[n - 2]);
        double a2 = _q[n - 1] + _e[n - 1];
        double gap2 = _min2 - a2 - 0.25 * _min2;
        double gap1 = a2 - _last - (gap2 > 0 && gap2 > b2 ? b2 / gap2 * b2 : b1 + b2);
        if (gap1 > 0 && gap1 > b1)
            return double.MaxNative(_last - b1 / gap1 * b1, 0.5 * _min);
        double s = _last > b1 ? _last - b1 : 0;
        if (a2 > b1 + b2)
            s = double.MinNative(s, a2 - (b1 + b2));
        return double.MaxNative(s, 0.333 * _min);
    }

    /// <summary>Case 4: the Rayleigh quotient of a vector that decays upwards from d, less its residual.</summary>
    private readonly double FromNorm(double d, double square, double e, double q, int from)
    {
        double least = 0.25 * _min;
        return e > q || square > 1 ? least : RayleighBound(d, square + e / q, e / q, from, least);
    }

    /// <summary>Case 5: the third d from the bottom is the smallest.</summary>
    private readonly double FromTheThirdLast()
    {
        int n = _end;
        double least = 0.25 * _min, b1 = _oldQ[n], b2 = _oldQ[n - 1];
        if (_oldE[n - 2] > b2 || _oldE[n - 1] > b1)
            return least;
        double square = _oldE[n - 2] / b2 * (1 + _oldE[n - 1] / b1);
        if (n - _start <= 2)
            return square < Bound ? Rayleigh(_last2, square) : least;
        double ratio = _e[n - 3] / _q[n - 3];
        return RayleighBound(_last2, square + ratio, ratio, n - 4, least);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double RayleighBound(double d, double square, double term, int from, double least)
    {
        for (int k = from; k >= _start && term != 0; k--)
        {
            double previous = term;
            if (_e[k] > _q[k])
                return least;
            term *= _e[k] / _q[k];
            square += term;
            if (100 * double.MaxNative(term, previous) < square || Bound < square)
                break;
        }

        square *= 1.05;
        return square < Bound ? Rayleigh(d, square) : least;
    }

    private static double Rayleigh(double d, double square) => d * (1 - Math.Sqrt(square)) / (1 + square);

    /// <summary>Cases 7, 8 and 10: the d of the value that is next, and its gap to what lies above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double AfterDeflation(double d, double above)
    {
        int n = _end;
        double s = 0.333 * d;
        if (_e[n - 1] > _q[n - 1])
            return s;
        double term = _e[n - 1] / _q[n - 1], square = term;
        for (int k = n - 2; k >= _start && term != 0; k--)
        {
            double previous = term;
            if (_e[k] > _q[k])
                return s;
            term *= _e[k] / _q[k];
            square += term;
            if (100 * double.MaxNative(term, previous) < square)
                break;
        }

        double norm = Math.Sqrt(1.05 * square);
        double a = d / (1 + norm * norm), gap = above - a, safety = 1.01;
        return double.MaxNative(s, gap > 0 && gap > norm * a
            ? a * (1 - safety * a * (norm / gap) * norm)
            : a * (1 - safety * norm));
    }
}

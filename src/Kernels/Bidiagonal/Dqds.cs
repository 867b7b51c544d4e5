using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>
/// The eigenvalues of BᵀB by the differential quotient-difference algorithm with shifts, B upper bidiagonal with squares qₖ on and
/// eₖ above the diagonal: each to a relative error of O(n·ε), however small.
/// </summary>
/// <remarks>
/// One sweep B → B̂ with B̂ᵀB̂ = BBᵀ − τI: d ← q₀ − τ; q̂ₖ = d + eₖ, t = q_{k+1}/q̂ₖ, êₖ = eₖt, d ← d·t − τ; q̂ last = d.
/// Nothing is subtracted but τ. A shift that is too large shows as a negative d; the sweep is then repeated with a smaller one from the
/// old array, which the sweep has not touched. Off-diagonals decay at the bottom, where values leave; the shifts' sum
/// is kept in two words. Segments between negligible off-diagonals are independent, and an array that is graded the wrong way is reversed.
/// A sweep is one chain of dependent steps (add, divide, multiply-add: about 22 cycles), so its cost is its length, not its flops.
/// Sources: Fernando and Parlett, <i>Accurate singular values and differential qd algorithms</i>, Numer. Math. 67 (1994); shifts by
/// Parlett and Marques, <i>An implementation of the dqds algorithm (positive case)</i>, LAPACK Working Note 155, Linear Algebra Appl. 309 (2000).
/// </remarks>
internal unsafe struct Dqds
{
    // Three or four sweeps per value are usual.
    private const int SweepsPerValue = 40;

    private const int Block = 8;

    // LAWN 155: while a vector's squared tail stays below this, the bound is positive and worth taking.
    private const double Bound = 0.563;

    // Between these, no product of two denominators leaves the range; above the other, numerators keep their digits.
    private const double LargestDenominator = 3.273390607896142e150;
    private const double SmallestDenominator = 1 / LargestDenominator;
    private const double SmallestNumerator = SmallestDenominator * 1e-130;

    private enum Shift
    {
        None,
        Blind,
        BlindAfterFailure,
        Informed,
    }

    private double* _q, _e, _oldQ, _oldE;
    private bool _swapped;

    // Between a reversal and the next sweep the old arrays are not those from which the present ones came.
    private bool _reversed;
    private int _start, _end;
    private double _sigma, _sigmaLow;

    // Where the last q was nothing beside σ, its value left before the e above it was negligible; the next sweep adds that e to q̂ last.
    private double _rest;

    // Of the last sweep: the smallest d of all, of all but the last, of all but the last two, and the last three.
    private double _min, _min1, _min2, _last, _last1, _last2, _smallestE;
    private Shift _shift;
    private double _share;
    private double _ulp, _negligible;

    /// <summary>Overwrites <paramref name="q"/> (n) with the eigenvalues, unordered; e (n) and the two spare arrays (n) are workspace.</summary>
    /// <returns>Whether the limit of 40n sweeps sufficed; where not, the result is worthless.</returns>
    public static bool Run(double* q, double* e, double* spareQ, double* spareE, int n, double ulp)
    {
        var state = new Dqds { _q = q, _e = e, _oldQ = spareQ, _oldE = spareE, _ulp = ulp, _negligible = ulp * ulp };
        return state.Run(n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Run(int n)
    {
        double* q = _q, e = _e;
        e[n - 1] = 0;
        if (n > 1)
        {
            PlainSweep(n);
            PlainSweep(n);
        }

        int budget = SweepsPerValue * n;
        _end = n - 1;
        while (_end >= 0)
        {
            // A segment that waits stands in the first buffer, with the shifts' sum so far in the place of the off-diagonal below it.
            double sigma = -e[_end];
            _sigma = sigma > 0 ? sigma : 0;
            _sigmaLow = 0;
            double smallestQ = q[_end], largestE = 0;
            for (_start = _end; _start > 0 && e[_start - 1] > 0; _start--)
            {
                smallestQ = double.MinNative(smallestQ, q[_start - 1]);
                largestE = double.MaxNative(largestE, e[_start - 1]);
            }

            // Gershgorin's bound from below for the smallest eigenvalue, if it is positive, is the first shift.
            _min = -double.MaxNative(0, smallestQ - 2 * Math.Sqrt(smallestQ) * Math.Sqrt(largestE));
            _shift = Shift.None;
            _share = 0;
            _reversed = false;
            if (_end - _start > 1 && IsGradedUpwards())
                Flip();
            int before = _end;
            while (true)
            {
                Deflate(q);
                if (_end < _start)
                    break;
                if (_rest == 0 && (_min <= 0 || _end < before) && 1.5 * _q[_start] < _q[_end])
                    Flip();
                double tau = ChooseShift(before - _end);
                before = _end;
                if (!Advance(tau, ref budget))
                    return false;
                if (!_swapped && _end - _start >= 3 && _smallestE <= _negligible * double.MaxNative(_sigma, _q[_start]))
                    Split();
            }

            if (_swapped)
                Swap();
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Swap()
    {
        double* q = _q, e = _e;
        _q = _oldQ;
        _e = _oldE;
        _oldQ = q;
        _oldE = e;
        _swapped = !_swapped;
    }

    /// <summary>One sweep with τ = 0 over the whole array, all segments of it, cutting it where eₖ is negligible beside d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlainSweep(int n)
    {
        double* q = _q, e = _e, newQ = _oldQ, newE = _oldE;
        double negligible = _negligible, d = q[0];
        for (int k = 0; k < n - 1; k++)
        {
            if (e[k] <= negligible * d)
            {
                newQ[k] = d;
                newE[k] = 0;
                d = q[k + 1];
                continue;
            }

            double sum = d + e[k], t = q[k + 1] / sum;
            newQ[k] = sum;
            (newE[k], d) = double.IsFinite(t) ? (e[k] * t, d * t) : (q[k + 1] * (e[k] / sum), q[k + 1] * (d / sum));
        }

        newQ[n - 1] = d;
        newE[n - 1] = 0;
        Swap();
    }

    /// <summary>Whether the smallest pivot of the plain transform from the top stands in the top half, below half of q's last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly bool IsGradedUpwards()
    {
        if (_q[_start] >= _q[_end])
            return false;
        double d = _q[_start], smallest = d;
        int place = _start;
        for (int k = _start; k < _end; k++)
        {
            d = _q[k + 1] * (d / (d + _e[k]));
            if (d <= smallest)
            {
                smallest = d;
                place = k + 1;
            }
        }

        return 2 * (place - _start) < _end - place && smallest <= 0.5 * _q[_end];
    }

    /// <summary>Reverses the segment: Bᵀ upside down is upper bidiagonal with the same values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Flip()
    {
        int count = _end - _start + 1;
        new Span<double>(_q + _start, count).Reverse();
        new Span<double>(_oldQ + _start, count).Reverse();
        new Span<double>(_e + _start, count - 1).Reverse();
        new Span<double>(_oldE + _start, count - 1).Reverse();
        _min = -0.0;
        _reversed = true;
    }

    /// <summary>Takes values off the bottom while the off-diagonal above one or two of them is negligible.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Deflate(double* values)
    {
        double* q = _q, e = _e;
        while (_end >= _start)
        {
            int n = _end;
            if (n == _start)
            {
                values[n] = q[n] + _sigma;
                _end--;
                return;
            }

            if (n > _start + 1)
            {
                if (IsNegligible(e[n - 1], q[n]) || e[n - 1] <= _negligible * (_sigma + q[n]) || !_reversed && _oldE[n - 1] <= _negligible * q[n - 1])
                {
                    values[n] = q[n] + _sigma;
                    _end--;
                    continue;
                }

                if (q[n] <= 0.25 * _ulp * _sigma && n > _start + 2)
                {
                    // BᵀB loses qₙ·eₙeₙᵀ, and what is left of BBᵀ is a segment with a larger last diagonal element.
                    values[n] = q[n] + _sigma;
                    _rest = e[n - 1];
                    _end--;
                    return;
                }

                if (!IsNegligible(e[n - 2], q[n - 1]) && (_reversed || _oldE[n - 2] > _negligible * q[n - 2]))
                    return;
            }

            (double larger, double smaller) = TwoByTwo(q[n - 1], e[n - 1], q[n]);
            values[n - 1] = larger + _sigma;
            values[n] = smaller + _sigma;
            _end -= 2;
        }
    }

    /// <summary>Whether eₖ may go: BBᵀ, and with it every eigenvalue, changes by at most eₖ + √(eₖq_{k+1}), which is nothing beside the shifts' sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsNegligible(double e, double nextQ)
    {
        double limit = 0.25 * _ulp * _sigma;
        return e <= 0.5 * limit && (e == 0 || nextQ <= 0.25 * limit * (limit / e));
    }

    /// <summary>The eigenvalues of the 2×2 BᵀB with these squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly (double Larger, double Smaller) TwoByTwo(double q0, double e, double q1)
    {
        if (q1 > q0)
            (q0, q1) = (q1, q0);
        double t = 0.5 * ((q0 - q1) + e);
        if (e <= q1 * _negligible || t == 0)
            return (q0, q1);
        double s = q1 * (e / t);
        s = s <= t ? q1 * (e / (t * (1 + Math.Sqrt(1 + s / t)))) : q1 * (e / (t + Math.Sqrt(t) * Math.Sqrt(t + s)));
        t = q0 + (s + e);
        return (t, q1 * (q0 / t));
    }

    /// <summary>Cuts the segment where an off-diagonal is negligible; the part above waits, with its shift in the place of that off-diagonal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Split()
    {
        double* q = _q, e = _e;
        for (int k = _end - 3; k >= _start; k--)
        {
            if (e[k] > _negligible * _sigma && _oldE[k] > _negligible * q[k])
                continue;
            e[k] = -_sigma;
            if (_start <= k)
                _start = k + 1;
        }
    }

    /// <summary>Sweeps once, with τ or what remains of it after failures.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Advance(double tau, ref int budget)
    {
        bool failedEarly = false;
        for (int failures = 0; ; failures++)
        {
            if (--budget < 0)
                return false;
            if (tau < 0.5 * _ulp * (_sigma + tau))
                tau = 0;
            if (tau == 0)
            {
                SafeSweep();
                break;
            }

            Sweep(tau);
            if (_min >= 0 && _min1 >= 0)
                break;
            if (_min < 0 && _min1 > 0
                && _e[_end - 1] < _ulp * (_sigma + _last1) && Math.Abs(_last) < _ulp * _sigma)
            {
                // The value to be found is τ itself to working accuracy.
                _q[_end] = 0;
                _min = 0;
                break;
            }

            Swap();
            if (failures > 0 && failedEarly || failures > 1 || !(_min < 0))
            {
                tau = 0;
            }
            else if (_min1 > 0)
            {
                // Only the last d is negative: τ + d is a little below the smallest eigenvalue.
                tau = (tau + _min) * (1 - (_ulp + _ulp));
                _shift = Shift.Informed;
            }
            else
            {
                failedEarly = true;
                tau *= 0.25;
                _shift = _shift == Shift.Blind ? Shift.BlindAfterFailure : Shift.Informed;
            }
        }

        _rest = 0;
        _reversed = false;
        if (tau < _sigma)
        {
            _sigmaLow += tau;
            double sum = _sigma + _sigmaLow;
            _sigmaLow -= sum - _sigma;
            _sigma = sum;
        }
        else
        {
            double sum = _sigma + tau;
            _sigmaLow = _sigma - (sum - tau) + _sigmaLow;
            _sigma = sum;
        }

        return true;
    }

    /// <summary>The sweep with τ > 0; eight steps at a time carry d as a fraction p/r.</summary>
    /// <remarks>
    /// With d = p/r the step is r⁺ = p + r·e, p⁺ = p·q − τr⁺, a chain of two multiply-adds, and q̂ = r⁺/r, ê = e·q·r/r⁺, which wait for nothing.
    /// Every rounding has the effect of one of the plain sweep's. Where r leaves the range, or d comes near 0 or below, the block is done plainly.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sweep(double tau)
    {
        double* q = _q, e = _e, newQ = _oldQ, newE = _oldE;
        int k = _start, end = _end - 2;
        double p = q[k] - tau, r = 1, min = p, smallestE = double.PositiveInfinity, minusTau = -tau;
        while (k < end)
        {
            int to = k + Block;
            if (to <= end)
            {
                // The scale is taken from the block's beginning, so that its division is off the chain.
                double top = p, bottom = r, least = min, leastE = smallestE, scale = 1 / r;
                double low = 1, high = 1, lowTop = 1;
                for (int i = k; i < to; i++)
                {
                    double off = e[i], next = q[i + 1], sum = double.MultiplyAddEstimate(bottom, off, top);
                    top = double.MultiplyAddEstimate(minusTau, sum, top * next);
                    double inverse = 1 / (bottom * sum);
                    newQ[i] = sum * sum * inverse;
                    off *= next * (bottom * bottom * inverse);
                    newE[i] = off;
                    least = double.MinNative(top * (bottom * inverse), least);
                    leastE = double.MinNative(leastE, off);
                    bottom = sum;
                    low = double.MinNative(low, bottom);
                    high = double.MaxNative(high, bottom);
                    lowTop = double.MinNative(lowTop, top);
                }

                if (low > SmallestDenominator && high < LargestDenominator && lowTop > SmallestNumerator)
                {
                    p = top * scale;
                    r = bottom * scale;
                    min = least;
                    smallestE = leastE;
                    k = to;
                    continue;
                }
            }
            else
            {
                to = end;
            }

            p /= r;
            r = 1;
            for (; k < to; k++)
            {
                p = Step(k, p, tau);
                min = double.MinNative(p, min);
                smallestE = double.MinNative(smallestE, newE[k]);
            }
        }

        double d = p / r;
        _last2 = d;
        _min2 = min;
        d = Step(k, d, tau);
        min = double.MinNative(d, min);
        _last1 = d;
        _min1 = min;
        d = Step(k + 1, d, tau) + _rest;
        _last = d;
        _min = double.IsFinite(d) ? double.MinNative(d, min) : double.NaN;
        newQ[k + 2] = d;
        _smallestE = double.MinNative(smallestE, newE[k]);
        Swap();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly double Step(int k, double d, double tau)
    {
        double sum = d + _e[k], t = _q[k + 1] / sum;
        _oldQ[k] = sum;
        _oldE[k] = _e[k] * t;
        return double.MultiplyAddEstimate(d, t, -tau);
    }

    /// <summary>The sweep with τ = 0, in which no quotient can be 0/0, and no product leaves the range before its quotient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SafeSweep()
    {
        double* q = _q, e = _e, newQ = _oldQ, newE = _oldE;
        // Beside the shifts' sum this is nothing.
        double floor = _ulp * 0.5 * _sigma;
        double d = q[_start];
        _smallestE = double.PositiveInfinity;
        _min = _min1 = _min2 = _last = _last1 = _last2 = d;
        for (int k = _start; k < _end; k++)
        {
            double off = e[k], sum = d + off;
            newQ[k] = sum;
            if (sum == 0)
            {
                newE[k] = 0;
                d = q[k + 1];
            }
            else
            {
                double t = q[k + 1] / sum;
                (newE[k], d) = double.IsFinite(t) ? (off * t, d * t) : (q[k + 1] * (off / sum), q[k + 1] * (d / sum));
            }

            if (d < floor)
                d = 0;
            (_last2, _last1, _last) = (_last1, _last, d);
            (_min2, _min1, _min) = (_min1, _min, double.MinNative(_min, d));
            if (k < _end - 1)
                _smallestE = double.MinNative(_smallestE, newE[k]);
        }

        newQ[_end] = d + _rest;
        Swap();
    }

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

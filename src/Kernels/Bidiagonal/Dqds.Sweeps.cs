using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The sweeps: chains of dependent steps, each of which divides once.</summary>
internal unsafe partial struct Dqds
{
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

    /// <summary>The sweep with τ > 0; up to eight steps at a time carry d as a fraction p/r.</summary>
    /// <remarks>
    /// With d = p/r the step is r⁺ = p + r·e, p⁺ = p·q − τr⁺, a chain of two multiply-adds, and q̂ = r⁺/r, ê = e·q·r/r⁺, which wait for nothing.
    /// Every rounding has the effect of one of the plain sweep's. Where r leaves the range, or d comes near 0 or below, the block is done plainly.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sweep(double tau)
    {
        double* q = _q, e = _e, newQ = _oldQ, newE = _oldE;
        int k = _start, end = _end - 2;
        double p = q[k] - tau, r = 1, min = double.PositiveInfinity, smallestE = double.PositiveInfinity, minusTau = -tau;
        while (k < end)
        {
            int to = Math.Min(k + Block, end);
            if (to - k >= Least)
            {
                // The scale is taken from the block's beginning, so that its division is off the chain.
                double top = p, bottom = r, least = min, leastE = smallestE, scale = 1 / r;
                double low = 1, high = 1, lowTop = 1;
                for (int i = k; i < to; i++)
                {
                    double off = e[i], next = q[i + 1], sum = double.MultiplyAddEstimate(bottom, off, top);
                    double inverse = 1 / (bottom * sum);
                    least = double.MinNative(top * (sum * inverse), least);
                    top = double.MultiplyAddEstimate(minusTau, sum, top * next);
                    newQ[i] = sum * sum * inverse;
                    off *= next * (bottom * bottom * inverse);
                    newE[i] = off;
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

            p /= r;
            r = 1;
            for (; k < to; k++)
            {
                min = double.MinNative(p, min);
                p = Step(k, p, tau);
                smallestE = double.MinNative(smallestE, newE[k]);
            }
        }

        // The last two steps are a block, too, but that the last d may have any sign.
        double sum1 = double.MultiplyAddEstimate(r, e[k], p), p1 = double.MultiplyAddEstimate(minusTau, sum1, p * q[k + 1]);
        double sum2 = double.MultiplyAddEstimate(sum1, e[k + 1], p1), top2 = p1 * q[k + 2], d;
        if (p > SmallestNumerator && p1 > SmallestNumerator && top2 > SmallestNumerator
            && sum1 > SmallestDenominator && sum2 > SmallestDenominator && sum1 < LargestDenominator && sum2 < LargestDenominator)
        {
            double inverse1 = 1 / (r * sum1), inverse2 = 1 / (sum1 * sum2);
            newQ[k] = sum1 * sum1 * inverse1;
            newE[k] = e[k] * (q[k + 1] * (r * r * inverse1));
            newQ[k + 1] = sum2 * sum2 * inverse2;
            newE[k + 1] = e[k + 1] * (q[k + 2] * (sum1 * sum1 * inverse2));
            _last2 = p / r;
            _last1 = p1 / sum1;
            d = double.MultiplyAddEstimate(minusTau, sum2, top2) / sum2;
        }
        else
        {
            _last2 = p / r;
            _last1 = Step(k, _last2, tau);
            d = Step(k + 1, _last1, tau);
        }

        // Shifts ask which of these is the smallest: compared by the quotients themselves, not by products in their place.
        d += _rest;
        _min2 = double.MinNative(_last2, min);
        _min1 = double.MinNative(_last1, _min2);
        _last = d;
        _min = double.IsFinite(d) ? double.MinNative(d, _min1) : double.NaN;
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
}

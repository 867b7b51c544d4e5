using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>det(x²I − BᵀB) = Value·2^(<see cref="SturmPlan.Step"/>·Exponent) at a shift x that so many singular values are below.</summary>
internal readonly record struct Sample(double Shift, int Below, double Value, double Exponent);

/// <summary>One singular value of <see cref="Multisection"/> between two shifts, and the shift at which it asks next.</summary>
/// <remarks>
/// Alone between two shifts, a value is the only root there of a polynomial whose others are at least D away, D being its distance from the nearer one. A step e₁
/// of interpolation after one of e₀, the shift on the value's other side being w away, then leaves e₁e₀(1 + w/D) times the sum of the inverse distances of the others, at most 2n/D
/// (of graded values all smaller ones are about as far away): where that is nothing beside the tolerance, the step is the last and needs no evaluation.
/// </remarks>
internal struct BracketedValue
{
    // Interpolation takes five to seven steps; after so many, halving ends it.
    private const int Interpolations = 40;

    private Sample _low, _high;

    // Once isolated: the newest shift, the last one beyond the value, and the one that left; determinants over a common power of two.
    private double _newest, _beyond, _previous, _newestValue, _beyondValue, _previousValue, _exponent;
    private int _steps;

    /// <summary>How many values are below it.</summary>
    public readonly int Index;

    /// <param name="index">How many values are below it.</param>
    /// <param name="low">A shift that no more than so many are below.</param>
    /// <param name="high">A shift that more are below.</param>
    public BracketedValue(int index, Sample low, Sample high)
    {
        Index = index;
        _low = low;
        _high = high;
    }

    /// <summary>Whether no other value is in the bracket.</summary>
    public bool IsIsolated { get; private set; }

    /// <summary>Where count and determinant are wanted next; once it is found, the value.</summary>
    public double Shift { get; private set; }

    /// <summary>Whether both stand in one bracket, neither alone.</summary>
    public readonly bool IsBeside(in BracketedValue other) => !IsIsolated && !other.IsIsolated && _low.Shift == other._low.Shift && _high.Shift == other._high.Shift;

    /// <summary>The shift that lies this part of the way through its bracket.</summary>
    public readonly double ShiftAt(double part) => _low.Shift + part * (_high.Shift - _low.Shift);

    /// <summary>Narrows the bracket of a value that is not isolated.</summary>
    public void Narrow(in Sample sample)
    {
        if (!(sample.Shift > _low.Shift && sample.Shift < _high.Shift))
            return;
        if (sample.Below <= Index)
            _low = sample;
        else
            _high = sample;
    }

    /// <summary>Chooses the next shift of a value whose bracket is new; returns whether it is found.</summary>
    public bool Choose(double tolerance)
    {
        double width = _high.Shift - _low.Shift;
        int inside = _high.Below - _low.Below;
        if (inside == 1)
        {
            IsIsolated = true;
            _exponent = Math.Max(_low.Exponent, _high.Exponent);
            (_newest, _newestValue) = (_high.Shift, Scaled(_high));
            (_beyond, _beyondValue) = (_low.Shift, Scaled(_low));
            double part = _newestValue / (_newestValue - _beyondValue);
            return Step(part > 0 && part < 1 ? part : 0.5, tolerance);
        }

        // The m values of a bracket ask at the ends of m + 1 parts of it.
        Shift = _low.Shift + width * (Index - _low.Below + 1) / (inside + 1);
        if (width > tolerance * _high.Shift && Shift > _low.Shift && Shift < _high.Shift)
            return false;
        Shift = _high.Shift;
        return true;
    }

    /// <summary>Takes the determinant at <see cref="Shift"/> of a value that is isolated and chooses the next one; returns whether it is found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Interpolate(in Sample sample, double tolerance, int order)
    {
        double value = Scaled(sample);
        if (value == 0)
            return true;
        if (value > 0 == _newestValue > 0)
        {
            (_previous, _previousValue) = (_newest, _newestValue);
        }
        else
        {
            (_previous, _previousValue) = (_beyond, _beyondValue);
            (_beyond, _beyondValue) = (_newest, _newestValue);
        }

        (_newest, _newestValue) = (Shift, value);
        double a = _newestValue, b = _beyondValue, c = _previousValue;
        double place = (_newest - _beyond) / (_previous - _beyond), height = (a - b) / (c - b);
        if (++_steps > Interpolations || !(height * height < place && (1 - height) * (1 - height) < 1 - place))
            return Step(0.5, tolerance);
        double part = a / (b - a) * (c / (b - c)) + (_previous - _newest) / (_beyond - _newest) * (a / (c - a)) * (b / (c - b));
        if (!(part > 0 && part < 1))
            return Step(0.5, tolerance);
        double width = Math.Abs(_beyond - _newest), distance = Math.Min(_newest - _low.Shift, _high.Shift - _newest);
        if (2.0 * order * part * width * Math.Abs(_previous - _newest) * (distance + width) > tolerance * _newest * distance * distance)
            return Step(part, tolerance);
        Shift = _newest + part * (_beyond - _newest);
        return true;
    }

    /// <summary>The shift that lies this part of the way from the newest to the one beyond, no closer to either than half the tolerance; whether no place is left between them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Step(double part, double tolerance)
    {
        double width = _beyond - _newest, least = 0.5 * tolerance * _newest / Math.Abs(width);
        if (least < 0.5)
        {
            Shift = _newest + Math.Clamp(part, least, 1 - least) * width;
            if (Shift != _newest && Shift != _beyond)
                return false;
        }

        Shift = Math.Abs(_newestValue) < Math.Abs(_beyondValue) ? _newest : _beyond;
        return true;
    }

    /// <summary>A determinant over the common power of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly double Scaled(in Sample sample)
    {
        double steps = sample.Exponent - _exponent;
        return steps == 0 ? sample.Value : sample.Value * Math.ScaleB(1, SturmPlan.Step * (int)Math.Clamp(steps, -2, 2));
    }
}

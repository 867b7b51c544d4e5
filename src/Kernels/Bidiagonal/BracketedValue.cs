using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>det(x²I − BᵀB) = Value·2^(<see cref="SturmPlan.Step"/>·Exponent) at a shift x that so many singular values are below.</summary>
internal readonly record struct Sample(double Shift, int Below, double Value, double Exponent)
{
    /// <summary>The determinant's sign, which agrees with the count even where the determinant is 0.</summary>
    public bool IsNegative => double.IsNegative(Value);

    /// <summary>The value over another power of two: NaN where the two are so far apart that interpolation would gain nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double ValueAt(double exponent)
    {
        double steps = Exponent - exponent;
        if (steps == 0)
            return Value;
        // 2^(Step·steps) without a call, around which all doubles would be saved.
        return Math.Abs(steps) <= 2 ? Value * BitConverter.Int64BitsToDouble(1023 + SturmPlan.Step * (long)steps << 52) : double.NaN;
    }
}

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

    // No double's last digit is more of it.
    private const double LastDigit = 2.2204460492503131e-16;

    private Sample _low, _high;

    // Once isolated: at the newest shift, at the last one beyond the value, and at the one that left.
    private Sample _newest, _beyond, _previous;
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
            (_newest, _beyond) = (_high, _low);
            double part = _newest.Value / (_newest.Value - _beyond.ValueAt(_newest.Exponent));
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
        if (sample.IsNegative == _newest.IsNegative)
            _previous = _newest;
        else
            (_previous, _beyond) = (_beyond, _newest);
        _newest = sample;
        double a = sample.Value, b = _beyond.ValueAt(sample.Exponent), c = _previous.ValueAt(sample.Exponent);
        double x = sample.Shift, beyond = _beyond.Shift, previous = _previous.Shift;
        double place = (x - beyond) / (previous - beyond), height = (a - b) / (c - b);
        if (++_steps > Interpolations || !(height * height < place && (1 - height) * (1 - height) < 1 - place))
            return Step(0.5, tolerance);
        double part = a / (b - a) * (c / (b - c)) + (previous - x) / (beyond - x) * (a / (c - a)) * (b / (c - b));
        if (!(part > 0 && part < 1))
            return Step(0.5, tolerance);
        double width = Math.Abs(beyond - x), distance = Math.Min(x - _low.Shift, _high.Shift - x);
        if (2.0 * order * part * width * Math.Abs(previous - x) * (distance + width) > tolerance * x * distance * distance)
            return Step(part, tolerance);
        Shift = x + part * (beyond - x);
        return true;
    }

    /// <summary>The shift that lies this part of the way from the newest to the one beyond, but half the tolerance and a last digit away from both; whether no place is left there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Step(double part, double tolerance)
    {
        double x = _newest.Shift, beyond = _beyond.Shift, low = double.MinNative(x, beyond), high = double.MaxNative(x, beyond);
        double least = double.MaxNative(double.MaxNative(0.5 * tolerance * low, LastDigit * high), double.Epsilon);
        if (high - low > 2 * least)
        {
            Shift = double.MinNative(double.MaxNative(x + part * (beyond - x), low + least), high - least);
            return false;
        }

        Shift = Math.Abs(_newest.Value) < Math.Abs(_beyond.ValueAt(_newest.Exponent)) ? x : beyond;
        return true;
    }
}

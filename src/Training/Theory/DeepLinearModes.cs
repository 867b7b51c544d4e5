namespace Kappa.Training.Theory;

/// <summary>How one mode of a deep linear network grows: the gradient flow of L balanced factors along a fixed singular direction.</summary>
/// <remarks>
/// The strength s of a mode whose target is s* follows ds/dτ = L·s^(2 − 2/L)·(s* − s), τ = η·steps. For L = 1 every mode has the rate 1;
/// for L ≥ 2 the rate of a small mode falls with s^(2 − 2/L), so that it is not learned before τ ≈ 1/(L·s*·s₀^(1 − 2/L)) (L ≥ 3, up to
/// a factor) or ln(s*/s₀)/(2s*) (L = 2): the condition number of the product stays that of the start at its lower end.
/// Source: Saxe, McClelland and Ganguli, <i>Exact solutions to the nonlinear dynamics of learning in deep linear neural networks</i> (2014).
/// </remarks>
public static class DeepLinearModes
{
    /// <summary>s(τ).</summary>
    /// <param name="depth">L ≥ 1.</param>
    /// <param name="start">s₀ > 0.</param>
    /// <param name="target">s* > 0.</param>
    /// <param name="time">τ ≥ 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static double Strength(int depth, double start, double target, double time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(start);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(target);
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        if (depth == 1)
            return target + (start - target) * Math.Exp(-time);
        if (depth == 2)
            return target / (1 + (target / start - 1) * Math.Exp(-2 * target * time));

        // In x = ln s the flow is dx/dτ = L·s^(1 − 2/L)·(s* − s); Runge–Kutta with steps well below its fastest time.
        double x = Math.Log(start), power = 1 - 2.0 / depth;
        double fastest = depth * Math.Pow(Math.Max(start, target), power) * Math.Max(start, target);
        int steps = (int)Math.Clamp(Math.Ceiling(20 * fastest * time), 1, 10_000_000);
        double h = time / steps;
        for (int i = 0; i < steps; i++)
        {
            double k1 = Slope(x), k2 = Slope(x + h / 2 * k1), k3 = Slope(x + h / 2 * k2), k4 = Slope(x + h * k3);
            x += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }

        return Math.Exp(x);

        double Slope(double log) => depth * Math.Exp(power * log) * (target - Math.Exp(log));
    }
}

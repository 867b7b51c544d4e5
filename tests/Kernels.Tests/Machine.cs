using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Tests;

/// <summary>The arithmetic of T, in doubles, for the formulas of bounds.</summary>
internal static class Machine<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>ε, from 1 to the next number: twice the unit round-off.</summary>
    public static readonly double Epsilon = double.CreateTruncating(T.BitIncrement(T.One) - T.One);

    /// <summary>The smallest positive number: what gradual underflow may cost one operation.</summary>
    public static readonly double Tiny = double.CreateTruncating(T.Epsilon);

    /// <summary>The largest number's binary exponent; 1 − MaxExponent is that of the smallest normal one.</summary>
    public static readonly int MaxExponent = T.ILogB(T.BitDecrement(T.PositiveInfinity));

    /// <summary>Elements of a vector of this path.</summary>
    public static int Lanes(VectorPath path) => path switch
    {
        VectorPath.Vector512 => 64 / Unsafe.SizeOf<T>(),
        VectorPath.Vector256 => 32 / Unsafe.SizeOf<T>(),
        VectorPath.Vector128 => 16 / Unsafe.SizeOf<T>(),
        _ => 1,
    };

    /// <summary>Higham's γ_k = ku/(1 − ku): what k roundings may do to a product of k + 1 factors.</summary>
    public static double Gamma(int k)
    {
        double ku = k * Epsilon / 2;
        return ku / (1 - ku);
    }
}

namespace Kappa.Training.Checkpoints;

/// <summary>How an element of a stored tensor is encoded; the names are those of the safetensors format.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of binary32: 8 bits of exponent, 7 of fraction.</summary>
    BF16,

    /// <summary>4 bits of exponent (bias 7), 3 of fraction, no ∞, NaN where all seven bits are set. Source: Micikevicius et al., arXiv:2209.05433.</summary>
    F8_E4M3,

    /// <summary>5 bits of exponent (bias 15), 2 of fraction, ∞ and NaN as in IEEE 754. Source: Micikevicius et al., arXiv:2209.05433.</summary>
    F8_E5M2,

    /// <summary>A power of two, 2^(x − 127), without sign, NaN at 255: the scales of microscaling formats. Source: OCP Microscaling Formats 1.0, 5.4.1.</summary>
    F8_E8M0,

    /// <summary>4 bits of exponent (bias 8), 3 of fraction, no ∞, no −0, whose code is NaN. Source: Noune et al., arXiv:2206.02915.</summary>
    F8_E4M3FNUZ,

    /// <summary>5 bits of exponent (bias 16), 2 of fraction, no ∞, no −0, whose code is NaN. Source: Noune et al., arXiv:2206.02915.</summary>
    F8_E5M2FNUZ,

    /// <summary>64-bit integer with sign.</summary>
    I64,

    /// <summary>32-bit integer with sign.</summary>
    I32,

    /// <summary>16-bit integer with sign.</summary>
    I16,

    /// <summary>8-bit integer with sign.</summary>
    I8,

    /// <summary>64-bit integer without sign.</summary>
    U64,

    /// <summary>32-bit integer without sign.</summary>
    U32,

    /// <summary>16-bit integer without sign.</summary>
    U16,

    /// <summary>8-bit integer without sign.</summary>
    U8,

    /// <summary>A byte: 0 is false, anything else true.</summary>
    BOOL,
}

/// <summary>What follows from an element type.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F64 or ElementType.I64 or ElementType.U64 => 8,
        ElementType.F32 or ElementType.I32 or ElementType.U32 => 4,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 or ElementType.U16 => 2,
        _ => 1,
    };

    /// <summary>Whether the elements are floating-point numbers.</summary>
    public static bool IsFloat(this ElementType type) => type <= ElementType.F8_E5M2FNUZ;

    /// <summary>Whether every element is a float, too, as which it takes half the memory.</summary>
    public static bool FitsSingle(this ElementType type) => type.Size() <= 2 || type == ElementType.F32;

    /// <summary>The number of elements and of bytes of an array, multiplied out extent by extent.</summary>
    /// <returns>Whether neither product leaves 63 bits on the way.</returns>
    public static bool TryMeasure(this ElementType type, ReadOnlySpan<long> shape, out long count, out long bytes)
    {
        (count, bytes) = (1, 0);
        foreach (long extent in shape)
            if (!TryMultiply(count, extent, out count))
                return false;
        return TryMultiply(count, type.Size(), out bytes);
    }

    private static bool TryMultiply(long a, long b, out long product) => Math.BigMul(a, b, out product) == 0 && product >= 0;
}

namespace Kappa.Kernels.Products;

/// <summary>A number known at compile time, so that the JIT folds the guards of a tile of that many rows or vectors.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct One : ICount
{
    public static int Value => 1;
}

internal readonly struct Two : ICount
{
    public static int Value => 2;
}

internal readonly struct Three : ICount
{
    public static int Value => 3;
}

internal readonly struct Four : ICount
{
    public static int Value => 4;
}

internal readonly struct Five : ICount
{
    public static int Value => 5;
}

internal readonly struct Six : ICount
{
    public static int Value => 6;
}

internal readonly struct Seven : ICount
{
    public static int Value => 7;
}

internal readonly struct Eight : ICount
{
    public static int Value => 8;
}

/// <summary>How a tile finds A, known at compile time.</summary>
internal interface IOrder
{
    /// <summary>Whether A is a packed sliver: rows next to each other, one sliver's height from k to k + 1.</summary>
    static abstract bool IsPacked { get; }
}

internal readonly struct Packed : IOrder
{
    public static bool IsPacked => true;
}

internal readonly struct Strided : IOrder
{
    public static bool IsPacked => false;
}

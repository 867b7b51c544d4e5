using System.Numerics;

namespace Kappa.Kernels.Simd;

/// <summary>The one face behind which a vector of any width stands, so that every kernel is written once.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="V">The vector of <see cref="Count"/> elements.</typeparam>
internal unsafe interface ILanes<T, V>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
{
    /// <summary>Elements per vector.</summary>
    static abstract int Count { get; }

    /// <summary>Vector registers of the narrowest CPU that has these lanes.</summary>
    static abstract int Registers { get; }

    /// <summary>All lanes 0.</summary>
    static abstract V Zero { get; }

    /// <summary>All lanes x.</summary>
    static abstract V Broadcast(T x);

    /// <summary>Reads Count elements; no alignment is required.</summary>
    static abstract V Load(T* p);

    /// <summary>Writes Count elements; no alignment is required.</summary>
    static abstract void Store(V v, T* p);

    /// <summary>x + y.</summary>
    static abstract V Add(V x, V y);

    /// <summary>x · y.</summary>
    static abstract V Multiply(V x, V y);

    /// <summary>x · y + z: fused where the CPU has FMA, two roundings where it has not (a software FMA is 50 times slower).</summary>
    static abstract V MultiplyAdd(V x, V y, V z);

    /// <summary>The larger of each lane's |x| and |y|; neither is NaN.</summary>
    static abstract V MaxAbs(V x, V y);

    /// <summary>The sum of all lanes.</summary>
    static abstract T Sum(V v);

    /// <summary>The largest lane; none is NaN.</summary>
    static abstract T Max(V v);

    /// <summary>The first count elements, zeros behind them; nothing else is read.</summary>
    static abstract V LoadPartial(T* p, int count);

    /// <summary>Writes the first count elements and nothing else.</summary>
    static abstract void StorePartial(V v, T* p, int count);
}

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

    /// <summary>Vector registers of the narrowest CPU of this architecture that has these lanes.</summary>
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

    /// <summary>x as a factor of <see cref="MultiplyAddElement"/> alone: in all lanes, or in the first where the CPU multiplies by one lane.</summary>
    static abstract V Element(T x);

    /// <summary>x · y + z for an <see cref="Element"/> x: rounded like <see cref="MultiplyAdd"/> of all its lanes.</summary>
    static abstract V MultiplyAddElement(V x, V y, V z);

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

    /// <summary>x − y.</summary>
    static abstract V Subtract(V x, V y);

    /// <summary>x / y.</summary>
    static abstract V Divide(V x, V y);

    /// <summary>√x.</summary>
    static abstract V Sqrt(V x);

    /// <summary>Each lane of a where x > y, of b where not.</summary>
    static abstract V WhereGreater(V x, V y, V a, V b);

    /// <summary>2^e for integers e whose power is a normal number.</summary>
    static abstract V PowerOfTwo(V e);

    /// <summary>Lanes of count, integers as long as an element, plus 1 where the signs of x and y differ.</summary>
    static abstract V CountSignChanges(V count, V x, V y);

    /// <summary>(x₁, x₂, …, x₀): every lane takes the next one's element.</summary>
    static abstract V Cycle(V x);

    /// <summary>
    /// The upper row of the next step of a round robin: (x₀, y₀, x₁, …), where x stands above y and all but x₀ move clockwise.
    /// </summary>
    static abstract V RingAbove(V x, V y);

    /// <summary>The lower row of the next step of a round robin: (y₁, y₂, …, x_last).</summary>
    static abstract V RingBelow(V x, V y);
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Reflectors;

/// <summary>The squared norms of what remains of each column, all at one scale 2^(−2·base), for the choice of pivots.</summary>
/// <remarks>
/// A step takes r² off a square. Where √ε or less is left of the square as last computed, or the tail is close to underflow, the
/// difference has lost its digits and is to be computed afresh: LAPACK's rule after Drmač and Bujanović, ACM TOMS 35 (2008), in squares
/// and thus without a division. Squares too small beside the largest count as 0 until the base moves down to them.
/// </remarks>
internal unsafe struct TailNorms<T>(T* memory, nint stride, int count) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T* _square = memory, _limit = memory + stride, _gain = memory + 2 * stride;

    // A new base where the largest is below the first; 0 below the second. Between them every order is exact enough.
    private static readonly T s_small = T.ScaleB(T.One, typeof(T) == typeof(double) ? -300 : -30);
    private static readonly T s_negligible = T.ScaleB(T.One, typeof(T) == typeof(double) ? -900 : -90);
    private static readonly T s_cancelled = T.Sqrt(T.BitIncrement(T.One) - T.One);

    /// <summary>The column of the largest tail.</summary>
    public int Largest { get; private set; }

    /// <summary>Whether some square has lost its digits.</summary>
    public bool AreStale { get; private set; }

    /// <summary>Whether the largest is so small that others of its size may count as 0.</summary>
    public bool NeedsNewBase { get; private set; }

    /// <summary>Whether column j's square has lost its digits.</summary>
    public readonly bool IsStale(int j) => _square[j] <= _limit[j];

    /// <summary>Counts column j at 2^gain; 2^gain may underflow.</summary>
    public readonly void Rebase(int j, int gain) => _gain[j] = BinaryExponent<T>.Power(gain);

    /// <summary>Column j's tail norm, kept between <see cref="Keep"/> and <see cref="Renew"/>.</summary>
    public readonly T Kept(int j) => _square[j];

    /// <summary>Notes column j's tail norm until it is renewed.</summary>
    public readonly void Keep(int j, T norm) => _square[j] = norm;

    /// <summary>Takes column j's tail norm as just computed; below <paramref name="safe"/> it is to be computed at every step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Renew(int j, T norm, T safe)
    {
        T scaled = norm * _gain[j], square = scaled * scaled, floor = safe * _gain[j];
        bool counts = square >= s_negligible;
        _square[j] = counts ? square : T.Zero;
        // Neither changed by any step nor ever stale.
        _limit[j] = counts ? T.MaxNative(s_cancelled * square, floor * floor) : T.NegativeOne;
        if (!counts)
            _gain[j] = T.Zero;
    }

    /// <summary>After renewals: finds the largest from a column on. A base just chosen is as low as it can be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Select(int from, bool isNewBase)
    {
        int largest = from;
        for (int j = from + 1; j < count; j++)
            if (_square[j] > _square[largest])
                largest = j;
        Largest = largest;
        AreStale = false;
        NeedsNewBase = !isNewBase && from < count && _square[largest] < s_small;
    }

    /// <summary>Column j becomes that in place k, which is spent.</summary>
    public readonly void Move(int k, int j)
    {
        _square[j] = _square[k];
        _limit[j] = _limit[k];
        _gain[j] = _gain[k];
    }

    /// <summary>Takes row elements, stride apart, off the columns from one on, and finds the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Downdate(int from, T* row, nint stride)
    {
        T best = T.NegativeOne;
        int largest = from;
        bool stale = false;
        for (int j = from; j < count; j++, row += stride)
        {
            T x = *row * _gain[j], left = _square[j] - x * x;
            _square[j] = left;
            stale |= left <= _limit[j];
            if (left > best)
            {
                best = left;
                largest = j;
            }
        }

        Largest = largest;
        AreStale = stale;
        NeedsNewBase = best < s_small;
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>Who meets, and in how many steps.</summary>
internal unsafe interface IMeeting<T, V>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
{
    /// <summary>Steps until all have met.</summary>
    static abstract int Steps { get; }

    /// <summary>The squares of the largest cosines between columns that would meet, by lanes.</summary>
    static abstract V Cosines(in ColumnPanels<T> x, int p, int q);

    /// <summary>The products of the columns that meet first, in their place.</summary>
    static abstract void Start(in ColumnPanels<T> x, int p, int q, T* meeting);

    /// <summary>The next step's angles, and what they have met.</summary>
    static abstract void Next(in ColumnPanels<T> x, int p, int q, T* meeting, T* met, T squaredTolerance);

    /// <summary>The next step's rotations, and the products of the columns that meet then.</summary>
    static abstract void Rotate(in ColumnPanels<T> x, int p, int q, T* meeting);

    /// <summary>The last step's: no columns meet then, and the sums are those of the norms.</summary>
    static abstract void RotateLast(in ColumnPanels<T> x, int p, int q, T* meeting);
}

/// <summary>Rotations of columns in panels: all pairs within blocks of two panels, or all across two blocks.</summary>
/// <remarks>
/// Within a block a row costs two multiply-adds, two loads and two stores, a third multiply-add for g of the pairs that meet next, and
/// a permutation that moves the lanes. Across two blocks, panels p₀, p₁ and q₀, q₁, two steps go in one pass: p₀ with q₀ and p₁ with q₁, then p₀ with
/// q₁ and p₁ with q₀, whose g follow from the products of all four before the first: (p₀ + aq₀)ᵀ(q₁ + bp₁) = p₀ᵀq₁ + b·p₀ᵀp₁ + a(q₀ᵀq₁ + b·q₀ᵀp₁).
/// Four vectors are loaded and stored for four rotations; six products make 14 multiply-adds. Where a store takes as long as a multiply-add beside
/// it (0.79 ns for a row and a rotation within a block, 0.59 across, AVX-512 with one store per cycle) that is what pays.
/// Several blocks go in step: while the angles of one wait for a root, another rotates. The panels' squared norms are known before, and after.
/// </remarks>
internal static unsafe class Rotations<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Lets some pairs of panels or blocks meet, in step; what pair k meets goes to meeting slots[k].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Meet<M>(in ColumnPanels<T> x, int* pairs, int* slots, int count, T squaredTolerance) where M : struct, IMeeting<T, V>
    {
        for (int k = 0; k < count; k++)
            M.Start(x, pairs[2 * k], pairs[2 * k + 1], x.Meeting(slots[k]));
        for (int step = M.Steps; step > 0; step--)
        {
            for (int k = 0; k < count; k++)
                M.Next(x, pairs[2 * k], pairs[2 * k + 1], x.Meeting(slots[k]), x.Cosine(slots[k]), squaredTolerance);
            for (int k = 0; k < count; k++)
            {
                if (step > 1)
                    M.Rotate(x, pairs[2 * k], pairs[2 * k + 1], x.Meeting(slots[k]));
                else
                    M.RotateLast(x, pairs[2 * k], pairs[2 * k + 1], x.Meeting(slots[k]));
            }
        }
    }

    /// <summary>Whether no columns that would meet would be rotated; the cosines seen go to the meeting then.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreOrthogonal<M>(in ColumnPanels<T> x, int p, int q, int slot, T squaredTolerance) where M : struct, IMeeting<T, V>
    {
        V cosines = M.Cosines(x, p, q);
        if (L.Max(cosines) > squaredTolerance)
            return false;
        L.Store(L.MaxAbs(L.Load(x.Cosine(slot)), cosines), x.Cosine(slot));
        return true;
    }
}

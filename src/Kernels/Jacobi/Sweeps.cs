using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Jacobi;

/// <summary>One-sided Jacobi: plane rotations from the right until the columns of X are orthogonal to working accuracy.</summary>
/// <remarks>
/// A sweep is a round robin of panels; the pairs of a round are independent, so any number of threads gives the same bits.
/// In the first round the columns of each two panels all meet, later only those of different panels.
/// It ends where every |cos| ≤ tolerance before rotation; or, without looking again, where a sweep over n columns has met cosines of
/// at most μ and scaled sines of at most η with 2nημ ≤ tolerance: a pair once made orthogonal takes part in at most 2n later
/// rotations, each of which adds at most ημ to its cosine (η is the sine times the ratio of the norms, the larger above).
/// Sources: Luk and Park, SIAM J. Sci. Stat. Comput. 10 (1989), for the ordering; LAPACK's gesvj, for the stopping rule's kind.
/// </remarks>
internal static unsafe class Sweeps<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>LAPACK's limit; quadratic convergence makes more than a dozen sweeps rare.</summary>
    public const int Limit = 30;

    // Pairs of panels in step: enough to hide the roots, few enough for the first-level cache.
    private const int StepBytes = 40 * 1024;

    // Below so many columns a round is shorter than the call of a second thread.
    private const int Parallel = 192;

    private struct Round
    {
        public ColumnPanels<T> X;
        public int* Pairs;
        public int Count;
        public int Group;
        public bool IsRing;
        public T SquaredTolerance;
    }

    /// <summary>Sweeps until the columns of X are orthogonal.</summary>
    /// <returns>Sweeps taken, a bound for the |cos| that remain, and whether it is within the tolerance.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Sweeps, T LargestCosine, bool Converged) Run(ColumnPanels<T> x, T tolerance, int threads)
    {
        if (x.Columns <= 1)
            return (1, T.Zero, true);
        int ring = x.Count + x.Count % 2, half = x.Count / 2;
        int* pairs = stackalloc int[2 * half + 2];
        var round = new Round
        {
            X = x,
            Pairs = pairs,
            Count = half,
            Group = Math.Clamp(StepBytes / (2 * x.TotalRows * L.Count * sizeof(T)), 1, 4),
            SquaredTolerance = tolerance * tolerance,
        };
        if (x.Columns < Parallel)
            threads = 1;
        int groups = (half + round.Group - 1) / round.Group;
        T cosine = T.Zero;
        for (int sweep = 1; sweep <= Limit; sweep++)
        {
            for (int k = 0; k < half; k++)
            {
                L.Store(L.Zero, x.Pair(k) + 5 * L.Count);
                L.Store(L.Zero, x.Pair(k) + 6 * L.Count);
            }

            for (int r = 0; r < ring - 1; r++)
            {
                // The last panel stays, the others walk in a circle; with an odd number nobody is the last.
                int pair = 0;
                if (ring == x.Count)
                    (pairs[0], pairs[1], pair) = (r, ring - 1, 1);
                for (int k = 1; k < ring / 2; k++, pair++)
                    (pairs[2 * pair], pairs[2 * pair + 1]) = ((r + k) % (ring - 1), (r - k + ring - 1) % (ring - 1));
                // With an odd number one panel has sat out the first round.
                round.IsRing = r == 0 || r == 1 && ring != x.Count;
                Team.Run(groups, threads, &round, &Meet);
            }

            V cosines = L.Zero, sines = L.Zero;
            for (int k = 0; k < half; k++)
            {
                cosines = L.MaxAbs(cosines, L.Load(x.Pair(k) + 5 * L.Count));
                sines = L.MaxAbs(sines, L.Load(x.Pair(k) + 6 * L.Count));
            }

            cosine = T.Sqrt(L.Max(cosines));
            T sine = T.Sqrt(L.Max(sines)), left = T.CreateTruncating(2 * x.Columns) * sine * cosine;
            if (cosine <= tolerance)
                return (sweep, cosine, true);
            if (left <= tolerance)
                return (sweep, left, true);
        }

        return (Limit, cosine, false);
    }

    private static void Meet(void* state, int group)
    {
        ref Round round = ref *(Round*)state;
        int from = group * round.Group, to = Math.Min(from + round.Group, round.Count);
        if (round.IsRing)
            Rotations<T, V, L>.Meet<RingMeeting>(round.X, round.Pairs, from, to, round.SquaredTolerance);
        else
            Rotations<T, V, L>.Meet<CrossMeeting>(round.X, round.Pairs, from, to, round.SquaredTolerance);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Jacobi;

/// <summary>One-sided Jacobi: plane rotations from the right until the columns of X are orthogonal to working accuracy.</summary>
/// <remarks>
/// A sweep is a round robin of panels, or of blocks of two panels; the pairs of a round are independent, and who meets whom after whom does not depend on the threads, so any number of them gives
/// the same bits. In the first round the columns of each two panels all meet, later only those of different panels or blocks. Where
/// products pay, those of two blocks all meet, and leave with falling norms.
/// It ends where every |cos| ≤ tolerance before rotation; or, without looking again, where a sweep in which a column takes part in r
/// rotations has met cosines of at most μ and scaled sines of at most η with 2rημ ≤ tolerance: a pair once made orthogonal takes part
/// in at most 2r later rotations, each of which adds at most ημ to its cosine (η is the sine times the ratio of the norms, the larger above).
/// After a sweep with 2rημ ≤ √tolerance few cosines, if any, are above the tolerance: those who
/// would meet are looked at first, by products, and rotated only where there is one (the last of 8 and 9 sweeps at n = 64 and 128, 5 and 7 % of
/// a decomposition).
/// Sources: Luk and Park, SIAM J. Sci. Stat. Comput. 10 (1989), for the orderings; LAPACK's gesvj, for the stopping rule's kind.
/// </remarks>
internal static unsafe class Sweeps<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>LAPACK's limit; quadratic convergence makes more than a dozen sweeps rare.</summary>
    public const int Limit = 30;

    // Pairs in step: enough to hide the roots, few enough for the first-level cache.
    private const int Most = 4, StepBytes = 40 * 1024;

    // Some 50 µs, what a meeting takes.
    private const int Pauses = 2000;

    // Below so many columns a round of panels is shorter than the call of a second thread.
    private const int Parallel = 192;

    private struct Round
    {
        public ColumnPanels<T> X;

        /// <summary>The panels that meet.</summary>
        public int* Pairs;

        /// <summary>The next round of each block.</summary>
        public int* Next;

        public BlockRounds Blocks;

        public int Count;
        public int Group;
        public int Threads;
        public bool IsQuiet;
        public T SquaredTolerance;
    }

    /// <summary>Sweeps until the columns of X are orthogonal.</summary>
    /// <returns>Sweeps taken, a bound for the |cos| that remain, and whether it is within the tolerance.</returns>
    public static (int Sweeps, T LargestCosine, bool Converged) Run(in ColumnPanels<T> x, T tolerance, int threads) =>
        Run(x, tolerance, threads, BlockMeetings<T, V, L>.Pay(x));

    /// <summary>Sweeps by panels or by blocks, of which there must be a whole number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Sweeps, T LargestCosine, bool Converged) Run(in ColumnPanels<T> x, T tolerance, int threads, bool inBlocks)
    {
        if (x.Columns <= 1)
            return (1, T.Zero, true);
        int* pairs = stackalloc int[x.Count + 2], next = stackalloc int[x.Count / 2];
        var round = new Round
        {
            X = x,
            Pairs = pairs,
            Next = next,
            Group = inBlocks ? 1 : Math.Clamp(StepBytes / (2 * x.TotalRows * L.Count * sizeof(T)), 1, Most),
            Threads = inBlocks || x.Columns >= Parallel ? threads : 1,
            SquaredTolerance = tolerance * tolerance,
        };
        int rotations = inBlocks ? (x.Count / 2 - 1) * (4 * L.Count - 1) : x.Columns;
        for (int p = 0; p < x.Count && !inBlocks; p++)
            ScaledRotations<T, V, L>.Norms(x, p);
        T cosine = T.Zero;
        for (int sweep = 1; sweep <= Limit; sweep++)
        {
            for (int k = 0; k < x.Count / 2; k++)
                x.Forget(k);
            if (inBlocks)
                SweepBlocks(ref round, &MeetByProducts);
            else if (x.Count % 2 == 0 && x.Count > 2)
                SweepFours(ref round);
            else
                SweepPanels(ref round);

            V cosines = L.Zero, sines = L.Zero;
            for (int k = 0; k < x.Count / 2; k++)
            {
                cosines = L.MaxAbs(cosines, L.Load(x.Cosine(k)));
                sines = L.MaxAbs(sines, L.Load(x.Sine(k)));
            }

            cosine = T.Sqrt(L.Max(cosines));
            T sine = T.Sqrt(L.Max(sines)), left = T.CreateTruncating(2 * rotations) * sine * cosine;
            if (cosine <= tolerance)
                return (sweep, cosine, true);
            if (left <= tolerance)
                return (sweep, left, true);
            round.IsQuiet = left * left <= tolerance;
        }

        return (Limit, cosine, false);
    }

    /// <summary>Pairs of panels: the last stays, the others walk in a circle; with an odd number nobody is the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepPanels(ref Round state)
    {
        Round round = state;
        int count = round.X.Count, ring = count + count % 2;
        int* pairs = round.Pairs;
        round.Count = count / 2;
        for (int r = 0; r < ring - 1; r++)
        {
            int pair = 0;
            if (ring == count)
                (pairs[0], pairs[1], pair) = (r, ring - 1, 1);
            for (int k = 1; k < ring / 2; k++, pair++)
                (pairs[2 * pair], pairs[2 * pair + 1]) = ((r + k) % (ring - 1), (r - k + ring - 1) % (ring - 1));
            // With an odd number one panel has sat out the first round.
            if (r == 0 || r == 1 && ring != count)
                Run(ref round, &Meet<TwoPanels<T, V, L, Ring>>);
            else
                Run(ref round, &Meet<TwoPanels<T, V, L, Cycle>>);
        }
    }

    /// <summary>The panels of each block, then pairs of blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepFours(ref Round state)
    {
        Round round = state;
        round.Count = round.X.Count / 2;
        for (int p = 0; p < round.X.Count; p++)
            round.Pairs[p] = p;
        Run(ref round, &Meet<TwoPanels<T, V, L, Ring>>);
        round.Group = Math.Max(1, round.Group / 2);
        SweepBlocks(ref round, &MeetByRotations);
    }

    /// <summary>
    /// All pairs of blocks. Who has met does not wait for the others of the round: two blocks meet as soon as both have been through the rounds before. Columns that
    /// are sorted as they leave gather in the first of two blocks, the larger ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepBlocks(ref Round state, delegate*<void*, int, void> meet)
    {
        Round round = state;
        round.Blocks = new BlockRounds(round.X.Count / 2, round.Group);
        for (int p = 0; p < round.X.Count / 2; p++)
            round.Next[p] = round.Blocks.IsAlone(p, 0) ? 1 : 0;
        Team.Run(round.Blocks.Groups, round.Threads, &round, meet);
    }

    private static void Run(ref Round state, delegate*<void*, int, void> meet)
    {
        Round round = state;
        Team.Run((round.Count + round.Group - 1) / round.Group, round.Threads, &round, meet);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Meet<M>(void* state, int group) where M : struct, IMeeting<T, V>
    {
        ref Round round = ref *(Round*)state;
        int from = group * round.Group, count = Math.Min(round.Group, round.Count - from);
        int* slots = stackalloc int[Most];
        for (int k = 0; k < count; k++)
            slots[k] = from + k;
        Meet<M>(round, round.Pairs + 2 * from, slots, count);
    }

    private static void Meet<M>(in Round round, int* pairs, int* slots, int count) where M : struct, IMeeting<T, V>
    {
        int left = 0;
        for (int k = 0; k < count; k++)
            if (!round.IsQuiet || !Rotations<T, V, L>.AreOrthogonal<M>(round.X, pairs[2 * k], pairs[2 * k + 1], slots[k], round.SquaredTolerance))
                (pairs[2 * left], pairs[2 * left + 1], slots[left++]) = (pairs[2 * k], pairs[2 * k + 1], slots[k]);
        Rotations<T, V, L>.Meet<M>(round.X, pairs, slots, left, round.SquaredTolerance);
    }

    private static void MeetByRotations(void* state, int group) => MeetBlocks(ref *(Round*)state, group, byProducts: false);

    private static void MeetByProducts(void* state, int group) => MeetBlocks(ref *(Round*)state, group, byProducts: true);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MeetBlocks(ref Round round, int group, bool byProducts)
    {
        int* pairs = stackalloc int[2 * Most], open = stackalloc int[2 * Most], slots = stackalloc int[Most];
        int r = round.Blocks.Pairs(group, pairs, out int count);
        for (int k = 0; k < 2 * count; k++)
        {
            var patience = new Patience(Pauses);
            while (Volatile.Read(ref round.Next[pairs[k]]) != r)
                patience.Wait();
            (open[k], slots[k / 2]) = (pairs[k], pairs[k / 2 * 2]);
        }

        try
        {
            if (!byProducts)
                Meet<FourPanels<T, V, L>>(round, open, slots, count);
            for (int k = 0; k < count && byProducts; k++)
                BlockMeetings<T, V, L>.Meet(round.X, pairs[2 * k], pairs[2 * k + 1], round.SquaredTolerance);
        }
        finally
        {
            for (int k = 0; k < 2 * count; k++)
                Volatile.Write(ref round.Next[pairs[k]], round.Blocks.IsAlone(pairs[k], r + 1) ? r + 2 : r + 1);
        }
    }
}

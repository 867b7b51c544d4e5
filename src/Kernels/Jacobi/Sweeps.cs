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

    // Integers of two cache lines.
    private const int Line = 32;

    // Below so many columns a round of panels is shorter than the call of a second thread.
    private const int Parallel = 192;

    private struct Round
    {
        public ColumnPanels<T> X;

        /// <summary>The panels that meet.</summary>
        public int* Pairs;

        /// <summary>The next round of each block.</summary>
        public int* Next;

        /// <summary>The next group of each list of blocks, a line apart.</summary>
        public int* Open;

        public BlockRounds Blocks;

        /// <summary>Who called, and takes the first list.</summary>
        public int Leader;

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
        int* pairs = stackalloc int[x.Count + 2], next = stackalloc int[x.Count / 2], open = stackalloc int[Math.Max(1, x.Count / 4) * Line];
        // Four panels at a time, two of each block.
        bool inFours = x.Count % 2 == 0 && x.Count > 2;
        int group = Math.Clamp(StepBytes / (2 * x.TotalRows * L.Count * sizeof(T)), 1, Most);
        var round = new Round
        {
            X = x,
            Pairs = pairs,
            Next = next,
            Open = open,
            Leader = Environment.CurrentManagedThreadId,
            Group = inBlocks ? 1 : inFours ? Math.Max(1, group / 2) : group,
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
                SweepBlocks(ref round, sweep, &MeetByProducts);
            else if (inFours)
                SweepBlocks(ref round, sweep, &MeetByRotations);
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

    /// <summary>
    /// All pairs of blocks. Who has met does not wait for the others of the round: two blocks meet as soon as both have been through the rounds before. Columns that
    /// are sorted as they leave gather in the first of two blocks, the larger ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepBlocks(ref Round state, int sweep, delegate*<void*, int, void> meet)
    {
        Round round = state;
        int blocks = round.X.Count / 2, lists = Math.Clamp(round.Threads, 1, Math.Max(1, (blocks - 1) / 2 / round.Group));
        round.Blocks = new BlockRounds(blocks, round.Group, lists, int.IsOddInteger(sweep));
        for (int p = 0; p < blocks; p++)
            round.Next[p] = First(round, p);
        for (int list = 0; list < lists; list++)
            round.Open[list * Line] = round.Blocks.From(0, list);
        Team.Run(lists, round.Threads, &round, meet);
    }

    private static int First(in Round round, int block) => round.Blocks.IsAlone(block, 0) ? 1 : 0;

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

    private static void MeetByRotations(void* state, int list) => MeetBlocks(ref *(Round*)state, list, byProducts: false);

    private static void MeetByProducts(void* state, int list) => MeetBlocks(ref *(Round*)state, list, byProducts: true);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MeetBlocks(ref Round round, int list, bool byProducts)
    {
        int* pairs = stackalloc int[2 * Most], open = stackalloc int[2 * Most], slots = stackalloc int[2 * Most], panels = stackalloc int[4 * Most];
        int home = Environment.CurrentManagedThreadId == round.Leader ? 0 : Math.Min(Math.Max(list, 1), round.Blocks.Lists - 1);
        while (Claim(ref round, home, pairs, out int r, out int count))
        {
            for (int k = 0; k < 2 * count; k++)
            {
                var patience = new Patience(Pauses);
                while (Volatile.Read(ref round.Next[pairs[k]]) != r)
                    patience.Wait();
            }

            try
            {
                if (byProducts)
                {
                    for (int k = 0; k < count; k++)
                        BlockMeetings<T, V, L>.Meet(round.X, pairs[2 * k], pairs[2 * k + 1], round.SquaredTolerance);
                    continue;
                }

                int fresh = 0;
                for (int k = 0; k < 2 * count; k++)
                {
                    if (r != First(round, pairs[k]))
                        continue;
                    (panels[2 * fresh], panels[2 * fresh + 1]) = (2 * pairs[k], 2 * pairs[k] + 1);
                    slots[fresh++] = pairs[k];
                }

                Meet<TwoPanels<T, V, L, Ring>>(round, panels, slots, fresh);
                for (int k = 0; k < 2 * count; k++)
                    (open[k], slots[k / 2]) = (pairs[k], pairs[k / 2 * 2]);
                Meet<FourPanels<T, V, L>>(round, open, slots, count);
            }
            finally
            {
                for (int k = 0; k < 2 * count; k++)
                    Volatile.Write(ref round.Next[pairs[k]], round.Blocks.IsAlone(pairs[k], r + 1) ? r + 2 : r + 1);
            }
        }
    }

    /// <summary>
    /// Takes a group of pairs: the next of one's own list where its blocks are ready or all of the rounds before are taken, else the next of the list that is furthest behind.
    /// So whoever waits waits for what somebody is at. False where none is left.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Claim(ref Round round, int home, int* pairs, out int r, out int count)
    {
        int lists = round.Blocks.Lists, groups = round.Blocks.Groups;
        while (true)
        {
            int own = Volatile.Read(ref round.Open[home * Line]), list = home, group = own;
            for (int i = 1; i < lists; i++)
            {
                int other = (home + i) % lists, next = Volatile.Read(ref round.Open[other * Line]);
                if (round.Blocks.Round(next) < round.Blocks.Round(group))
                    (list, group) = (other, next);
            }

            r = round.Blocks.Round(group);
            if (group >= groups)
            {
                count = 0;
                return false;
            }

            if (list != home && own < groups)
            {
                round.Blocks.Pairs(own, pairs, out count);
                if (AreReady(round, pairs, count, round.Blocks.Round(own)))
                    (list, group, r) = (home, own, round.Blocks.Round(own));
            }

            round.Blocks.Pairs(group, pairs, out count);
            if (Interlocked.CompareExchange(ref round.Open[list * Line], round.Blocks.From(group + 1, list), group) == group)
                return true;
        }
    }

    private static bool AreReady(in Round round, int* pairs, int count, int r)
    {
        for (int k = 0; k < 2 * count; k++)
            if (Volatile.Read(ref round.Next[pairs[k]]) != r)
                return false;
        return true;
    }
}

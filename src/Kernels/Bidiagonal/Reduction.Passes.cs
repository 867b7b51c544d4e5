using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The passes of all steps, over one thread or two.</summary>
internal static unsafe partial class Reduction<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>What the passes of all steps work on; two threads share it.</summary>
    private struct Passes
    {
        public Relay Relay;
        public T* Columns, Work, Pending, Diagonal, Superdiagonal, Taus;

        /// <summary>What changes from step to step, on lines of their own: τ for the second half, and its results.</summary>
        public T* Given, Found;

        public int Stride, Order;

        /// <summary>Whether a second thread may take halves.</summary>
        public bool IsShared;

        /// <summary>Of what size halves are offered, once that thread has taken one.</summary>
        public long LeastOffered;

        public double FarTicks;

        public readonly T* Vector(int place) => Work + (nint)place * Spacing(Stride);

        /// <summary>u of step k; that of the step before is in the place of step k + 1.</summary>
        public readonly T* U(int k) => Vector(FirstU + (k & 1));

        /// <summary>y⁻ of the step before step k.</summary>
        public readonly T* YOld(int k) => Vector(FirstYOld + (k & 1));

        /// <summary>Whether step k's pass is two.</summary>
        public readonly bool AreHalves(int k) => Bytes(k) >= LeastHalves;

        private readonly long Bytes(int k) => (long)(Stride - From(k)) * (Grouped(Order) - Start(k)) * sizeof(T);

        /// <summary>The second thread's y for step k, which no other writes.</summary>
        private readonly T* OthersY(int k) => Vector(FirstOthersY + (k & 1));

        private static int From(int k) => k / L.Count * L.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Clear(T* y, int from, int to)
        {
            for (int i = from; i < to; i += L.Count)
                L.Store(L.Zero, y + i);
        }

        private static int Start(int k) => (k + 1) / Group * Group;

        /// <summary>One of two threads: leads through all steps, or takes the second halves that it is offered.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void Take(void* state, int second)
        {
            ref Passes passes = ref *(Passes*)state;
            if (second == 0)
            {
                try
                {
                    Reduce(ref passes);
                }
                finally
                {
                    passes.Relay.Close();
                }

                return;
            }

            int cleared = 0;
            while (passes.Relay.Await(out int step))
            {
                int k = step - 1;
                T* y = passes.OthersY(k);
                if (step != cleared)
                    Clear(y, From(k), passes.Stride);
                Fetch(passes.U(k), passes.YOld(k), passes.OthersY(k + 1), From(k), passes.Stride);
                passes.TakeHalf(k, 1, y, passes.Given[0], out passes.Found[0], out passes.Found[1]);
                passes.Relay.Complete(step);
                // The leader has read what stands there; it takes a while until its lines are back, and this thread waits anyway.
                cleared = step + 1;
                Clear(passes.OthersY(cleared - 1), From(cleared - 1), passes.Stride);
            }
        }

        /// <summary>The pass of step k: y in two parts, the second 0 where there are no halves, and what <see cref="Pass"/> returns.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Take(int k, T tau, out T* other, out T product)
        {
            int from = From(k);
            if (IsShared && Bytes(k) < Math.Max(LeastHalves, LeastOffered))
            {
                Relay.Close();
                IsShared = false;
            }

            T* y = Vector(FirstY);
            Clear(y, from, Stride);
            other = Vector(Zeros);
            if (!AreHalves(k))
            {
                int step = int.IsOddInteger(k) ? -Group : Group, start = Start(k), end = Grouped(Order), first = step > 0 ? start : end - Group;
                return Pass(Columns, Stride, from, U(k + 1), YOld(k), U(k), y, Pending, first, first + step, step, (end - start) / Group, k, tau, out product);
            }

            T tail, otherTail, otherProduct;
            other = Vector(FirstY + 1);
            if (!IsShared)
            {
                // Back and forth over both.
                Clear(other, from, Stride);
                bool isOdd = int.IsOddInteger(k);
                TakeHalf(k, k & 1, isOdd ? other : y, tau, out tail, out product);
                TakeHalf(k, ~k & 1, isOdd ? y : other, tau, out otherTail, out otherProduct);
            }
            else
            {
                Given[0] = tau;
                Relay.Offer(k + 1);
                TakeHalf(k, 0, y, tau, out tail, out product);
                // The follower has read what stands there before this step, so that these lines are still its own, too.
                Clear(YOld(k + 1), from, Stride);
                if (Relay.Reclaim(k + 1))
                {
                    Clear(other, from, Stride);
                    TakeHalf(k, 1, other, tau, out otherTail, out otherProduct);
                }
                else
                {
                    (otherTail, otherProduct) = (Found[0], Found[1]);
                    other = OthersY(k);
                    if (LeastOffered == 0)
                        LeastOffered = Relay.RoundTrip(k + 1) > FarTicks ? LeastFarHalves : LeastHalves;
                }
            }

            product += otherProduct;
            return tail + otherTail;
        }

        /// <summary>Back and forth, but the group at the boundary first: with two threads 2 % faster for floats, 1 % for doubles than where it is the last of every other step.</summary>
        private readonly void TakeHalf(int k, int half, T* y, T tau, out T tail, out T product)
        {
            int start = Start(k), end = Grouped(Order), middle = Middle(start, end), groups = (half == 0 ? middle - start : end - middle) / Group;
            int boundary = half == 0 ? middle - Group : middle, away = half == 0 ? -Group : Group, farthest = half == 0 ? start : end - Group;
            bool isAway = int.IsOddInteger(k);
            tail = Pass(Columns, Stride, From(k), U(k + 1), YOld(k), U(k), y, Pending, boundary, isAway ? boundary + away : farthest, isAway ? away : -away, groups, k, tau, out product);
        }

        /// <summary>
        /// Lines that another core has written come one by one where a loop meets them, but many at a time where nothing else waits. What is stored, in a
        /// place that is cleared before it is used, is there for the loads not to be dropped.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Fetch(T* u, T* yOld, T* place, int from, int to)
        {
            V sum = L.Zero;
            for (int i = from; i < to; i += L.Count)
                sum = L.Add(sum, L.Add(L.Load(u + i), L.Load(yOld + i)));
            L.Store(sum, place + from);
        }
    }
}

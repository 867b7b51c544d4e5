using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The singular values of an upper bidiagonal matrix, many at a time: isolated by counts, then roots of the determinant.</summary>
/// <remarks>
/// n shifts at equal distances, and m more between the ends of every bracket that holds m values, until each is alone in its own: two counts per value where
/// they are spread evenly, never more than bits. Between ends of different sign the determinant's root follows by inverse quadratic interpolation through three points where
/// these lie so that it is monotone there, else by halving: six to seven determinants. Each value's shifts depend on those of its chunk alone, so that the bits are the same for any
/// number of threads. About 2n·9 multiply-adds twice per value, as vectors, where dqds takes three sweeps of n divisions that wait for each other.
/// Source of the interpolation's rule: Chandrupatla, <i>A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without
/// using derivatives</i>, Adv. Eng. Software 28 (1997).
/// </remarks>
internal unsafe struct Multisection : ILaneWork<double>
{
    // Values of a chunk: a multiple of all shifts that one evaluation takes.
    private const int PerChunk = 64;

    // Enough to isolate the ends as a rule: values there are as far apart as shifts.
    private const int SamplesForEnds = 32;

    // Shifts that narrow an end's bracket first; those of both ends are a multiple of all that one evaluation takes.
    private const int ShiftsPerEnd = 16;

    // Above rounding.
    private const double Margin = 1 + 1e-9;

    private SturmPlan _plan;
    private double* _above, _value, _exponent, _sigma;
    private double _bound, _tolerance;
    private int _samples, _threads;
    private bool _endsOnly;

    /// <summary>The order from which it takes less time than dqds.</summary>
    public const int LeastOrder = 16;

    /// <summary>Doubles of workspace.</summary>
    public static nint Workspace(int n) => SturmPlan.Workspace(n) + 3 * Samples(n);

    /// <summary>σ₁ ≥ … ≥ σₙ of the matrix with this diagonal and superdiagonal, whose elements are at least <see cref="SturmPlan.Smallest"/> and at most 1: each to a relative error of O(n·ε), or to 2⁻⁹⁵⁰.</summary>
    /// <param name="diagonal">The diagonal (n).</param>
    /// <param name="superdiagonal">The superdiagonal (n − 1).</param>
    /// <param name="n">The order.</param>
    /// <param name="tolerance">The relative error of a value that is not to be seen, at least double's ε.</param>
    /// <param name="work"><see cref="Workspace"/>(n) doubles.</param>
    /// <param name="sigma">Receives the values (n).</param>
    /// <param name="path">The vectors.</param>
    /// <param name="threads">The most threads to use.</param>
    /// <param name="endsOnly">Whether only σ₁ and σₙ are wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(double* diagonal, double* superdiagonal, int n, double tolerance, double* work, double* sigma, VectorPath path, int threads, bool endsOnly = false)
    {
        double bound = 0;
        for (int k = 0; k < n; k++)
        {
            // Gershgorin's circles around 0.
            double beside = double.MaxNative(k < n - 1 ? superdiagonal[k] : 0, k > 0 ? superdiagonal[k - 1] : 0);
            bound = double.MaxNative(bound, diagonal[k] + beside);
        }

        int count = endsOnly ? Math.Min(Samples(n), SamplesForEnds) : Samples(n);
        double* samples = work + SturmPlan.Workspace(n);
        var all = new Multisection
        {
            _plan = new SturmPlan(diagonal, superdiagonal, n, work),
            _above = samples,
            _value = samples + count,
            _exponent = samples + 2 * count,
            _sigma = sigma,
            _bound = bound * Margin,
            _tolerance = tolerance,
            _samples = count,
            _endsOnly = endsOnly,
            _threads = Products<double>.Threads(32 * (long)n * n, threads),
        };
        VectorPaths.Run<double, Multisection>(path, ref all);
        // Values that agree to the last digits may have come out in the wrong order.
        for (int k = 1; k < n && !endsOnly; k++)
            sigma[k] = double.MinNative(sigma[k], sigma[k - 1]);
    }

    // The first and the last are the ends of all brackets.
    private static int Samples(int n) => Math.Max(n, 2);

    public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
    {
        Multisection shared = this;
        int shifts = SturmSequence<V, L>.Shifts;
        Team.Run((_samples - 1 + shifts) / shifts, _threads, &shared, &TakeSamples<V, L>);
        if (_endsOnly)
            Find<V, L>(ref shared, 0, Math.Max(1, _plan.Order - 1), Math.Min(2, _plan.Order));
        else
            Team.Run((_plan.Order + PerChunk - 1) / PerChunk, _threads, &shared, &FindChunk<V, L>);
    }

    private readonly Sample At(int sample) =>
        new(_bound * sample / (_samples - 1), _plan.Order - (int)((long*)_above)[sample], _value[sample], _exponent[sample]);

    /// <summary>Counts and determinants at some of the equidistant shifts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeSamples<V, L>(void* state, int chunk) where V : unmanaged where L : struct, ILanes<double, V>
    {
        ref Multisection all = ref *(Multisection*)state;
        int shifts = SturmSequence<V, L>.Shifts, first = chunk * shifts, count = Math.Min(shifts, all._samples - first);
        double* x = stackalloc double[4 * shifts], above = x + shifts, value = above + shifts, exponent = value + shifts;
        for (int i = 0; i < shifts; i++)
            x[i] = all._bound * (first + Math.Min(i, count - 1)) / (all._samples - 1);
        SturmSequence<V, L>.Evaluate(in all._plan, x, above, value, exponent);
        for (int i = 0; i < count; i++)
        {
            all._above[first + i] = above[i];
            all._value[first + i] = value[i];
            all._exponent[first + i] = exponent[i];
        }
    }

    private static void FindChunk<V, L>(void* state, int chunk) where V : unmanaged where L : struct, ILanes<double, V>
    {
        ref Multisection all = ref *(Multisection*)state;
        // The largest values first: they take a few more steps as a rule, and the smallest may be less than a chunk.
        int first = ((all._plan.Order - 1) / PerChunk - chunk) * PerChunk;
        Find<V, L>(ref all, first, 1, Math.Min(PerChunk, all._plan.Order - first));
    }

    /// <summary>So many values, at most <see cref="PerChunk"/>, the least being the first-th.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Find<V, L>(ref Multisection all, int first, int step, int count) where V : unmanaged where L : struct, ILanes<double, V>
    {
        int n = all._plan.Order, shifts = SturmSequence<V, L>.Shifts;
        double* x = stackalloc double[4 * PerChunk], above = x + PerChunk, value = above + PerChunk, exponent = value + PerChunk;
        BracketedValue* values = stackalloc BracketedValue[PerChunk];
        // The places of those that are not found yet, the least first.
        int* open = stackalloc int[PerChunk];
        int left = 0;
        for (int i = 0; i < count; i++)
        {
            int index = first + i * step, low = 0, high = all._samples - 1;
            while (high - low > 1)
            {
                int middle = (low + high) >> 1;
                if (all.At(middle).Below <= index)
                    low = middle;
                else
                    high = middle;
            }

            values[i] = new BracketedValue(index, all.At(low), all.At(high));
        }

        if (all._endsOnly)
        {
            // Few values leave lanes to spare, and in a bracket so much narrower interpolation takes a third fewer steps.
            for (int i = 0; i < count * ShiftsPerEnd; i++)
                x[i] = values[i / ShiftsPerEnd].ShiftAt((i % ShiftsPerEnd + 1.0) / (ShiftsPerEnd + 1));
            for (int i = 0; i < count * ShiftsPerEnd; i += shifts)
                SturmSequence<V, L>.Evaluate(in all._plan, x + i, above + i, value + i, exponent + i);
            for (int i = 0; i < count * ShiftsPerEnd; i++)
                values[i / ShiftsPerEnd].Narrow(new Sample(x[i], n - (int)((long*)above)[i], value[i], exponent[i]));
        }

        for (int i = 0; i < count; i++)
        {
            if (values[i].Choose(all._tolerance))
                all.Keep(in values[i]);
            else
                open[left++] = i;
        }

        while (left > 0)
        {
            for (int i = 0; i < left; i++)
                x[i] = values[open[i]].Shift;
            for (int i = left; i % shifts != 0; i++)
                x[i] = x[left - 1];
            for (int i = 0; i < left; i += shifts)
                SturmSequence<V, L>.Evaluate(in all._plan, x + i, above + i, value + i, exponent + i);
            int asked = left;
            left = 0;
            for (int i = 0; i < asked;)
            {
                // Values of one bracket learn from each other's shifts.
                int begin = i, end = i + 1;
                while (end < asked && values[open[end]].IsBeside(in values[open[begin]]))
                    end++;
                for (; i < end; i++)
                {
                    ref BracketedValue one = ref values[open[i]];
                    bool found;
                    if (one.IsIsolated)
                    {
                        found = one.Interpolate(new Sample(x[i], 0, value[i], exponent[i]), all._tolerance, n);
                    }
                    else
                    {
                        for (int j = begin; j < end; j++)
                            one.Narrow(new Sample(x[j], n - (int)((long*)above)[j], value[j], exponent[j]));
                        found = one.Choose(all._tolerance);
                    }

                    if (found)
                        all.Keep(in one);
                    else
                        open[left++] = open[i];
                }
            }
        }
    }

    private readonly void Keep(in BracketedValue value) => _sigma[_plan.Order - 1 - value.Index] = value.Shift;
}

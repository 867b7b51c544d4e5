using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The left singular vectors of an upper bidiagonal matrix B (n×n) whose singular values are known: B = Z Σ Yᵀ.</summary>
/// <remarks>
/// BBᵀ, its rows and columns in reverse order, is LDLᵀ with L unit lower bidiagonal. For λ = σ² the stationary transform
/// LDLᵀ − λI = L₊D₊L₊ᵀ from the top and the progressive one U₋D₋U₋ᵀ from the bottom differ at one place r in the pivot
/// γ_r = s_r + (γ's part from below); where |γ_r| is smallest, L₊ᵀz = e_r above and U₋ᵀz = e_r below give z with
/// ‖(BBᵀ − λI)z‖ = |γ_r| and no product of many factors. The error of z is O(n·ε) over the relative distance from λ to its neighbours, so that
/// vectors of close values are neither accurate nor orthogonal. As many values at a time as there are lanes, since each chain depends on its
/// own value alone: 2n divisions per vector of lanes, and n² stores of results.
/// Sources: Dhillon and Parlett, <i>Orthogonal eigenvectors and relative gaps</i>, SIAM J. Matrix Anal. 25 (2004);
/// Fernando, <i>On computing an eigenvector of a tridiagonal matrix</i>, SIAM J. Matrix Anal. 18 (1997), for the place r.
/// </remarks>
internal unsafe struct TwistedVectors<T> : ILaneWork<double> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [ThreadStatic]
    private static AlignedBuffer? t_chains;

    // Added to every pivot, the largest element of B being about 1: less than its rounding unless it is 0.
    private const double Smallest = 1e-150;

    // Elements of vectors below this become 0, so that products of two do not underflow, which takes a hundred cycles each.
    private static double Negligible => typeof(T) == typeof(double) ? 1e-150 : 1e-18;

    /// <summary>The diagonal (n), superdiagonal (n − 1) and singular values (n) of B.</summary>
    public double* Diagonal, Superdiagonal, Sigma;

    /// <summary><see cref="Workspace"/>(n) doubles.</summary>
    public double* Work;

    /// <summary>Receives Z (n×n) by rows, zero-padded; column j belongs to σⱼ.</summary>
    public T* Vectors;

    /// <summary>n, and the elements from row to row: a multiple of the widest vector.</summary>
    public int Order, Stride;

    /// <summary>The most threads to use.</summary>
    public int Threads;

    /// <summary>Doubles of workspace.</summary>
    public static nint Workspace(int n) => 3 * (nint)n;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
    {
        int n = Order;
        double* square = Work, below = square + n, product = below + n;
        for (int k = 0; k < n; k++)
        {
            double a = Diagonal[n - 1 - k], b = k < n - 1 ? Superdiagonal[n - 2 - k] : 0;
            (square[k], below[k], product[k]) = (a * a, b * b, a * b);
        }

        TwistedVectors<T> shared = this;
        // Ten operations per element, a few of them divisions.
        Team.Run((n + L.Count - 1) / L.Count, Products<double>.Threads(32 * (long)n * n, Threads), &shared, &Form<V, L>);
        // Where the last values are fewer than lanes, theirs stand there, too.
        for (int k = 0; k < n; k++)
            new Span<T>(Vectors + (nint)k * Stride + n, Stride - n).Clear();
    }

    /// <summary>The vectors of as many values as there are lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Form<V, L>(void* state, int chunk) where V : unmanaged where L : struct, ILanes<double, V>
    {
        ref TwistedVectors<T> shared = ref *(TwistedVectors<T>*)state;
        int n = shared.Order, first = chunk * L.Count, count = Math.Min(L.Count, n - first);
        double* square = shared.Work, below = square + n, product = below + n;
        double* start = (t_chains ??= new AlignedBuffer()).Rent<double>(4 * (nint)L.Count * n), rest = start + L.Count * n, up = rest + L.Count * n, down = up + L.Count * n;
        V one = L.Broadcast(1), tiny = L.Broadcast(Smallest), negligible = L.Broadcast(Negligible);
        double* lanes = stackalloc double[L.Count];
        for (int i = 0; i < L.Count; i++)
        {
            double value = shared.Sigma[first + Math.Min(i, count - 1)];
            lanes[i] = -value * value;
        }

        // Two chains that do not wait for each other: from the top, and from the bottom.
        V shift = L.Load(lanes), t = shift, p = L.Add(L.Broadcast(square[n - 1]), shift);
        for (int k = 0; k < n - 1; k++)
        {
            V pivot = L.Add(L.Add(t, L.Broadcast(square[k])), tiny), inverse = L.Divide(one, pivot);
            L.Store(t, start + k * L.Count);
            L.Store(L.Multiply(L.Broadcast(-product[k]), inverse), up + k * L.Count);
            t = L.MultiplyAdd(L.Multiply(L.Broadcast(below[k]), inverse), t, shift);
            int other = n - 2 - k;
            pivot = L.Add(L.Add(p, L.Broadcast(below[other])), tiny);
            inverse = L.Divide(one, pivot);
            L.Store(L.Multiply(L.Broadcast(-product[other]), inverse), down + other * L.Count);
            p = L.Multiply(L.Multiply(L.Broadcast(square[other]), inverse), p);
            L.Store(p, rest + other * L.Count);
            p = L.Add(p, shift);
        }

        L.Store(t, start + (n - 1) * L.Count);
        L.Store(L.Broadcast(square[n - 1]), rest + (n - 1) * L.Count);
        V place = L.Zero, least = L.Broadcast(double.PositiveInfinity);
        for (int k = 0; k < n; k++)
        {
            V gamma = L.MaxAbs(L.Add(L.Load(rest + k * L.Count), L.Load(start + k * L.Count)), L.Zero);
            place = L.WhereGreater(least, gamma, L.Broadcast(k), place);
            least = L.WhereGreater(least, gamma, gamma, least);
        }

        // Again two chains, from 1 at the place r up and down.
        V x = one, y = one;
        L.Store(one, start + (n - 1) * L.Count);
        L.Store(one, rest);
        for (int k = 0; k < n - 1; k++)
        {
            int other = n - 2 - k;
            x = L.Multiply(L.Load(up + other * L.Count), x);
            x = L.WhereGreater(L.MaxAbs(x, L.Zero), negligible, x, L.Zero);
            x = L.WhereGreater(place, L.Broadcast(other), x, one);
            L.Store(x, start + other * L.Count);
            y = L.Multiply(L.Load(down + k * L.Count), y);
            y = L.WhereGreater(L.MaxAbs(y, L.Zero), negligible, y, L.Zero);
            y = L.WhereGreater(place, L.Broadcast(k), one, y);
            L.Store(y, rest + (k + 1) * L.Count);
        }

        V sum = L.Zero;
        for (int k = 0; k < n; k++)
        {
            x = L.WhereGreater(place, L.Broadcast(k), L.Load(start + k * L.Count), L.Load(rest + k * L.Count));
            L.Store(x, rest + k * L.Count);
            sum = L.MultiplyAdd(x, x, sum);
        }

        V factor = L.Divide(one, L.Sqrt(sum));
        for (int k = 0; k < n; k++)
        {
            x = L.Multiply(factor, L.Load(rest + k * L.Count));
            T* row = shared.Vectors + (nint)(n - 1 - k) * shared.Stride + first;
            if (typeof(T) == typeof(double))
            {
                L.Store(x, (double*)row);
            }
            else
            {
                L.Store(x, lanes);
                int i = 0;
                for (; i + 4 <= count; i += 4)
                    Vector128.Narrow(Vector128.Load(lanes + i), Vector128.Load(lanes + i + 2)).Store((float*)row + i);
                for (; i < count; i++)
                    row[i] = T.CreateTruncating(lanes[i]);
            }
        }
    }
}

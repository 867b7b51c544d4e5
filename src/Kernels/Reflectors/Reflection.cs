using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Reflectors;

/// <summary>One Householder reflection H = I − τvvᵀ, v₀ = 1: made from a column, and applied to others by matrix–vector kernels.</summary>
/// <remarks>
/// Columns start at multiples of a cache line and are zero-padded to whole ones, so that loops run over whole vectors from the one
/// that holds row k. What stands above row k in that vector is kept by factors 0 and 1, read from a table of steps.
/// </remarks>
internal static unsafe class Reflection<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, ILanes<T, V>
{
    /// <summary>Elements of the widest vector.</summary>
    public const int Line = 16;

    // A second thread pays from 1 MiB on: 0.05 ms of one. Whole groups of eight columns, so that chunks change no sum.
    private const int SharedBytes = 1 << 20, ColumnsPerChunk = 64;

    /// <summary>Below this a quotient of a column by its norm may lose bits to underflow: the smallest normal number over ε.</summary>
    public static T SafeNorm => BinaryExponent<T>.Power(typeof(T) == typeof(double) ? -1022 + 52 : -126 + 23);

    // Sums of squares from here on have lost nothing to underflow that matters.
    private static T SafeSquare => T.CreateTruncating(typeof(T) == typeof(double) ? 4e-276 : 2e-24);

    /// <summary>Writes Line zeros, Line ones and Line zeros: read from 16 − i on, the factors that keep rows ≥ i; from 32 − i on, rows &lt; i.</summary>
    public static void WriteSteps(T* steps)
    {
        new Span<T>(steps, 3 * Line).Clear();
        new Span<T>(steps + Line, Line).Fill(T.One);
    }

    /// <summary>
    /// H x = β e₀ for x = column[k..], β = −sign(x₀)‖x‖: x becomes (β, v₁, …) and v is written in full, zeros and 1 included, from row k's
    /// vector on. Returns τ, 0 where x is already a multiple of e₀.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Make(T* column, int k, int length, T* v, T* steps)
    {
        int start = k / L.Count * L.Count, below = k + 1 - start, i;
        V keep = L.Load(steps + Line - below), head = L.Multiply(keep, L.Load(column + start));
        T square = TailSquare(head, column, start, length), x = column[k];
        if (!(square >= SafeSquare))
            return MakeScaled(column, k, length, v, steps);
        T beta = -T.CopySign(T.Sqrt(x * x + square), x), pivot = x - beta;
        V factor = L.Broadcast(T.One / pivot), unit = L.MultiplyAdd(L.Broadcast(T.NegativeOne), keep, L.Load(steps + Line + 1 - below));
        L.Store(L.MultiplyAdd(factor, head, unit), v + start);
        // Above row k as it was, β in row k, v below.
        V scale = L.MultiplyAdd(factor, keep, L.Load(steps + 2 * Line + 1 - below));
        L.Store(L.MultiplyAdd(unit, L.Broadcast(beta), L.Multiply(scale, L.Load(column + start))), column + start);
        for (i = start + L.Count; i < length; i += L.Count)
        {
            V y = L.Multiply(factor, L.Load(column + i));
            L.Store(y, column + i);
            L.Store(y, v + i);
        }

        return -pivot / beta;
    }

    /// <summary>The sum of squares of a column's first vector, as given, and of all behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T TailSquare(V head, T* column, int start, int length)
    {
        V s0 = L.Multiply(head, head), s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
        int i = start + L.Count;
        for (; i <= length - 4 * L.Count; i += 4 * L.Count)
        {
            V x0 = L.Load(column + i), x1 = L.Load(column + i + L.Count);
            V x2 = L.Load(column + i + 2 * L.Count), x3 = L.Load(column + i + 3 * L.Count);
            s0 = L.MultiplyAdd(x0, x0, s0);
            s1 = L.MultiplyAdd(x1, x1, s1);
            s2 = L.MultiplyAdd(x2, x2, s2);
            s3 = L.MultiplyAdd(x3, x3, s3);
        }

        for (; i < length; i += L.Count)
        {
            V x0 = L.Load(column + i);
            s1 = L.MultiplyAdd(x0, x0, s1);
        }

        return L.Sum(L.Add(L.Add(s0, s1), L.Add(s2, s3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T MakeScaled(T* column, int k, int length, T* v, T* steps)
    {
        T tau = T.Zero, tail = TailNorm(column, k + 1, length, v, steps);
        T* x = column + k;
        if (!T.IsZero(tail))
        {
            T norm = T.Hypot(x[0], tail);
            // What cancellation leaves of a dependent column may be subnormal, with few bits: lifted, it is exact, and so is H's orthogonality.
            int lift = norm < SafeNorm ? -T.ILogB(norm) : 0;
            if (lift != 0)
            {
                for (int i = 0; i < length - k; i++)
                    x[i] = T.ScaleB(x[i], lift);
                norm = T.Hypot(x[0], TailNorm(column, k + 1, length, v, steps));
            }

            T beta = -T.CopySign(norm, x[0]), pivot = x[0] - beta;
            for (int i = 1; i < length - k; i++)
                x[i] /= pivot;
            tau = -pivot / beta;
            x[0] = T.ScaleB(beta, -lift);
        }

        Copy(column, k, length, v);
        return tau;
    }

    /// <summary>Writes v in full from a column that holds it below row k, from row k's vector on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(T* column, int k, int length, T* v)
    {
        int start = k / L.Count * L.Count;
        new Span<T>(v + start, k - start).Clear();
        v[k] = T.One;
        new Span<T>(column + k + 1, length - k - 1).CopyTo(new Span<T>(v + k + 1, length - k - 1));
    }

    /// <summary>‖column[k..]‖₂ without overflow or underflow; <paramref name="scratch"/> is a column to write to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T TailNorm(T* column, int k, int length, T* scratch, T* steps)
    {
        int start = k / L.Count * L.Count;
        if (start >= length)
            return T.Zero;
        V head = L.Multiply(L.Load(steps + Line - (k - start)), L.Load(column + start));
        T square = TailSquare(head, column, start, length);
        if (square >= SafeSquare)
            return T.Sqrt(square);
        new Span<T>(column + start, length - start).CopyTo(new Span<T>(scratch + start, length - start));
        L.Store(head, scratch + start);
        return Level1<T, V, L>.Norm(scratch + start, length - start);
    }

    /// <summary>x ↔ y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exchange(T* x, T* y, int length)
    {
        for (int i = 0; i < length; i += L.Count)
        {
            V xi = L.Load(x + i), yi = L.Load(y + i);
            L.Store(yi, x + i);
            L.Store(xi, y + i);
        }
    }

    /// <summary>c ← c − τ(vᵀc)v for each of count columns: four at a time, so that v is loaded once for four. The spare column is one of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(T* v, T tau, T* c, nint stride, int count, int from, int to, T* spare)
    {
        Debug.Assert(from % L.Count == 0 && (to - from) % L.Count == 0, "columns are padded to whole vectors");
        for (int j = 0; j < count; j += 4)
        {
            T* c0 = c + j * stride;
            T* c1 = count - j > 1 ? c0 + stride : spare;
            T* c2 = count - j > 2 ? c1 + stride : spare;
            T* c3 = count - j > 3 ? c2 + stride : spare;
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
            for (int i = from; i < to; i += L.Count)
            {
                V x = L.Load(v + i);
                s0 = L.MultiplyAdd(x, L.Load(c0 + i), s0);
                s1 = L.MultiplyAdd(x, L.Load(c1 + i), s1);
                s2 = L.MultiplyAdd(x, L.Load(c2 + i), s2);
                s3 = L.MultiplyAdd(x, L.Load(c3 + i), s3);
            }

            s0 = L.Broadcast(-tau * L.Sum(s0));
            s1 = L.Broadcast(-tau * L.Sum(s1));
            s2 = L.Broadcast(-tau * L.Sum(s2));
            s3 = L.Broadcast(-tau * L.Sum(s3));
            for (int i = from; i < to; i += L.Count)
            {
                V x = L.Load(v + i);
                L.Store(L.MultiplyAdd(s0, x, L.Load(c0 + i)), c0 + i);
                L.Store(L.MultiplyAdd(s1, x, L.Load(c1 + i)), c1 + i);
                L.Store(L.MultiplyAdd(s2, x, L.Load(c2 + i)), c2 + i);
                L.Store(L.MultiplyAdd(s3, x, L.Load(c3 + i)), c3 + i);
            }
        }
    }

    /// <summary>f_j ← τ·vᵀc_j for each of count columns over rows [from, to), on up to a number of threads where C is large.</summary>
    public static void Dots(T* v, T tau, T* c, nint stride, int count, int from, int to, T* f, int threads)
    {
        if (threads == 1 || (long)count * (to - from) * sizeof(T) < SharedBytes)
        {
            Dots(v, tau, c, stride, count, from, to, f);
            return;
        }

        var work = new DotsWork { V = v, Tau = tau, C = c, Stride = stride, Count = count, From = from, To = to, F = f };
        Team.Run((count + ColumnsPerChunk - 1) / ColumnsPerChunk, threads, &work, &DotsOfChunk);
    }

    private static void DotsOfChunk(void* state, int chunk)
    {
        ref DotsWork work = ref *(DotsWork*)state;
        int start = chunk * ColumnsPerChunk, count = Math.Min(ColumnsPerChunk, work.Count - start);
        Dots(work.V, work.Tau, work.C + start * work.Stride, work.Stride, count, work.From, work.To, work.F + start);
    }

    private struct DotsWork
    {
        public T* V, C, F;
        public T Tau;
        public nint Stride;
        public int Count, From, To;
    }

    /// <summary>Eight columns at a time: each element of C is read once, so bandwidth bounds it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots(T* v, T tau, T* c, nint stride, int count, int from, int to, T* f)
    {
        int j = 0;
        for (; j <= count - 8; j += 8)
        {
            T* c0 = c + j * stride, c1 = c0 + stride, c2 = c1 + stride, c3 = c2 + stride;
            T* c4 = c3 + stride, c5 = c4 + stride, c6 = c5 + stride, c7 = c6 + stride;
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero, s4 = L.Zero, s5 = L.Zero, s6 = L.Zero, s7 = L.Zero;
            for (int i = from; i < to; i += L.Count)
            {
                V x = L.Load(v + i);
                s0 = L.MultiplyAdd(x, L.Load(c0 + i), s0);
                s1 = L.MultiplyAdd(x, L.Load(c1 + i), s1);
                s2 = L.MultiplyAdd(x, L.Load(c2 + i), s2);
                s3 = L.MultiplyAdd(x, L.Load(c3 + i), s3);
                s4 = L.MultiplyAdd(x, L.Load(c4 + i), s4);
                s5 = L.MultiplyAdd(x, L.Load(c5 + i), s5);
                s6 = L.MultiplyAdd(x, L.Load(c6 + i), s6);
                s7 = L.MultiplyAdd(x, L.Load(c7 + i), s7);
            }

            f[j] = tau * L.Sum(s0);
            f[j + 1] = tau * L.Sum(s1);
            f[j + 2] = tau * L.Sum(s2);
            f[j + 3] = tau * L.Sum(s3);
            f[j + 4] = tau * L.Sum(s4);
            f[j + 5] = tau * L.Sum(s5);
            f[j + 6] = tau * L.Sum(s6);
            f[j + 7] = tau * L.Sum(s7);
        }

        for (; j < count; j++)
            f[j] = tau * Level1<T, V, L>.Dot(v + from, c + j * stride + from, to - from);
    }

    /// <summary>column[k..] ← column[k..] − Σ_l f_l v_l over count reflections, f's elements fStep apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(T* column, int k, int length, T* v, nint stride, T* f, nint fStep, int count, T* steps)
    {
        int start = k / L.Count * L.Count;
        V keep = L.Load(steps + Line - (k - start)), one = L.Broadcast(T.One);
        for (int l = 0; l < count; l += 4)
        {
            // Beyond the last, the last one stands in with the factor 0.
            T* v0 = v + l * stride;
            T* v1 = count - l > 1 ? v0 + stride : v0;
            T* v2 = count - l > 2 ? v1 + stride : v0;
            T* v3 = count - l > 3 ? v2 + stride : v0;
            V f0 = L.Broadcast(-f[l * fStep]);
            V f1 = L.Broadcast(count - l > 1 ? -f[(l + 1) * fStep] : T.Zero);
            V f2 = L.Broadcast(count - l > 2 ? -f[(l + 2) * fStep] : T.Zero);
            V f3 = L.Broadcast(count - l > 3 ? -f[(l + 3) * fStep] : T.Zero);
            V mask = keep;
            for (int i = start; i < length; i += L.Count)
            {
                V s = L.MultiplyAdd(f1, L.Load(v1 + i), L.Multiply(f0, L.Load(v0 + i)));
                V t = L.MultiplyAdd(f3, L.Load(v3 + i), L.Multiply(f2, L.Load(v2 + i)));
                L.Store(L.MultiplyAdd(mask, L.Add(s, t), L.Load(column + i)), column + i);
                mask = one;
            }
        }
    }

    /// <summary>
    /// What delayed reflections owe: f_j ← f_j − Σ_{l&lt;count} w_l F_lj, and the row r_j ← f_j + Σ_{l&lt;count} y_l F_lj, for j in [from, to).
    /// F's rows are stride apart; f is the row after the last. y's elements are yStep apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Settle(T* rows, nint stride, int count, T* w, T* y, nint yStep, T* r, int from, int to)
    {
        T* f = rows + count * stride;
        int j = from / L.Count * L.Count;
        for (; j <= to - 2 * L.Count; j += 2 * L.Count)
        {
            V f0 = L.Load(f + j), f1 = L.Load(f + j + L.Count), r0 = L.Zero, r1 = L.Zero;
            for (int l = 0; l < count; l++)
            {
                V x0 = L.Load(rows + l * stride + j), x1 = L.Load(rows + l * stride + j + L.Count);
                V a = L.Broadcast(-w[l]), b = L.Broadcast(y[l * yStep]);
                f0 = L.MultiplyAdd(a, x0, f0);
                f1 = L.MultiplyAdd(a, x1, f1);
                r0 = L.MultiplyAdd(b, x0, r0);
                r1 = L.MultiplyAdd(b, x1, r1);
            }

            L.Store(f0, f + j);
            L.Store(f1, f + j + L.Count);
            L.Store(L.Add(f0, r0), r + j);
            L.Store(L.Add(f1, r1), r + j + L.Count);
        }

        for (; j < to; j += L.Count)
        {
            V f0 = L.Load(f + j), r0 = L.Zero;
            for (int l = 0; l < count; l++)
            {
                V x0 = L.Load(rows + l * stride + j);
                f0 = L.MultiplyAdd(L.Broadcast(-w[l]), x0, f0);
                r0 = L.MultiplyAdd(L.Broadcast(y[l * yStep]), x0, r0);
            }

            L.Store(f0, f + j);
            L.Store(L.Add(f0, r0), r + j);
        }
    }
}

using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>Matrix × vector and passes over a matrix whose rows are contiguous and zero-padded to whole cache lines.</summary>
internal static unsafe class Rows<V, L>
    where V : unmanaged
    where L : struct, ILanes<double, V>
{
    /// <summary>yᵢ ← mᵢ·x for each row, four at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dots(double* m, int length, int count, double* x, double* y)
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            double* m0 = m + (nint)i * length, m1 = m0 + length, m2 = m1 + length, m3 = m2 + length;
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
            for (int j = 0; j < length; j += L.Count)
            {
                V v = L.Load(x + j);
                s0 = L.MultiplyAdd(v, L.Load(m0 + j), s0);
                s1 = L.MultiplyAdd(v, L.Load(m1 + j), s1);
                s2 = L.MultiplyAdd(v, L.Load(m2 + j), s2);
                s3 = L.MultiplyAdd(v, L.Load(m3 + j), s3);
            }

            y[i] = L.Sum(s0);
            y[i + 1] = L.Sum(s1);
            y[i + 2] = L.Sum(s2);
            y[i + 3] = L.Sum(s3);
        }

        for (; i < count; i++)
            y[i] = Level1<double, V, L>.Dot(m + (nint)i * length, x, length);
    }

    /// <summary>y ← Uᵀ(Ux) for these rows of an upper triangle U, zeros below its diagonal: four at a time serve both products while they are in L1. The first is a multiple of 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GramProduct(double* u, int length, int first, int n, double* x, double* y)
    {
        new Span<double>(y, length).Clear();
        for (int i = first; i < n; i += 4)
        {
            // Rows beyond the last stand in for it with the factor 0.
            int rows = Math.Min(4, n - i), from = i / L.Count * L.Count;
            double* u0 = u + (nint)i * length, u1 = rows > 1 ? u0 + length : u0, u2 = rows > 2 ? u1 + length : u0, u3 = rows > 3 ? u2 + length : u0;
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
            for (int j = from; j < length; j += L.Count)
            {
                V v = L.Load(x + j);
                s0 = L.MultiplyAdd(v, L.Load(u0 + j), s0);
                s1 = L.MultiplyAdd(v, L.Load(u1 + j), s1);
                s2 = L.MultiplyAdd(v, L.Load(u2 + j), s2);
                s3 = L.MultiplyAdd(v, L.Load(u3 + j), s3);
            }

            V y0 = L.Broadcast(L.Sum(s0)), y1 = rows > 1 ? L.Broadcast(L.Sum(s1)) : L.Zero;
            V y2 = rows > 2 ? L.Broadcast(L.Sum(s2)) : L.Zero, y3 = rows > 3 ? L.Broadcast(L.Sum(s3)) : L.Zero;
            for (int j = from; j < length; j += L.Count)
            {
                V t = L.MultiplyAdd(y1, L.Load(u1 + j), L.Multiply(y0, L.Load(u0 + j)));
                V w = L.MultiplyAdd(y3, L.Load(u3 + j), L.MultiplyAdd(y2, L.Load(u2 + j), L.Load(y + j)));
                L.Store(L.Add(t, w), y + j);
            }
        }
    }

    /// <summary>‖U‖²_F of an upper triangle (n×n).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumOfSquares(double* u, int length, int n)
    {
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            int from = i / L.Count * L.Count;
            double* row = u + (nint)i * length + from;
            sum += Level1<double, V, L>.Dot(row, row, length - from);
        }

        return sum;
    }

    /// <summary>y ← keep·y + sign·Σ cᵢmᵢ: four vectors of y stay in registers while the rows pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Combine(double* m, int length, int count, double* c, double sign, double keep, double* y)
    {
        int j = 0;
        for (; j <= length - 4 * L.Count; j += 4 * L.Count)
        {
            V s0 = L.Zero, s1 = L.Zero, s2 = L.Zero, s3 = L.Zero;
            double* row = m + j;
            for (int i = 0; i < count; i++, row += length)
            {
                V share = L.Broadcast(c[i]);
                s0 = L.MultiplyAdd(share, L.Load(row), s0);
                s1 = L.MultiplyAdd(share, L.Load(row + L.Count), s1);
                s2 = L.MultiplyAdd(share, L.Load(row + 2 * L.Count), s2);
                s3 = L.MultiplyAdd(share, L.Load(row + 3 * L.Count), s3);
            }

            Put(s0, sign, keep, y + j);
            Put(s1, sign, keep, y + j + L.Count);
            Put(s2, sign, keep, y + j + 2 * L.Count);
            Put(s3, sign, keep, y + j + 3 * L.Count);
        }

        for (; j < length; j += L.Count)
        {
            V s = L.Zero, t = L.Zero;
            double* row = m + j;
            int i = 0;
            for (; i <= count - 2; i += 2, row += 2 * length)
            {
                s = L.MultiplyAdd(L.Broadcast(c[i]), L.Load(row), s);
                t = L.MultiplyAdd(L.Broadcast(c[i + 1]), L.Load(row + length), t);
            }

            if (i < count)
                s = L.MultiplyAdd(L.Broadcast(c[i]), L.Load(row), s);
            Put(L.Add(s, t), sign, keep, y + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(V sum, double sign, double keep, double* y) =>
        L.Store(L.MultiplyAdd(L.Broadcast(sign), sum, keep == 0 ? L.Zero : L.Multiply(L.Broadcast(keep), L.Load(y))), y);

    /// <summary>y ← factor·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(double* x, double factor, double* y, int length)
    {
        V f = L.Broadcast(factor);
        for (int j = 0; j < length; j += L.Count)
            L.Store(L.Multiply(f, L.Load(x + j)), y + j);
    }

    /// <summary>y ← x ∘ z, element by element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(double* x, double* z, double* y, int length)
    {
        for (int j = 0; j < length; j += L.Count)
            L.Store(L.Multiply(L.Load(x + j), L.Load(z + j)), y + j);
    }

    /// <summary>y ← y + x ∘ x, element by element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddSquares(double* x, double* y, int length)
    {
        for (int j = 0; j < length; j += L.Count)
        {
            V v = L.Load(x + j);
            L.Store(L.MultiplyAdd(v, v, L.Load(y + j)), y + j);
        }
    }
}

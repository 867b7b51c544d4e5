using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Reflectors;

/// <summary>
/// A = QR by Householder reflections on scaled columns: column j is stored as 2^(−eⱼ)·a_j with largest element in [1, 2),
/// so nothing over- or underflows and, since scaling by powers of two is exact, Q and the pivots are those of A.
/// </summary>
/// <remarks>
/// Column k holds, above and on the diagonal, R's column k (times 2^eₖ); below it the reflector vₖ, whose leading 1 is not
/// stored: Hₖ = I − τₖ vₖ vₖᵀ, Q = H₀H₁⋯. Columns are contiguous and zero-padded to whole cache lines.
/// </remarks>
internal sealed unsafe class HouseholderColumns<T> : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Above this no quotient of a column by its norm that matters is subnormal: the smallest normal number over ε.
    private static readonly T s_safe = T.ScaleB(T.One, typeof(T) == typeof(double) ? -1022 + 52 : -126 + 23);

    private readonly AlignedBuffer _memory = new();
    private readonly T* _columns;
    private readonly T* _reflector;
    private readonly int _stride;
    private readonly VectorPath _path;

    /// <summary>Loads A (m×n), whose elements are finite, and factors it.</summary>
    public HouseholderColumns(ReadOnlyMatrixView<T> a, bool pivot, VectorPath path)
    {
        Rows = a.Rows;
        Columns = a.Columns;
        Steps = Math.Min(Rows, Columns);
        _path = path;
        _stride = Level1<T, T, LanesScalar<T>>.Padded(Rows);
        _columns = _memory.Rent<T>((nint)_stride * (Columns + 1));
        _reflector = _columns + (nint)_stride * Columns;
        Exponents = new int[Columns];
        Permutation = new int[Columns];
        Tau = new T[Steps];
        for (int j = 0; j < Columns; j++)
        {
            Permutation[j] = j;
            T* column = Column(j);
            for (int i = 0; i < Rows; i++)
                column[i] = a[i, j];
            new Span<T>(column + Rows, _stride - Rows).Clear();
        }

        var work = new FactorWork { Owner = this, Pivot = pivot };
        VectorPaths.Run<T, FactorWork>(path, ref work);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>min(m, n).</summary>
    public int Steps { get; }

    /// <summary>Where pivoting found only zeros left, the number of steps before that; otherwise min(m, n).</summary>
    public int Rank { get; private set; }

    /// <summary>Column j of QR is column Permutation[j] of A.</summary>
    public int[] Permutation { get; }

    /// <summary>eⱼ of the permuted columns.</summary>
    public int[] Exponents { get; }

    public T[] Tau { get; }

    /// <summary>Column j as stored, scaled by 2^(−eⱼ).</summary>
    public T* Column(int j) => _columns + (nint)j * _stride;

    /// <summary>
    /// C ← QC or QᵀC for columns of length m that are contiguous, zero-padded to <see cref="Level1{T, V, L}.Padded"/>(m).
    /// </summary>
    public void Apply(T* c, int count, bool transposed)
    {
        var work = new ApplyWork { Owner = this, C = c, Count = count, Transposed = transposed };
        VectorPaths.Run<T, ApplyWork>(_path, ref work);
    }

    public void Dispose() => _memory.Dispose();

    private struct FactorWork : ILaneWork<T>
    {
        public HouseholderColumns<T> Owner;
        public bool Pivot;

        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V> => Owner.Factor<V, L>(Pivot);
    }

    private struct ApplyWork : ILaneWork<T>
    {
        public HouseholderColumns<T> Owner;
        public T* C;
        public int Count;
        public bool Transposed;

        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            for (int s = 0; s < Owner.Steps; s++)
            {
                int k = Transposed ? s : Owner.Steps - 1 - s;
                if (T.IsZero(Owner.Tau[k]))
                    continue;
                int from = Owner.LoadReflector(k, L.Count);
                Reflect<V, L>(Owner._reflector, Owner.Tau[k], C, Owner._stride, Count, from, Owner._stride);
            }
        }
    }

    private void Factor<V, L>(bool pivot) where V : unmanaged where L : struct, ILanes<T, V>
    {
        for (int j = 0; j < Columns; j++)
        {
            T max = Level1<T, V, L>.MaxAbs(Column(j), _stride);
            Exponents[j] = T.IsZero(max) ? 0 : T.ILogB(max);
            Rescale(Column(j), Exponents[j]);
        }

        // Partial norms, downdated as in LAPACK's geqp3 and recomputed where cancellation has eaten half the digits.
        T[] norm = [], reference = [];
        if (pivot)
        {
            norm = new T[Columns];
            for (int j = 0; j < Columns; j++)
                norm[j] = Level1<T, V, L>.Norm(Column(j), _stride);
            reference = [.. norm];
        }

        T recompute = T.Sqrt(T.BitIncrement(T.One) - T.One);
        Rank = Steps;
        for (int k = 0; k < Steps; k++)
        {
            if (pivot)
            {
                int best = k;
                for (int j = k + 1; j < Columns; j++)
                    if (IsLarger(norm[j], Exponents[j], norm[best], Exponents[best]))
                        best = j;
                if (T.IsZero(norm[best]))
                {
                    Rank = k;
                    break;
                }

                if (best != k)
                {
                    new Span<T>(Column(k), _stride).CopyTo(new Span<T>(_reflector, _stride));
                    new Span<T>(Column(best), _stride).CopyTo(new Span<T>(Column(k), _stride));
                    new Span<T>(_reflector, _stride).CopyTo(new Span<T>(Column(best), _stride));
                    (Permutation[k], Permutation[best]) = (Permutation[best], Permutation[k]);
                    (Exponents[k], Exponents[best]) = (Exponents[best], Exponents[k]);
                    norm[best] = norm[k];
                    reference[best] = reference[k];
                }
            }

            Tau[k] = MakeReflector<V, L>(k);
            int from = LoadReflector(k, L.Count);
            if (!T.IsZero(Tau[k]))
                Reflect<V, L>(_reflector, Tau[k], Column(k + 1), _stride, Columns - k - 1, from, _stride);
            if (!pivot)
                continue;
            for (int j = k + 1; j < Columns; j++)
            {
                if (T.IsZero(norm[j]))
                    continue;
                T ratio = T.Abs(Column(j)[k]) / norm[j];
                T left = T.Max(T.Zero, (T.One - ratio) * (T.One + ratio));
                T relative = norm[j] / reference[j];
                if (left * relative * relative <= recompute || norm[j] < s_safe)
                {
                    norm[j] = TailNorm<V, L>(Column(j), k + 1);
                    reference[j] = norm[j];
                }
                else
                {
                    norm[j] *= T.Sqrt(left);
                }
            }
        }
    }

    /// <summary>Whether x·2^ex > y·2^ey, for any exponents.</summary>
    internal static bool IsLarger(T x, int ex, T y, int ey) =>
        ex == ey ? x > y : T.IsZero(y) ? x > y : double.ScaleB(double.CreateTruncating(x), ex - ey) > double.CreateTruncating(y);

    private void Rescale(T* column, int exponent)
    {
        if (exponent == 0)
            return;
        for (int i = 0; i < Rows; i++)
            column[i] = T.ScaleB(column[i], -exponent);
    }

    /// <summary>‖x[from..m)‖₂, reading whole vectors: what stands before is masked by a copy.</summary>
    private T TailNorm<V, L>(T* column, int from) where V : unmanaged where L : struct, ILanes<T, V>
    {
        int start = from / L.Count * L.Count;
        new Span<T>(column + start, _stride - start).CopyTo(new Span<T>(_reflector + start, _stride - start));
        new Span<T>(_reflector + start, from - start).Clear();
        return Level1<T, V, L>.Norm(_reflector + start, _stride - start);
    }

    /// <summary>H x = β e₀ with v₀ = 1, β = −sign(x₀)‖x‖; x becomes (β, v₁, …). Returns τ, 0 where x is already a multiple of e₀.</summary>
    private T MakeReflector<V, L>(int k) where V : unmanaged where L : struct, ILanes<T, V>
    {
        T* x = Column(k) + k;
        T tail = TailNorm<V, L>(Column(k), k + 1);
        if (T.IsZero(tail))
            return T.Zero;
        T norm = T.Hypot(x[0], tail);
        // What cancellation leaves of a dependent column may be subnormal, with few bits: lifted, it is exact, and so is H's orthogonality.
        int lift = norm < s_safe ? -T.ILogB(norm) : 0;
        if (lift != 0)
        {
            for (int i = 0; i < Rows - k; i++)
                x[i] = T.ScaleB(x[i], lift);
            norm = T.Hypot(x[0], TailNorm<V, L>(Column(k), k + 1));
        }

        T beta = -T.CopySign(norm, x[0]);
        T pivot = x[0] - beta;
        for (int i = 1; i < Rows - k; i++)
            x[i] /= pivot;
        T tau = -pivot / beta;
        x[0] = T.ScaleB(beta, -lift);
        return tau;
    }

    /// <summary>Writes v_k with its leading zeros and its 1 to the aligned scratch column; returns where reading may start.</summary>
    private int LoadReflector(int k, int lanes)
    {
        int start = k / lanes * lanes;
        new Span<T>(_reflector + start, k - start).Clear();
        _reflector[k] = T.One;
        new Span<T>(Column(k) + k + 1, _stride - k - 1).CopyTo(new Span<T>(_reflector + k + 1, _stride - k - 1));
        return start;
    }

    /// <summary>c ← c − τ(vᵀc)v for each of count columns: four at a time, so that v is loaded once for four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Reflect<V, L>(T* v, T tau, T* c, int stride, int count, int from, int to)
        where V : unmanaged where L : struct, ILanes<T, V>
    {
        Debug.Assert((to - from) % L.Count == 0, "columns are padded to whole vectors");
        int j = 0;
        for (; j + 4 <= count; j += 4)
        {
            T* c0 = c + (nint)j * stride, c1 = c0 + stride, c2 = c1 + stride, c3 = c2 + stride;
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

        for (; j < count; j++)
        {
            T* c0 = c + (nint)j * stride;
            V s = L.Broadcast(-tau * Level1<T, V, L>.Dot(v + from, c0 + from, to - from));
            for (int i = from; i < to; i += L.Count)
                L.Store(L.MultiplyAdd(s, L.Load(v + i), L.Load(c0 + i)), c0 + i);
        }
    }
}

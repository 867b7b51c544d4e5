using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;

namespace Kappa.Kernels;

/// <summary>General matrix multiplication.</summary>
public static class Gemm
{
    private static int s_maxThreads = Environment.ProcessorCount;

    /// <summary>The most threads that any call takes, ≥ 1; one per core unless set. A call may ask for fewer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public static int MaxThreads
    {
        get => s_maxThreads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            s_maxThreads = value;
        }
    }

    /// <summary>C ← αAB + βC, with A (m×k), B (k×n), C (m×n).</summary>
    /// <remarks>
    /// Each window may have any strides, so Aᵀ is <c>a.Transposed()</c>. Where β = 0, C is written and never read: NaN
    /// in it does not matter. Where α = 0 or k = 0, A and B are not read and C ← βC. NaN and ∞ in A and B spread as
    /// in the sum of products. 2mnk operations; each element sums over k in order, in depths that depend on k alone, so the same
    /// inputs give the same bits for any number of threads. Nothing is allocated after a thread's first call of a size; calls
    /// from several threads do not disturb each other. Source: Goto and van de Geijn, <i>Anatomy of High-Performance Matrix
    /// Multiplication</i>, ACM TOMS 34 (2008).
    /// </remarks>
    /// <param name="alpha">α.</param>
    /// <param name="a">A (m×k).</param>
    /// <param name="b">B (k×n).</param>
    /// <param name="beta">β.</param>
    /// <param name="c">C (m×n), overwritten; it must share no element with A or B.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="MaxThreads"/>. Small products take one.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">The shapes do not fit, or C shares elements with A or B.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is negative.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<T>(T alpha, in ReadOnlyMatrixView<T> a, in ReadOnlyMatrixView<T> b, T beta, in MatrixView<T> c,
        VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns)
            ThrowUnfit(in a, in b, in c);
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        if (a.Overlaps(in c))
            throw new ArgumentException("C shares elements with A.", nameof(c));
        if (b.Overlaps(in c))
            throw new ArgumentException("C shares elements with B.", nameof(c));
        if (c.IsEmpty)
            return;
        Products<T>.Multiply(alpha, in a, in b, beta, in c, path, Products<T>.Threads((long)c.Rows * c.Columns * a.Columns, maxThreads));
    }

    /// <summary>Cᵢ ← αAᵢBᵢ + βCᵢ for i = 0 … count − 1: many small products at the price of one call.</summary>
    /// <remarks>
    /// Matrices are row-major and contiguous; Aᵢ (m×k) starts at i·aStep of its span, and so on. A step of 0 gives every product
    /// the same A or B. Each product has the bits of <see cref="Multiply{T}(T, in ReadOnlyMatrixView{T}, in ReadOnlyMatrixView{T}, T, in MatrixView{T}, VectorPath, int)"/>
    /// where m, n &gt; 1. 2mnk·count operations.
    /// </remarks>
    /// <param name="count">How many products, ≥ 0.</param>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B.</param>
    /// <param name="alpha">α.</param>
    /// <param name="a">The Aᵢ.</param>
    /// <param name="aStep">Elements from one A to the next, ≥ 0.</param>
    /// <param name="b">The Bᵢ.</param>
    /// <param name="bStep">Elements from one B to the next, ≥ 0.</param>
    /// <param name="beta">β.</param>
    /// <param name="c">The Cᵢ, overwritten.</param>
    /// <param name="cStep">Elements from one C to the next, ≥ mn where there are several.</param>
    /// <param name="path">The vectors to use.</param>
    /// <param name="maxThreads">The most threads to use; 0: <see cref="MaxThreads"/>.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">A span is too short, the Cᵢ meet each other, or C shares memory with A or B.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, step or cap is negative.</exception>
    public static unsafe void MultiplyBatch<T>(int count, int m, int n, int k, T alpha, ReadOnlySpan<T> a, nint aStep,
        ReadOnlySpan<T> b, nint bStep, T beta, Span<T> c, nint cStep, VectorPath path = VectorPath.Best, int maxThreads = 0)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(aStep);
        ArgumentOutOfRangeException.ThrowIfNegative(bStep);
        ArgumentOutOfRangeException.ThrowIfNegative(cStep);
        ArgumentOutOfRangeException.ThrowIfNegative(maxThreads);
        RequireLength(a.Length, count, m, k, aStep, nameof(a));
        RequireLength(b.Length, count, k, n, bStep, nameof(b));
        RequireLength(c.Length, count, m, n, cStep, nameof(c));
        if (count == 0 || m == 0 || n == 0)
            return;
        if (count > 1 && cStep < (nint)m * n)
            throw new ArgumentException($"A step of {cStep} lets {m}×{n} results meet.", nameof(cStep));
        if (a.Overlaps(c) || b.Overlaps(c))
            throw new ArgumentException("C shares elements with A or B.", nameof(c));
        fixed (T* pa = a, pb = b, pc = c)
        {
            var first = new Product<T>
            {
                M = m,
                N = n,
                K = T.IsZero(alpha) ? 0 : k,
                Alpha = alpha,
                Beta = beta,
                A = pa,
                ARow = k,
                AColumn = 1,
                B = pb,
                BRow = n,
                BColumn = 1,
                C = pc,
                CRow = n,
            };
            Products<T>.MultiplyBatch(count, first, aStep, bStep, cStep, path, Products<T>.Threads((long)m * count * n * k, maxThreads));
        }
    }

    /// <summary>Compiles and exercises the kernels of one element type, so that no later call of usual shape waits for the compiler. About 0.2 s.</summary>
    /// <param name="path">The vectors to use.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static void WarmUp<T>(VectorPath path = VectorPath.Best) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (int order in new[] { 1, 7, 16, 33, 64, 129, 192 })
        {
            Matrix<T> a = new(order, order), c = new(order, order);
            for (int rows = Math.Max(1, order - 8); rows <= order; rows++)
            {
                Multiply(T.One, a.View.Block(0, 0, rows, order), a, T.Zero, c.View.Block(0, 0, rows, order), path, 1);
                Multiply(T.One, a.View.Block(0, 0, rows, order), a.Transposed(), T.One, c.View.Block(0, 0, rows, order), path, 1);
            }

            Multiply(T.One, a, a.View.Column(0), T.Zero, c.View.Column(0), path);
            Multiply(T.One, a.View.Row(0), a, T.Zero, c.View.Row(0), path);
            Multiply(T.One, a, a, T.Zero, c, path);
        }
    }

    // Apart, because the message's parts would be cleared at the start of every product.
    [DoesNotReturn]
    private static void ThrowUnfit<T>(in ReadOnlyMatrixView<T> a, in ReadOnlyMatrixView<T> b, in MatrixView<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        throw new ArgumentException($"Cannot multiply {a.Rows}×{a.Columns} by {b.Rows}×{b.Columns} into {c.Rows}×{c.Columns}.", nameof(c));

    internal static void RequireLength(int length, int count, int rows, int columns, nint step, string name)
    {
        if (count > 0 && (Int128)(count - 1) * step + (Int128)rows * columns > length)
            throw new ArgumentException($"{count} matrices of {rows}×{columns}, {step} apart, do not fit in {length} elements.", name);
    }

    /// <summary>AB as a new matrix (m×n), with A (m×k), B (k×n). See <see cref="Multiply{T}(T, in ReadOnlyMatrixView{T}, in ReadOnlyMatrixView{T}, T, in MatrixView{T}, VectorPath, int)"/>.</summary>
    /// <param name="a">A (m×k).</param>
    /// <param name="b">B (k×n).</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Matrix<T> Multiply<T>(ReadOnlyMatrixView<T> a, ReadOnlyMatrixView<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var c = new Matrix<T>(a.Rows, b.Columns);
        Multiply(T.One, a, b, T.Zero, c);
        return c;
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>W ← H₀H₁⋯H_{n−1}W for the reflections from the left that <see cref="Reduction{T, V, L}"/> has made of columns.</summary>
/// <remarks>
/// One at a time while W is in the first-level cache, 4n³/3 operations as two passes each over a strip of W as wide as a few vectors; else
/// in panels as I − VTVᵀ, the same operations as products.
/// </remarks>
internal static unsafe class LeftReflections<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int PanelWidth = 32;

    // At n = 64 in f64 both ways are level.
    private const int Small = 48;

    /// <summary>Elements of workspace.</summary>
    public static nint Workspace(int n) => n <= Small ? 0 : (nint)PanelWidth * (n + PanelWidth) + CompactWy<T>.ScratchSize(PanelWidth, n);

    /// <summary>Applies them to W (n×n), by rows that are padded to whole vectors. The columns are overwritten by the reflections' vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(in ReductionColumns<T> columns, T* taus, T* factors, T* work, T* w, int rowStride, VectorPath path, int threads)
    {
        int n = columns.Count, stride = columns.Stride;
        for (int k = 0; k < n; k++)
        {
            T* column = columns.Elements + (nint)k * stride, tail = column + k + 1;
            T factor = factors[k];
            int start = k / PanelWidth * PanelWidth;
            new Span<T>(column + start, k - start).Clear();
            column[k] = T.One;
            for (int i = 0; i < n - k - 1; i++)
                tail[i] *= factor;
        }

        if (n <= Small)
        {
            var apply = new ApplyWork { V = columns.Elements, Stride = stride, Taus = taus, W = w, RowStride = rowStride, Order = n };
            VectorPaths.Run<T, ApplyWork>(path, ref apply);
            return;
        }

        T* rows = work, t = rows + (nint)PanelWidth * n, scratch = t + PanelWidth * PanelWidth;
        for (int start = (n - 1) / PanelWidth * PanelWidth; start >= 0; start -= PanelWidth)
        {
            int width = Math.Min(PanelWidth, n - start);
            var panel = new CompactWy<T>(
                columns.Elements + (nint)start * stride + start, stride, rows, t, taus + start, scratch, PanelWidth, n - start, path, threads);
            panel.CopyToRows(0, width);
            panel.FormFactor(0, width);
            panel.Apply(new MatrixView<T>(ref w[(nint)start * rowStride], n - start, n, rowStride, 1), 0, width, transposed: false);
        }
    }

    private struct ApplyWork : ILaneWork<T>
    {
        public T* V, Taus, W;
        public int Stride, RowStride, Order;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<V1, L>() where V1 : unmanaged where L : struct, ILanes<T, V1>
        {
            int n = Order, first = 0;
            for (; first + 2 * L.Count <= RowStride && first + L.Count < n; first += 2 * L.Count)
                for (int k = n - 1; k >= 0; k--)
                {
                    T* v = V + (nint)k * Stride, w = W + first;
                    V1 s0 = L.Zero, s1 = L.Zero;
                    for (int i = k; i < n; i++)
                    {
                        V1 x = L.Broadcast(v[i]);
                        s0 = L.MultiplyAdd(x, L.Load(w + i * RowStride), s0);
                        s1 = L.MultiplyAdd(x, L.Load(w + i * RowStride + L.Count), s1);
                    }

                    V1 factor = L.Broadcast(-Taus[k]);
                    s0 = L.Multiply(factor, s0);
                    s1 = L.Multiply(factor, s1);
                    for (int i = k; i < n; i++)
                    {
                        V1 x = L.Broadcast(v[i]);
                        L.Store(L.MultiplyAdd(x, s0, L.Load(w + i * RowStride)), w + i * RowStride);
                        L.Store(L.MultiplyAdd(x, s1, L.Load(w + i * RowStride + L.Count)), w + i * RowStride + L.Count);
                    }
                }

            for (; first < n; first += L.Count)
                for (int k = n - 1; k >= 0; k--)
                {
                    T* v = V + (nint)k * Stride, w = W + first;
                    V1 sum = L.Zero;
                    for (int i = k; i < n; i++)
                        sum = L.MultiplyAdd(L.Broadcast(v[i]), L.Load(w + i * RowStride), sum);
                    sum = L.Multiply(L.Broadcast(-Taus[k]), sum);
                    for (int i = k; i < n; i++)
                        L.Store(L.MultiplyAdd(L.Broadcast(v[i]), sum, L.Load(w + i * RowStride)), w + i * RowStride);
                }
        }
    }
}

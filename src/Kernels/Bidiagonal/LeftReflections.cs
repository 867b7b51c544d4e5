using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>W ← H₀H₁⋯H_{n−1}W for the reflections from the left that <see cref="Reduction{T, V, L}"/> has made of columns.</summary>
/// <remarks>
/// One at a time while W is in the first-level cache, 4n³/3 operations as two passes each over a strip of W as wide as a few vectors; else
/// in panels as I − VTVᵀ, the same operations as products. No column of W meets another: threads claim panels to form T of, then strips of W to
/// take all panels to, each of which stays in L2 meanwhile.
/// </remarks>
/// <param name="columns">What the reduction has left.</param>
/// <param name="taus">τ of each.</param>
/// <param name="work"><see cref="Workspace"/> elements.</param>
/// <param name="path">The vectors to use.</param>
internal readonly unsafe struct LeftReflections<T>(in ReductionColumns<T> columns, T* taus, T* work, VectorPath path)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int PanelWidth = 32;

    // Columns of W; as high as n = 512 in f64 they are half a megabyte.
    private const int StripWidth = 128;

    // At n = 64 in f64 both ways are level.
    private const int Small = 48;

    private readonly int _order = columns.Count, _stride = columns.Stride;
    private readonly T* _columns = columns.Elements;

    // 0 where the reflections are applied one at a time.
    private int Panels => PanelsOf(_order);

    private static nint PerStrip => CompactWy<T>.ScratchSize(PanelWidth, StripWidth);

    /// <summary>Elements of workspace.</summary>
    public static nint Workspace(int n) => PanelsOf(n) * PerPanel(n) + StripsOf(n) * PerStrip;

    private static int PanelsOf(int n) => n <= Small ? 0 : (n + PanelWidth - 1) / PanelWidth;

    private static int StripsOf(int n) => n <= Small ? 0 : (n + StripWidth - 1) / StripWidth;

    // V by rows, T and scratch.
    private static nint PerPanel(int n) => (nint)PanelWidth * (n + PanelWidth) + CompactWy<T>.ScratchSize(PanelWidth, PanelWidth);

    /// <summary>Applies them to W (n×n), by rows that are padded to whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(T* w, int rowStride, int threads)
    {
        if (Panels == 0)
        {
            var apply = new ApplyWork { V = _columns, Stride = _stride, Taus = taus, W = w, RowStride = rowStride, Order = _order };
            VectorPaths.Run<T, ApplyWork>(path, ref apply);
            return;
        }

        var shared = new Shared { Reflections = this, W = w, RowStride = rowStride };
        Team.Run(Panels, threads, &shared, &Shared.Form);
        Team.Run(StripsOf(_order), threads, &shared, &Shared.Apply);
    }

    /// <summary>Forms a panel; what its columns hold above their vectors becomes 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Form(int index)
    {
        int start = index * PanelWidth, width = Math.Min(PanelWidth, _order - start);
        for (int k = start; k < start + width; k++)
            new Span<T>(_columns + (nint)k * _stride + start, k - start).Clear();
        CompactWy<T> panel = Panel(index, work + index * PerPanel(_order) + (nint)PanelWidth * (_order + PanelWidth));
        panel.CopyToRows(0, width);
        panel.FormFactor(0, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplyToStrip(int index, T* w, int rowStride)
    {
        int n = _order, left = index * StripWidth;
        T* scratch = work + Panels * PerPanel(_order) + index * PerStrip;
        for (int panel = Panels - 1; panel >= 0; panel--)
        {
            int start = panel * PanelWidth;
            var rows = new MatrixView<T>(ref w[(nint)start * rowStride + left], n - start, Math.Min(StripWidth, n - left), rowStride, 1);
            Panel(panel, scratch).Apply(rows, 0, Math.Min(PanelWidth, n - start), transposed: false);
        }
    }

    private CompactWy<T> Panel(int index, T* scratch)
    {
        int start = index * PanelWidth;
        T* rows = work + index * PerPanel(_order);
        return new CompactWy<T>(
            _columns + (nint)start * _stride + start, _stride, rows, rows + (nint)PanelWidth * _order, taus + start, scratch, PanelWidth, _order - start, path, maxThreads: 1);
    }

    private struct Shared
    {
        public LeftReflections<T> Reflections;
        public T* W;
        public int RowStride;

        public static void Form(void* state, int panel) => ((Shared*)state)->Reflections.Form(panel);

        public static void Apply(void* state, int strip) => ((Shared*)state)->Reflections.ApplyToStrip(strip, ((Shared*)state)->W, ((Shared*)state)->RowStride);
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

using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Conditioning;

/// <summary>X = U⁻¹ for an upper triangle without zeros on its diagonal. n³/3 operations.</summary>
/// <remarks>
/// The blocks on the diagonal first, X_II = U_II⁻¹; then X_IJ = −X_II Σ_{K>I} U_IK X_KJ from the last block row to the first, of which the zeros of X are left out. No block of the
/// diagonal meets another, nor any strip of columns: threads claim them.
/// Source: Higham, <i>Accuracy and Stability of Numerical Algorithms</i> (2nd ed.), 14.2.
/// </remarks>
internal static unsafe class TriangularInverse
{
    private const int Leaf = 32, Width = 64, Wide = 192, Strip = 2 * Width;

    // Scratch of a strip, and of a block of the diagonal.
    private const int Quota = Width * Strip;

    /// <summary>Doubles of scratch for order n.</summary>
    public static nint Workspace(int n) => (nint)((n + Width - 1) / Width) * Quota;

    /// <summary>Writes X (n×n), zeros below its diagonal; U and X are row-major and share nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(ReadOnlyMatrixView<double> u, MatrixView<double> x, double* scratch, VectorPath path, int maxThreads)
    {
        int n = u.Rows, width = n > Wide ? Width : Leaf;
        fixed (double* from = &u.Origin, to = &x.Origin)
        {
            if (n <= Leaf)
            {
                var leaf = new LeafWork { N = n, U = from, URow = u.RowStride, To = to, ToRow = x.RowStride, X = scratch };
                VectorPaths.Run<double, LeafWork>(path, ref leaf);
                return;
            }

            var work = new Blocks { U = from, X = to, UStride = u.RowStride, XStride = x.RowStride, Order = n, Width = width, Scratch = scratch, Path = path };
            int threads = Products<double>.Threads((long)n * n * n / 6, maxThreads);
            Team.Run((n + width - 1) / width, threads, &work, &Blocks.InvertDiagonal);
            Team.Run((n + Strip - 1) / Strip, threads, &work, &Blocks.FillStrip);
        }
    }

    private struct Blocks
    {
        public double* U, X, Scratch;
        public nint UStride, XStride;
        public int Order, Width;
        public VectorPath Path;

        public static void InvertDiagonal(void* state, int block)
        {
            ref Blocks all = ref *(Blocks*)state;
            int i = block * all.Width, rows = Math.Min(all.Width, all.Order - i);
            double* own = all.Scratch + (nint)block * (all.Width == Leaf ? Leaf * Leaf : Quota);
            Invert(all.OfU(i, i, rows, rows), all.OfX(i, i, rows, rows), own, all.Path, 1);
            for (int r = i; r < i + rows; r++)
                new Span<double>(all.X + r * all.XStride, i).Clear();
        }

        public static void FillStrip(void* state, int chunk)
        {
            ref Blocks all = ref *(Blocks*)state;
            // The highest strips first.
            int strip = (all.Order - 1) / Strip - chunk, start = strip * Strip, end = Math.Min(all.Order, start + Strip);
            var sums = all.Scratch + (nint)strip * Quota;
            for (int i = (end - 1) / all.Width * all.Width - all.Width; i >= 0; i -= all.Width)
            {
                int below = i + all.Width, from = Math.Max(start, below), columns = end - from;
                var sum = new MatrixView<double>(ref *sums, all.Width, columns);
                Gemm.Multiply(-1, all.OfU(i, below, all.Width, end - below), all.OfX(below, from, end - below, columns), 0, sum, all.Path, maxThreads: 1);
                Gemm.Multiply(1, all.OfX(i, i, all.Width, all.Width), sum, 0, all.OfX(i, from, all.Width, columns), all.Path, maxThreads: 1);
            }
        }

        private readonly ReadOnlyMatrixView<double> OfU(int row, int column, int rows, int columns) => new(ref U[row * UStride + column], rows, columns, UStride, 1);

        private readonly MatrixView<double> OfX(int row, int column, int rows, int columns) => new(ref X[row * XStride + column], rows, columns, XStride, 1);
    }

    private struct LeafWork : ILaneWork<double>
    {
        public int N;
        public nint URow, ToRow;
        public double* U, To, X;

        // Row i of X is (eᵢ − Σ_{k>i} u_ik X_k)/u_ii.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
        {
            new Span<double>(X, Leaf * Leaf).Clear();
            for (int i = N - 1; i >= 0; i--)
            {
                double* x = X + i * Leaf, u = U + i * URow;
                double reciprocal = 1 / u[i];
                V factor = L.Broadcast(-reciprocal);
                for (int j = (i + 1) / L.Count * L.Count; j < N; j += L.Count)
                {
                    V sum = L.Zero, other = L.Zero;
                    int end = Math.Min(N, j + L.Count), k = i + 1;
                    for (; k < end - 1; k += 2)
                    {
                        sum = L.MultiplyAdd(L.Broadcast(u[k]), L.Load(X + k * Leaf + j), sum);
                        other = L.MultiplyAdd(L.Broadcast(u[k + 1]), L.Load(X + (k + 1) * Leaf + j), other);
                    }

                    if (k < end)
                        sum = L.MultiplyAdd(L.Broadcast(u[k]), L.Load(X + k * Leaf + j), sum);
                    L.Store(L.Multiply(factor, L.Add(sum, other)), x + j);
                }

                x[i] = reciprocal;
            }

            for (int i = 0; i < N; i++)
                new ReadOnlySpan<double>(X + i * Leaf, N).CopyTo(new Span<double>(To + i * ToRow, N));
        }
    }
}

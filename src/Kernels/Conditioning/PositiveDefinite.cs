using System.Runtime.CompilerServices;
using Kappa.Kernels.Products;
using Kappa.Kernels.Simd;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Conditioning;

/// <summary>Whether Cholesky's factorisation of a symmetric matrix runs to its end, which proves its eigenvalues positive up to rounding.</summary>
/// <remarks>
/// Where it does, C + ΔC = UᵀU with ‖ΔC‖₂ ≤ γ_{n+1}·tr(C)/(1 − γ_{n+1}), in any order of the sums, so that every eigenvalue of C is at
/// least minus that. By block rows, n³/3 operations: small ones wait for what stands above them until it is their turn; of large ones each is taken from all below it at once, in
/// strips of columns that threads claim. Sources: Demmel, <i>On floating point errors in Cholesky</i>, LAPACK Working Note 14
/// (1989); Rump, <i>Verification of positive definiteness</i>, BIT 46 (2006).
/// </remarks>
internal static unsafe class PositiveDefinite
{
    private const int Leaf = 32, Width = 64, Wide = 192, Strip = 64;

    /// <summary>Elements of scratch.</summary>
    public const int Workspace = Leaf * Leaf;

    /// <summary>Overwrites C's upper half, which alone is read, with U; false where a pivot is not positive.</summary>
    public static bool Factor(MatrixView<double> c, double* scratch, VectorPath path, int maxThreads)
    {
        int n = c.Rows, width = n > Wide ? Width : Leaf;
        if (n <= Leaf)
        {
            fixed (double* origin = &c.Origin)
            {
                var work = new LeafWork { N = n, C = origin, Row = c.RowStride, Block = scratch };
                VectorPaths.Run<double, LeafWork>(path, ref work);
                return work.Succeeded;
            }
        }

        for (int i = 0; i < n; i += width)
        {
            int rows = Math.Min(width, n - i), rest = n - i - rows;
            MatrixView<double> diagonal = c.Block(i, i, rows, rows), right = c.Block(i, i + rows, rows, rest);
            if (i > 0 && n <= Wide)
            {
                ReadOnlyMatrixView<double> above = c.Block(0, i, i, n - i);
                Gemm.Multiply(-1, above.Block(0, 0, i, rows).Transposed(), above, 1, c.Block(i, i, rows, n - i), path, maxThreads);
            }

            if (!Factor(diagonal, scratch, path, maxThreads))
                return false;
            if (rest == 0)
                break;
            if (n <= Wide)
            {
                Triangular.Solve(1, diagonal.Transposed(), Triangle.Lower, right, path: path, maxThreads: maxThreads);
                continue;
            }

            fixed (double* block = &diagonal.Origin)
            {
                var step = new Step { Diagonal = block, Stride = c.RowStride, Rows = rows, Rest = rest, Path = path };
                int threads = Products<double>.Threads((long)rest * rest * rows / 2, maxThreads), strips = (rest + Strip - 1) / Strip;
                Team.Run(strips, threads, &step, &Step.Solve);
                Team.Run(strips, threads, &step, &Step.Update);
            }
        }

        return true;
    }

    /// <summary>A block row of U, and what it takes from the rows below.</summary>
    private struct Step
    {
        public double* Diagonal;
        public nint Stride;
        public int Rows, Rest;
        public VectorPath Path;

        private readonly MatrixView<double> Block(int row, int column, int rows, int columns) => new(ref Diagonal[row * Stride + column], rows, columns, Stride, 1);

        public static void Solve(void* state, int strip)
        {
            ref Step step = ref *(Step*)state;
            int from = strip * Strip, columns = Math.Min(Strip, step.Rest - from);
            Triangular.Solve(1, step.Block(0, 0, step.Rows, step.Rows).Transposed(), Triangle.Lower, step.Block(0, step.Rows + from, step.Rows, columns), path: step.Path, maxThreads: 1);
        }

        public static void Update(void* state, int chunk)
        {
            ref Step step = ref *(Step*)state;
            // The highest strips first.
            int from = ((step.Rest - 1) / Strip - chunk) * Strip, columns = Math.Min(Strip, step.Rest - from), height = from + columns;
            Gemm.Multiply(-1, step.Block(0, step.Rows, step.Rows, height).Transposed(), step.Block(0, step.Rows + from, step.Rows, columns), 1,
                step.Block(step.Rows, step.Rows + from, height, columns), step.Path, maxThreads: 1);
        }
    }

    private struct LeafWork : ILaneWork<double>
    {
        public int N;
        public nint Row;
        public double* C, Block;
        public bool Succeeded;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
        {
            // Rows of whole vectors, zeros behind C's; what stands left of the diagonal is never used.
            int width = (N + L.Count - 1) / L.Count * L.Count;
            for (int i = 0; i < N; i++)
            {
                new ReadOnlySpan<double>(C + i * Row + i, N - i).CopyTo(new Span<double>(Block + i * Leaf + i, N - i));
                new Span<double>(Block + i * Leaf + N, width - N).Clear();
            }

            for (int k = 0; k < N; k++)
            {
                double* pivot = Block + k * Leaf;
                if (!(pivot[k] > 0))
                    return;
                V factor = L.Broadcast(1 / Math.Sqrt(pivot[k]));
                for (int j = k / L.Count * L.Count; j < width; j += L.Count)
                    L.Store(L.Multiply(factor, L.Load(pivot + j)), pivot + j);
                for (int i = k + 1; i < N; i++)
                {
                    double* row = Block + i * Leaf;
                    V share = L.Broadcast(-pivot[i]);
                    for (int j = i / L.Count * L.Count; j < width; j += L.Count)
                        L.Store(L.MultiplyAdd(share, L.Load(pivot + j), L.Load(row + j)), row + j);
                }
            }

            for (int i = 0; i < N; i++)
                new ReadOnlySpan<double>(Block + i * Leaf + i, N - i).CopyTo(new Span<double>(C + i * Row + i, N - i));
            Succeeded = true;
        }
    }
}

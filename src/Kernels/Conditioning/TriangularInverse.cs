using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>X = U⁻¹ for an upper triangle without zeros on its diagonal. n³/3 operations.</summary>
/// <remarks>
/// By block rows from the last: X_II = U_II⁻¹, X_IJ = −X_II Σ_{K>I} U_IK X_KJ, of which the zeros of X are left out.
/// Source: Higham, <i>Accuracy and Stability of Numerical Algorithms</i> (2nd ed.), 14.2.
/// </remarks>
internal static unsafe class TriangularInverse
{
    private const int Leaf = 32, Width = 64, Wide = 192, Chunk = 128;

    /// <summary>Doubles of scratch for order n.</summary>
    public static nint Workspace(int n) => (nint)Width * n + Leaf * Leaf;

    /// <summary>Writes X (n×n), zeros below its diagonal; U and X are row-major and share nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(ReadOnlyMatrixView<double> u, MatrixView<double> x, double* scratch, VectorPath path, int maxThreads)
    {
        int n = u.Rows, width = n > Wide ? Width : Leaf;
        if (n <= Leaf)
        {
            fixed (double* from = &u.Origin, to = &x.Origin)
            {
                var work = new LeafWork { N = n, U = from, URow = u.RowStride, To = to, ToRow = x.RowStride, X = scratch };
                VectorPaths.Run<double, LeafWork>(path, ref work);
            }

            return;
        }

        for (int i = (n - 1) / width * width; i >= 0; i -= width)
        {
            int rows = Math.Min(width, n - i), rest = n - i - rows;
            MatrixView<double> diagonal = x.Block(i, i, rows, rows);
            Invert(u.Block(i, i, rows, rows), diagonal, scratch, path, maxThreads);
            for (int r = i; r < i + rows; r++)
                MemoryMarshal.CreateSpan(ref x[r, 0], i).Clear();
            if (rest == 0)
                continue;
            int first = n - rest;
            var sums = new MatrixView<double>(ref *scratch, rows, rest);
            for (int j = 0; j < rest; j += Chunk)
            {
                int columns = Math.Min(Chunk, rest - j), depth = j + columns;
                Gemm.Multiply(-1, u.Block(i, first, rows, depth), x.Block(first, first + j, depth, columns), 0, sums.Block(0, j, rows, columns), path, maxThreads);
            }

            Gemm.Multiply(1, diagonal, sums, 0, x.Block(i, first, rows, rest), path, maxThreads);
        }
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

using System.Numerics;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>AP = QR with column pivoting, then Jacobi sweeps on X = Rᵀ.</summary>
/// <remarks>
/// X J = Y Σ with J orthogonal gives A = (Q J) Σ (P Y)ᵀ: the rotations accumulate into U, and V comes from the orthogonalised
/// columns for free. The pivoted R concentrates the mass on the diagonal, so Rᵀ is far closer to orthogonal columns than A:
/// one sweep fewer for random matrices, a third of the sweeps for ill-conditioned ones, and m drops out of the cost.
/// Source: Drmač and Veselić, <i>New fast and accurate Jacobi SVD algorithm</i> I and II, SIAM J. Matrix Anal. 29 (2008).
/// </remarks>
internal static unsafe class PreconditionedJacobi<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [ThreadStatic]
    private static AlignedBuffer? t_memory;

    /// <summary>Decomposes A (m×n), m ≥ n, whose elements are finite.</summary>
    public static SvdResult<T> Decompose(ReadOnlyMatrixView<T> a, bool vectors, VectorPath path)
    {
        int m = a.Rows, n = a.Columns;
        using var qr = new HouseholderColumns<T>(a, pivot: true, path);
        int rank = qr.Rank, stride = Level1<T, T, LanesScalar<T>>.Padded(n), rotationStride = Level1<T, T, LanesScalar<T>>.Padded(rank);
        nint columnsSize = (nint)stride * rank, rotationsSize = vectors ? (nint)rotationStride * rank : 0;
        T* memory = (t_memory ??= new AlignedBuffer()).Rent<T>(columnsSize + rotationsSize);
        var x = new ScaledColumns<T>(memory, stride, rank);
        T* rotations = vectors ? memory + columnsSize : null;
        LoadRowsOfR(qr, x);
        if (vectors)
        {
            new Span<T>(rotations, checked((int)rotationsSize)).Clear();
            for (int i = 0; i < rank; i++)
                rotations[(nint)i * rotationStride + i] = T.One;
        }

        // LAPACK's gesvj: √n times the unit round-off.
        T tolerance = T.Sqrt(T.CreateTruncating(Math.Max(n, 1))) * (T.BitIncrement(T.One) - T.One) / T.CreateTruncating(2);
        var work = new SweepWork { X = x, Rotations = rotations, RotationStride = rotationStride, Tolerance = tolerance };
        VectorPaths.Run<T, SweepWork>(path, ref work);

        int[] order = new int[rank];
        for (int i = 0; i < rank; i++)
            order[i] = i;
        Array.Sort(order, (i, j) => x.IsLonger(i, j) ? -1 : x.IsLonger(j, i) ? 1 : i.CompareTo(j));
        var sigma = new T[n];
        for (int k = 0; k < rank; k++)
            sigma[k] = T.ScaleB(T.Sqrt(x.SquaredNorm[order[k]]), x.Exponent[order[k]]);
        Matrix<T>? u = vectors ? LeftVectors(qr, rotations, rotationStride, order) : null;
        Matrix<T>? v = vectors ? RightVectors(qr, x, order, path) : null;
        return new SvdResult<T>(m, n, sigma, u, v, work.Sweeps, work.LargestCosine, work.Converged);
    }

    /// <summary>Column k of X is row k of R, from its diagonal on, under a power-of-two scale of its own.</summary>
    private static void LoadRowsOfR(HouseholderColumns<T> qr, ScaledColumns<T> x)
    {
        for (int k = 0; k < x.Count; k++)
        {
            int exponent = int.MinValue;
            for (int j = k; j < qr.Columns; j++)
                if (!T.IsZero(qr.Column(j)[k]))
                    exponent = Math.Max(exponent, T.ILogB(qr.Column(j)[k]) + qr.Exponents[j]);
            T* column = x.Column(k);
            new Span<T>(column, x.Stride).Clear();
            for (int j = k; j < qr.Columns; j++)
                column[j] = T.ScaleB(qr.Column(j)[k], qr.Exponents[j] - exponent);
            x.Exponent[k] = exponent;
        }
    }

    /// <summary>U = Q [J; 0], and the remaining columns of Q where the rank is short.</summary>
    /// <remarks>Thousands of rotations let the columns of J drift from unit length by some 100 ε, but hardly from orthogonality.</remarks>
    private static Matrix<T> LeftVectors(HouseholderColumns<T> qr, T* rotations, int rotationStride, int[] order)
    {
        int m = qr.Rows, n = qr.Columns, rank = order.Length, stride = Level1<T, T, LanesScalar<T>>.Padded(m);
        using var memory = new AlignedBuffer();
        T* columns = memory.Rent<T>((nint)stride * n);
        for (int k = 0; k < n; k++)
        {
            T* column = columns + (nint)k * stride;
            new Span<T>(column, stride).Clear();
            if (k >= rank)
            {
                column[k] = T.One;
                continue;
            }

            T* rotation = rotations + (nint)order[k] * rotationStride;
            T norm = Level1<T, T, LanesScalar<T>>.Norm(rotation, rank);
            for (int i = 0; i < rank; i++)
                column[i] = rotation[i] / norm;
        }

        qr.Apply(columns, n, transposed: false);
        var u = new Matrix<T>(m, n);
        for (int i = 0; i < m; i++)
        {
            Span<T> row = u.Row(i);
            for (int k = 0; k < n; k++)
                row[k] = columns[(nint)k * stride + i];
        }

        return u;
    }

    /// <summary>V = P Y with Y the normalised columns of X; where σ = 0, any orthonormal completion.</summary>
    private static Matrix<T> RightVectors(HouseholderColumns<T> qr, ScaledColumns<T> x, int[] order, VectorPath path)
    {
        int n = qr.Columns, found = 0;
        var y = new Matrix<T>(n, n);
        for (; found < order.Length && !T.IsZero(x.SquaredNorm[order[found]]); found++)
        {
            T* column = x.Column(order[found]);
            T norm = T.Sqrt(x.SquaredNorm[order[found]]);
            for (int j = 0; j < n; j++)
                y[qr.Permutation[j], found] = column[j] / norm;
        }

        if (found < n)
        {
            using QrFactorization<T> basis = Qr.Factor<T>(y.View.Block(0, 0, n, found), path: path);
            MatrixView<T> rest = y.View.Block(0, found, n, n - found);
            for (int k = 0; k < n - found; k++)
                rest[found + k, k] = T.One;
            basis.Apply(rest);
        }

        return y;
    }

    private struct SweepWork : ILaneWork<T>
    {
        public ScaledColumns<T> X;
        public T* Rotations;
        public int RotationStride;
        public T Tolerance;
        public int Sweeps;
        public T LargestCosine;
        public bool Converged;

        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            (Sweeps, LargestCosine, Converged) = Jacobi.Sweeps<T, V, L>.Run(X, Rotations, RotationStride, Tolerance);
            for (int k = 0; k < X.Count; k++)
                X.Normalise<V, L>(k);
        }
    }
}

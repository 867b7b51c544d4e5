using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>AP = QR with rows sorted and columns pivoted, then Jacobi sweeps on X = Rᵀ.</summary>
/// <remarks>
/// X J = Y Σ with J orthogonal gives A = (Q J) Σ (P Y)ᵀ, so V comes from the orthogonalised columns for free. Where A is no worse
/// conditioned than 1/√ε, U is AVΣ⁻¹, made orthogonal to first order as often as it takes, the columns of large σ leading: three products
/// instead of an accumulation that doubles the sweeps. Else the sweeps rotate J along. The pivoted R concentrates the mass on the
/// diagonal, so Rᵀ is far closer to orthogonal columns than A: one sweep fewer for random matrices, a third of the sweeps for
/// ill-conditioned ones, and m drops out of the cost. Rows that fall in size let Householder's reflections keep small rows accurate.
/// Sources: Drmač and Veselić, <i>New fast and accurate Jacobi SVD algorithm</i> I and II, SIAM J. Matrix Anal. 29 (2008);
/// Cox and Higham, <i>Stability of Householder QR factorization for weighted least squares problems</i> (1998), for the rows.
/// </remarks>
internal static unsafe class PreconditionedJacobi<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly T s_epsilon = T.BitIncrement(T.One) - T.One;

    // Exponents this far from the largest one are still scaled by a product of two powers of two within the range.
    private static readonly int s_moderate = typeof(T) == typeof(double) ? 400 : 40;

    [ThreadStatic]
    private static AlignedBuffer? t_memory;

    /// <summary>Decomposes A (m×n), m ≥ n, whose elements are finite.</summary>
    public static SvdResult<T> Decompose(ReadOnlyMatrixView<T> a, bool vectors, VectorPath path, int threads)
    {
        int m = a.Rows, n = a.Columns;
        int[] rowExponents = SortedRows<T>.Exponents(a);
        int[]? rows = SortedRows<T>.Order(rowExponents);
        using HouseholderColumns<T> qr = rows is null ? new(a, pivot: true, path) : new(SortedRows<T>.Copy(a, rows), pivot: true, path);
        // LAPACK's gesvj: √n times the unit round-off.
        T tolerance = T.Sqrt(T.CreateTruncating(Math.Max(n, 1))) * s_epsilon / T.CreateTruncating(2);
        var work = new SweepWork { Qr = qr, Vectors = vectors, Threads = threads, Tolerance = tolerance };
        work.Prepare(rows is null ? rowExponents : Array.ConvertAll(rows, i => rowExponents[i]));
        VectorPath lanes = Narrowed(VectorPaths.Resolve(path), work.Rank);
        VectorPaths.Run<T, SweepWork>(lanes, ref work);
        if (!vectors)
            return new SvdResult<T>(m, n, work.Sigma, null, null, work.Sweeps, work.LargestCosine, work.Converged);
        if (work.U is null && !work.Accumulates)
        {
            // Of columns that are not orthogonal none makes an orthogonal U; the rotations do.
            work.U = work.Converged ? LeftVectorsByProducts(a, work, path) : null;
            if (work.U is null)
            {
                work.Accumulates = true;
                VectorPaths.Run<T, SweepWork>(lanes, ref work);
            }
        }

        if (work.Accumulates)
            work.U = LeftVectorsByReflections(work, rows);
        CompleteRightVectors(work, path);
        return new SvdResult<T>(m, n, work.Sigma, work.U, work.V, work.Sweeps, work.LargestCosine, work.Converged);
    }

    /// <summary>The widest lanes of which n columns fill two panels at least half.</summary>
    private static VectorPath Narrowed(VectorPath path, int columns)
    {
        while (path > VectorPath.Vector128 && columns <= Bytes(path) / sizeof(T))
            path--;
        return path;

        static int Bytes(VectorPath path) => path == VectorPath.Vector512 ? 64 : 32;
    }

    /// <summary>U = AVΣ⁻¹, orthogonalised; null where A is too ill-conditioned for that.</summary>
    /// <remarks>
    /// U's columns err by ε·σ₁/σₖ, so their Gram matrix is I + E with small E. U ← U(I − triu(E, 1) − diag(E)/2) moves of each
    /// pair only the column of the smaller σ, by no more than it errs, and squares E: ‖E‖_F &lt; 1/4 lets it converge, and once
    /// ‖E‖_F² ≤ ε nothing is left to do. m n² multiply-adds for the product, m n² for each time.
    /// </remarks>
    private static Matrix<T>? LeftVectorsByProducts(ReadOnlyMatrixView<T> a, in SweepWork work, VectorPath path)
    {
        int m = a.Rows, n = a.Columns, exponent = work.TopExponent;
        var u = new Matrix<T>(m, n);
        // Powers of two keep the products in range and, but for what underflows, every bit.
        if (Math.Abs(exponent) <= s_moderate / 2)
        {
            exponent = 0;
            Gemm.Multiply(T.One, a, work.V, T.Zero, u, path, work.Threads);
        }
        else
        {
            var scaled = new Matrix<T>(m, n);
            for (int i = 0; i < m; i++)
                for (int j = 0; j < n; j++)
                    scaled[i, j] = T.ScaleB(a[i, j], -exponent);
            Gemm.Multiply(T.One, scaled, work.V, T.Zero, u, path, work.Threads);
        }

        var reciprocals = new T[n];
        for (int k = 0; k < n; k++)
            reciprocals[k] = T.One / T.ScaleB(work.Norm[k], work.NormExponent[k] - exponent);
        for (int i = 0; i < m; i++)
        {
            Span<T> row = u.Row(i);
            for (int k = 0; k < n; k++)
                row[k] *= reciprocals[k];
        }

        var gram = new Matrix<T>(n, n);
        T two = T.One + T.One, quarter = T.One / (two * two), defect;
        do
        {
            Symmetric.RankUpdate(T.One, u.Transposed(), T.Zero, gram, path);
            T squares = T.Zero;
            for (int i = 0; i < n; i++)
            {
                Span<T> row = gram.Row(i);
                row[i] -= T.One;
                squares += row[i] * row[i];
                for (int j = i + 1; j < n; j++)
                {
                    squares += two * row[j] * row[j];
                    row[j] = -row[j];
                }

                row[i] = T.One - row[i] / two;
            }

            defect = T.Sqrt(squares);
            if (!(defect < quarter))
                return null;
            Triangular.Multiply(T.One, gram.Transposed(), Triangle.Lower, u.Transposed(), path: path);
        }
        while (defect * defect > s_epsilon);
        return u;
    }

    /// <summary>U = Q [J; 0], and the remaining columns of Q where the rank is short.</summary>
    /// <remarks>Thousands of rotations let the columns of J drift from unit length by some 100 ε, but hardly from orthogonality.</remarks>
    private static Matrix<T> LeftVectorsByReflections(in SweepWork work, int[]? rows)
    {
        HouseholderColumns<T> qr = work.Qr;
        ColumnPanels<T> x = work.X;
        int m = qr.Rows, n = qr.Columns, stride = Level1<T, T, LanesScalar<T>>.Padded(m);
        using var memory = new AlignedBuffer();
        T* columns = memory.Rent<T>((nint)stride * n);
        for (int k = 0; k < n; k++)
        {
            T* column = columns + (nint)k * stride;
            new Span<T>(column, stride).Clear();
            if (k >= work.Rank)
            {
                column[k] = T.One;
                continue;
            }

            for (int i = 0; i < work.Rank; i++)
                column[i] = x[x.Rows + i, work.Order[k]];
            T norm = Level1<T, T, LanesScalar<T>>.Norm(column, work.Rank);
            for (int i = 0; i < work.Rank; i++)
                column[i] /= norm;
        }

        qr.Apply(columns, n, transposed: false);
        var u = new Matrix<T>(m, n);
        for (int i = 0; i < m; i++)
        {
            Span<T> row = u.Row(rows is null ? i : rows[i]);
            for (int k = 0; k < n; k++)
                row[k] = columns[(nint)k * stride + i];
        }

        return u;
    }

    /// <summary>Where σ = 0, any orthonormal completion of V.</summary>
    private static void CompleteRightVectors(in SweepWork work, VectorPath path)
    {
        Matrix<T> v = work.V!;
        int n = v.Rows, found = work.Found;
        if (found == n)
            return;
        using QrFactorization<T> basis = Qr.Factor<T>(v.View.Block(0, 0, n, found), path: path);
        MatrixView<T> rest = v.View.Block(0, found, n, n - found);
        for (int k = 0; k < n - found; k++)
            rest[found + k, k] = T.One;
        basis.Apply(rest);
    }

    private struct SweepWork : ILaneWork<T>
    {
        public HouseholderColumns<T> Qr;
        public bool Vectors;
        public int Threads;
        public T Tolerance;

        public int Rank;
        public bool IsModerate;
        public bool Accumulates;
        public int TopExponent;

        public ColumnPanels<T> X;
        public int Sweeps;
        public T LargestCosine;
        public bool Converged;
        public T[] Sigma;
        public T[] Norm;
        public int[] NormExponent;
        public int[] Order;
        public int Found;
        public Matrix<T>? U;
        public Matrix<T> V;

        /// <summary>Finds the rank, the range of the exponents, and how U is to be had.</summary>
        public void Prepare(int[] rowExponents)
        {
            Rank = RankBesideRounding(rowExponents);
            if (Rank == 0)
            {
                Accumulates = true;
                return;
            }

            // By pivoting |r_kk| is the largest element of row k, and the rows fall.
            TopExponent = RowExponentOfR(0);
            int least = RowExponentOfR(Rank - 1), most = TopExponent;
            for (int j = 0; j < Qr.Columns; j++)
                (least, most) = (Math.Min(least, Qr.Exponents[j]), Math.Max(most, Qr.Exponents[j]));
            IsModerate = most - least <= s_moderate;
            int half = T.ILogB(s_epsilon) / 2;
            Accumulates = !IsModerate || Rank < Qr.Columns || RowExponentOfR(Rank - 1) - TopExponent < half;
        }

        /// <summary>Where what the QR has left is no more than its own rounding errors, the number of steps before that.</summary>
        /// <remarks>
        /// With rows sorted, the rounding error of an element is some ε times its row's and its column's share of the largest
        /// element. Every element left is at most |r_kk|; the test is 4m·ε·min(rows left)·min(columns left)/max, so that
        /// rows and columns of any scale stay, and what goes is a part of the backward error that the QR has anyway.
        /// </remarks>
        private readonly int RankBesideRounding(int[] rowExponents)
        {
            int rank = Qr.Rank, top = SortedRows<T>.ZeroRow, row = int.MaxValue, column = int.MaxValue, i = rowExponents.Length;
            foreach (int e in rowExponents)
                top = Math.Max(top, e);
            int unit = T.ILogB(T.CreateTruncating(4 * Math.Max(Qr.Rows, 1)) * s_epsilon);
            for (int j = Qr.Columns - 1; j >= rank; j--)
                column = Math.Min(column, Qr.Exponents[j]);
            int found = rank;
            for (int k = rank - 1; k > 0; k--)
            {
                column = Math.Min(column, Qr.Exponents[k]);
                while (i > k)
                    if (rowExponents[--i] != SortedRows<T>.ZeroRow)
                        row = Math.Min(row, rowExponents[i]);
                // Scales only fall from here on to the left, but |r_kk| grows: the first step that matters ends the search.
                if (RowExponentOfR(k) > unit + Math.Min(row, top) + column - top)
                    break;
                found = k;
            }

            return found;
        }

        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int n = Qr.Columns, rotationRows = Vectors && Accumulates ? Rank : 0;
            T* memory = (t_memory ??= new AlignedBuffer()).Rent<T>(ColumnPanels<T>.Size(L.Count, n, Rank, rotationRows));
            X = new ColumnPanels<T>(memory, L.Count, n, Rank, rotationRows);
            Load<V, L>();
            (Sweeps, LargestCosine, Converged) = Jacobi.Sweeps<T, V, L>.Run(X, Tolerance, Threads);
            Sort<V, L>();
            if (Vectors)
                RightVectors();
        }

        private readonly int RowExponentOfR(int k) => T.ILogB(Qr.Column(k)[k]) + Qr.Exponents[k];

        /// <summary>Column k of X is row k of R, from its diagonal on, under a power-of-two scale of its own.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Load<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int count = X.Count * L.Count;
            T* scale = X.SquaredNorm;
            for (int k = 0; k < count; k++)
            {
                int exponent = k < Rank ? RowExponentOfR(k) : 0;
                X.Exponent[k] = T.CreateTruncating(exponent);
                X.SquaredScale[k] = T.One;
                scale[k] = k < Rank && IsModerate ? T.ScaleB(T.One, TopExponent - exponent) : T.Zero;
            }

            for (int j = 0; j < X.Rows; j++)
            {
                T* column = Qr.Column(j);
                int filled = Math.Min(j + 1, Rank);
                V factor = L.Broadcast(IsModerate ? T.ScaleB(T.One, Qr.Exponents[j] - TopExponent) : T.One);
                for (int p = 0; p < X.Count; p++)
                {
                    int first = p * L.Count;
                    T* place = X.Panel(p) + (nint)j * L.Count;
                    V value = filled >= first + L.Count ? L.Load(column + first)
                        : filled > first ? L.LoadPartial(column + first, filled - first)
                        : L.Zero;
                    if (IsModerate)
                        value = L.Multiply(L.Multiply(value, factor), L.Load(scale + first));
                    L.Store(value, place);
                    if (!IsModerate)
                        for (int k = first; k < Math.Min(first + L.Count, filled); k++)
                            place[k - first] = T.ScaleB(place[k - first], Qr.Exponents[j] - RowExponentOfR(k));
                }
            }

            if (X.TotalRows == X.Rows)
                return;
            for (int p = 0; p < X.Count; p++)
                new Span<T>(X.Panel(p) + (nint)X.Rows * L.Count, Rank * L.Count).Clear();
            for (int k = 0; k < Rank; k++)
                X[X.Rows + k, k] = T.One;
        }

        /// <summary>The columns' norms, σ₁ ≥ σ₂ ≥ …, and the columns' order.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Sort<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            Sigma = new T[Qr.Columns];
            Norm = new T[Rank];
            NormExponent = new int[Rank];
            Order = new int[Rank];
            long[] keys = new long[Rank];
            Found = 0;
            for (int p = 0; p < X.Count; p++)
            {
                V sum = L.Zero;
                for (int i = 0; i < X.Rows; i++)
                {
                    V y = L.Load(X.Panel(p) + (nint)i * L.Count);
                    sum = L.MultiplyAdd(y, y, sum);
                }

                L.Store(L.Sqrt(L.Multiply(sum, L.Load(X.SquaredScale + p * L.Count))), X.SquaredNorm + p * L.Count);
            }

            // The bits of positive numbers are in their order, and an exponent adds to an exponent.
            for (int k = 0; k < Rank; k++)
            {
                T norm = X.SquaredNorm[k];
                keys[k] = T.IsZero(norm) ? long.MaxValue
                    : -(BitConverter.DoubleToInt64Bits(double.CreateTruncating(norm)) + (long.CreateTruncating(X.Exponent[k]) << 52));
                Order[k] = k;
            }

            Array.Sort(keys, Order);
            for (int k = 0; k < Rank; k++)
            {
                Norm[k] = X.SquaredNorm[Order[k]];
                NormExponent[k] = int.CreateTruncating(X.Exponent[Order[k]]);
                Sigma[k] = T.ScaleB(Norm[k], NormExponent[k]);
                if (!T.IsZero(Norm[k]))
                    Found++;
            }
        }

        /// <summary>V = P Y with Y the normalised columns of X.</summary>
        private void RightVectors()
        {
            int n = Qr.Columns;
            V = new Matrix<T>(n, n);
            T[] scale = new T[Found];
            for (int k = 0; k < Found; k++)
                scale[k] = T.Sqrt(X.SquaredScale[Order[k]]) / Norm[k];
            for (int j = 0; j < n; j++)
            {
                Span<T> row = V.Row(Qr.Permutation[j]);
                for (int k = 0; k < Found; k++)
                    row[k] = X[j, Order[k]] * scale[k];
            }
        }
    }
}

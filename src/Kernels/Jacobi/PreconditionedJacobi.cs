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

    /// <summary>Decomposes A (m×n), m ≥ n, whose elements are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SvdOutcome<T> Run(ReadOnlyMatrixView<T> a, SvdFactors<T> into, SvdWorkspace<T> memory, VectorPath path, int threads)
    {
        int m = a.Rows, n = a.Columns;
        // Of 8 bytes each: keys, norms, scales, places, exponents and order of columns; then of 4: exponents and order of rows.
        long* lists = memory.Lists.Rent<long>(6 * (nint)n + m);
        var rowExponents = new Span<int>(lists + 6 * (nint)n, m);
        var rows = new Span<int>((int*)(lists + 6 * (nint)n) + m, m);
        bool isSorted = SortedRows<T>.Order(a, rowExponents, rows);
        if (isSorted)
        {
            var sorted = new MatrixView<T>(ref *memory.Copies.Rent<T>((nint)m * n), m, n);
            SortedRows<T>.Copy(a, rows, sorted);
            memory.Qr.Factor(sorted, pivot: true, path, threads);
        }
        else
        {
            memory.Qr.Factor(a, pivot: true, path, threads);
        }

        var work = new SweepWork
        {
            Qr = memory.Qr,
            Memory = memory.Columns,
            Into = into,
            Threads = threads,
            // LAPACK's gesvj: √n times the unit round-off.
            Tolerance = T.Sqrt(T.CreateTruncating(Math.Max(n, 1))) * s_epsilon / T.CreateTruncating(2),
            Keys = lists,
            Norm = (T*)(lists + n),
            Scale = (T*)(lists + 2 * (nint)n),
            Place = (nint*)(lists + 3 * (nint)n),
            NormExponent = (int*)(lists + 4 * (nint)n),
            Order = (int*)(lists + 5 * (nint)n),
        };
        work.Prepare(rowExponents);
        VectorPath lanes = Narrowed(VectorPaths.Resolve(path), work.Rank);
        VectorPaths.Run<T, SweepWork>(lanes, ref work);
        if (into.HasVectors)
        {
            // Of columns that are not orthogonal none makes an orthogonal U; the rotations do.
            if (!work.Accumulates && !(work.Converged && LeftVectorsByProducts(a, work, memory.Copies, path)))
            {
                work.Accumulates = true;
                VectorPaths.Run<T, SweepWork>(lanes, ref work);
            }

            if (work.Accumulates)
                LeftVectorsByReflections(work, memory.Copies, isSorted ? rows : default);
            CompleteRightVectors(work, path);
        }

        return new SvdOutcome<T>(SvdAlgorithm.Jacobi, work.Sweeps, work.LargestCosine, work.Converged);
    }

    /// <summary>The widest lanes of which n columns fill two panels at least half.</summary>
    private static VectorPath Narrowed(VectorPath path, int columns)
    {
        while (path > VectorPath.Vector128 && columns <= Bytes(path) / sizeof(T))
            path--;
        return path;

        static int Bytes(VectorPath path) => path == VectorPath.Vector512 ? 64 : 32;
    }

    /// <summary>U = AVΣ⁻¹, orthogonalised; false where A is too ill-conditioned for that.</summary>
    /// <remarks>
    /// U's columns err by ε·σ₁/σₖ, so their Gram matrix is I + E with small E. U ← U(I − triu(E, 1) − diag(E)/2) moves of each
    /// pair only the column of the smaller σ, by no more than it errs, and squares E: ‖E‖_F &lt; 1/4 lets it converge, and once
    /// ‖E‖_F² ≤ ε nothing is left to do. m n² multiply-adds for the product, m n² for each time.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool LeftVectorsByProducts(ReadOnlyMatrixView<T> a, in SweepWork work, AlignedBuffer copies, VectorPath path)
    {
        int m = a.Rows, n = a.Columns, exponent = work.TopExponent;
        MatrixView<T> u = new(ref *work.Into.U, m, n), v = new(ref *work.Into.V, n, n);
        bool isModerate = Math.Abs(exponent) <= s_moderate / 2;
        T* copy = copies.Rent<T>((nint)n * n + (isModerate ? 0 : (nint)m * n));
        var gram = new MatrixView<T>(ref *copy, n, n);
        // Powers of two keep the products in range and, but for what underflows, every bit.
        if (isModerate)
        {
            exponent = 0;
            Gemm.Multiply(T.One, a, v, T.Zero, u, path, work.Threads);
        }
        else
        {
            var scaled = new MatrixView<T>(ref *(copy + (nint)n * n), m, n);
            for (int i = 0; i < m; i++)
                for (int j = 0; j < n; j++)
                    scaled[i, j] = BinaryExponent<T>.Scale(a[i, j], -exponent);
            Gemm.Multiply(T.One, scaled, v, T.Zero, u, path, work.Threads);
        }

        var reciprocals = new Span<T>(work.Scale, n);
        for (int k = 0; k < n; k++)
            reciprocals[k] = T.One / BinaryExponent<T>.Scale(work.Norm[k], work.NormExponent[k] - exponent);
        for (int i = 0; i < m; i++)
        {
            var row = new Span<T>(work.Into.U + (nint)i * n, n);
            for (int k = 0; k < row.Length; k++)
                row[k] *= reciprocals[k];
        }

        T defect;
        do
        {
            Symmetric.RankUpdate(T.One, u.Transposed(), T.Zero, gram, path, work.Threads);
            defect = T.Sqrt(Correction(copy, n));
            if (!(defect < BinaryExponent<T>.Power(-2)))
                return false;
            Triangular.Multiply(T.One, gram.Transposed(), Triangle.Lower, u.Transposed(), path: path, maxThreads: work.Threads);
        }
        while (defect * defect > s_epsilon);
        return true;
    }

    /// <summary>Turns the upper half of I + E into that of I − triu(E, 1) − diag(E)/2; returns ‖E‖_F².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Correction(T* gram, int n)
    {
        T diagonal = T.Zero, even = T.Zero, odd = T.Zero, two = T.One + T.One;
        for (int i = 0; i < n; i++)
        {
            T* row = gram + (nint)i * n;
            T e = row[i] - T.One;
            diagonal += e * e;
            row[i] = T.One - e / two;
            int j = i + 1;
            for (; j < n - 1; j += 2)
            {
                T x = row[j], y = row[j + 1];
                even += x * x;
                odd += y * y;
                row[j] = -x;
                row[j + 1] = -y;
            }

            if (j < n)
            {
                even += row[j] * row[j];
                row[j] = -row[j];
            }
        }

        return diagonal + two * (even + odd);
    }

    /// <summary>U = Q [J; 0], and the remaining columns of Q where the rank is short.</summary>
    /// <remarks>Thousands of rotations let the columns of J drift from unit length by some 100 ε, but hardly from orthogonality.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LeftVectorsByReflections(in SweepWork work, AlignedBuffer copies, ReadOnlySpan<int> rows)
    {
        HouseholderColumns<T> qr = work.Qr;
        ColumnPanels<T> x = work.X;
        int m = qr.Rows, n = qr.Columns, stride = Level1<T, T, LanesScalar<T>>.Padded(m);
        T* columns = copies.Rent<T>((nint)stride * n);
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
        for (int i = 0; i < m; i++)
        {
            T* row = work.Into.U + (nint)(rows.IsEmpty ? i : rows[i]) * n;
            for (int k = 0; k < n; k++)
                row[k] = columns[(nint)k * stride + i];
        }
    }

    /// <summary>Where σ = 0, any orthonormal completion of V. The QR of A is spent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CompleteRightVectors(in SweepWork work, VectorPath path)
    {
        int n = work.Qr.Columns, found = work.Found;
        if (found == n)
            return;
        var v = new MatrixView<T>(ref *work.Into.V, n, n);
        MatrixView<T> rest = v.Block(0, found, n, n - found);
        rest.Fill(T.Zero);
        for (int k = 0; k < n - found; k++)
            rest[found + k, k] = T.One;
        work.Qr.Factor(v.Block(0, 0, n, found), pivot: false, path, work.Threads);
        work.Qr.Apply(rest, transposed: false);
    }

    private struct SweepWork : ILaneWork<T>
    {
        // Of so many, insertion is fastest; they are nearly in order.
        private const int Few = 32;

        public HouseholderColumns<T> Qr;
        public AlignedBuffer Memory;
        public SvdFactors<T> Into;
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
        public long* Keys;
        public T* Norm, Scale;
        public nint* Place;
        public int* NormExponent, Order;
        public int Found;

        /// <summary>Finds the rank, the range of the exponents, and how U is to be had.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Prepare(ReadOnlySpan<int> rowExponents)
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
            int half = BinaryExponent<T>.Of(s_epsilon) / 2;
            Accumulates = !IsModerate || Rank < Qr.Columns || RowExponentOfR(Rank - 1) - TopExponent < half;
        }

        /// <summary>Where what the QR has left is no more than its own rounding errors, the number of steps before that.</summary>
        /// <remarks>
        /// With rows sorted, the rounding error of an element is some ε times its row's and its column's share of the largest
        /// element. Every element left is at most |r_kk|; the test is 4m·ε·min(rows left)·min(columns left)/max, so that
        /// rows and columns of any scale stay, and what goes is a part of the backward error that the QR has anyway.
        /// </remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly int RankBesideRounding(ReadOnlySpan<int> rowExponents)
        {
            int rank = Qr.Rank, top = SortedRows<T>.ZeroRow, row = int.MaxValue, column = int.MaxValue, i = rowExponents.Length;
            foreach (int e in rowExponents)
                top = Math.Max(top, e);
            int unit = BinaryExponent<T>.Of(T.CreateTruncating(4 * Math.Max(Qr.Rows, 1)) * s_epsilon);
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

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<V, L>() where V : unmanaged where L : struct, ILanes<T, V>
        {
            int n = Qr.Columns, rotationRows = Into.HasVectors && Accumulates ? Rank : 0;
            T* memory = Memory.Rent<T>(ColumnPanels<T>.Size(L.Count, n, Rank, rotationRows));
            X = new ColumnPanels<T>(memory, L.Count, n, Rank, rotationRows);
            Load<V, L>();
            (Sweeps, LargestCosine, Converged) = Jacobi.Sweeps<T, V, L>.Run(X, Tolerance, Threads);
            Sort<V, L>();
            if (Into.HasVectors)
                RightVectors(L.Count);
        }

        private readonly int RowExponentOfR(int k) => BinaryExponent<T>.Of(Qr.Column(k)[k]) + Qr.Exponents[k];

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
                scale[k] = k < Rank && IsModerate ? BinaryExponent<T>.Power(TopExponent - exponent) : T.Zero;
            }

            for (int j = 0; j < X.Rows; j++)
            {
                T* column = Qr.Column(j);
                int filled = Math.Min(j + 1, Rank);
                V factor = L.Broadcast(IsModerate ? BinaryExponent<T>.Power(Qr.Exponents[j] - TopExponent) : T.One);
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
                            place[k - first] = BinaryExponent<T>.Scale(place[k - first], Qr.Exponents[j] - RowExponentOfR(k));
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
                Keys[k] = T.IsZero(norm) ? long.MaxValue
                    : -(BitConverter.DoubleToInt64Bits(double.CreateTruncating(norm)) + (long.CreateTruncating(X.Exponent[k]) << 52));
                Order[k] = k;
            }

            SortByKeys();
            for (int k = 0; k < Rank; k++)
            {
                Norm[k] = X.SquaredNorm[Order[k]];
                NormExponent[k] = int.CreateTruncating(X.Exponent[Order[k]]);
                Into.Sigma[k] = BinaryExponent<T>.Scale(Norm[k], NormExponent[k]);
                if (!T.IsZero(Norm[k]))
                    Found++;
            }

            new Span<T>(Into.Sigma + Rank, Qr.Columns - Rank).Clear();
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void SortByKeys()
        {
            if (Rank > Few)
            {
                new Span<long>(Keys, Rank).Sort(new Span<int>(Order, Rank));
                return;
            }

            for (int k = 1; k < Rank; k++)
            {
                (long key, int order) = (Keys[k], Order[k]);
                int i = k;
                for (; i > 0 && Keys[i - 1] > key; i--)
                    (Keys[i], Order[i]) = (Keys[i - 1], Order[i - 1]);
                (Keys[i], Order[i]) = (key, order);
            }
        }

        /// <summary>V = P Y with Y the normalised columns of X.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void RightVectors(int lanes)
        {
            int n = Qr.Columns;
            for (int k = 0; k < Found; k++)
            {
                int column = Order[k];
                Scale[k] = T.Sqrt(X.SquaredScale[column]) / Norm[k];
                Place[k] = (nint)(X.Panel(column / lanes) - X.Panel(0)) + column % lanes;
            }

            for (int j = 0; j < n; j++)
            {
                T* row = Into.V + (nint)Qr.Permutation[j] * n, from = X.Panel(0) + (nint)j * lanes;
                for (int k = 0; k < Found; k++)
                    row[k] = from[Place[k]] * Scale[k];
            }
        }
    }
}

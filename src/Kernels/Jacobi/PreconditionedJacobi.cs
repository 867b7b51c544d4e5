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
internal static unsafe partial class PreconditionedJacobi<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
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
        var scaling = new ColumnScaling<T> { Elements = work.Into.U, Factors = work.Scale, Rows = m, Columns = n };
        VectorPaths.Run<T, ColumnScaling<T>>(path, ref scaling);
        var correction = new GramCorrection<T> { Gram = copy, Order = n };
        T defect;
        do
        {
            Symmetric.RankUpdate(T.One, u.Transposed(), T.Zero, gram, path, work.Threads);
            VectorPaths.Run<T, GramCorrection<T>>(path, ref correction);
            defect = T.Sqrt(correction.SquaredNorm);
            if (!(defect < BinaryExponent<T>.Power(-2)))
                return false;
            Triangular.Multiply(T.One, gram.Transposed(), Triangle.Lower, u.Transposed(), path: path, maxThreads: work.Threads);
        }
        while (defect * defect > s_epsilon);
        return true;
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
}

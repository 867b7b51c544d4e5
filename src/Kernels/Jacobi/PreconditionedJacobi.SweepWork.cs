using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

internal static unsafe partial class PreconditionedJacobi<T>
{
    /// <summary>The sweeps on X = Rᵀ: what they begin with, and σ and V from what they leave.</summary>
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

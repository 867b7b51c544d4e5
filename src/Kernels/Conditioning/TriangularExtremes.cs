using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels.Reflectors;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Conditioning;

/// <summary>σ₁, σ_p and Σ log₂ σᵢ of A from one QR factorisation, each between two bounds; all arithmetic in double.</summary>
/// <remarks>
/// A + ΔA = QR, X = R⁻¹. λ₁(RᵀR) and λ₁(XᵀX) come from <see cref="LargestSingularValue"/>, proved. What rounding did to R and X enters as a
/// formula: with D = diag(‖a_j‖), ‖ΔA·A⁺‖ + ‖RX − I‖ ≤ δ = 4·max(m, n)·ε·‖DX‖_F, since Householder's errors are small column by
/// column, so that σᵢ(A) = σᵢ(R)(1 ± δ) for every i (Eisenstat and Ipsen, SIAM J. Numer. Anal. 32 (1995)) and D's own range does
/// not matter. R̃ is R with columns brought to [1, 2) by powers of two, R = R̃·2^e. σ₁ comes first,
/// with its proof where X will stand, then σ_p, with its proof where R stood: two squares are all the memory. Large float matrices that are well conditioned take R from
/// <see cref="GramMatrix"/> instead, with its own δ.
/// </remarks>
internal unsafe ref struct TriangularExtremes
{
    private const double Epsilon = 2.220446049250313e-16;
    private const int Line = 8;
    private const int KeptBytes = 64 << 20;

    // Up to this order AᵀA stands beside its factor, which saves forming it again for the proof of σ₁.
    private const int LargestKeptGram = 2048;

    // What smaller columns would add to σ₁ is beneath every rounding.
    private const int LeastExponent = -500;

    [ThreadStatic]
    private static AlignedBuffer? t_memory;

    private readonly int _n, _length, _maxThreads;
    private readonly VectorPath _path;

    // 4·max(m, n)·ε.
    private readonly double _rounding;
    private readonly double _precision;
    private readonly int[] _exponents;
    private readonly bool _byGram;

    // The upper half of AᵀA where R is its factor and both are kept, else null.
    private readonly double* _gram;
    private readonly double* _r, _x, _norms, _vector, _work;

    // What rounding may have moved σ₁ by, in the units of _largest.
    private double _error;

    // The share by which rounding may have moved any σᵢ; +∞ where R has no inverse.
    private double _delta;

    private Extremes.Bounds _largest, _smallest, _logVolume;

    private TriangularExtremes(int rows, int n, bool byGram, double precision, AlignedBuffer memory, VectorPath path, int maxThreads)
    {
        _n = n;
        _byGram = byGram;
        _precision = precision;
        _path = path;
        _maxThreads = maxThreads;
        _rounding = 4.0 * rows * Epsilon;
        _exponents = new int[n];
        // Whole cache lines, an odd number where rows are long: at a power of two, all would compete for the same sets of the caches.
        int lines = (_n + Line - 1) / Line;
        _length = Line * (_n < 128 ? lines : lines | 1);
        nint square = (nint)_n * _length, work = Math.Max(TriangularInverse.Workspace(_n), LargestSingularValue.Workspace(_length));
        if (byGram)
            work = Math.Max(work, GramMatrix.Workspace(_n));
        bool keepsGram = byGram && n <= LargestKeptGram;
        _r = memory.Rent<double>((keepsGram ? 3 : 2) * square + 2 * (nint)_length + work);
        _x = _r + square;
        _norms = _x + square;
        _vector = _norms + _length;
        _work = _vector + _length;
        _gram = keepsGram ? _work + work : null;
    }

    /// <summary>Those of A (m×n), finite and not empty; without a precision of Lanczos's estimate, the log-volume alone.</summary>
    public static Extremes Find<T>(ReadOnlyMatrixView<T> a, double? precision, VectorPath path, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        bool mayUseGram = typeof(T) == typeof(float) && GramMatrix.IsPromising(Math.Max(a.Rows, a.Columns), Math.Min(a.Rows, a.Columns));
        TriangularExtremes found = OfTall(a.Rows >= a.Columns ? a : a.Transposed(), precision, mayUseGram, path, maxThreads);
        if (found._delta >= 1 && a.Rows == a.Columns)
        {
            // The rows may be what is graded.
            TriangularExtremes other = OfTall(a.Transposed(), precision, false, path, maxThreads);
            if (other._delta < found._delta)
                found = other;
        }

        return new Extremes(found._largest, found._smallest, found._logVolume);
    }

    private static TriangularExtremes OfTall<T>(ReadOnlyMatrixView<T> a, double? precision, bool mayUseGram, VectorPath path, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        AlignedBuffer memory = t_memory ?? new AlignedBuffer();
        t_memory = null;
        if (!mayUseGram || !TryByGram(a, precision, memory, path, maxThreads, out TriangularExtremes found))
        {
            // Factors of this size beside what that left would be the peak.
            if (memory.Bytes > KeptBytes)
                memory.Dispose();
            using (HouseholderColumns<double> qr = Factor(a, memory, path, maxThreads))
            {
                found = new TriangularExtremes(a.Rows, a.Columns, byGram: false, precision ?? 1, memory, path, maxThreads);
                found.LoadR(qr);
            }

            found.Measure(extremes: precision is not null);
        }

        if (memory.Bytes <= KeptBytes)
            t_memory = memory;
        else
            memory.Dispose();
        return found;
    }

    /// <summary>By R as the Cholesky factor of AᵀA; false where that is not exact enough.</summary>
    private static bool TryByGram<T>(ReadOnlyMatrixView<T> a, double? precision, AlignedBuffer memory, VectorPath path, int maxThreads, out TriangularExtremes found)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        found = new TriangularExtremes(a.Rows, a.Columns, byGram: true, precision ?? 1, memory, path, maxThreads);
        fixed (T* origin = &a.Origin)
            GramMatrix.Form(new ReadOnlyMatrixView<float>(ref *(float*)origin, a.Rows, a.Columns, a.RowStride, a.ColumnStride),
                found.Square(found._gram != null ? found._gram : found._r), found._work, path, maxThreads);
        if (!found.FactorGram())
            return false;
        found.Measure(extremes: precision is not null);
        return found._delta <= GramMatrix.MostDelta;
    }

    /// <summary>R̃ from AᵀA = RᵀR; false where there is none, or where its diagonal alone shows that δ is too large.</summary>
    private readonly bool FactorGram()
    {
        for (int i = 0; i < _n; i++)
        {
            if (_gram != null)
                new ReadOnlySpan<double>(Row(_gram, i) + i, _n - i).CopyTo(new Span<double>(Row(_r, i) + i, _n - i));
            _norms[i] = Math.Sqrt(Row(_r, i)[i]);
        }

        if (!PositiveDefinite.Factor(Square(_r), _work, _path, _maxThreads))
            return false;
        double sum = 0;
        for (int j = 0; j < _n; j++)
        {
            double share = _norms[j] / Row(_r, j)[j];
            sum += share * share;
            _exponents[j] = Math.ILogB(_norms[j]);
            _vector[j] = Math.ScaleB(1, -_exponents[j]);
            _norms[j] *= _vector[j];
        }

        if (!(DeltaOf(sum) <= GramMatrix.MostDelta))
            return false;
        ClearRest();
        new Span<double>(_vector + _n, _length - _n).Clear();
        Pass(Passes.ScaleColumns, _r, _vector);
        return true;
    }

    private static HouseholderColumns<double> Factor<T>(ReadOnlyMatrixView<T> a, AlignedBuffer memory, VectorPath path, int maxThreads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // What this thread's memory holds is copied before R comes there.
        nint size = Widening.Size<T>(a.Rows, a.Columns);
        return new HouseholderColumns<double>(Widening.Of(a, size > 0 ? memory.Rent<double>(size) : null), pivot: false, path, maxThreads);
    }

    private readonly MatrixView<double> Square(double* m) => new(ref *m, _n, _n, _length, 1);

    private readonly double* Row(double* m, int i) => m + (nint)i * _length;

    /// <summary>R̃ by rows, zeros below the diagonal, and the norms of its columns, which are those of A's.</summary>
    private readonly void LoadR(HouseholderColumns<double> qr)
    {
        new ReadOnlySpan<int>(qr.Exponents, _n).CopyTo(_exponents);
        Transposition<double>.Copy(_n, _n, qr.Column(0), _n > 1 ? (nint)(qr.Column(1) - qr.Column(0)) : _n, _r, _length);
        ClearRest();
        Pass(Passes.ColumnSquares, _r, _norms);
        for (int j = 0; j < _n; j++)
            _norms[j] = Math.Sqrt(_norms[j]);
    }

    /// <summary>Zeros below R's diagonal, and behind its rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ClearRest()
    {
        for (int i = 0; i < _n; i++)
        {
            new Span<double>(Row(_r, i), i).Clear();
            new Span<double>(Row(_r, i) + _n, _length - _n).Clear();
        }
    }

    /// <summary>δ from ‖DX‖²_F.</summary>
    private readonly double DeltaOf(double square)
    {
        double root = Math.Sqrt(square);
        return _rounding * root * (_byGram ? 1 + root / 2 : 1);
    }

    /// <summary>All that is asked for, from R̃.</summary>
    private void Measure(bool extremes)
    {
        int top = int.MinValue;
        for (int j = 0; j < _n; j++)
            if (_norms[j] > 0)
                top = Math.Max(top, _exponents[j]);
        bool isZero = top == int.MinValue;
        if (extremes && !isZero)
            FindLargest(top);
        Invert();
        MeasureVolume();
        if (extremes && !isZero)
            FindSmallest(top);
    }

    /// <summary>X̃ = R̃⁻¹, and what δ it tells.</summary>
    private void Invert()
    {
        _delta = double.PositiveInfinity;
        for (int i = 0; i < _n; i++)
            if (Row(_r, i)[i] == 0)
                return;
        TriangularInverse.Invert(Square(_r), Square(_x), _work, _path, _maxThreads);
        for (int i = 0; i < _n; i++)
            new Span<double>(Row(_x, i) + _n, _length - _n).Clear();
        Pass(Passes.RowSquares, _x, _vector);
        double sum = 0;
        for (int i = 0; i < _n; i++)
            sum += _norms[i] * _norms[i] * _vector[i];

        double delta = DeltaOf(sum);
        _delta = double.IsFinite(delta) ? delta : double.PositiveInfinity;
    }

    /// <summary>Σ log₂ |r_jj|. Π σᵢ(A)/Π|r_jj| = det(I − E) with ‖E‖_F ≤ δ: its logarithm is at most √n·δ/(1 − δ).</summary>
    private void MeasureVolume()
    {
        double sum = 0, moduli = 0;
        bool isZero = false;
        for (int j = 0; j < _n; j++)
        {
            double log = Math.Log2(Math.Abs(Row(_r, j)[j])) + _exponents[j];
            sum += log;
            moduli += Math.Abs(log);
            isZero |= _norms[j] == 0;
        }

        double share = _delta < 1 ? Math.Sqrt(_n) * _delta / (1 - _delta) / Math.Log(2) : double.PositiveInfinity, error = share + (_n + 1) * Epsilon * moduli;
        double least = _delta < 1 ? sum - error : double.NegativeInfinity;
        _logVolume = isZero
            ? new Extremes.Bounds(double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity, 0)
            : new Extremes.Bounds(sum, least, _delta < 1 ? sum + error : double.PositiveInfinity, 0);
    }

    /// <summary>Bounds of σ₁ = ‖R‖₂; scratch where X will stand.</summary>
    private void FindLargest(int top)
    {
        ScaleColumns(top, LeastExponent, 1);
        double square = 0;
        for (int j = 0; j < _n; j++)
            square += _norms[j] * _vector[j] * (_norms[j] * _vector[j]);
        (double lower, double value, double upper) = Norm2(_r, false, _gram, Math.ScaleB(1, -2 * top), _x);
        // Of squares where R is from AᵀA: |σ₁² − ‖R‖²| ≤ 4·max(m, n)·ε·‖A‖²_F.
        _error = _rounding * (_byGram ? square / lower : Math.Sqrt(square));
        _largest = new Extremes.Bounds(value, lower - _error, upper + _error, top);
        ScaleColumns(top, LeastExponent, -1);
    }

    /// <summary>Bounds of σ_p = 1/‖X‖₂, or what is known where δ ≥ 1; overwrites R.</summary>
    private void FindSmallest(int top)
    {
        double smallestPivot = double.PositiveInfinity;
        for (int j = 0; j < _n; j++)
            if (_norms[j] == 0)
                return;
        for (int j = 0; j < _n; j++)
            smallestPivot = Math.Min(smallestPivot, Math.ScaleB(Math.Abs(Row(_r, j)[j]), _exponents[j] - top));
        // σ_p ≤ |r_jj| for every j, and ≤ ‖Rz‖/‖z‖ for every z.
        _smallest = new Extremes.Bounds(0, 0, smallestPivot + _error, top);
        if (_delta == double.PositiveInfinity)
            return;
        Pass(Passes.RowSquares, _x, _vector);
        int shift = int.MinValue;
        for (int i = 0; i < _n; i++)
            shift = Math.Max(shift, Math.ILogB(Math.Sqrt(_vector[i])) - _exponents[i]);
        for (int i = 0; i < _n; i++)
            _vector[i] = Math.ScaleB(1, -_exponents[i] - shift);
        Pass(Passes.ScaleRows, _x, _vector);
        if (_delta < 1)
        {
            (double lower, double value, double upper) = Norm2(_x, false, null, 1, _r);
            _smallest = new Extremes.Bounds(1 / value, (1 - _delta) / upper, (1 + _delta) / lower, -shift);
            return;
        }

        // Nothing is to be proved, and R is still asked for.
        ScaleColumns(top, int.MinValue, 1);
        double estimate = Norm2(_x, true, null, 1, null).Value;
        _smallest = new Extremes.Bounds(Math.ScaleB(1 / estimate, -shift - top), 0, Math.Min(_smallest.Upper, QuotientOfX() + _error), top);
    }

    /// <summary>R̃'s columns times 2^(±max(e − top, least)); those that are zero stay.</summary>
    private readonly void ScaleColumns(int top, int least, int sign)
    {
        for (int j = 0; j < _n; j++)
            _vector[j] = Math.ScaleB(1, sign * (_norms[j] > 0 ? Math.Max(_exponents[j] - top, least) : 0));
        new Span<double>(_vector + _n, _length - _n).Clear();
        Pass(Passes.ScaleColumns, _r, _vector);
    }

    /// <summary>‖Rz‖/‖z‖ for z = Xy, y being the vector that X lengthens most.</summary>
    private readonly double QuotientOfX()
    {
        MatrixView<double> y = new(ref *_vector, _n, 1), z = new(ref *_norms, _n, 1);
        Gemm.Multiply(1, Square(_x), y, 0, z, _path, _maxThreads);
        double norm = Norm(_norms, _n);
        Gemm.Multiply(1, Square(_r), z, 0, y, _path, _maxThreads);
        return Norm(_vector, _n) / norm;
    }

    /// <summary>‖U‖₂ of an upper triangle, between bounds; its vector stands in _vector. No upper bound without a square C to overwrite.</summary>
    private readonly (double Lower, double Value, double Upper) Norm2(double* u, bool needsVector, double* gram, double scale, double* c)
    {
        if (LargestSingularValue.Find(u, needsVector, gram, scale, c, _n, _length, _precision, _vector, _work, _path, _maxThreads) is { } found)
            return (Math.Sqrt(Math.Max(0, found.Lower)), Math.Sqrt(found.Value), Math.Sqrt(found.Upper));
        // Rarely: eigenvalues crowd where Lanczos has not looked. The whole spectrum then, with the bound of a backward stable method.
        double largest = Svd.Values<double>(Square(u), path: _path).SingularValues[0], error = _rounding * Math.Sqrt(_n) * largest;
        return (largest - error, largest, largest + error);
    }

    private readonly double Norm(double* x, int n)
    {
        double dot = 0;
        var column = new MatrixView<double>(ref *x, n, 1);
        Gemm.Multiply(1, column.Transposed(), column, 0, new MatrixView<double>(ref dot, 1, 1), _path, 1);
        return Math.Sqrt(dot);
    }

    private readonly void Pass(Passes kind, double* triangle, double* vector)
    {
        var work = new PassWork { Kind = kind, Triangle = triangle, Vector = vector, N = _n, Length = _length };
        VectorPaths.Run<double, PassWork>(_path, ref work);
    }

    private enum Passes
    {
        ColumnSquares,
        RowSquares,
        ScaleColumns,
        ScaleRows,
    }

    /// <summary>One pass over an upper triangle.</summary>
    private struct PassWork : ILaneWork<double>
    {
        public Passes Kind;
        public double* Triangle, Vector;
        public int N, Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<V, L>() where V : unmanaged where L : struct, ILanes<double, V>
        {
            if (Kind == Passes.ColumnSquares)
                new Span<double>(Vector, Length).Clear();
            for (int i = 0; i < N; i++)
            {
                int from = i / L.Count * L.Count, length = Length - from;
                double* row = Triangle + (nint)i * Length + from;
                switch (Kind)
                {
                    case Passes.ColumnSquares:
                        Rows<V, L>.AddSquares(row, Vector + from, length);
                        break;
                    case Passes.RowSquares:
                        Vector[i] = Level1<double, V, L>.Dot(row, row, length);
                        break;
                    case Passes.ScaleColumns:
                        Rows<V, L>.Multiply(row, Vector + from, row, length);
                        break;
                    default:
                        Rows<V, L>.Scale(row, Vector[i], row, length);
                        break;
                }
            }
        }
    }
}

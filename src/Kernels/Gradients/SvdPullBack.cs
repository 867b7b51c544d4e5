using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Gradients;

/// <summary>Ā from Ū, Σ̄ and V̄ for A = U Σ Vᵀ: five GEMMs and p² quotients.</summary>
/// <remarks>
/// With P = Uᵀ dA V, dU = U X + (I − UUᵀ) dA V Σ⁻¹ and dV = V Y + (I − VVᵀ) dAᵀ U Σ⁻¹, X and Y skew, the off-diagonal part of
/// P = XΣ + dΣ − ΣY separates in sum and difference:
/// (X + Y)ᵢⱼ = (P + Pᵀ)ᵢⱼ/(σⱼ − σᵢ) and (X − Y)ᵢⱼ = (P − Pᵀ)ᵢⱼ/(σᵢ + σⱼ).
/// So the adjoint needs no σᵢ² − σⱼ², whose square leaves the range and whose difference loses digits: with K = UᵀŪ − ŪᵀU and
/// L = VᵀV̄ − V̄ᵀV, P̄ᵢⱼ = ½(K + L)ᵢⱼ/(σⱼ − σᵢ) + ½(K − L)ᵢⱼ/(σᵢ + σⱼ). The first term alone is singular where σᵢ = σⱼ, and for a
/// loss that no rotation within the cluster changes its numerator is 0; the second is what a polar factor UVᵀ has, regular there.
/// </remarks>
internal ref struct SvdPullBack<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly SvdResult<T> _svd;
    private readonly ReadOnlySpan<T> _sigma;
    private readonly int _rank, _repeatedPairs, _largestMultiplicity;
    private T _gaugeDependence;

    private SvdPullBack(SvdResult<T> tall, T rankTolerance)
    {
        _svd = tall;
        _sigma = tall.SingularValues;
        while (_rank < _sigma.Length && _sigma[_rank] > rankTolerance * _sigma[0])
            _rank++;
        for (int i = 0; i < _rank; i++)
        {
            int multiplicity = 1;
            while (i + multiplicity < _sigma.Length && Weights<T>.AreRepeated(tall.Rows, tall.Columns, _sigma[i], _sigma[i + multiplicity]))
                multiplicity++;
            _repeatedPairs += multiplicity - 1;
            _largestMultiplicity = Math.Max(_largestMultiplicity, multiplicity);
        }
    }

    public static SvdGradient<T> Run(
        SvdResult<T> svd, ReadOnlyMatrixView<T> u, ReadOnlySpan<T> sigma, ReadOnlyMatrixView<T> v, T rankTolerance)
    {
        var gradient = new Matrix<T>(svd.Rows, svd.Columns);
        return svd.Rows >= svd.Columns
            ? new SvdPullBack<T>(svd, rankTolerance).Run(u, sigma, v, gradient, gradient)
            : new SvdPullBack<T>(svd.Transposed(), rankTolerance).Run(v, sigma, u, gradient.Transposed(), gradient);
    }

    private SvdGradient<T> Run(
        ReadOnlyMatrixView<T> u, ReadOnlySpan<T> sigma, ReadOnlyMatrixView<T> v, MatrixView<T> transposable, Matrix<T> gradient)
    {
        int p = _sigma.Length;
        Matrix<T> inU = Coordinates(_svd.U, u), inV = Coordinates(_svd.V, v), core = Core(inU, inV);
        for (int i = 0; i < sigma.Length; i++)
            core[i, i] = sigma[i];
        // V is square, so that V̄ has no part outside its span.
        Matrix<T> left = _svd.Rows > p && !u.IsEmpty ? Outside(u, inU) : new Matrix<T>(_svd.Rows, p);
        Gemm.Multiply(T.One, _svd.U, core, T.One, left);
        Gemm.Multiply(T.One, left, _svd.V.Transposed(), T.Zero, transposable);
        return new SvdGradient<T>(gradient, _repeatedPairs, _largestMultiplicity, p - _rank, _gaugeDependence);
    }

    /// <summary>QᵀX (p×p); 0 where X is absent.</summary>
    private static Matrix<T> Coordinates(Matrix<T> q, ReadOnlyMatrixView<T> x) =>
        x.IsEmpty ? new Matrix<T>(q.Columns, q.Columns) : Gemm.Multiply(q.Transposed(), x);

    /// <summary>The off-diagonal of P̄.</summary>
    /// <remarks>By tiles of 16×16, a cache line or two of every row: whole columns of three matrices miss the caches at every element.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Matrix<T> Core(Matrix<T> inU, Matrix<T> inV)
    {
        const int Tile = 16;
        int p = _sigma.Length;
        var core = new Matrix<T>(p, p);
        for (int top = 0; top < p; top += Tile)
            for (int left = top; left < p; left += Tile)
                for (int i = top; i < Math.Min(top + Tile, p); i++)
                    for (int j = Math.Max(i + 1, left); j < Math.Min(left + Tile, p); j++)
                        Pair(i, j, inU.Elements, inV.Elements, core.Elements);
        return core;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Pair(int i, int j, ReadOnlySpan<T> inU, ReadOnlySpan<T> inV, Span<T> core)
    {
        int upper = i * _sigma.Length + j, lower = j * _sigma.Length + i;
        T k = inU[upper] - inU[lower], l = inV[upper] - inV[lower], apart = T.Zero, half = T.One / T.CreateTruncating(2);
        // U and V turn within the null spaces independently of each other.
        if (i >= _rank)
        {
            Drop(k);
            Drop(l);
            return;
        }

        if (Weights<T>.AreRepeated(_svd.Rows, _svd.Columns, _sigma[i], _sigma[j]))
            Drop(k + l);
        else
            apart = Weights<T>.Bounded(half * (k + l) / (_sigma[j] - _sigma[i]));
        // σᵢ + σⱼ = σᵢ(1 + σⱼ/σᵢ) without its overflow.
        T together = Weights<T>.Bounded(half * (k - l) / _sigma[i] / (T.One + _sigma[j] / _sigma[i]));
        core[upper] = apart + together;
        core[lower] = apart - together;
    }

    /// <summary>(I − UUᵀ) Ū Σ⁺ (m×p).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Matrix<T> Outside(ReadOnlyMatrixView<T> u, Matrix<T> inU)
    {
        Matrix<T> outside = Matrix<T>.From(u);
        Gemm.Multiply(-T.One, _svd.U, inU, T.One, outside);
        for (int i = 0; i < outside.Rows; i++)
        {
            Span<T> row = outside.Row(i);
            for (int j = 0; j < _rank; j++)
                row[j] = Weights<T>.Bounded(row[j] / _sigma[j]);
            for (int j = _rank; j < row.Length; j++)
            {
                Drop(row[j]);
                row[j] = T.Zero;
            }
        }

        return outside;
    }

    private void Drop(T term) => _gaugeDependence = T.Max(_gaugeDependence, T.Abs(term));
}

namespace Kappa.Kernels.Tests.Reference;

/// <summary>The SVD in double-double arithmetic: plain one-sided Jacobi, slow and simple.</summary>
internal static class ReferenceSvd
{
    private const int SweepLimit = 60;

    // σ is then relatively accurate to p·2⁻⁷⁰, far below double's ε; tangents of columns 2¹⁰¹⁰ apart allow no less.
    private static readonly double s_largestCosine = double.ScaleB(1, -70);

    /// <summary>σ₁ ≥ … ≥ σ_p of 2^(−exponent)·A, the exponent being that of the middle of A's column sizes.</summary>
    /// <exception cref="ArgumentException">The columns' squares would leave the range of double.</exception>
    public static (double[] Sigma, int Exponent) Values(Matrix<double> a)
    {
        Matrix<double> tall = a.Rows >= a.Columns ? a : Matrix<double>.From(a.Transposed());
        int[] nonZero = [.. tall.ColumnExponents().Where(e => e > int.MinValue).DefaultIfEmpty(0)];
        int middle = (nonZero.Min() + nonZero.Max()) / 2;
        if (nonZero.Max() - middle > 505)
            throw new ArgumentException("The columns differ too much in size for squares of doubles.", nameof(a));
        Column[] columns = [.. Enumerable.Range(0, tall.Columns).Select(j => new Column(tall, j, middle))];
        Orthogonalise(columns, s_largestCosine);
        return ([.. columns.Select(c => c.Norm).OrderDescending()], middle);
    }

    /// <summary>U, σ and V of an A (m×n) of plain size, to 2⁻⁸⁸·σ₁/gap; where rank(A) &lt; p the last columns of one factor are 0.</summary>
    public static ReferenceFactors Decompose(DoubleDouble[,] a)
    {
        int m = a.GetLength(0), n = a.GetLength(1);
        bool tall = m >= n;
        Column[] columns = [.. Enumerable.Range(0, Math.Min(m, n)).Select(j => new Column(
            [.. Enumerable.Range(0, Math.Max(m, n)).Select(i => tall ? a[i, j] : a[j, i])],
            [.. Enumerable.Range(0, Math.Min(m, n)).Select(i => (DoubleDouble)(i == j ? 1 : 0))]))];
        Orthogonalise(columns, largestCosine: double.ScaleB(1, -94));
        DoubleDouble[][] images = [.. columns.Select(c => c.Direction)], turns = [.. columns.Select(c => c.Turns)];
        return new ReferenceFactors(tall ? images : turns, [.. columns.Select(c => c.Length)], tall ? turns : images);
    }

    /// <summary>κ₂(B) where A = B·D (m ≥ n) or D·B (m &lt; n), B having columns (rows) of norm 1.</summary>
    public static double ScaledCondition(Matrix<double> a)
    {
        var b = Matrix<double>.From(a.Rows >= a.Columns ? a : a.Transposed());
        int[] exponents = [.. b.ColumnExponents().Select(e => e == int.MinValue ? 0 : e)];
        for (int j = 0; j < b.Columns; j++)
        {
            double norm = new Column(b, j, exponents[j]).Norm;
            for (int i = 0; i < b.Rows && norm > 0; i++)
                b[i, j] = Math.ScaleB(b[i, j], -exponents[j]) / norm;
        }

        double[] sigma = Values(b).Sigma;
        return sigma.Length == 0 ? 1 : sigma[0] / sigma[^1];
    }

    /// <summary>The distance of each column from the span of those before it: |r_jj| of a QR factorisation.</summary>
    public static double[] Distances(Matrix<double> a)
    {
        Column[] columns = [.. Enumerable.Range(0, a.Columns).Select(j => new Column(a, j, exponent: 0))];
        for (int j = 0; j < columns.Length; j++)
            for (int k = 0; k < j; k++)
                columns[j].RemoveShareOf(columns[k]);
        return [.. columns.Select(c => c.Norm)];
    }

    private static void Orthogonalise(Column[] columns, double largestCosine)
    {
        for (int sweep = 0; sweep < SweepLimit; sweep++)
        {
            Array.Sort(columns, (x, y) => y.Norm.CompareTo(x.Norm));
            bool rotated = false;
            for (int p = 0; p < columns.Length; p++)
                for (int q = p + 1; q < columns.Length; q++)
                    rotated |= Column.Rotate(columns[p], columns[q], largestCosine);
            if (!rotated)
                return;
        }

        throw new InvalidOperationException($"The reference did not converge in {SweepLimit} sweeps.");
    }

    private sealed class Column
    {
        private readonly DoubleDouble[] _elements, _turns = [];

        // What rotations leave of a column below this is the rounding of their cancellation: the column was dependent.
        private readonly double _noise;

        public Column(Matrix<double> a, int j, int exponent)
        {
            _elements = new DoubleDouble[a.Rows];
            for (int i = 0; i < a.Rows; i++)
                _elements[i] = Math.ScaleB(a[i, j], -exponent);
            _noise = Norm * a.Rows * double.ScaleB(DoubleDouble.Epsilon, 6);
        }

        public Column(DoubleDouble[] elements, DoubleDouble[] turns)
        {
            _elements = elements;
            _turns = turns;
            _noise = Norm * elements.Length * double.ScaleB(DoubleDouble.Epsilon, 6);
        }

        public double Norm => (double)Length;

        public DoubleDouble Length => DoubleDouble.Sqrt(Dot(this, this));

        /// <summary>The column over its length; 0 where that is 0.</summary>
        public DoubleDouble[] Direction => Norm == 0 ? _elements : [.. _elements.Select(x => x / Length)];

        /// <summary>What the rotations made of the unit vector that the column began with.</summary>
        public DoubleDouble[] Turns => _turns;

        public void RemoveShareOf(Column other)
        {
            DoubleDouble share = Dot(this, other) / Dot(other, other);
            for (int i = 0; i < _elements.Length; i++)
                _elements[i] -= share * other._elements[i];
        }

        /// <summary>Makes x and y orthogonal, where they are not; whether it had to.</summary>
        public static bool Rotate(Column x, Column y, double largestCosine)
        {
            DoubleDouble alpha = Dot(x, x), beta = Dot(y, y), gamma = Dot(x, y);
            if (Math.Abs(gamma.High) <= largestCosine * Math.Sqrt(alpha.High) * Math.Sqrt(beta.High))
                return false;
            DoubleDouble t = Tangent((beta - alpha) / 2, gamma), c = 1 / DoubleDouble.Sqrt(1 + t * t), s = c * t;
            Turn(x._elements, y._elements, c, s);
            Turn(x._turns, y._turns, c, s);
            if (y.Norm <= y._noise)
                Array.Clear(y._elements);
            return true;
        }

        private static void Turn(DoubleDouble[] x, DoubleDouble[] y, DoubleDouble c, DoubleDouble s)
        {
            for (int i = 0; i < x.Length; i++)
                (x[i], y[i]) = (c * x[i] - s * y[i], s * x[i] + c * y[i]);
        }

        /// <summary>The smaller root of γt² + 2δt − γ = 0.</summary>
        private static DoubleDouble Tangent(DoubleDouble delta, DoubleDouble gamma)
        {
            // Where γ/δ is this small, t = γ/2δ to all 106 bits, and its reciprocal could overflow.
            if (Math.Abs(gamma.High) < s_largestCosine * Math.Abs(delta.High))
                return gamma / (2 * delta);
            DoubleDouble zeta = delta / gamma;
            DoubleDouble size = 1 / (DoubleDouble.Abs(zeta) + DoubleDouble.Sqrt(1 + zeta * zeta));
            return zeta.High < 0 ? -size : size;
        }

        private static DoubleDouble Dot(Column x, Column y)
        {
            DoubleDouble sum = 0;
            for (int i = 0; i < x._elements.Length; i++)
                sum += x._elements[i] * y._elements[i];
            return sum;
        }
    }
}

/// <summary>A = Σ σₖ uₖ vₖᵀ: the columns of U and of V, and σ₁ ≥ … ≥ σ_p.</summary>
internal sealed record ReferenceFactors(DoubleDouble[][] U, DoubleDouble[] Sigma, DoubleDouble[][] V);

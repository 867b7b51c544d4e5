namespace Kappa.Kernels.Tests.Reference;

/// <summary>
/// Singular values of D₁BD₂ with D₁, D₂ powers of two of any range and B of small integers, from the norms of compound matrices:
/// σ₁⋯σ_k = ‖Λᵏ(D₁BD₂)‖₂, whose elements are B's k×k minors, exact integers, times products of powers of two.
/// </summary>
internal static class CompoundSvd
{
    /// <summary>σ_k = Sigma[k]·2^Exponent[k], k = 0 … n − 1, to nearly all digits of double.</summary>
    public static (double[] Sigma, int[] Exponent) Values(long[,] b, int[] left, int[] right)
    {
        int n = left.Length;
        double[] sigma = new double[n];
        int[] exponent = new int[n];
        (double before, int beforeExponent) = (1, 0);
        for (int k = 1; k <= n; k++)
        {
            int[][] subsets = [.. Enumerable.Range(0, 1 << n).Where(s => int.PopCount(s) == k)
                .Select(s => Enumerable.Range(0, n).Where(i => (s >> i & 1) == 1).ToArray())];
            int top = subsets.Max(s => s.Sum(i => left[i])) + subsets.Max(s => s.Sum(j => right[j]));
            Matrix<double> compound = Matrices.From(subsets.Length, subsets.Length, (r, c) => Math.ScaleB(
                Minor(b, subsets[r], subsets[c]), subsets[r].Sum(i => left[i]) + subsets[c].Sum(j => right[j]) - top));
            // What lies 2⁻²⁰⁰ below the largest has no part in the norm.
            double largest = compound.Elements.ToArray().Max(Math.Abs);
            compound = compound.Select(x => Math.Abs(x) < Math.ScaleB(largest, -200) ? 0 : x);
            (double[] values, int scale) = ReferenceSvd.Values(compound);
            sigma[k - 1] = values[0] / before;
            exponent[k - 1] = top + scale - beforeExponent;
            (before, beforeExponent) = (values[0], top + scale);
        }

        return (sigma, exponent);
    }

    private static long Minor(long[,] b, int[] rows, int[] columns)
    {
        if (rows.Length == 0)
            return 1;
        long sum = 0;
        for (int j = 0; j < columns.Length; j++)
            sum += (j % 2 == 0 ? 1 : -1) * b[rows[0], columns[j]] * Minor(b, rows[1..], [.. columns.Where((_, c) => c != j)]);
        return sum;
    }
}

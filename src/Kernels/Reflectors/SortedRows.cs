using System.Numerics;

namespace Kappa.Kernels.Reflectors;

/// <summary>Rows in descending order of their largest elements, as QR needs them where they are graded.</summary>
/// <remarks>
/// Householder's QR with pivoted columns and sorted rows is backward stable row by row too, up to the growth of elements, which pivoting keeps small.
/// Source: Cox and Higham, <i>Stability of Householder QR factorization for weighted least squares problems</i>, Numerical Analysis 1997.
/// </remarks>
internal static class SortedRows<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Stands for a row of zeros: below every exponent of a number, and so far from the limits of int that differences exist.</summary>
    public const int ZeroRow = -2000;

    // Within 2⁴ an order saves four bits at most, and random rows need none.
    private const int Even = 4;

    /// <summary>The exponent of each row's largest element. O(mn).</summary>
    public static int[] Exponents(ReadOnlyMatrixView<T> a)
    {
        int[] exponents = new int[a.Rows];
        for (int i = 0; i < a.Rows; i++)
        {
            T max = T.Zero;
            for (int j = 0; j < a.Columns; j++)
                max = T.MaxNative(max, T.Abs(a[i, j]));
            exponents[i] = T.IsZero(max) ? ZeroRow : T.ILogB(max);
        }

        return exponents;
    }

    /// <summary>Rows in order of size; null where they are too even for an order to matter.</summary>
    public static int[]? Order(int[] exponents)
    {
        int max = int.MinValue, min = int.MaxValue;
        foreach (int e in exponents)
            (max, min) = (Math.Max(max, e), Math.Min(min, e));
        if (exponents.Length == 0 || max - min <= Even)
            return null;
        int[] keys = new int[exponents.Length], rows = new int[exponents.Length];
        for (int i = 0; i < rows.Length; i++)
            (keys[i], rows[i]) = (-exponents[i], i);
        Array.Sort(keys, rows);
        return rows;
    }

    /// <summary>A with its rows in an order.</summary>
    public static Matrix<T> Copy(ReadOnlyMatrixView<T> a, int[] rows)
    {
        var sorted = new Matrix<T>(a.Rows, a.Columns);
        for (int i = 0; i < a.Rows; i++)
            a.Row(rows[i]).CopyTo(sorted.View.Row(i));
        return sorted;
    }
}

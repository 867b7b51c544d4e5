using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kappa.Kernels.Simd;

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

    /// <summary>
    /// A's rows in order of size and the exponents of their largest elements in that order; where they are too even for an order to
    /// matter, false, the exponents in A's order and no rows. O(mn).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Order(ReadOnlyMatrixView<T> a, Span<int> exponents, Span<int> rows)
    {
        Exponents(a, exponents);
        int max = int.MinValue, min = int.MaxValue;
        foreach (int e in exponents)
            (max, min) = (Math.Max(max, e), Math.Min(min, e));
        if (exponents.Length == 0 || max - min <= Even)
            return false;
        for (int i = 0; i < rows.Length; i++)
            (exponents[i], rows[i]) = (-exponents[i], i);
        exponents.Sort(rows);
        foreach (ref int e in exponents)
            e = -e;
        return true;
    }

    /// <summary>Copies A's rows in an order.</summary>
    public static void Copy(ReadOnlyMatrixView<T> a, ReadOnlySpan<int> rows, MatrixView<T> sorted)
    {
        for (int i = 0; i < a.Rows; i++)
            a.Row(rows[i]).CopyTo(sorted.Row(i));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exponents(ReadOnlyMatrixView<T> a, Span<int> exponents)
    {
        for (int i = 0; i < a.Rows; i++)
        {
            T max = T.Zero;
            if (a.Columns > 0)
            {
                ref T row = ref Unsafe.Add(ref Unsafe.AsRef(in a.Origin), i * a.RowStride);
                if (a.ColumnStride == 1)
                    max = Largest(MemoryMarshal.CreateReadOnlySpan(ref row, a.Columns));
                else
                    for (int j = 0; j < a.Columns; j++)
                        max = T.MaxNative(max, T.Abs(Unsafe.Add(ref row, j * a.ColumnStride)));
            }

            exponents[i] = T.IsZero(max) ? ZeroRow : BinaryExponent<T>.Of(max);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Largest(ReadOnlySpan<T> row)
    {
        ref T first = ref MemoryMarshal.GetReference(row);
        T max = T.Zero;
        int j = 0;
        if (row.Length >= Vector<T>.Count)
        {
            Vector<T> most = Vector<T>.Zero;
            for (; j <= row.Length - Vector<T>.Count; j += Vector<T>.Count)
                most = Vector.MaxNative(most, Vector.Abs(Vector.LoadUnsafe(ref first, (nuint)j)));
            for (int k = 0; k < Vector<T>.Count; k++)
                max = T.MaxNative(max, most[k]);
        }

        for (; j < row.Length; j++)
            max = T.MaxNative(max, T.Abs(row[j]));
        return max;
    }
}

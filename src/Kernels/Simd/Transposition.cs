using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Kappa.Kernels.Simd;

/// <summary>Copies a matrix into the transposed order.</summary>
/// <remarks>
/// Blocks of 8×8 (f32) and 4×4 (f64) in registers: the halves of the rows come together by loads, so only 16 shuffles of one port
/// remain for 64 elements, and 4 for 16: a quarter of a cycle per element, against one where each is stored alone.
/// </remarks>
internal static unsafe class Transposition<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // A cache line of each destination row is written at once.
    private static int Lane => 64 / sizeof(T);

    /// <summary>D ← Sᵀ, with contiguous rows in S (rows×columns) and in D (columns×rows).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(int rows, int columns, T* from, nint fromRow, T* to, nint toRow)
    {
        int i = 0;
        if (Avx.IsSupported)
            for (; i < rows; i += Lane)
                CopyLane(Math.Min(Lane, rows - i), columns, from + i * fromRow, fromRow, to + i, toRow);
        else
            Scalar(0, rows, 0, columns, from, fromRow, to, toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyLane(int rows, int columns, T* from, nint fromRow, T* to, nint toRow)
    {
        int side = sizeof(T) == 8 ? 4 : 8, whole = rows / side * side, j = 0;
        for (; j + side <= columns; j += side)
            for (int i = 0; i < whole; i += side)
            {
                T* source = from + i * fromRow + j, destination = to + j * toRow + i;
                if (typeof(T) == typeof(double))
                    Block4((double*)source, fromRow, (double*)destination, toRow);
                else
                    Block8((float*)source, fromRow, (float*)destination, toRow);
            }

        Scalar(whole, rows, 0, j, from, fromRow, to, toRow);
        Scalar(0, rows, j, columns, from, fromRow, to, toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scalar(int firstRow, int rows, int firstColumn, int columns, T* from, nint fromRow, T* to, nint toRow)
    {
        for (int i = firstRow; i < rows; i++)
        {
            T* source = from + i * fromRow, destination = to + i;
            for (int j = firstColumn; j < columns; j++)
                destination[j * toRow] = source[j];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4(double* from, nint fromRow, double* to, nint toRow)
    {
        double* third = from + 2 * fromRow;
        Vector256<double> a = Pair(from, third), b = Pair(from + fromRow, third + fromRow);
        Vector256<double> c = Pair(from + 2, third + 2), d = Pair(from + fromRow + 2, third + fromRow + 2);
        Avx.UnpackLow(a, b).Store(to);
        Avx.UnpackHigh(a, b).Store(to + toRow);
        Avx.UnpackLow(c, d).Store(to + 2 * toRow);
        Avx.UnpackHigh(c, d).Store(to + 3 * toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float* from, nint fromRow, float* to, nint toRow)
    {
        for (int half = 0; half < 8; half += 4)
        {
            float* fifth = from + 4 * fromRow;
            Vector256<float> a = Pair(from, fifth), b = Pair(from + fromRow, fifth + fromRow);
            Vector256<float> c = Pair(from + 2 * fromRow, fifth + 2 * fromRow), d = Pair(from + 3 * fromRow, fifth + 3 * fromRow);
            Vector256<double> ab = Avx.UnpackLow(a, b).AsDouble(), cd = Avx.UnpackLow(c, d).AsDouble();
            Avx.UnpackLow(ab, cd).AsSingle().Store(to);
            Avx.UnpackHigh(ab, cd).AsSingle().Store(to + toRow);
            ab = Avx.UnpackHigh(a, b).AsDouble();
            cd = Avx.UnpackHigh(c, d).AsDouble();
            Avx.UnpackLow(ab, cd).AsSingle().Store(to + 2 * toRow);
            Avx.UnpackHigh(ab, cd).AsSingle().Store(to + 3 * toRow);
            from += 4;
            to += 4 * toRow;
        }
    }

    // Two halves of 128 bits, the upper one inserted from memory, which takes no shuffle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pair(double* low, double* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* low, float* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high));
}

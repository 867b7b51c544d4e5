using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Kappa.Kernels.Simd;

/// <summary>Matrices of floats as matrices of doubles, which every float is.</summary>
internal static unsafe class Widening
{
    /// <summary>Doubles that <see cref="Of"/> takes for an m×n matrix: none where it is of doubles.</summary>
    public static nint Size<T>(int m, int n) => typeof(T) == typeof(float) ? (nint)m * n : 0;

    /// <summary>A itself where it is of doubles, else a copy by rows or columns, whichever A's are contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ReadOnlyMatrixView<double> Of<T>(ReadOnlyMatrixView<T> a, double* memory) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        fixed (T* origin = &a.Origin)
        {
            if (typeof(T) == typeof(double))
                return new ReadOnlyMatrixView<double>(ref *(double*)origin, a.Rows, a.Columns, a.RowStride, a.ColumnStride);
            bool byRows = a.ColumnStride == 1;
            ReadOnlyMatrixView<T> lines = byRows ? a : a.Transposed();
            for (int i = 0; i < lines.Rows; i++)
                Copy((float*)origin + i * lines.RowStride, lines.ColumnStride, lines.Columns, memory + (nint)i * lines.Columns);
            var copy = new ReadOnlyMatrixView<double>(ref *memory, lines.Rows, lines.Columns, lines.Columns, 1);
            return byRows ? copy : copy.Transposed();
        }
    }

    /// <summary>So many elements, a step apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* x, nint step, int count, double* to)
    {
        int i = 0;
        if (step == 1)
            for (; i <= count - 8; i += 8)
            {
                (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Load(x + i));
                low.Store(to + i);
                high.Store(to + i + 4);
            }

        for (; i < count; i++)
            to[i] = x[i * step];
    }
}

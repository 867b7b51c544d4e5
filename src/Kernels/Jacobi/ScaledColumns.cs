using System.Numerics;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Jacobi;

/// <summary>
/// The columns that the sweeps orthogonalise: column j stands for 2^Exponent[j] times what is stored, so that one sweep may mix
/// columns whose norms differ by any factor. Order is a list of slots, so that pivoting moves no element.
/// </summary>
internal sealed unsafe class ScaledColumns<T>(T* elements, int stride, int count)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public readonly int Stride = stride;
    public readonly int Count = count;
    public readonly int[] Exponent = new int[count];
    public readonly T[] SquaredNorm = new T[count];

    public T* Column(int slot) => elements + (nint)slot * Stride;

    /// <summary>Multiplies the stored column by the power of two that brings its largest element into [1, 2), and notes its squared norm.</summary>
    public void Normalise<V, L>(int slot) where V : unmanaged where L : struct, ILanes<T, V>
    {
        T* column = Column(slot);
        T max = Level1<T, V, L>.MaxAbs(column, Stride);
        if (T.IsZero(max))
        {
            SquaredNorm[slot] = T.Zero;
            return;
        }

        int shift = T.ILogB(max);
        if (shift != 0)
        {
            // 2^-shift itself may be out of range, so the scaling goes element by element there.
            T factor = T.ScaleB(T.One, -shift);
            if (T.IsNormal(factor))
                Level1<T, V, L>.Scale(factor, column, Stride);
            else
                for (int i = 0; i < Stride; i++)
                    column[i] = T.ScaleB(column[i], -shift);
            Exponent[slot] += shift;
        }

        SquaredNorm[slot] = Level1<T, V, L>.Dot(column, column, Stride);
    }

    /// <summary>Whether the column in one slot is longer than that in another.</summary>
    public bool IsLonger(int slot, int other)
    {
        if (Exponent[slot] == Exponent[other] || T.IsZero(SquaredNorm[other]))
            return SquaredNorm[slot] > SquaredNorm[other];
        return double.ScaleB(double.CreateTruncating(SquaredNorm[slot]), 2 * (Exponent[slot] - Exponent[other])) > double.CreateTruncating(SquaredNorm[other]);
    }
}

using System.Numerics;

namespace Kappa.Kernels.Jacobi;

/// <summary>
/// The columns that the sweeps orthogonalise, side by side in panels of one vector's width: a row of a panel is one vector, so that
/// every lane holds a column and one instruction rotates as many pairs as a vector has lanes.
/// </summary>
/// <remarks>
/// Column j stands for √SquaredScale[j]·2^Exponent[j] times what is stored: the rotations change the scale instead of multiplying
/// by their cosine, and one sweep may mix columns whose norms differ by any factor. Below the rows of X may stand those of the
/// product J of all rotations, which have the scale but not the exponent. Missing columns are 0.
/// </remarks>
internal readonly unsafe struct ColumnPanels<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Vectors that the rotations of a pair of panels keep: xᵀy and four coefficients.</summary>
    public const int PairVectors = 5;

    // Four pairs of four panels, two more products, and what has been met: of each two pairs of panels.
    private const int MeetingVectors = 4 * PairVectors + 2 + 2;

    private readonly T* _elements;
    private readonly T* _vectors;

    /// <summary>Lays the panels out in memory of at least <see cref="Size"/> elements.</summary>
    public ColumnPanels(T* memory, int lanes, int rows, int columns, int rotationRows)
    {
        Lanes = lanes;
        Rows = rows;
        Columns = columns;
        TotalRows = rows + rotationRows;
        Count = PanelCount(lanes, columns);
        _vectors = memory;
        _elements = memory + VectorsSize(lanes, columns);
    }

    /// <summary>Columns per panel.</summary>
    public int Lanes { get; }

    /// <summary>Rows of X.</summary>
    public int Rows { get; }

    /// <summary>Columns of X.</summary>
    public int Columns { get; }

    /// <summary>Rows of X and of J, where it is kept.</summary>
    public int TotalRows { get; }

    /// <summary>Panels, at least two.</summary>
    public int Count { get; }

    public T* Exponent => _vectors;

    public T* SquaredScale => _vectors + Count * Lanes;

    /// <summary>‖x_j‖², known while a pair of panels is at work.</summary>
    public T* SquaredNorm => _vectors + 2 * Count * Lanes;

    /// <summary>What meeting k of a round keeps of its pairs of panels.</summary>
    public T* Meeting(int k) => Cosine(k) + 2 * Lanes;

    /// <summary>The squares of the largest cosines that meeting k has seen, by lanes.</summary>
    public T* Cosine(int k) => _vectors + (3 * Count + k * MeetingVectors) * Lanes;

    /// <summary>The squares of the largest scaled sines.</summary>
    public T* Sine(int k) => Cosine(k) + Lanes;

    /// <summary>Clears what meeting k has seen.</summary>
    public void Forget(int k) => new Span<T>(Cosine(k), 2 * Lanes).Clear();

    public T* Panel(int p) => _elements + (nint)p * TotalRows * Lanes;

    /// <summary>Element of row i, column j as stored.</summary>
    public ref T this[int i, int j] => ref Panel(j / Lanes)[(nint)i * Lanes + j % Lanes];

    public static nint Size(int lanes, int rows, int columns, int rotationRows) =>
        VectorsSize(lanes, columns) + (nint)PanelCount(lanes, columns) * lanes * (rows + rotationRows);

    // Many come in twos, which are blocks.
    private static int PanelCount(int lanes, int columns)
    {
        int count = (columns + lanes - 1) / lanes;
        return count > 8 ? (count + 1) / 2 * 2 : Math.Max(2, count);
    }

    // A whole number of the widest vectors, so that the elements are aligned to cache lines.
    private static int VectorsSize(int lanes, int columns) =>
        (lanes * (3 * PanelCount(lanes, columns) + MeetingVectors * (PanelCount(lanes, columns) / 2)) + 15) / 16 * 16;
}

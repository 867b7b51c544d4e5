using System.Numerics;

namespace Kappa.Kernels.Tests;

/// <summary>A matrix with a name for the test's name.</summary>
public sealed record Exhibit<T>(string Name, Matrix<T> Matrix) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override string ToString() => Name;
}

/// <summary>The matrices that every factorisation must survive.</summary>
internal static class Gallery
{
    /// <summary>The sizes of LAPACK's svd.in, which drives ddrvbd.</summary>
    public static readonly (int Rows, int Columns)[] LapackSizes =
    [
        (0, 0), (0, 1), (0, 3), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (3, 1), (3, 3),
        (10, 10), (10, 16), (16, 10), (16, 16), (30, 30), (30, 40), (40, 30), (40, 40),
    ];

    /// <summary>
    /// ddrvbd's five types at all its sizes: zero, identity, U·D·V with D evenly spaced from 1 to ε, and that near both
    /// ends of the range.
    /// </summary>
    public static IEnumerable<Exhibit<T>> Lapack<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int toEdge = Machine<T>.MaxExponent + Math.ILogB(Machine<T>.Epsilon);
        foreach ((int m, int n) in LapackSizes)
        {
            double[] spaced = EvenlySpaced(Math.Min(m, n), Machine<T>.Epsilon);
            Matrix<double> even = Matrices.WithSingularValues(m, n, spaced, seed: (uint)(100 * m + n));
            yield return Named<T>($"zero {m}×{n}", new Matrix<double>(m, n));
            yield return Named<T>($"identity {m}×{n}", Matrices.From(m, n, (i, j) => i == j ? 1 : 0));
            yield return Named<T>($"even {m}×{n}", even);
            yield return Named<T>($"even {m}×{n} near underflow", even.Select(x => Math.ScaleB(x, -toEdge)));
            yield return Named<T>($"even {m}×{n} near overflow", even.Select(x => Math.ScaleB(x, toEdge)));
        }
    }

    /// <summary>Matrices with a name or a trap of their own.</summary>
    public static IEnumerable<Exhibit<T>> Hard<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double ulp = Machine<T>.Epsilon, tiny = Machine<T>.Tiny;
        int top = Machine<T>.MaxExponent;
        yield return Named<T>("plain 3×3", Matrix<double>.From([1, 2, 3, 4, 5, 6, 7, 8, 10], 3, 3));
        yield return Named<T>("1×1", Matrix<double>.From([-3], 1, 1));
        yield return Named<T>("1×17", Matrices.Random(1, 17, 1));
        yield return Named<T>("17×1", Matrices.Random(17, 1, 2));
        yield return Named<T>("random 33×20", Matrices.Random(33, 20, 3));
        yield return Named<T>("random 20×33", Matrices.Random(20, 33, 4));
        yield return Named<T>("random 64×64", Matrices.Random(64, 64, 5));
        yield return Named<T>("orthogonal 24", Matrices.Orthogonal(24, 6));
        yield return Named<T>("Hadamard 16", Matrices.Hadamard(4));
        yield return Named<T>("Hilbert 5", Matrices.Hilbert(5));
        yield return Named<T>("Hilbert 12", Matrices.Hilbert(12));
        yield return Named<T>("Kahan 20", Matrices.Kahan(20, 1.2));
        yield return Named<T>("Kahan 40", Matrices.Kahan(40, 0.5));
        yield return Named<T>("Läuchli √ε", Matrices.Lauchli(10, Math.Sqrt(ulp)));
        yield return Named<T>("Läuchli ε", Matrices.Lauchli(6, ulp));
        yield return Named<T>("ones 9×9", Matrices.From(9, 9, (_, _) => 1));
        yield return Named<T>("ones 30×30", Matrices.From(30, 30, (_, _) => 1));
        yield return Named<T>("ones 7×13", Matrices.From(7, 13, (_, _) => 1));
        Matrix<double> falling = Matrices.Random(16, 16, 7).ScaledColumns(j => Math.ScaleB(1, -6 * j));
        yield return Named<T>("graded columns", falling);
        yield return Named<T>("graded columns rising", falling.ScaledColumns(j => Math.ScaleB(1, 12 * j)));
        yield return Named<T>("graded rows", Matrix<double>.From(falling.Transposed()));
        yield return Named<T>("graded both", Matrices.From(16, 16, (i, j) => Math.ScaleB(falling[i, j], -5 * i)));
        yield return Named<T>("repeated", Spectrum(20, 14, i => 3 - i / 5));
        yield return Named<T>("clustered", Spectrum(20, 12, i => 1 + i / 4 + i * ulp));
        yield return Named<T>("two clusters", Spectrum(14, 14, i => i < 7 ? 1 : 100 * ulp));
        yield return Named<T>("rank 8 of 16×16", Matrices.OfRank(8, 16, 16, 13));
        yield return Named<T>("rank 8 of 20×16", Matrices.OfRank(8, 20, 16, 14));
        yield return Named<T>("rank 8 of 16×20", Matrices.OfRank(8, 16, 20, 15));
        yield return Named<T>("rank 1 of 12×12", Matrices.OfRank(1, 12, 12, 16));
        yield return Named<T>("rank 1 of 40×32", Matrices.OfRank(1, 40, 32, 16));
        yield return Named<T>("zero lines", Matrices.From(9, 8, (i, j) => i % 3 == 0 || j % 2 == 1 ? 0 : i - j + 0.5));
        yield return Named<T>("nilpotent shift", Matrices.From(9, 9, (i, j) => j == i + 1 ? 1 : 0));
        yield return Named<T>("near overflow", Matrices.Random(12, 10, 17).Select(x => Math.ScaleB(x, top - 6)));
        yield return Named<T>("near underflow", Matrices.Random(12, 10, 18).Select(x => Math.ScaleB(x, 4 - top)));
        yield return Named<T>("subnormal", Matrices.Random(12, 10, 19).Select(x => Math.Round(16 * x) * tiny));
        yield return Named<T>("smallest numbers", Matrices.Random(6, 6, 20).Select(x => Math.Sign(x) * tiny));
        yield return Named<T>("one smallest number", Matrices.From(4, 3, (i, j) => i == 2 && j == 1 ? tiny : 0));
        yield return Named<T>("every size", EverySize<T>(12, 12, 21));
        yield return Named<T>("every size, wide", EverySize<T>(9, 14, 22));
        yield return Named<T>("subnormal tails", Matrices.From(4, 2, (i, j) => i == 0 ? 1 : j == 0 ? 0 : tiny));
        yield return Named<T>("subnormal rows", Matrices.From(6, 4, (i, j) => (1 + i * j % 5) * (i < 2 ? 1 : tiny)));
    }

    /// <summary>Columns so far apart that no square fits beside another: 600 decades in double, 60 in float.</summary>
    public static IEnumerable<Exhibit<T>> FarApart<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int edge = Machine<T>.MaxExponent - 30;
        double large = Math.ScaleB(1, edge), small = Math.ScaleB(1, -edge);
        Matrix<double> FarApart(int rows, params int[] places) =>
            Matrices.Random(rows, places.Length, seed: 23).ScaledColumns(j => Math.ScaleB(1, edge * places[j] / 4));
        yield return Named<T>("far apart", FarApart(10, -4, -2, 0, 2, 4));
        yield return Named<T>("far apart, shuffled", FarApart(9, 3, -1, 4, 0, -4, 1, -3, 2, -2));
        yield return Named<T>("twins far apart", Matrices.From(4, 4, (i, j) => i != j / 2 ? 0 : j < 2 ? large : small));
        // Nothing is left of the second column after the first, and all that is left stands in the last row.
        yield return Named<T>("twins before a small column",
            Matrix<double>.From([large, large, 0, 0, 0, 0, 0, 0, 0, 0, 0, small], 4, 3));
    }

    public static IEnumerable<Exhibit<T>> Everything<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        [.. Lapack<T>(), .. Hard<T>(), .. FarApart<T>()];

    /// <summary>n values from 1 down to the last, evenly, with random signs, as ddrvbd's MODE 4.</summary>
    private static double[] EvenlySpaced(int count, double last)
    {
        var stream = new GaussianStream((uint)count);
        double step = (1 - last) / Math.Max(count - 1, 1);
        return [.. Enumerable.Range(0, count).Select(i => Math.Sign(stream.Next()) * (1 - i * step))];
    }

    private static Matrix<double> Spectrum(int rows, int columns, Func<int, double> sigma) =>
        Matrices.WithSingularValues(rows, columns, [.. Enumerable.Range(0, columns).Select(sigma)], seed: (uint)rows);

    private static Matrix<double> EverySize<T>(int rows, int columns, uint seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var stream = new GaussianStream(seed);
        int Exponent() => (int)((2 * stream.NextUniform() - 1) * (Machine<T>.MaxExponent - 4));
        return Matrices.From(rows, columns, (_, _) => Math.ScaleB(stream.Next(), Exponent()));
    }

    private static Exhibit<T> Named<T>(string name, Matrix<double> a)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => new(name, a.Rounded<T>());
}

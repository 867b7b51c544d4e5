using System.Numerics;
using Kappa.Kernels;
using Kappa.Training.Information;

namespace Kappa.Training.Checkpoints;

/// <summary>What a scan measures.</summary>
public sealed record ScanSettings
{
    /// <summary>How tensors become matrices.</summary>
    public Matricization Matricization { get; init; } = new();

    /// <summary>What is measured of each.</summary>
    public IReadOnlyList<ScanMeasure> Measures { get; init; } = ScanMeasure.All;

    /// <summary>σₓ > 0 of the entropy.</summary>
    public double InputDeviation { get; init; } = 1;

    /// <summary>One line that tells scans apart whose records cannot be put together.</summary>
    public string Fingerprint => FormattableString.Invariant(
        $"measures {string.Join(',', Measures.Select(m => m.Name))}, split qkv {Matricization.SplitFused}, heads {Matricization.Heads}/{Matricization.KeyHeads}, integers {Matricization.Integers}, input deviation {InputDeviation:R}");
}

/// <summary>Measures the matrices of a checkpoint over threads.</summary>
/// <remarks>
/// Matrices whose third of the memory that all threads may take exceeds their share go one at a time, each with all threads; the others many at a time, with one thread
/// each. At any moment at most three times the largest matrix in double precision is in use, or 128 MiB where that is more.
/// A matrix's record has the same bits for any number of threads.
/// </remarks>
public static class Scan
{
    // What a decomposition takes of the matrix's own size, itself included.
    private const long Copies = 3;
    private const long LeastMemory = 128L << 20;

    // What the collector should not leave standing beside the next matrix.
    private const long WorthCollecting = 8L << 20;

    /// <summary>The matrices of a checkpoint, in its order.</summary>
    public static IReadOnlyList<TensorMatrix> Plan(Checkpoint checkpoint, ScanSettings settings)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return [.. checkpoint.Tensors.SelectMany(settings.Matricization.Of)];
    }

    /// <summary>Measures the matrices.</summary>
    /// <param name="matrices">The matrices; those that are none get their record at once.</param>
    /// <param name="settings">What to measure.</param>
    /// <param name="threads">The most threads, ≥ 1.</param>
    /// <param name="finished">Called with each record the moment it is there, from any thread, one call at a time.</param>
    /// <param name="cancellation">Ends the scan between two matrices.</param>
    /// <exception cref="InvalidDataException">A file no longer holds its tensor.</exception>
    /// <exception cref="OperationCanceledException">The scan was ended.</exception>
    public static void Run(IReadOnlyList<TensorMatrix> matrices, ScanSettings settings, int threads, Action<ScanRecord> finished, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(matrices);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        foreach (TensorMatrix none in matrices.Where(m => m.Reason is not null))
            finished(ScanRecord.Of(none));
        TensorMatrix[] bySize = [.. matrices.Where(m => m.Reason is null).OrderByDescending(Bytes)];
        if (bySize.Length == 0)
            return;
        long memory = Math.Max(LeastMemory, Copies * Bytes(bySize[0]));
        TensorMatrix[] large = [.. bySize.TakeWhile(m => Copies * Bytes(m) > memory / threads)];
        foreach (TensorMatrix matrix in large)
        {
            cancellation.ThrowIfCancellationRequested();
            finished(Measure(matrix, settings, threads));
            if (Bytes(matrix) >= WorthCollecting)
                GC.Collect();
        }

        Share(bySize[large.Length..], settings, threads, finished, cancellation);
    }

    /// <summary>Measures one matrix.</summary>
    /// <exception cref="InvalidDataException">The file no longer holds it.</exception>
    public static ScanRecord Measure(TensorMatrix matrix, ScanSettings settings, int threads)
    {
        ScanRecord record = ScanRecord.Of(matrix);
        if (matrix.Reason is not null)
            return record;
        return settings.Measures.Any(m => m.NeedsSpectrum) ? Measure(record, matrix.Read(), settings, w => OfSpectrum(WeightMeasures.Of(w, settings.InputDeviation, maxThreads: threads)))
            : matrix.Tensor.ElementType.FitsSingle()
                ? Measure(record, matrix.Read<float>(), settings, w => OfFactorization<float>(w, Spectrum.WideConditionNumber(w, maxThreads: threads), settings.InputDeviation))
                : Measure(record, matrix.Read(), settings, w => OfFactorization<double>(w, Spectrum.ConditionNumber<double>(w, maxThreads: threads), settings.InputDeviation));
    }

    private static ScanRecord Measure<T>(
        ScanRecord record, Matrix<T> w, ScanSettings settings, Func<Matrix<T>, (string?, Dictionary<string, double>, IReadOnlyList<double>?)> measure)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (FirstNotFinite(w) is (int row, int column))
            return record with { ConditionReason = FormattableString.Invariant($"element ({row}, {column}) is {(T.IsNaN(w[row, column]) ? "NaN" : "infinite")}") };
        (string? reason, Dictionary<string, double> values, IReadOnlyList<double>? sigma) = measure(w);
        return record with
        {
            ConditionReason = reason,
            Values = settings.Measures.Where(m => values.ContainsKey(m.Name)).ToDictionary(m => m.Name, m => double.IsFinite(values[m.Name]) ? values[m.Name] : double.NaN),
            SingularValues = settings.Measures.Contains(ScanMeasure.SingularValues) ? sigma : null,
        };
    }

    private static void Share(TensorMatrix[] matrices, ScanSettings settings, int threads, Action<ScanRecord> finished, CancellationToken cancellation)
    {
        object gate = new();
        try
        {
            Parallel.ForEach(
                System.Collections.Concurrent.Partitioner.Create(matrices, System.Collections.Concurrent.EnumerablePartitionerOptions.NoBuffering),
                new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation },
                matrix =>
                {
                    ScanRecord record = Measure(matrix, settings, 1);
                    lock (gate)
                        finished(record);
                });
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private static (string?, Dictionary<string, double>, IReadOnlyList<double>?) OfSpectrum(WeightMeasures m)
    {
        bool known = m.ConditionReason is null;
        var values = new Dictionary<string, double>
        {
            ["conditionNumber"] = known ? m.Condition.Value : double.NaN,
            ["conditionLower"] = m.Condition.Lower,
            ["conditionUpper"] = m.Condition.Upper,
            ["conditionNonZero"] = m.NonZeroConditionNumber,
            ["numericalRank"] = m.NumericalRank,
            ["sigmaMax"] = m.SingularValues[0],
            ["sigmaMin"] = known ? m.SingularValues[^1] : double.NaN,
            ["effectiveRank"] = m.EffectiveRank,
            ["stableRank"] = m.StableRank,
            ["spectralGap"] = m.SpectralGap,
            ["frobeniusNorm"] = m.FrobeniusNorm,
            ["nuclearNorm"] = m.NuclearNorm,
            ["rowNormSpread"] = m.RowNormSpread,
            ["logVolume"] = m.LogVolume,
            ["entropy"] = m.Entropy,
            ["entropyDeficit"] = m.EntropyDeficit,
            ["randomLower"] = m.RandomLaw?.SmallestSingularValue ?? double.NaN,
            ["randomUpper"] = m.RandomLaw?.LargestSingularValue ?? double.NaN,
            ["randomDistance"] = m.RandomDistance,
            ["likeRandom"] = m.IsLikeRandom ? 1 : 0,
        };
        return (m.ConditionReason, values, m.SingularValues);
    }

    private static (string?, Dictionary<string, double>, IReadOnlyList<double>?) OfFactorization<T>(ReadOnlyMatrixView<T> w, ConditionEstimate<double> condition, double inputDeviation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        bool known = condition.IsResolved && double.IsFinite(condition.Upper);
        string? reason = known ? null
            : condition.IsResolved ? "singular"
            : FormattableString.Invariant($"not resolved: κ ≥ {condition.Lower:G3}");
        double largest = condition.LargestSingularValue.Value;
        double[] rows = RowNorms(w);
        double norm = Norm(rows);
        int p = Math.Min(w.Rows, w.Columns);
        double logVolume = known ? condition.LogVolume.Value : double.NaN;
        MarchenkoPastur? law = norm > 0 ? new MarchenkoPastur(w.Rows, w.Columns, norm / Math.Sqrt(w.Rows) / Math.Sqrt(w.Columns)) : null;
        var values = new Dictionary<string, double>
        {
            ["conditionNumber"] = known ? condition.Value : double.NaN,
            ["conditionLower"] = condition.Lower,
            ["conditionUpper"] = condition.Upper,
            ["sigmaMax"] = largest,
            ["sigmaMin"] = known ? condition.SmallestSingularValue.Value : double.NaN,
            ["stableRank"] = largest > 0 ? norm / largest * (norm / largest) : 0,
            ["frobeniusNorm"] = norm,
            ["rowNormSpread"] = norm > 0 ? rows.Max() / rows.Min() : double.NaN,
            ["logVolume"] = logVolume,
            ["entropy"] = p / 2.0 * (Math.Log2(2 * Math.PI * Math.E) + 2 * Math.Log2(inputDeviation)) + logVolume,
            ["entropyDeficit"] = Math.Max(0, IsotropicBound.MaximumLogVolume(p, norm) - logVolume),
            ["randomLower"] = law?.SmallestSingularValue ?? double.NaN,
            ["randomUpper"] = law?.LargestSingularValue ?? double.NaN,
        };
        return (reason, values, null);
    }

    // In double whatever W is stored in.
    private static double[] RowNorms<T>(ReadOnlyMatrixView<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (norms, row) = (new double[w.Rows], new double[w.Columns]);
        for (int i = 0; i < w.Rows; i++)
        {
            for (int j = 0; j < w.Columns; j++)
                row[j] = double.CreateTruncating(w[i, j]);
            norms[i] = Norm(row);
        }

        return norms;
    }

    private static double Norm(double[] x) => Spectrum.FrobeniusNorm(new ReadOnlyMatrixView<double>(x, 1, x.Length));

    private static (int Row, int Column)? FirstNotFinite<T>(Matrix<T> w) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<T> elements = w.Elements;
        for (int i = 0; i < elements.Length; i++)
            if (!T.IsFinite(elements[i]))
                return (i / w.Columns, i % w.Columns);
        return null;
    }

    /// <summary>What measuring a matrix takes, for dividing a scan: p·mn operations, and something for every tensor.</summary>
    public static double Cost(TensorMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return 1e4 + (double)matrix.Rows * matrix.Columns * Math.Min(matrix.Rows, matrix.Columns);
    }

    private static long Bytes(TensorMatrix matrix) => sizeof(double) * (long)matrix.Rows * matrix.Columns;
}

using System.Numerics;
using Kappa.Kernels.Jacobi;
using Kappa.Kernels.Threads;

namespace Kappa.Kernels.Decompositions;

/// <summary>How many matrices of which shape, and the elements from one A, σ, U and V to the next.</summary>
internal readonly record struct BatchShape(int Count, int Rows, int Columns, nint AStep, nint SigmaStep, nint UStep, nint VStep);

/// <summary>Decompositions of matrices of one shape, each on one thread.</summary>
internal unsafe struct SvdBatch<T>(BatchShape shape, T* a, T* sigma, T* u, T* v, T* kappa, VectorPath path, SvdAlgorithm algorithm)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Of the smallest matrices so many together make a chunk of some 20 µs, and a batch of fewer is done before another thread wakes.
    private const int ChunkWork = 256;

    private readonly BatchShape _shape = shape;
    private readonly T* _a = a, _sigma = sigma, _u = u, _v = v, _kappa = kappa;
    private readonly VectorPath _path = path;
    private readonly SvdAlgorithm _algorithm = algorithm;
    private int _perChunk, _offender, _unconverged;

    /// <summary>How many have not converged.</summary>
    public readonly int Unconverged => _unconverged;

    /// <summary>Decomposes all; returns the first matrix that is not finite, or −1.</summary>
    public int Run(int threads)
    {
        _perChunk = 1 + (int)(ChunkWork / Math.Max(1, (long)_shape.Rows * _shape.Columns * Math.Min(_shape.Rows, _shape.Columns)));
        _offender = int.MaxValue;
        _unconverged = 0;
        SvdBatch<T> batch = this;
        Team.Run((_shape.Count + _perChunk - 1) / _perChunk, threads, &batch, &RunChunk);
        this = batch;
        return _offender == int.MaxValue ? -1 : _offender;
    }

    private static void RunChunk(void* state, int chunk)
    {
        ref SvdBatch<T> batch = ref *(SvdBatch<T>*)state;
        SvdWorkspace<T> memory = SvdWorkspace<T>.OfThread;
        int end = Math.Min(batch._shape.Count, (chunk + 1) * batch._perChunk);
        for (int i = chunk * batch._perChunk; i < end; i++)
            batch.Decompose(i, memory);
    }

    private void Decompose(int i, SvdWorkspace<T> memory)
    {
        (int m, int n) = (_shape.Rows, _shape.Columns);
        var matrix = new ReadOnlyMatrixView<T>(ref _a[i * _shape.AStep], m, n, n, 1);
        if (!matrix.RowsAreFinite())
        {
            // Whoever is first, the lowest index stays.
            for (int seen = Volatile.Read(ref _offender); i < seen;)
                seen = Interlocked.CompareExchange(ref _offender, i, seen);
            return;
        }

        int p = Math.Min(m, n);
        T* values = _kappa is null ? _sigma + i * _shape.SigmaStep : memory.Values.Rent<T>(p);
        SvdFactors<T> into = _u is null ? new(values, null, null) : new(values, _u + i * _shape.UStep, _v + i * _shape.VStep);
        if (!AlgorithmChoice<T>.Run(matrix, into, _algorithm, memory, _path, threads: 1).Converged)
            Interlocked.Increment(ref _unconverged);
        if (_kappa is not null)
            _kappa[i] = Spectrum.ConditionNumber(new ReadOnlySpan<T>(values, p));
    }
}

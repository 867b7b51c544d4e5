using System.Numerics;
using System.Runtime.CompilerServices;
using Kappa.Kernels;

namespace Kappa.Cli.Bench;

/// <summary>LAPACK's drivers of the SVD that are measured.</summary>
internal enum SvdDriver
{
    /// <summary>Bidiagonalisation, then divide and conquer.</summary>
    Gesdd,

    /// <summary>One-sided Jacobi.</summary>
    Gesvj,

    /// <summary>One-sided Jacobi after pivoted QR.</summary>
    Gejsv,
}

/// <summary>A driver of LAPACK on a matrix A (n×n), with the memory that it needs.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class NativeSvd<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly SvdDriver _driver;
    private readonly nint _routine;
    private readonly bool _vectors;
    private readonly int _n;

    // Row-major storage read as column-major is the transpose: these hold Aᵀ. Matrices are pinned, so pointers last.
    private readonly Matrix<T> _source, _a, _u, _v, _sigma, _work;
    private readonly long[] _integers;

    /// <summary>Prepares a decomposition of A (n×n), of its values alone unless vectors are wanted.</summary>
    /// <exception cref="EntryPointNotFoundException">The library lacks the driver.</exception>
    public NativeSvd(NativeBlas library, SvdDriver driver, ReadOnlyMatrixView<T> a, bool vectors)
    {
        _driver = driver;
        _routine = library.Routine<T>(driver);
        _vectors = vectors;
        _n = a.Rows;
        _source = Matrix<T>.From(a.Transposed());
        _a = new Matrix<T>(_n, _n);
        _u = vectors && driver != SvdDriver.Gesvj ? new(_n, _n) : new(1, 1);
        _v = vectors ? new(_n, _n) : new(1, 1);
        _sigma = new Matrix<T>(1, _n);
        // Each driver's optimum with blocks of 64: gesdd S takes 3n² + 7n at least, gejsv 2n² + 6n.
        _work = new Matrix<T>(4, _n * _n + 64 * _n);
        _integers = GC.AllocateArray<long>(8 * _n, pinned: true);
    }

    /// <summary>What the last call returned: 0 where all went well, positive where an iteration did not converge.</summary>
    public int Info { get; private set; }

    /// <summary>σ₁ ≥ … ≥ σ_n of the last call.</summary>
    public double[] Values()
    {
        ReadOnlySpan<T> work = _work.Elements;
        // The Jacobi drivers keep σ scaled where it could over- or underflow.
        double scale = _driver switch
        {
            SvdDriver.Gesvj => double.CreateTruncating(work[0]),
            SvdDriver.Gejsv => double.CreateTruncating(work[0]) / double.CreateTruncating(work[1]),
            _ => 1,
        };
        return [.. _sigma.Elements.ToArray().Select(sigma => scale * double.CreateTruncating(sigma))];
    }

    /// <summary>U (n×n) of the last call.</summary>
    public ReadOnlyMatrixView<T> U => (_driver == SvdDriver.Gesvj ? _a : _u).Transposed();

    /// <summary>V (n×n) of the last call.</summary>
    public ReadOnlyMatrixView<T> V => _driver == SvdDriver.Gesdd ? _v : _v.Transposed();

    /// <summary>Decomposes A anew, as often as told; a driver overwrites its matrix, so each time includes a copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int repeats)
    {
        // As with products: 64-bit integers serve libraries of either width, and the last arguments are lengths of strings.
        long n = _n, ldu = _u.Rows, ldv = _v.Rows, rowsOfV = 0, lwork = _work.Elements.Length, info = 0;
        byte yes = (byte)(_vectors ? 'S' : 'N'), u = (byte)(_vectors ? 'U' : 'N'), v = (byte)(_vectors ? 'V' : 'N');
        byte general = (byte)'G', columnScaled = (byte)'C', no = (byte)'N';
        fixed (T* pa = _a.Elements, pu = _u.Elements, pv = _v.Elements, sigma = _sigma.Elements, work = _work.Elements)
        fixed (long* integers = _integers)
            for (int i = 0; i < repeats; i++)
            {
                _source.Elements.CopyTo(_a.Elements);
                switch (_driver)
                {
                    case SvdDriver.Gesdd:
                        ((delegate* unmanaged<byte*, long*, long*, T*, long*, T*, T*, long*, T*, long*, T*, long*, long*, long*, nint, void>)_routine)(
                            &yes, &n, &n, pa, &n, sigma, pu, &ldu, pv, &ldv, work, &lwork, integers, &info, 1);
                        break;
                    case SvdDriver.Gesvj:
                        ((delegate* unmanaged<byte*, byte*, byte*, long*, long*, T*, long*, T*, long*, T*, long*, T*, long*, long*, nint, nint, nint, void>)_routine)(
                            &general, &u, &v, &n, &n, pa, &n, sigma, &rowsOfV, pv, &ldv, work, &lwork, &info, 1, 1, 1);
                        break;
                    default:
                        ((delegate* unmanaged<byte*, byte*, byte*, byte*, byte*, byte*, long*, long*, T*, long*, T*, T*, long*, T*, long*, T*, long*, long*, long*, nint, nint, nint, nint, nint, nint, void>)_routine)(
                            &columnScaled, &u, &v, &no, &no, &no, &n, &n, pa, &n, sigma, pu, &ldu, pv, &ldv, work, &lwork, integers, &info, 1, 1, 1, 1, 1, 1);
                        break;
                }
            }

        Info = (int)info;
    }
}

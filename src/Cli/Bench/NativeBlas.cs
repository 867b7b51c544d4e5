using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kappa.Kernels;

namespace Kappa.Cli.Bench;

/// <summary>
/// A BLAS of this machine, with the LAPACK that it may carry, loaded at run time to be measured beside ours; nothing here requires one.
/// </summary>
internal sealed unsafe class NativeBlas
{
    /// <summary>The name under which OpenBLAS is looked for.</summary>
    public const string OpenBlas = "openblas";

    /// <summary>The routines of matrix products.</summary>
    public static readonly string[] Products = ["dgemm_", "sgemm_"];

    /// <summary>The routines of singular value decompositions.</summary>
    public static readonly string[] Decompositions = [.. Enum.GetNames<SvdDriver>().SelectMany(driver => new[] { "d", "s" }, Symbol)];

    // The plain .so comes with a development package; the numbered one is what a runtime package installs.
    private static readonly Dictionary<string, string[]> s_files = new(StringComparer.OrdinalIgnoreCase)
    {
        [OpenBlas] = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dll", "libopenblas.dylib"],
        ["blis"] = ["libblis.so.4", "libblis.so", "libblis.dll", "libblis.4.dylib", "libblis.dylib"],
    };

    private readonly nint _library;
    private readonly nint _dgemm, _sgemm;

    private NativeBlas(string name, nint library)
    {
        Name = name;
        _library = library;
        NativeLibrary.TryGetExport(library, "dgemm_", out _dgemm);
        NativeLibrary.TryGetExport(library, "sgemm_", out _sgemm);
        Version = ReadVersion();
    }

    /// <summary>The library as it was asked for: a name, or a path.</summary>
    public string Name { get; }

    /// <summary>What the library says of itself; null where it does not.</summary>
    public string? Version { get; }

    /// <summary>OpenBLAS, or null where this machine has none with these routines.</summary>
    public static NativeBlas? FindOpenBlas(string[] routines)
    {
        nint library = Find(s_files[OpenBlas]);
        return library != 0 && routines.All(routine => NativeLibrary.TryGetExport(library, routine, out _))
            ? new NativeBlas(OpenBlas, library)
            : null;
    }

    /// <summary>Loads a library by name or by path.</summary>
    /// <exception cref="DllNotFoundException">It cannot be loaded; the message is for the user.</exception>
    /// <exception cref="EntryPointNotFoundException">It lacks a routine; the message names it.</exception>
    public static NativeBlas Load(string against, string[] routines)
    {
        NativeBlas library = Load(against);
        foreach (string routine in routines)
            library.Routine(routine);
        return library;
    }

    private static NativeBlas Load(string against)
    {
        if (s_files.TryGetValue(against, out string[]? files))
        {
            nint found = Find(files);
            return found != 0
                ? new NativeBlas(against.ToLowerInvariant(), found)
                : throw new DllNotFoundException($"{against} was not found: this machine has none of {string.Join(", ", files)}; give the path of the library to --against");
        }

        if (Directory.Exists(against))
            throw new DllNotFoundException($"cannot load {against}: it is a folder");
        try
        {
            // A file that is there is meant by its path; any other name is left to the system's search.
            return new NativeBlas(against, NativeLibrary.Load(File.Exists(against) ? Path.GetFullPath(against) : against));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or ArgumentException)
        {
            throw new DllNotFoundException($"cannot load {against}: " + (File.Exists(against)
                ? "it is no library that this process can load"
                : $"there is no such file, and no library of that name; --against takes {string.Join(", ", s_files.Keys)} or a path"));
        }
    }

    private nint Routine(string name) => NativeLibrary.TryGetExport(_library, name, out nint address)
        ? address
        : throw new EntryPointNotFoundException($"{Name} was loaded, but lacks the routine {name}");

    /// <summary>The address of a driver of the SVD for one element type, to be called through a function pointer.</summary>
    /// <exception cref="EntryPointNotFoundException">The library lacks it.</exception>
    public nint Routine<T>(SvdDriver driver) where T : unmanaged => Routine(Symbol(driver.ToString(), typeof(T) == typeof(double) ? "d" : "s"));

    private static string Symbol(string driver, string prefix) => $"{prefix}{driver.ToLowerInvariant()}_";

    /// <summary>Sets the number of threads of later calls; false where the library offers no way that is known here.</summary>
    public bool SetThreads(int threads)
    {
        if (NativeLibrary.TryGetExport(_library, "openblas_set_num_threads", out nint openBlas))
            ((delegate* unmanaged<int, void>)openBlas)(threads);
        else if (NativeLibrary.TryGetExport(_library, "bli_thread_set_num_threads", out nint blis))
            ((delegate* unmanaged<nint, void>)blis)(threads);
        else
            return false;
        return true;
    }

    /// <summary>C ← op(A) op(B), all row-major, op the transposition where a flag says so; repeated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply<T>(int repeats, bool transposedA, Matrix<T> a, bool transposedB, Matrix<T> b, Matrix<T> c)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // The routine is column-major, where these elements are the transposes: Cᵀ = op(B)ᵀ op(A)ᵀ.
        byte opB = (byte)(transposedB ? 'T' : 'N'), opA = (byte)(transposedA ? 'T' : 'N');
        // 64-bit integers on a little-endian machine are read rightly by a library of 32-bit ones, too.
        long rows = c.Columns, columns = c.Rows, inner = transposedA ? a.Rows : a.Columns;
        long ldb = b.Columns, lda = a.Columns, ldc = c.Columns;
        T one = T.One, zero = T.Zero;
        // The last two are the lengths of the strings, which a routine compiled from Fortran expects and one from C ignores.
        var gemm = (delegate* unmanaged<byte*, byte*, long*, long*, long*, T*, T*, long*, T*, long*, T*, T*, long*, nint, nint, void>)(typeof(T) == typeof(double) ? _dgemm : _sgemm);
        fixed (T* pa = a.Elements, pb = b.Elements, pc = c.Elements)
            for (int i = 0; i < repeats; i++)
                gemm(&opB, &opA, &rows, &columns, &inner, &one, pb, &ldb, pa, &lda, &zero, pc, &ldc, 1, 1);
    }

    private static nint Find(string[] files)
    {
        foreach (string file in files)
            if (NativeLibrary.TryLoad(file, out nint library))
                return library;
        return 0;
    }

    private string? ReadVersion()
    {
        if (Text("openblas_get_config") is string openBlas)
            return openBlas;
        return Text("bli_info_get_version_str") is string blis ? $"BLIS {blis}" : null;

        string? Text(string name) => NativeLibrary.TryGetExport(_library, name, out nint routine)
            ? Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)routine)())?.Trim()
            : null;
    }
}

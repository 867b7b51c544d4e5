using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Kappa.Bench;

/// <summary>OpenBLAS's GEMM and LAPACK's SVD drivers, where the machine has the library; nothing here requires it.</summary>
internal static unsafe class NativeLapack
{
    private static readonly nint s_library = Find();

    public static bool IsAvailable => s_library != 0;

    public static string Version { get; } = IsAvailable ? ReadVersion() : "not found";

    private static nint Find()
    {
        string? named = Environment.GetEnvironmentVariable("KAPPA_OPENBLAS");
        foreach (string name in new[] { named ?? "", "libopenblas.so.0", "libopenblas.so", "libopenblas.dll", "libopenblas.dylib" })
            if (name.Length > 0 && NativeLibrary.TryLoad(name, out nint handle))
                return handle;
        return 0;
    }

    private static string ReadVersion()
    {
        var config = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(s_library, "openblas_get_config");
        return Marshal.PtrToStringUTF8((nint)config()) ?? "unknown";
    }

    public static void SetThreads(int threads) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "openblas_set_num_threads"))(threads);

    private static readonly nint s_dgemm = IsAvailable ? NativeLibrary.GetExport(s_library, "dgemm_") : 0;
    private static readonly nint s_sgemm = IsAvailable ? NativeLibrary.GetExport(s_library, "sgemm_") : 0;

    /// <summary>Row-major C ← AB through the column-major Cᵀ = BᵀAᵀ.</summary>
    public static void Gemm<T>(int m, int n, int k, T* a, T* b, T* c) where T : unmanaged
    {
        byte no = (byte)'N';
        if (typeof(T) == typeof(double))
        {
            double one = 1, zero = 0;
            var f = (delegate* unmanaged<byte*, byte*, int*, int*, int*, double*, T*, int*, T*, int*, double*, T*, int*, void>)s_dgemm;
            f(&no, &no, &n, &m, &k, &one, b, &n, a, &k, &zero, c, &n);
        }
        else
        {
            float one = 1, zero = 0;
            var f = (delegate* unmanaged<byte*, byte*, int*, int*, int*, float*, T*, int*, T*, int*, float*, T*, int*, void>)s_sgemm;
            f(&no, &no, &n, &m, &k, &one, b, &n, a, &k, &zero, c, &n);
        }
    }

    /// <summary>gesdd on a column-major n×n matrix, which it destroys; values only where u is null. Returns info.</summary>
    public static int Gesdd<T>(int n, T* a, T* s, T* u, T* vt, T* work, int lwork, int* iwork) where T : unmanaged
    {
        byte job = (byte)(u == null ? 'N' : 'S');
        int info = 0;
        var f = (delegate* unmanaged<byte*, int*, int*, T*, int*, T*, T*, int*, T*, int*, T*, int*, int*, int*, void>)Routine(Prefix<T>() + "gesdd_");
        f(&job, &n, &n, a, &n, s, u, &n, vt, &n, work, &lwork, iwork, &info);
        return info;
    }

    /// <summary>gesvj on a column-major n×n matrix, which becomes U; V too where it is not null. Returns info.</summary>
    public static int Gesvj<T>(int n, T* a, T* s, T* v, T* work, int lwork) where T : unmanaged
    {
        byte general = (byte)'G', u = (byte)(v == null ? 'N' : 'U'), jobV = (byte)(v == null ? 'N' : 'V');
        int mv = 0, info = 0;
        var f = (delegate* unmanaged<byte*, byte*, byte*, int*, int*, T*, int*, T*, int*, T*, int*, T*, int*, int*, void>)Routine(Prefix<T>() + "gesvj_");
        f(&general, &u, &jobV, &n, &n, a, &n, s, &mv, v, &n, work, &lwork, &info);
        return info;
    }

    private static string Prefix<T>() => typeof(T) == typeof(double) ? "d" : "s";

    // Looked up once: a look-up takes as long as a small product.
    private static readonly ConcurrentDictionary<string, nint> s_routines = new();

    private static nint Routine(string name) => s_routines.GetOrAdd(name, static n => NativeLibrary.GetExport(s_library, n));
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Kappa.Kernels.Random;

/// <summary>MT19937: 624 words of state make 312 uniforms a pass, regenerated, tempered and converted by vectors.</summary>
internal sealed class MersenneTwister
{
    private const int N = 624, M = 397;

    /// <summary>The most uniforms that one pass makes, and that <see cref="Take"/> returns.</summary>
    public const int Pass = N / 2;

    private readonly uint[] _state = new uint[N];
    private readonly double[] _uniforms = new double[Pass];
    private int _next = Pass;

    public MersenneTwister(uint seed)
    {
        for (int i = 0; i < N; i++)
        {
            _state[i] = seed;
            seed = 1812433253 * (seed ^ (seed >> 30)) + (uint)i + 1;
        }
    }

    /// <summary>The next uniform (a·2²⁶ + b)/2⁵³, a and b the upper 27 and 26 bits of two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDouble()
    {
        if (_next == Pass)
            Regenerate();
        return _uniforms[_next++];
    }

    /// <summary>The next uniforms, no more than so many pairs and than this pass has left: none where a pair lies across two passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<double> Take(int pairs)
    {
        if (_next == Pass)
            Regenerate();
        int first = _next, count = 2 * Math.Min(pairs, (Pass - first) / 2);
        _next = first + count;
        return _uniforms.AsSpan(first, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Regenerate()
    {
        Span<uint> s = _state;
        // Word i needs i + 1 of the old state and i + M, old below N − M and new above: any vector of up to N − M words may go at once.
        Twist(s, 0, N - M, M);
        Twist(s, N - M, N - 1, M - N);
        s[N - 1] = s[M - 1] ^ Mix(s[N - 1], s[0]);
        Temper(s, _uniforms);
        _next = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Twist(Span<uint> state, int from, int to, int distance)
    {
        ref uint s = ref MemoryMarshal.GetReference(state);
        int i = from;
        // Vector<T> has 256 bits on machines with 512, too.
        for (; Vector512.IsHardwareAccelerated && i + Vector512<uint>.Count <= to; i += Vector512<uint>.Count)
        {
            Vector512<uint> y = (Vector512.LoadUnsafe(ref s, (nuint)i) & Vector512.Create(0x80000000u))
                | (Vector512.LoadUnsafe(ref s, (nuint)(i + 1)) & Vector512.Create(0x7fffffffu));
            Vector512<uint> odd = Vector512<uint>.Zero - (y & Vector512<uint>.One);
            (Vector512.LoadUnsafe(ref s, (nuint)(i + distance)) ^ (y >>> 1) ^ (odd & Vector512.Create(0x9908b0dfu))).StoreUnsafe(ref s, (nuint)i);
        }

        for (; Vector.IsHardwareAccelerated && i + Vector<uint>.Count <= to; i += Vector<uint>.Count)
        {
            Vector<uint> y = (Vector.LoadUnsafe(ref s, (nuint)i) & new Vector<uint>(0x80000000u))
                | (Vector.LoadUnsafe(ref s, (nuint)(i + 1)) & new Vector<uint>(0x7fffffffu));
            Vector<uint> odd = Vector<uint>.Zero - (y & Vector<uint>.One);
            (Vector.LoadUnsafe(ref s, (nuint)(i + distance)) ^ (y >>> 1) ^ (odd & new Vector<uint>(0x9908b0dfu))).StoreUnsafe(ref s, (nuint)i);
        }

        for (; i < to; i++)
            state[i] = state[i + distance] ^ Mix(state[i], state[i + 1]);
    }

    // Two words are one lane of 64 bits, the first below. A vector of at most 16 words divides the state, so nothing is left over.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Temper(Span<uint> state, Span<double> uniforms)
    {
        // Without vectors of hardware, Vector<T> calls a method for every operation.
        if (!Vector.IsHardwareAccelerated)
        {
            for (int i = 0; i < Pass; i++)
                uniforms[i] = (((ulong)(Temper(state[2 * i]) >> 5) << 26) | (Temper(state[2 * i + 1]) >> 6)) * (1 / 9007199254740992.0);
            return;
        }

        ref uint s = ref MemoryMarshal.GetReference(state);
        ref double u = ref MemoryMarshal.GetReference(uniforms);
        int next = 0;
        for (; Vector512.IsHardwareAccelerated && next < Pass; next += Vector512<double>.Count)
        {
            Vector512<uint> y = Vector512.LoadUnsafe(ref s, (nuint)(2 * next));
            y ^= y >>> 11;
            y ^= (y << 7) & Vector512.Create(0x9d2c5680u);
            y ^= (y << 15) & Vector512.Create(0xefc60000u);
            Vector512<ulong> words = (y ^ (y >>> 18)).AsUInt64();
            Vector512<ulong> bits = ((words & Vector512.Create(0xffffffe0ul)) << 21) | (words >>> 38);
            (Vector512.ConvertToDouble(bits) * Vector512.Create(1 / 9007199254740992.0)).StoreUnsafe(ref u, (nuint)next);
        }

        for (int i = next; i < Pass; i += Vector<double>.Count)
        {
            Vector<uint> y = Vector.LoadUnsafe(ref s, (nuint)(2 * i));
            y ^= y >>> 11;
            y ^= (y << 7) & new Vector<uint>(0x9d2c5680u);
            y ^= (y << 15) & new Vector<uint>(0xefc60000u);
            Vector<ulong> words = Vector.AsVectorUInt64(y ^ (y >>> 18));
            Vector<ulong> bits = ((words & new Vector<ulong>(0xffffffe0u)) << 21) | (words >>> 38);
            (Vector.ConvertToDouble(bits) * new Vector<double>(1 / 9007199254740992.0)).StoreUnsafe(ref u, (nuint)i);
        }
    }

    private static uint Temper(uint y)
    {
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    private static uint Mix(uint upper, uint lower)
    {
        uint y = (upper & 0x80000000) | (lower & 0x7fffffff);
        return (y >> 1) ^ ((0u - (y & 1)) & 0x9908b0df);
    }
}

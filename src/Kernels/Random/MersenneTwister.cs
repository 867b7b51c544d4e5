using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Random;

/// <summary>MT19937: 624 words of state, regenerated in one vectorised pass.</summary>
internal sealed class MersenneTwister
{
    private const int N = 624, M = 397;
    private readonly uint[] _state = new uint[N];
    private int _next = N;

    public MersenneTwister(uint seed)
    {
        for (int i = 0; i < N; i++)
        {
            _state[i] = seed;
            seed = 1812433253 * (seed ^ (seed >> 30)) + (uint)i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDouble()
    {
        uint a = Next() >> 5, b = Next() >> 6;
        return (a * 67108864.0 + b) / 9007199254740992.0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Next()
    {
        if (_next == N)
            Regenerate();
        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Regenerate()
    {
        Span<uint> s = _state;
        // Word i needs i + 1 of the old state and i + M, old below N − M and new above: any vector of up to N − M words may go at once.
        Twist(s, 0, N - M, M);
        Twist(s, N - M, N - 1, M - N);
        s[N - 1] = s[M - 1] ^ Mix(s[N - 1], s[0]);
        _next = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Twist(Span<uint> s, int from, int to, int distance)
    {
        int i = from;
        for (; i + Vector<uint>.Count <= to; i += Vector<uint>.Count)
        {
            Vector<uint> y = (new Vector<uint>(s[i..]) & new Vector<uint>(0x80000000u))
                | (new Vector<uint>(s[(i + 1)..]) & new Vector<uint>(0x7fffffffu));
            Vector<uint> odd = Vector<uint>.Zero - (y & Vector<uint>.One);
            (new Vector<uint>(s[(i + distance)..]) ^ (y >>> 1) ^ (odd & new Vector<uint>(0x9908b0dfu))).CopyTo(s[i..]);
        }

        for (; i < to; i++)
            s[i] = s[i + distance] ^ Mix(s[i], s[i + 1]);
    }

    private static uint Mix(uint upper, uint lower)
    {
        uint y = (upper & 0x80000000) | (lower & 0x7fffffff);
        return (y >> 1) ^ ((0u - (y & 1)) & 0x9908b0df);
    }
}

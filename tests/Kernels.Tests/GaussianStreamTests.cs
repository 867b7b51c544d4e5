using System.Runtime.Intrinsics.X86;
using Kappa.Kernels.Random;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

public sealed class GaussianStreamTests
{
    private const int Far = 100_000;

    // The logarithm is the C library's, so that the last bits are glibc's and need Linux.
    // NumPy 1.24.2 on x64 glibc, for each seed s and each start k:
    // [hex(v) for v in numpy.random.RandomState(s).randn(100004).view(numpy.uint64)[k:k + 4]]
    private static readonly TestCaseData[] s_normals =
    [
        Expect(0u, 0, 0x3FFC398EF3E5CFA5, 0x3FD99C2CFACC8953, 0x3FEF51D25222C9AB, 0x4001ED5969E3314E),
        Expect(0u, 1000, 0x3FE1CA723EE4CDA9, 0x3FEC8F2565D3EEE4, 0xBFDB0734C18EFA57, 0x3FBACE89E3D92CA7),
        Expect(0u, Far, 0xBFDEF689C1760C1B, 0x3FF49BE1B9816209, 0xBFC09FDD99B8CA29, 0xBFC95AA1F2877C58),
        Expect(42u, 0, 0x3FDFCA2A28A9307C, 0xBFC1B2A505DE052A, 0x3FE4B9DD50245E68, 0x3FF85E548E01AA2B),
        Expect(42u, 1000, 0x3FF663C286B9DDED, 0x3FED9699609C7DF6, 0x3FAE87DF314FA1A1, 0xBFE4B3B4C1DA66E8),
        Expect(42u, Far, 0x3FF07D50C02DAA88, 0xBFF27C5547BBC73F, 0x3FE269FB411D4664, 0xBFE3D0CD2BC75032),
        Expect(142u, 0, 0x3FC09B4EF145EB5F, 0x3FECE025FB73D0B1, 0x3FF017C5CCA68D0E, 0x3FDE337331B67039),
        Expect(142u, 1000, 0x3FD099B74F32F445, 0xBFF12460DD4320AB, 0x3FF5D2071161D01B, 0xBFD75E01F5E344DE),
        Expect(142u, Far, 0x3FD7A1E63B93D56D, 0xBFED58A4B8EEE5FC, 0xBFE4A594E3E2AFA9, 0xBFE5BD133FA6D273),
        Expect(uint.MaxValue, 0, 0x3FE4BFC38C486D8A, 0x3FE56B192E507EEE, 0xBFF149E836F192FD, 0x3FD23543DEC5A0FC),
        Expect(uint.MaxValue, 1000, 0xBFE6AAD57C204043, 0xBFD83EB1798337EF, 0xBFC48D116EA18718, 0x4001BF93CDFF48AA),
        Expect(uint.MaxValue, Far, 0x3FBA836CAAE94846, 0xBFE39907B301E678, 0xBFC4F97218618D00, 0xBFBB196467738A93),
    ];

    // [hex(v) for v in numpy.random.RandomState(s).random_sample(100004).view(numpy.uint64)[k:k + 2]]
    private static readonly TestCaseData[] s_uniforms =
    [
        Expect(0u, 0, 0x3FE18FE1565F12A8, 0x3FE6E2D4CF608733),
        Expect(0u, 1000, 0x3FE2F8E00BAE5BB8, 0x3F849C465DC23000),
        Expect(0u, Far, 0x3FE120D37116124D, 0x3FECEDEE33A12539),
        Expect(42u, 0, 0x3FD7F8771E5F51EC, 0x3FEE6C4068BBD654),
        Expect(42u, 1000, 0x3FC7B26F91632500, 0x3FE15740A7D52AB9),
        Expect(42u, Far, 0x3FE295BDEEB5CC4F, 0x3FE0DCF3A61979C9),
        Expect(142u, 0, 0x3FECDDB021819673, 0x3FE1D98F30753CC7),
        Expect(142u, 1000, 0x3FDD7CFEE1C0031C, 0x3FEAFF0C2B70B652),
        Expect(142u, Far, 0x3FED92735AA4DE56, 0x3FE3B16F798EBD5F),
        Expect(uint.MaxValue, 0, 0x3FB8FE69A3924820, 0x3FED323D824032B1),
        Expect(uint.MaxValue, 1000, 0x3FEF4E9151F5D2AC, 0x3FE99BBE98EB663D),
        Expect(uint.MaxValue, Far, 0x3FE2225D201073DC, 0x3FC89D33FA653DE0),
    ];

    private static TestCaseData Expect(uint seed, int start, params ulong[] bits) => new(seed, start, bits);

    private static ulong[] Bits(IEnumerable<double> values) => [.. values.Select(BitConverter.DoubleToUInt64Bits)];

    private static double[] Draws(int count, Func<double> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    [TestCaseSource(nameof(s_normals)), Platform("Linux")]
    public void NormalsHaveTheBitsOfNumPy(uint seed, int start, ulong[] expected)
    {
        double[] draws = Draws(start + expected.Length, new GaussianStream(seed).Next);
        Assert.That(Bits(draws[start..]), Is.EqualTo(expected));
    }

    [TestCaseSource(nameof(s_uniforms))]
    public void UniformsHaveTheBitsOfNumPy(uint seed, int start, ulong[] expected)
    {
        double[] draws = Draws(start + expected.Length, new GaussianStream(seed).NextUniform);
        Assert.That(Bits(draws[start..]), Is.EqualTo(expected));
        Assert.That(draws, Has.All.InRange(0, double.BitDecrement(1)));
    }

    // r = numpy.random.RandomState(42); n, u = r.randn, r.random_sample
    // [hex(numpy.float64(f()).view(numpy.uint64)) for f in (n, u, n, u, n, n, n, u, u, n)]
    [Test, Platform("Linux")]
    public void AKeptNormalStaysKeptOverUniforms()
    {
        ulong[] expected =
        [
            0x3FDFCA2A28A9307C, 0x3FE76C7E8F1E6751, 0xBFC1B2A505DE052A, 0x3FE32835D6632CB0, 0xBFCDF8BCDF57A640,
            0xBFCDF8332670DB3B, 0x3FF94474A8407408, 0x3F95141A07387E80, 0x3FEF098062E353A5, 0x3FE88ED346F0D7F3,
        ];
        var stream = new GaussianStream(42);
        Func<double> n = stream.Next, u = stream.NextUniform;
        Assert.That(Bits(new[] { n, u, n, u, n, n, n, u, u, n }.Select(draw => draw())), Is.EqualTo(expected));
    }

    /// <summary>NumPy's randn and random_sample, word by word.</summary>
    private sealed class PlainStream(uint seed)
    {
        private readonly uint[] _state = Seeded(seed);
        private int _next = 624;
        private double? _kept;

        private static uint[] Seeded(uint seed)
        {
            uint[] state = new uint[624];
            for (uint i = 0; i < state.Length; i++)
                state[i] = i == 0 ? seed : 1812433253 * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
            return state;
        }

        private uint Word()
        {
            if (_next == 624)
            {
                for (int i = 0; i < 624; i++)
                {
                    uint mixed = (_state[i] & 0x80000000) | (_state[(i + 1) % 624] & 0x7fffffff);
                    _state[i] = _state[(i + 397) % 624] ^ (mixed >> 1) ^ (mixed % 2 == 1 ? 0x9908b0dfu : 0);
                }

                _next = 0;
            }

            uint y = _state[_next++];
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c5680;
            y ^= (y << 15) & 0xefc60000;
            return y ^ (y >> 18);
        }

        public double NextUniform()
        {
            uint a = Word() >> 5, b = Word() >> 6;
            return (a * 67108864.0 + b) / 9007199254740992.0;
        }

        public double Next()
        {
            if (_kept is double kept)
            {
                _kept = null;
                return kept;
            }

            while (true)
            {
                double x1 = 2 * NextUniform() - 1, x2 = 2 * NextUniform() - 1, r2 = x1 * x1 + x2 * x2;
                if (r2 is >= 1 or 0)
                    continue;
                double f = Math.Sqrt(-2 * Math.Log(r2) / r2);
                _kept = f * x1;
                return f * x2;
            }
        }
    }

    // Lengths about the blocks: few pairs, a pass of the twister (156 points, some 122 pairs), several; odd ones leave a value kept.
    [Test]
    public void AnyMixtureHasTheBitsOfThePlainLoop(
        [Values(0u, 1u, 42u, uint.MaxValue)] uint seed, [ValueSource(typeof(Fixtures), nameof(Fixtures.Paths))] VectorPath path)
    {
        var stream = new GaussianStream(seed, path);
        var plain = new PlainStream(seed);
        var random = new System.Random((int)(seed % 1000));
        for (int round = 0; round < 700; round++)
        {
            int length = round < 40 ? round : random.Next(random.Next(2) == 0 ? 40 : 1000);
            double[] block = new double[length];
            stream.Fill<double>(block);
            Assert.That(Bits(block), Is.EqualTo(Bits(Draws(length, plain.Next))), $"round {round}, length {length}");
            for (int uniforms = random.Next(4); uniforms > 0; uniforms--)
                Assert.That(stream.NextUniform(), Is.EqualTo(plain.NextUniform()));
            for (int normals = random.Next(4); normals > 0; normals--)
                Assert.That(stream.Next(), Is.EqualTo(plain.Next()));
        }
    }

    [Test]
    public void AMillionDrawsHaveTheBitsOfThePlainLoop([ValueSource(typeof(Fixtures), nameof(Fixtures.Paths))] VectorPath path)
    {
        double[] draws = new double[1_000_001];
        new GaussianStream(2026, path).Fill<double>(draws);
        var plain = new PlainStream(2026);
        int wrong = draws.Count(x => BitConverter.DoubleToUInt64Bits(x) != BitConverter.DoubleToUInt64Bits(plain.Next()));
        Assert.That(wrong, Is.Zero);
    }

    // r² as it is drawn, and where it seldom or never lies: down to the least, 2⁻¹⁰³, up to 1, and where ln r² is a power of two.
    [Test]
    public void FactorsHaveTheBitsOfTheLibrarysLogarithm()
    {
        if (!RoundedLogarithm.IsSupported)
        {
            Assert.That(Fma.IsSupported && Avx2.IsSupported && OperatingSystem.IsLinux(), Is.False);
            return;
        }

        var random = new System.Random(1);
        List<double> squares = [];
        for (int i = 0; i < 100_000; i++)
        {
            squares.Add(1 - random.NextDouble());
            squares.Add((1 + random.NextDouble()) * Math.ScaleB(1, -random.Next(1, 104)));
            squares.Add(1 - (1 + random.NextDouble()) * Math.ScaleB(1, -random.Next(1, 53)));
            double about = Math.Exp(-Math.ScaleB(1, random.Next(-50, 6)));
            squares.Add(BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(about) + random.Next(-3, 4)));
        }

        double[] kept = [.. squares.Where(x => x is > 0 and < 1)];
        double[] padded = new double[kept.Length + RoundedLogarithm.Lanes], factors = new double[padded.Length];
        kept.CopyTo(padded, 0);
        RoundedLogarithm.Factors(padded, factors, kept.Length);
        Assert.That(kept, Has.Length.GreaterThan(300_000));
        for (int i = 0; i < kept.Length; i++)
            if (factors[i] != Math.Sqrt(-2 * Math.Log(kept[i]) / kept[i]))
                Assert.Fail($"r² = {kept[i]:R}");
    }

    [Test]
    public void FillingAllocatesNothing([Values(1, 33, 1000)] int length)
    {
        var stream = new GaussianStream(3);
        double[] block = new double[length];
        stream.Fill<double>(block);
        long before = GC.GetAllocatedBytesForCurrentThread();
        stream.Fill<double>(block);
        stream.Next();
        stream.NextUniform();
        stream.Fill<double>(block);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Property]
    public void FillingIsDrawingOneByOneInAnyMixture(uint seed, byte[] lengths)
    {
        GaussianStream filled = new(seed), drawn = new(seed);
        foreach (byte length in lengths)
        {
            double[] block = new double[length];
            filled.Fill<double>(block);
            Assert.That(Bits(block), Is.EqualTo(Bits(Draws(length, drawn.Next))));
            // One draw in three between the blocks, so that they begin with and without a kept value.
            if (length % 3 == 0)
                Assert.That(filled.Next(), Is.EqualTo(drawn.Next()));
        }
    }

    [Test]
    public void FloatsAreTheDoublesRounded([Values(0, 1, 2, 1001)] int length, [Values] bool keptBefore)
    {
        GaussianStream singles = new(7), doubles = new(7);
        if (keptBefore)
            Assert.That(singles.Next(), Is.EqualTo(doubles.Next()));
        float[] narrow = new float[length];
        double[] wide = new double[length];
        singles.Fill<float>(narrow);
        doubles.Fill<double>(wide);
        Assert.That(narrow, Is.EqualTo(wide.Select(x => (float)x)));
    }

    // Four standard deviations of each estimate from N draws of N(0, 1): 1/√N, √(2/N), √(15/N), √(96/N).
    [Test]
    public void MomentsAreThoseOfTheNormalDistribution()
    {
        double[] draws = new double[Far];
        new GaussianStream(12345).Fill<double>(draws);
        double Moment(int k) => draws.Sum(x => Math.Pow(x, k)) / Far;
        Assert.That(Moment(1), Is.EqualTo(0).Within(4 * Math.Sqrt(1.0 / Far)));
        Assert.That(Moment(2), Is.EqualTo(1).Within(4 * Math.Sqrt(2.0 / Far)));
        Assert.That(Moment(3), Is.EqualTo(0).Within(4 * Math.Sqrt(15.0 / Far)));
        Assert.That(Moment(4), Is.EqualTo(3).Within(4 * Math.Sqrt(96.0 / Far)));
    }
}

using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Bidiagonal;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>A bidiagonal matrix of a kind that separates its values well or badly, elements between 2⁻⁵⁰ and 1.</summary>
public sealed record Separated(string Kind, int Order, uint Seed)
{
    public static Arbitrary<Separated> Any() =>
        (from kind in Gen.Elements("uniform", "equal", "falling", "rising", "glued", "wilkinson", "tiny links", "tiny pivots", "half ones", "graded pivots")
         from order in Gen.Choose(1, 90)
         from seed in Gen.Choose(0, int.MaxValue)
         select new Separated(kind, order, (uint)seed)).ToArbitrary();

    public (double[] Diagonal, double[] Superdiagonal) Elements()
    {
        var stream = new GaussianStream(Seed);
        double[] d = new double[Order], b = new double[Math.Max(0, Order - 1)];
        for (int k = 0; k < Order; k++)
        {
            d[k] = Element(k, false);
            if (k < Order - 1)
                b[k] = Element(k, true);
        }

        // The largest in [½, 1).
        int exponent = -1 - Math.ILogB(d.Concat(b).Max());
        return ([.. d.Select(x => Math.ScaleB(x, exponent))], [.. b.Select(x => Math.ScaleB(x, exponent))]);

        double Element(int k, bool isLink) => Kind switch
        {
            "uniform" => 0.1 + stream.NextUniform(),
            "equal" => 1,
            "falling" => (0.5 + stream.NextUniform()) * Math.Pow(2, -45.0 * k / Order),
            "rising" => (0.5 + stream.NextUniform()) * Math.Pow(2, -45.0 * (Order - k) / Order),
            // Copies of one piece, with values that agree to all digits.
            "glued" => isLink ? k % 7 == 6 ? 1e-9 : 0.5 : 1 + k % 7 * 0.25,
            // Pairs of values that agree without any small link.
            "wilkinson" => isLink ? 0.1 : Math.Abs(k - Order / 2) + 1,
            // Many values close to a power of two, where a step may be less than a digit.
            "half ones" => stream.NextUniform() < 0.5 ? Math.Pow(2, -48 * stream.NextUniform()) : 1,
            "graded pivots" => isLink ? 1 : Math.Pow(2, -16 * stream.NextUniform()),
            "tiny links" => isLink && stream.NextUniform() < 0.3 ? 1e-14 : 0.5 + stream.NextUniform(),
            _ => !isLink && stream.NextUniform() < 0.1 ? 1e-14 : 0.5 + stream.NextUniform(),
        };
    }
}

[TestFixtureSource(typeof(Fixtures), nameof(Fixtures.Paths))]
public sealed unsafe class MultisectionTests(VectorPath path)
{
    private static readonly double s_ulp = Machine<double>.Epsilon;

    /// <summary>The relative change of σ that 2n elements make, each of which three roundings change.</summary>
    private static double Error(int n) => (n + 8) * s_ulp;

    private double[] Sigma(double[] diagonal, double[] superdiagonal, double tolerance, int threads = 1, bool endsOnly = false)
    {
        int n = diagonal.Length;
        double[] sigma = new double[n], work = new double[Multisection.Workspace(n)];
        work.AsSpan().Fill(double.NaN);
        fixed (double* d = diagonal, b = (double[])[.. superdiagonal, double.NaN], w = work, s = sigma)
            Multisection.Run(d, b, n, tolerance, w, s, path, threads, endsOnly);
        return sigma;
    }

    [Property(Arbitrary = [typeof(Separated)], MaxTest = 120)]
    public void EveryValueIsRelativelyAccurate(Separated b)
    {
        (double[] d, double[] e) = b.Elements();
        double[] sigma = Sigma(d, e, s_ulp);
        Assert.That(sigma, Is.Ordered.Descending);
        Assert.That(SturmCount.Confirms(d, e, sigma, Error(b.Order), 0), Is.True);
    }

    // σₙ from 2⁻⁸⁵⁰ to 2⁻⁹⁴⁰, where minors beside it leave the range; shifts that meet a root; steps shorter than a digit.
    [TestCase("tiny pivots", 89, 1849561942u)]
    [TestCase("graded pivots", 88, 25703u)]
    [TestCase("half ones", 68, 88u)]
    public void NeitherRangeNorRoundingMisleads(string kind, int n, uint seed)
    {
        (double[] d, double[] e) = new Separated(kind, n, seed).Elements();
        double[] sigma = Sigma(d, e, s_ulp), ends = Sigma(d, e, s_ulp, endsOnly: true);
        Assert.That(SturmCount.Confirms(d, e, sigma, Error(n), 0), Is.True);
        Assert.That(SturmCount.Confirms(d, e, [ends[0], .. sigma[1..^1], ends[^1]], Error(n), 0), Is.True);
    }

    [Property(Arbitrary = [typeof(Separated)], MaxTest = 60)]
    public void TheToleranceIsKept(Separated b)
    {
        (double[] d, double[] e) = b.Elements();
        double tolerance = Machine<float>.Epsilon;
        Assert.That(SturmCount.Confirms(d, e, Sigma(d, e, tolerance), tolerance + Error(b.Order), 0), Is.True);
    }

    [Property(Arbitrary = [typeof(Separated)], MaxTest = 60)]
    public void TheEndsAloneAreThoseOfAll(Separated b)
    {
        (double[] d, double[] e) = b.Elements();
        double[] all = Sigma(d, e, s_ulp), ends = Sigma(d, e, s_ulp, endsOnly: true);
        Assert.That(ends[0] / all[0], Is.EqualTo(1).Within(2 * Error(b.Order)));
        Assert.That(ends[^1] / all[^1], Is.EqualTo(1).Within(2 * Error(b.Order)));
    }

    // Above and below n = 64, the values of a chunk, and where threads pay.
    [TestCase("uniform", 129)]
    [TestCase("uniform", 300, Category = "FullScale")]
    [TestCase("wilkinson", 300, Category = "FullScale")]
    public void ThreadsDoNotChangeABit(string kind, int n)
    {
        (double[] d, double[] e) = new Separated(kind, n, 1).Elements();
        double[] sigma = Sigma(d, e, s_ulp);
        Assert.That(SturmCount.Confirms(d, e, sigma, Error(n), 0), Is.True);
        Assert.That(Sigma(d, e, s_ulp, 2), Is.EqualTo(sigma));
        Assert.That(Sigma(d, e, s_ulp, 3), Is.EqualTo(sigma));
    }

    // Π(x² − σᵢ²): what moves every element and x by a few ε moves its logarithm by Σ 2(n + 8)ε·(x² + σᵢ²)/|x² − σᵢ²|.
    [Property(Arbitrary = [typeof(Separated)], MaxTest = 60)]
    public void CountsAndDeterminantsAreThoseOfTheMatrix(Separated b)
    {
        (double[] d, double[] e) = b.Elements();
        int n = b.Order;
        double[] sigma = Sigma(d, e, s_ulp);
        var stream = new GaussianStream(b.Seed + 1);
        double[] shifts = [.. Enumerable.Range(0, 32).Select(i => i < 3 ? i * sigma[0] / 2 : 2 * stream.NextUniform() * sigma[i % n])];
        (int[] below, double[] logarithms) = Evaluate(d, e, [.. shifts.Select(x => Math.Min(2, x))]);
        for (int i = 0; i < shifts.Length; i++)
        {
            double x = Math.Min(2, shifts[i]), error = sigma.Sum(s => 2 * Error(n) * (x * x + s * s) / Math.Abs(x * x - s * s));
            int least = sigma.Count(s => s < x * (1 - Error(n))), most = sigma.Count(s => s < x * (1 + Error(n)));
            Assert.That(below[i], Is.InRange(least, most));
            if (error < 0.1)
                Assert.That(logarithms[i], Is.EqualTo(sigma.Sum(s => Math.Log2(Math.Abs(x - s)) + Math.Log2(x + s))).Within(2 * error + 1e-12));
        }
    }

    private (int[] Below, double[] Logarithms) Evaluate(double[] d, double[] e, double[] shifts)
    {
        var work = new Evaluation { Diagonal = d, Superdiagonal = e, Shifts = shifts };
        Simd.VectorPaths.Run<double, Evaluation>(path, ref work);
        return (work.Below, work.Logarithms);
    }

    private struct Evaluation : Simd.ILaneWork<double>
    {
        public double[] Diagonal, Superdiagonal, Shifts, Logarithms;
        public int[] Below;

        public void Run<V, L>() where V : unmanaged where L : struct, Simd.ILanes<double, V>
        {
            int n = Diagonal.Length, shifts = SturmSequence<V, L>.Shifts;
            double[] work = new double[SturmPlan.Workspace(n)], above = new double[Shifts.Length], values = new double[Shifts.Length], exponents = new double[Shifts.Length];
            fixed (double* d = Diagonal, b = (double[])[.. Superdiagonal, double.NaN], w = work, x = Shifts, a = above, v = values, e = exponents)
            {
                var plan = new SturmPlan(d, b, n, w);
                for (int i = 0; i < Shifts.Length; i += shifts)
                    SturmSequence<V, L>.Evaluate(in plan, x + i, a + i, v + i, e + i);
            }

            Below = [.. above.Select(count => n - (int)BitConverter.DoubleToInt64Bits(count))];
            Logarithms = [.. values.Zip(exponents, (value, exponent) => Math.Log2(Math.Abs(value)) + SturmPlan.Step * exponent)];
        }
    }
}

using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Kernels.Bidiagonal;
using Kappa.Kernels.Tests.Reference;
using NUnit.Framework;

namespace Kappa.Kernels.Tests;

/// <summary>An upper bidiagonal matrix with Gaussian elements times powers of two, some of them 0.</summary>
public sealed record RandomBidiagonal(int Order, double Spread, int ZerosInTen, int Grading, uint Seed)
{
    public static Arbitrary<RandomBidiagonal> Any() =>
        (from order in Gen.Choose(1, 40)
         from spread in Gen.Elements(0.0, 0.02, 0.2, 1.0)
         from zeros in Gen.Elements(0, 0, 1, 5)
         from grading in Gen.Choose(-1, 1)
         from seed in Gen.Choose(0, int.MaxValue)
         select new RandomBidiagonal(order, spread, zeros, grading, (uint)seed)).ToArbitrary();

    /// <summary>At Spread 1 elements reach from 10^−150 to 10^150 in double and from 10^−18 to 10^18 in float: shuffled, rising or falling.</summary>
    public (double[] Diagonal, double[] Superdiagonal) Elements<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var stream = new GaussianStream(Seed);
        double reach = 0.4875 * Machine<T>.MaxExponent * Spread;
        double[] all = new double[2 * Order - 1];
        for (int k = 0; k < all.Length; k++)
        {
            double place = Grading == 0 ? 2 * stream.NextUniform() - 1 : Grading * (2.0 * k / all.Length - 1);
            all[k] = stream.NextUniform() * 10 < ZerosInTen ? 0 : T.CreateTruncating(stream.Next() * Math.Pow(2, reach * place)).Widened();
        }

        return ([.. all.Where((_, k) => k % 2 == 0)], [.. all.Where((_, k) => k % 2 == 1)]);
    }
}

[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
public sealed unsafe class BidiagonalSpectrumTests<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>One rounding per step of a sweep and of the steps between: what n of them may do.</summary>
    private static double Error(int n) => (n + 8) * Machine<T>.Epsilon;

    private static double[] Sigma(double[] diagonal, double[] superdiagonal, int exponent = 0)
    {
        int n = diagonal.Length;
        T[] d = [.. diagonal.Select(T.CreateTruncating)], e = [.. superdiagonal.Select(T.CreateTruncating), T.NaN], sigma = new T[n];
        double[] work = new double[BidiagonalSpectrum<T>.Workspace(n)];
        fixed (T* pd = d, pe = e, ps = sigma)
        fixed (double* pw = work)
            BidiagonalSpectrum<T>.Values(pd, pe, n, exponent, pw, ps, VectorPath.Best, 1);
        return ((ReadOnlySpan<T>)sigma).Widened();
    }

    [Property(Arbitrary = [typeof(RandomBidiagonal)], MaxTest = 300)]
    public void EveryValueIsRelativelyAccurate(RandomBidiagonal b)
    {
        (double[] d, double[] e) = b.Elements<T>();
        double[] sigma = Sigma(d, e);
        Assert.That(sigma, Is.Ordered.Descending);
        Assert.That(SturmCount.Confirms(d, e, sigma, Error(b.Order), Machine<T>.Tiny), Is.True);
    }

    // 2cos(kπ/(2n + 1)): BᵀB is the second difference with one end free.
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(17)]
    [TestCase(64)]
    [TestCase(300)]
    public void OnesHaveTheirFormula(int n)
    {
        double[] ones = [.. Enumerable.Repeat(1.0, n)], sigma = Sigma(ones, ones[1..]);
        for (int k = 1; k <= n; k++)
            Assert.That(sigma[k - 1] / (2 * Math.Sin(Math.PI * (2 * (n - k) + 1) / (4 * n + 2))), Is.EqualTo(1).Within(Error(n)));
    }

    [Test]
    public void LargeOrdersAreConfirmed([Values(100, 257)] int n, [Values(0.0, 0.05)] double spread, [Values(-1, 0, 1)] int grading)
    {
        (double[] d, double[] e) = new RandomBidiagonal(n, spread, 0, grading, 5).Elements<T>();
        Assert.That(SturmCount.Confirms(d, e, Sigma(d, e), Error(n), Machine<T>.Tiny), Is.True);
    }

    [Test]
    public void DiagonalsAreExact()
    {
        double[] d = [3, -7, 0, 0.5, 1e-9, 3, 0];
        double[] rounded = [.. d.Select(x => T.CreateTruncating(x).Widened())];
        Assert.That(Sigma(rounded, new double[6]), Is.EqualTo(rounded.Select(Math.Abs).OrderDescending()));
    }

    [Test]
    public void SignsDoNotMatter()
    {
        (double[] d, double[] e) = new RandomBidiagonal(12, 0.02, 0, 0, 3).Elements<T>();
        double[] sigma = Sigma(d, e), other = Sigma([.. d.Select(Math.Abs)], [.. e.Select(x => -Math.Abs(x))]);
        Assert.That(other, Is.EqualTo(sigma));
    }

    [Test]
    public void PowersOfTwoScaleTheBits([Values(-100, -3, 5, 100)] int exponent)
    {
        (double[] d, double[] e) = new RandomBidiagonal(20, 0, 0, 0, 4).Elements<T>();
        Assert.That(Sigma(d, e, exponent), Is.EqualTo(Sigma(d, e).Select(x => Math.ScaleB(x, exponent))));
    }

    // A zero on the diagonal of an otherwise full matrix is a zero among the values, wherever it stands.
    [Test]
    public void AZeroOnTheDiagonalIsAZeroValue([Values(0, 1, 7, 14, 15)] int place)
    {
        (double[] d, double[] e) = new RandomBidiagonal(16, 0, 0, 0, 6).Elements<T>();
        d[place] = 0;
        double[] sigma = Sigma(d, e);
        Assert.That(sigma[^1], Is.Zero);
        Assert.That(SturmCount.Confirms(d, e, sigma, Error(16), Machine<T>.Tiny), Is.True);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(9)]
    public void ZerosHaveZeros(int n) => Assert.That(Sigma(new double[n], new double[n - 1]), Has.All.EqualTo(0.0));

    [Test]
    public void ClustersAreFound()
    {
        const int N = 30;
        double[] d = [.. Enumerable.Range(0, N).Select(k => 1 + k % 3 * Machine<T>.Epsilon)];
        double[] e = [.. Enumerable.Repeat(Math.Sqrt(Machine<T>.Epsilon), N - 1)];
        e = [.. e.Select(x => T.CreateTruncating(x).Widened())];
        Assert.That(SturmCount.Confirms(d, e, Sigma(d, e), Error(N), Machine<T>.Tiny), Is.True);
    }

    // 2100 binary orders in double: squares do not fit beside each other, and bisection takes over.
    [Test]
    public void TheWholeRangeIsAccurate()
    {
        int top = Machine<T>.MaxExponent - 2, n = 9;
        double[] d = [.. Enumerable.Range(0, n).Select(k => Math.ScaleB(1 + 0.1 * k, top - 2 * top * k / (n - 1)))];
        d = [.. d.Select(x => T.CreateTruncating(x).Widened())];
        double[] e = [.. d[1..].Select(x => x / 2)];
        Assert.That(SturmCount.Confirms(d, e, Sigma(d, e), Error(n), Machine<T>.Tiny), Is.True);
    }

    [Property(Arbitrary = [typeof(RandomBidiagonal)], MaxTest = 50)]
    public void BisectionAgrees(RandomBidiagonal b)
    {
        (double[] d, double[] e) = b.Elements<T>();
        int exponent = Math.ILogB(d.Concat(e).Append(Machine<T>.Tiny).Max(Math.Abs));
        (d, e) = ([.. d.Select(x => Math.ScaleB(x, -exponent))], [.. e.Select(x => Math.ScaleB(x, -exponent))]);
        double[] sigma = new double[b.Order];
        fixed (double* pd = d, pe = e, ps = sigma)
            Bisection.Run(pd, pe, b.Order, ps);
        Assert.That(SturmCount.Confirms(d, e, sigma, (b.Order + 8) * Machine<double>.Epsilon, Machine<double>.Tiny), Is.True);
    }
}

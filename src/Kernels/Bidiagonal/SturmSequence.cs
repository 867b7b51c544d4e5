using System.Runtime.CompilerServices;
using Kappa.Kernels.Simd;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>How many singular values of an upper bidiagonal B lie below a shift, and det(x²I − BᵀB) there, for four vectors of shifts at a time.</summary>
/// <remarks>
/// The leading minors of xI − T, T being the tridiagonal matrix with zeros on the diagonal and c₁ = a₀, c₂ = b₀, c₃ = a₁, … beside it (Golub and Kahan; eigenvalues ±σ),
/// are p₀ = 1, p₁ = x, p_{j+1} = x·pⱼ − cⱼ²·p_{j−1}. Those of even order are the leading minors of x²I − BᵀB: each change of sign between two of them
/// that follow each other stands for a σ above x. Every rounding is one of a cⱼ² or of an x of a single row, and since T has zeros on its diagonal
/// both are relative changes of B's elements: σ, which count and sign find, has a relative error of O(n·ε). No division: two multiply-adds per
/// element and shift, four chains of them hiding each other's latency, and three integer operations per row. Minors leave the range
/// of doubles, therefore they are multiplied by powers of two where the plan says so.
/// Source for the relative accuracy: Demmel and Kahan, <i>Accurate singular values of bidiagonal matrices</i>, SIAM J. Sci. Stat. Comput. 11 (1990).
/// </remarks>
internal static unsafe class SturmSequence<V, L>
    where V : unmanaged
    where L : struct, ILanes<double, V>
{
    // 2⁴⁰⁰ and 2⁶⁰⁰, a Step apart: between them the larger of two minors that follow each other is brought.
    private const double Least = 2.5822498780869086e120, Most = 4.149515568880993e180;

    // Steps that the first minor is multiplied by.
    private const double First = 2;

    /// <summary>Shifts that one call takes.</summary>
    public static int Shifts => 4 * L.Count;

    /// <summary>Counts and determinants at <see cref="Shifts"/> shifts.</summary>
    /// <param name="plan">The matrix.</param>
    /// <param name="x">The shifts, between 0 and 2.</param>
    /// <param name="above">Receives how many σ are above each, as 64-bit integers.</param>
    /// <param name="value">Receives f, whose product with 2^(<see cref="SturmPlan.Step"/>·exponent) is the determinant.</param>
    /// <param name="exponent">Receives the exponents.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Evaluate(in SturmPlan plan, double* x, double* above, double* value, double* exponent)
    {
        V x0 = L.Load(x), x1 = L.Load(x + L.Count), x2 = L.Load(x + 2 * L.Count), x3 = L.Load(x + 3 * L.Count);
        V q0 = L.Broadcast(Least), q1 = q0, q2 = q0, q3 = q0;
        V p0 = L.Multiply(x0, q0), p1 = L.Multiply(x1, q1), p2 = L.Multiply(x2, q2), p3 = L.Multiply(x3, q3);
        V n0 = L.Zero, n1 = n0, n2 = n0, n3 = n0, e0 = L.Broadcast(-First), e1 = e0, e2 = e0, e3 = e0;
        double* c = plan.Squares;
        for (int* end = plan.Ends; ; end++)
        {
            for (double* last = plan.Squares + 2 * *end; c < last; c += 2)
            {
                V a = L.Broadcast(c[0]), b = L.Broadcast(c[1]);
                V r0 = L.MultiplyAdd(x0, p0, L.Multiply(a, q0)), r1 = L.MultiplyAdd(x1, p1, L.Multiply(a, q1));
                V r2 = L.MultiplyAdd(x2, p2, L.Multiply(a, q2)), r3 = L.MultiplyAdd(x3, p3, L.Multiply(a, q3));
                n0 = L.CountSignChanges(n0, q0, r0);
                n1 = L.CountSignChanges(n1, q1, r1);
                n2 = L.CountSignChanges(n2, q2, r2);
                n3 = L.CountSignChanges(n3, q3, r3);
                p0 = L.MultiplyAdd(x0, r0, L.Multiply(b, p0));
                p1 = L.MultiplyAdd(x1, r1, L.Multiply(b, p1));
                p2 = L.MultiplyAdd(x2, r2, L.Multiply(b, p2));
                p3 = L.MultiplyAdd(x3, r3, L.Multiply(b, p3));
                q0 = r0;
                q1 = r1;
                q2 = r2;
                q3 = r3;
            }

            Rescale(ref q0, ref p0, ref e0);
            Rescale(ref q1, ref p1, ref e1);
            Rescale(ref q2, ref p2, ref e2);
            Rescale(ref q3, ref p3, ref e3);
            if (*end == plan.Order)
                break;
        }

        Store(n0, n1, n2, n3, above);
        Store(q0, q1, q2, q3, value);
        Store(e0, e1, e2, e3, exponent);
    }

    /// <summary>Two factors bring back what a segment of the plan may have grown or shrunk by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rescale(ref V q, ref V p, ref V exponent)
    {
        V least = L.Broadcast(Least), most = L.Broadcast(Most), one = L.Broadcast(1);
        V up = L.Broadcast(Most / Least), down = L.Broadcast(Least / Most);
        for (int i = 0; i < 2; i++)
        {
            V size = L.MaxAbs(q, p);
            V factor = L.WhereGreater(size, most, down, L.WhereGreater(least, size, up, one));
            exponent = L.Add(exponent, L.WhereGreater(size, most, one, L.WhereGreater(least, size, L.Subtract(L.Zero, one), L.Zero)));
            q = L.Multiply(q, factor);
            p = L.Multiply(p, factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(V v0, V v1, V v2, V v3, double* into)
    {
        L.Store(v0, into);
        L.Store(v1, into + L.Count);
        L.Store(v2, into + 2 * L.Count);
        L.Store(v3, into + 3 * L.Count);
    }
}

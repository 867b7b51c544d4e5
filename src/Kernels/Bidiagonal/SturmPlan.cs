using System.Runtime.CompilerServices;

namespace Kappa.Kernels.Bidiagonal;

/// <summary>The squares of an upper bidiagonal matrix as <see cref="SturmSequence{V, L}"/> takes them, and after which rows it must rescale.</summary>
internal unsafe struct SturmPlan
{
    /// <summary>Minors are rescaled by 2 to this power.</summary>
    public const int Step = 200;

    // The larger of two minors begins between 2⁴⁰⁰ and 2⁶⁰⁰, two steps bring it back there, and so it stays between 1 and 2¹⁰⁰⁰: its product with a shift of 2⁻⁹⁵⁰
    // is normal, and what underflows beside that is below its last digit.
    private const int Range = 2 * Step;

    // Per element the pair grows by no more than x + c² ≤ 3, and shrinks by no more than c²/4.
    private const int Growth = 2;

    /// <summary>Elements below 2⁻⁵⁰, the largest being at least ½, do not fit: the squares of a few would use up the range.</summary>
    public const double Smallest = 8.8817841970012523e-16;

    /// <summary>Minus the squares a₀², b₀², a₁², …, the last b being 0 (2n).</summary>
    public double* Squares;

    /// <summary>The rows before which minors are rescaled, the last being n.</summary>
    public int* Ends;

    /// <summary>n.</summary>
    public int Order;

    /// <summary>Doubles of workspace.</summary>
    public static nint Workspace(int n) => 2 * (nint)n + (n + 1) / 2;

    /// <summary>The plan of the matrix with this diagonal (n) and superdiagonal (n − 1), whose elements are at least <see cref="Smallest"/> and at most 1.</summary>
    /// <param name="diagonal">The diagonal.</param>
    /// <param name="superdiagonal">The superdiagonal.</param>
    /// <param name="n">The order.</param>
    /// <param name="work"><see cref="Workspace"/>(n) doubles, kept.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public SturmPlan(double* diagonal, double* superdiagonal, int n, double* work)
    {
        Squares = work;
        Ends = (int*)(work + 2 * n);
        Order = n;
        int* end = Ends;
        double shrinking = 1, least = Math.ScaleB(1, -Range);
        int rows = 0;
        for (int k = 0; k < n; k++)
        {
            double a = diagonal[k] * diagonal[k], b = k < n - 1 ? superdiagonal[k] * superdiagonal[k] : 0;
            (Squares[2 * k], Squares[2 * k + 1]) = (-a, -b);
            double factor = a / 4 * (k < n - 1 ? b / 4 : 1), next = shrinking * factor;
            if (rows > 0 && (next < least || 2 * Growth * (rows + 1) > Range))
            {
                *end++ = k;
                next = factor;
                rows = 0;
            }

            shrinking = next;
            rows++;
        }

        *end = n;
    }
}

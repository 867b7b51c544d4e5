namespace Kappa.Kernels;

/// <summary>How singular values are computed, and vectors where they are wanted.</summary>
public enum SvdAlgorithm
{
    /// <summary>
    /// Bidiagonal where that is proven to be as accurate as Jacobi: where the norms of all non-zero rows lie within a factor of 16 of each
    /// other, and those of all non-zero columns too; with vectors, also κ(A) ≤ 2⁴⁰ (float: 2¹⁶) and no two values alike. Jacobi,
    /// on sorted rows, everywhere else.
    /// </summary>
    Auto,

    /// <summary>One-sided Jacobi after a pivoted QR.</summary>
    Jacobi,

    /// <summary>
    /// Householder bidiagonalisation and Sturm sequences or dqds, |δσᵢ| ≤ c·p·ε·σ₁ proven; where rows or columns differ by more than the factor above, after a
    /// QR of sorted rows with pivoted columns, which keeps small values as a rule. Where Π σᵢ ≠ Π|r_kk| shows that one got lost, or R
    /// spans more than 400 powers of two (float: 40), Jacobi steps in; the result names it. With vectors the same as Auto.
    /// </summary>
    Bidiagonal,
}

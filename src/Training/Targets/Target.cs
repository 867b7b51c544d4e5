using Kappa.Kernels;

namespace Kappa.Training.Targets;

/// <summary>How the matrix to be learned is built.</summary>
public enum TargetStructure
{
    /// <summary>Gaussian, with rows of log-normal scale.</summary>
    Heterogeneous,

    /// <summary>A product of two Gaussian factors of inner dimension 16.</summary>
    LowRank,

    /// <summary>Gaussian 8×8 blocks on the diagonal, zero elsewhere.</summary>
    BlockDiagonal,

    /// <summary>Random singular vectors, singular values in geometric progression from κ* to 1, scaled to ‖W*‖_F² = 2d.</summary>
    Prescribed,
}

/// <summary>Draws the matrices W* (d×d) that the trainers are to learn.</summary>
public static class Target
{
    /// <summary>Inner dimension of a low-rank target.</summary>
    public const int Rank = 16;

    /// <summary>Order of a diagonal block.</summary>
    public const int BlockOrder = 8;

    /// <summary>Draws W* (d×d) from a stream. O(d²) draws at most.</summary>
    /// <param name="structure">How it is built.</param>
    /// <param name="dimension">d ≥ 1.</param>
    /// <param name="stream">Where the draws come from; it goes on from where it stands.</param>
    /// <param name="condition">κ* ≥ 1 of a prescribed spectrum; without meaning for the others.</param>
    /// <exception cref="ArgumentOutOfRangeException">A prescribed κ* is below 1 or not finite.</exception>
    public static Matrix<double> Draw(TargetStructure structure, int dimension, GaussianStream stream, double condition = 0) => structure switch
    {
        TargetStructure.Prescribed => Prescribed(dimension, stream, condition),
        TargetStructure.LowRank => LowRank(dimension, stream),
        TargetStructure.BlockDiagonal => BlockDiagonal(dimension, stream),
        _ => Heterogeneous(dimension, stream),
    };

    /// <summary>N(0, 2/d), then row i times exp(0.5·gᵢ), gᵢ ~ N(0, 1).</summary>
    private static Matrix<double> Heterogeneous(int d, GaussianStream stream)
    {
        var target = new Matrix<double>(d, d);
        stream.Fill(target.Elements);
        double scale = Math.Sqrt(2.0 / d);
        for (int i = 0; i < target.Elements.Length; i++)
            target.Elements[i] *= scale;
        for (int i = 0; i < d; i++)
        {
            double row = Math.Exp(0.5 * stream.Next());
            foreach (ref double x in target.Row(i))
                x *= row;
        }

        return target;
    }

    /// <summary>AB/√(16d), A (d×16) and B (16×d) Gaussian.</summary>
    private static Matrix<double> LowRank(int d, GaussianStream stream)
    {
        var a = new Matrix<double>(d, Rank);
        var b = new Matrix<double>(Rank, d);
        stream.Fill(a.Elements);
        stream.Fill(b.Elements);
        var target = new Matrix<double>(d, d);
        Gemm.Multiply(1.0, a, b, 0.0, target);
        double scale = Math.Sqrt(Rank * (double)d);
        foreach (ref double x in target.Elements)
            x /= scale;
        return target;
    }

    /// <summary>Blocks of N(0, 1), the last one smaller where 8 does not divide d.</summary>
    private static Matrix<double> BlockDiagonal(int d, GaussianStream stream)
    {
        var target = new Matrix<double>(d, d);
        for (int start = 0; start < d; start += BlockOrder)
        {
            int order = Math.Min(BlockOrder, d - start);
            for (int i = 0; i < order; i++)
                stream.Fill(target.Row(start + i).Slice(start, order));
        }

        return target;
    }

    /// <summary>U diag(σ) Vᵀ, U and V the orthogonal factors of Gaussian matrices. 16d³/3 operations.</summary>
    private static Matrix<double> Prescribed(int d, GaussianStream stream, double condition)
    {
        if (!(condition >= 1) || !double.IsFinite(condition))
            throw new ArgumentOutOfRangeException(nameof(condition), condition, "A condition number is finite and at least 1.");
        Matrix<double> u = Orthogonal(d, stream), v = Orthogonal(d, stream);
        double[] sigma = [.. Enumerable.Range(0, d).Select(i => Math.Pow(condition, d == 1 ? 0 : 1 - i / (d - 1.0)))];
        double scale = Math.Sqrt(2.0 * d / sigma.Sum(s => s * s));
        for (int j = 0; j < d; j++)
            for (int i = 0; i < d; i++)
                u[i, j] *= scale * sigma[j];
        var target = new Matrix<double>(d, d);
        Gemm.Multiply(1.0, u, v.Transposed(), 0.0, target);
        return target;
    }

    private static Matrix<double> Orthogonal(int d, GaussianStream stream)
    {
        var draws = new Matrix<double>(d, d);
        stream.Fill(draws.Elements);
        using QrFactorization<double> qr = Qr.Factor<double>(draws);
        return qr.Q();
    }
}

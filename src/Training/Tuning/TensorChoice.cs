using Kappa.Kernels;

namespace Kappa.Training.Tuning;

/// <summary>Which weight tensors are updated.</summary>
public enum TensorChoice
{
    /// <summary>Those of the smallest condition number.</summary>
    SmallestCondition,

    /// <summary>Those of the largest condition number.</summary>
    LargestCondition,

    /// <summary>Drawn without replacement.</summary>
    Random,

    /// <summary>Those nearest to the input.</summary>
    First,

    /// <summary>Those nearest to the output.</summary>
    Last,

    /// <summary>The last one alone.</summary>
    Head,

    /// <summary>Every one.</summary>
    All,

    /// <summary>The first and the last one, and as many drawn between them as are missing.</summary>
    Ends,
}

/// <summary>Chooses weight tensors of a classifier by rule.</summary>
internal static class TensorSelection
{
    /// <summary>The places of the chosen tensors, ascending.</summary>
    /// <remarks>Equal κ count in the order of their places; κ = ∞ is larger than any number.</remarks>
    /// <param name="choice">The rule.</param>
    /// <param name="kappa">κ of each tensor, stem first and head last.</param>
    /// <param name="blocksOnly">Whether stem and head are no candidates, so that all candidates have one shape.</param>
    /// <param name="count">N, how many; the rules that say themselves how many do not ask.</param>
    /// <param name="stream">Where <see cref="TensorChoice.Random"/> draws from.</param>
    public static int[] Choose(TensorChoice choice, IReadOnlyList<double> kappa, bool blocksOnly, int count, GaussianStream stream)
    {
        int[] candidates = [.. Enumerable.Range(blocksOnly ? 1 : 0, kappa.Count - (blocksOnly ? 2 : 0))];
        IEnumerable<int> chosen = choice switch
        {
            TensorChoice.SmallestCondition => candidates.OrderBy(i => kappa[i]).Take(count),
            TensorChoice.LargestCondition => candidates.OrderByDescending(i => kappa[i]).Take(count),
            TensorChoice.Random => Permutation.Draw(candidates.Length, stream).Take(count).Select(i => candidates[i]),
            TensorChoice.First => candidates.Take(count),
            TensorChoice.Last => candidates.TakeLast(count),
            TensorChoice.Head => [candidates[^1]],
            TensorChoice.Ends => [candidates[0], candidates[^1], .. Permutation.Draw(candidates.Length - 2, stream).Take(count - 2).Select(i => candidates[i + 1])],
            _ => candidates,
        };
        return [.. chosen.Order()];
    }
}

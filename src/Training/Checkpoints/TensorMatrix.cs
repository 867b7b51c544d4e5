using System.Globalization;
using System.Numerics;
using Kappa.Kernels;

namespace Kappa.Training.Checkpoints;

/// <summary>A matrix W (m×n) that a tensor holds, or part of it, or why there is none to measure.</summary>
public sealed class TensorMatrix
{
    private readonly int _firstRow, _firstColumn;

    internal TensorMatrix(CheckpointTensor tensor, string reason) => (Tensor, Name, Reason) = (tensor, tensor.Name, reason);

    internal TensorMatrix(CheckpointTensor tensor, string? part, string matricization, (int First, int Count) rows, (int First, int Count) columns)
    {
        (Tensor, Name, Matricization) = (tensor, part is null ? tensor.Name : $"{tensor.Name}[{part}]", matricization);
        (_firstRow, Rows, _firstColumn, Columns) = (rows.First, rows.Count, columns.First, columns.Count);
    }

    /// <summary>The tensor's name; that of a part has it in brackets behind: <c>attn.qkv.weight[q]</c>, <c>attn.q_proj.weight[head 3]</c>.</summary>
    public string Name { get; }

    /// <summary>The tensor.</summary>
    public CheckpointTensor Tensor { get; }

    /// <summary>m; 0 where there is no matrix.</summary>
    public int Rows { get; }

    /// <summary>n; 0 where there is no matrix.</summary>
    public int Columns { get; }

    /// <summary>How the tensor's elements make the matrix: "128 × (129·3)", "rows 0–63 of 192"; null where there is none.</summary>
    public string? Matricization { get; }

    /// <summary>Why there is no matrix: "a vector", "integers", …; null where there is one.</summary>
    public string? Reason { get; }

    /// <summary>The number of elements: m·n, or the tensor's where there is no matrix.</summary>
    public long Parameters => Reason is null ? (long)Rows * Columns : Tensor.Count;

    /// <summary>Whether it is not the whole tensor.</summary>
    public bool IsPart => Name != Tensor.Name;

    /// <summary>Reads W in double precision. O(mn); all of the tensor where W is a block of its columns.</summary>
    /// <exception cref="InvalidOperationException">There is no matrix.</exception>
    /// <exception cref="InvalidDataException">The file no longer holds the tensor.</exception>
    public Matrix<double> Read() => Read<double>();

    internal Matrix<T> Read<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Reason is not null)
            throw new InvalidOperationException($"Tensor {Checkpoint.Quote(Name)} is no matrix: {Reason}.");
        int width = (int)(Tensor.Count / Tensor.Shape[0]);
        var rows = new Matrix<T>(Rows, width);
        Tensor.Read<T>((long)_firstRow * width, rows.Elements);
        return width == Columns ? rows : Matrix<T>.From(rows.View.Block(0, _firstColumn, Rows, Columns));
    }
}

/// <summary>How tensors become matrices. One of three and more dimensions is out × rest: the first index counts the rows.</summary>
/// <remarks>
/// Vectors, among them matrices of one row or column, have κ = 1 whatever they hold, and no matrix here. A part of a tensor is a matrix of its own:
/// fused projections are those in whose name a part between points and underscores is <c>qkv</c>, or which contain <c>c_attn</c>, <c>in_proj</c> or <c>query_key_value</c>; single ones have <c>q</c>, <c>k</c>, <c>v</c>,
/// <c>query</c>, <c>key</c>, <c>value</c>, <c>wq</c>, <c>wk</c> or <c>wv</c> there.
/// </remarks>
public sealed record Matricization
{
    private static readonly string[] s_fused = ["c_attn", "in_proj", "query_key_value"];

    /// <summary>Whether fused projections are split into three equal blocks q, k, v: of columns where there are three times as many as rows, else of rows.</summary>
    public bool SplitFused { get; init; }

    /// <summary>The heads into whose equal blocks of rows projections of queries are split; 0: they are not.</summary>
    public int Heads { get; init; }

    /// <summary>The same for keys and values, which may have fewer heads than queries; 0: as many.</summary>
    public int KeyHeads { get; init; }

    /// <summary>Whether integers and booleans are measured, too.</summary>
    public bool Integers { get; init; }

    /// <summary>The matrices of a tensor: one, or its parts, or one that says why there is none.</summary>
    public IReadOnlyList<TensorMatrix> Of(CheckpointTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Count == 0)
            return [new TensorMatrix(tensor, "it is empty")];
        if (tensor.Shape.Count < 2)
            return [new TensorMatrix(tensor, tensor.Shape.Count == 0 ? "a single number" : "a vector")];
        long rows = tensor.Shape[0], columns = tensor.Count / rows;
        if (rows == 1 || columns == 1)
            return [new TensorMatrix(tensor, $"a vector: {rows}×{columns}")];
        if (!tensor.ElementType.IsFloat() && !Integers)
            return [new TensorMatrix(tensor, "integers")];
        // Matrix stands in one array, with a few elements more.
        if (tensor.Count > Array.MaxLength - 64)
            return [new TensorMatrix(tensor, $"too large: {rows}×{columns}")];
        return [.. Parts(tensor, (int)rows, (int)columns)];
    }

    private IEnumerable<TensorMatrix> Parts(CheckpointTensor tensor, int rows, int columns)
    {
        string whole = tensor.Shape.Count == 2 ? $"{rows} × {columns}" : $"{rows} × ({string.Join('·', tensor.Shape.Skip(1))})";
        string[] words = tensor.Name.Split('.', '_');
        bool fused = SplitFused && (words.Contains("qkv") || s_fused.Any(f => tensor.Name.Contains(f, StringComparison.Ordinal)));
        bool byColumns = columns == 3L * rows;
        int fusedExtent = byColumns ? columns : rows;
        if (fused && fusedExtent % 3 == 0 && fusedExtent >= 6)
        {
            foreach ((string part, int place) in new[] { ("q", 0), ("k", 1), ("v", 2) })
            {
                int heads = HeadsOf(part);
                int size = fusedExtent / 3, first = place * size;
                if (heads > 0 && size % heads == 0 && size > heads)
                {
                    for (int h = 0; h < heads; h++)
                        yield return Block($"{part} {h}", first + h * (size / heads), size / heads);
                }
                else
                {
                    yield return Block(part, first, size);
                }
            }

            yield break;
        }

        int own = HeadsOf(words.LastOrDefault(w => HeadsOf(w) > 0) ?? "");
        if (own > 0 && rows % own == 0 && rows > own)
        {
            byColumns = false;
            for (int h = 0; h < own; h++)
                yield return Block($"head {h}", h * (rows / own), rows / own);
        }
        else
        {
            yield return new TensorMatrix(tensor, null, whole, (0, rows), (0, columns));
        }

        TensorMatrix Block(string part, int first, int count)
        {
            string which = string.Create(CultureInfo.InvariantCulture, $"{(byColumns ? "columns" : "rows")} {first}–{first + count - 1} of {whole}");
            return byColumns
                ? new TensorMatrix(tensor, part, which, (0, rows), (first, count))
                : new TensorMatrix(tensor, part, which, (first, count), (0, columns));
        }
    }

    private int HeadsOf(string word) => word switch
    {
        "q" or "query" or "wq" => Heads,
        "k" or "v" or "key" or "value" or "wk" or "wv" => KeyHeads > 0 ? KeyHeads : Heads,
        _ => 0,
    };
}

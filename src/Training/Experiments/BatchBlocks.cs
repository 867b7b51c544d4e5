using Kappa.Kernels;
using Kappa.Training.Optimizers;

namespace Kappa.Training.Experiments;

/// <summary>The batches of a training, a block of steps at a time, drawn in the protocol's order: X, then N, step by step.</summary>
/// <remarks>With a thread to spare, the next block is drawn while this one is trained on.</remarks>
internal sealed class BatchBlocks
{
    // Draws of X per block: few enough that block, noise and a panel of weights stay in L2.
    private const int Draws = 1 << 16;

    /// <summary>The most steps of a block.</summary>
    public const int MostSteps = 64;

    private readonly GaussianStream _stream;
    private readonly int _steps;
    private readonly Batch[][] _blocks;
    private int _drawn;
    private Task? _ahead;

    /// <summary>Batches from where the stream stands.</summary>
    /// <param name="stream">The training stream; nobody else draws from it from now on.</param>
    /// <param name="protocol">B and d.</param>
    /// <param name="steps">How many batches there are.</param>
    /// <param name="hasSpareThread">Whether to draw ahead.</param>
    public BatchBlocks(GaussianStream stream, Protocol protocol, int steps, bool hasSpareThread)
    {
        (_stream, _steps) = (stream, steps);
        // What is drawn for a single step is still in L1 when it is used, or near.
        int length = hasSpareThread || LinearDescent.HasPanels(protocol.Dimension)
            ? Math.Clamp(Draws / (protocol.BatchSize * protocol.Dimension), 1, Math.Min(steps, MostSteps))
            : 1;
        _blocks = [.. Enumerable.Range(0, hasSpareThread ? 2 : 1).Select(_ => Enumerable.Range(0, length).Select(_ =>
            new Batch(new Matrix<double>(protocol.BatchSize, protocol.Dimension), new Matrix<double>(protocol.BatchSize, protocol.Dimension))).ToArray())];
    }

    /// <summary>The next block, good until the next call; empty at the end.</summary>
    public ReadOnlySpan<Batch> Next()
    {
        _ahead?.Wait();
        Batch[] block = _blocks[0];
        int count = Math.Min(block.Length, _steps - _drawn);
        if (_ahead is null)
            Draw(block, count);
        _drawn += count;
        if (_blocks.Length > 1)
        {
            (_blocks[0], _blocks[1]) = (_blocks[1], block);
            int left = Math.Min(block.Length, _steps - _drawn);
            _ahead = Task.Run(() => Draw(_blocks[0], left));
        }

        return block.AsSpan(0, count);
    }

    private void Draw(Batch[] block, int count)
    {
        foreach (Batch batch in block.AsSpan(0, count))
        {
            _stream.Fill(batch.X.Elements);
            _stream.Fill(batch.Noise.Elements);
        }
    }
}

using Kappa.Kernels;

namespace Kappa.Training.Optimizers;

/// <summary>Plain descent of a linear map on samples of another one, many steps at a time: D ← D − (η/B)EᵀX with E = XDᵀ − σN, where D = W − W*.</summary>
/// <remarks>
/// Row i of D meets no other one: eᵢ = Xdᵢ − σnᵢ, dᵢ ← dᵢ − (η/B)Xᵀeᵢ. So a large Dᵀ lies in panels of columns, and each takes all steps
/// of a block while it is in L2: D moves through the caches once a block instead of twice a step. Both products read contiguous rows of a
/// panel. 4Bd² operations a step; each element sums in the same order for any width, so panels change no bit. Nothing is allocated.
/// </remarks>
internal sealed class LinearDescent
{
    // At d = 512, two trials at a time on two cores: 1.4 times as fast by panels of 24 or 32 columns, 1.2 by 64; at 128 no gain.
    private const int PanelColumns = 32, OnePanel = 128;

    private readonly Matrix<double>[] _panels, _errors;
    private readonly int[] _starts;
    private readonly double _noise;

    /// <summary>Starts from D.</summary>
    /// <param name="difference">D (d×d), copied.</param>
    /// <param name="batchSize">B.</param>
    /// <param name="noise">σ.</param>
    public LinearDescent(Matrix<double> difference, int batchSize, double noise)
    {
        int d = difference.Rows, count = HasPanels(d) ? (d + PanelColumns - 1) / PanelColumns : 1;
        _noise = noise;
        // As even as can be: a last panel of one column would be a matrix-vector product, which sums in another order.
        _starts = [.. Enumerable.Range(0, count + 1).Select(j => (int)((long)d * j / count))];
        int[] widths = [.. Enumerable.Range(0, count).Select(j => _starts[j + 1] - _starts[j])];
        _panels = [.. widths.Select(width => new Matrix<double>(d, width))];
        Matrix<double>[] errors = [.. widths.Distinct().Select(width => new Matrix<double>(batchSize, width))];
        _errors = [.. widths.Select(width => errors.First(error => error.Columns == width))];
        Set(difference);
    }

    /// <summary>Whether Dᵀ takes more than one panel, so that blocks of steps pay.</summary>
    public static bool HasPanels(int dimension) => dimension > OnePanel;

    /// <summary>Goes on from D (d×d).</summary>
    public void Set(Matrix<double> difference)
    {
        for (int j = 0; j < _panels.Length; j++)
            difference.View.Block(_starts[j], 0, _panels[j].Columns, difference.Columns).Transposed().CopyTo(_panels[j]);
    }

    /// <summary>Writes D (d×d).</summary>
    public void CopyTo(Matrix<double> difference)
    {
        for (int j = 0; j < _panels.Length; j++)
            _panels[j].Transposed().CopyTo(difference.View.Block(_starts[j], 0, _panels[j].Columns, difference.Columns));
    }

    /// <summary>One step per batch.</summary>
    /// <param name="batches">X and N of each (B×d).</param>
    /// <param name="rates">η of each.</param>
    public void Run(ReadOnlySpan<Batch> batches, ReadOnlySpan<double> rates)
    {
        for (int j = 0; j < _panels.Length; j++)
        {
            Matrix<double> panel = _panels[j], error = _errors[j];
            for (int s = 0; s < batches.Length; s++)
            {
                Matrix<double> x = batches[s].X;
                batches[s].Noise.View.Block(0, _starts[j], error.Rows, error.Columns).CopyTo(error);
                Gemm.Multiply(1.0, x, panel, -_noise, error);
                Gemm.Multiply(-rates[s] * (1.0 / x.Rows), x.Transposed(), error, 1.0, panel);
            }
        }
    }
}

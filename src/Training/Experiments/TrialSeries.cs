using Kappa.Kernels;
using Kappa.Training.Components;

namespace Kappa.Training.Experiments;

/// <summary>Component errors along a trial: "step", one series per component, and the ends of the spectrum.</summary>
internal sealed class ErrorSeries(Matrix<double> target, SpectralComponents<double> targetComponents)
{
    private readonly List<double> _steps = [];
    private readonly List<double[]> _errors = [];
    private readonly List<(double Top, double Bottom)> _ends = [];

    public void Record(int step, Matrix<double> w)
    {
        _steps.Add(step);
        if (!Trial.IsFinite(w))
        {
            _errors.Add([.. ComponentErrors.Names.Select(_ => double.NaN)]);
            _ends.Add((double.NaN, double.NaN));
            return;
        }

        SpectralComponents<double> components = ComponentErrors.Measure(w);
        _errors.Add(ComponentErrors.Of(w, components, target, targetComponents));
        _ends.Add((components.SingularValues[0], components.SingularValues[^1]));
    }

    public void CopyTo(IDictionary<string, double[]> series)
    {
        series["step"] = [.. _steps];
        for (int c = 0; c < ComponentErrors.Names.Count; c++)
            series[ComponentErrors.Names[c]] = [.. _errors.Select(e => e[c])];
        series["sigma_top"] = [.. _ends.Select(e => e.Top)];
        series["sigma_bottom"] = [.. _ends.Select(e => e.Bottom)];
    }
}

/// <summary>
/// gᵢ = |uᵢᵀ G vᵢ| and σᵢ in the SVD of the W that each step starts from: gᵢ averaged over training, and both over steps for
/// the first, second, middle and last i; at the end the spectra of W and W*.
/// </summary>
internal sealed class GradientSeries
{
    private readonly List<double[]> _gradients = [], _sigma = [];

    public void Record(Matrix<double> weight, Matrix<double> gradient)
    {
        if (!Trial.IsFinite(weight) || !Trial.IsFinite(gradient))
        {
            double[] lost = [.. Enumerable.Repeat(double.NaN, Math.Min(weight.Rows, weight.Columns))];
            _gradients.Add(lost);
            _sigma.Add(lost);
            return;
        }

        SvdResult<double> svd = Svd.Decompose<double>(weight);
        _gradients.Add(SpectralGradient.Imbalance(svd, gradient));
        _sigma.Add(svd.SingularValues.ToArray());
    }

    public void CopyTo(IDictionary<string, double[]> series, IDictionary<string, double> values)
    {
        if (_gradients.Count == 0)
            return;
        int p = _gradients[0].Length;
        double[] mean = [.. Enumerable.Range(0, p).Select(i => _gradients.Average(g => g[i]))];
        series["index"] = [.. Enumerable.Range(1, p).Select(i => (double)i)];
        series["gradient_mean"] = mean;
        series["step"] = [.. Enumerable.Range(1, _gradients.Count).Select(i => (double)i)];
        foreach (int i in new SortedSet<int> { 0, Math.Min(1, p - 1), (p - 1) / 2, p - 1 })
        {
            series[$"gradient_{i + 1}"] = [.. _gradients.Select(g => g[i])];
            series[$"sigma_{i + 1}"] = [.. _sigma.Select(s => s[i])];
        }

        values["gradient_top"] = mean[0];
        values["gradient_bottom"] = mean[^1];
        values["gradient_ratio"] = mean[0] / mean[^1];
    }
}

namespace Kappa.Training.Report.Plots;

/// <summary>One of several things drawn in a figure: its name in data and legend, its colour and its symbol.</summary>
/// <param name="Name">As the legend has it.</param>
/// <param name="Colour">Any CSS colour.</param>
/// <param name="Shape">A Vega symbol.</param>
internal sealed record Series(string Name, string Colour, string Shape = "circle");

/// <summary>
/// The colours of Okabe and Ito (<i>Color Universal Design</i>, 2008), told apart with any colour vision. Their black is the
/// text's colour and their yellow a grey, so that both stand on a light and on a dark ground.
/// </summary>
internal static class Palette
{
    public const string Ink = "currentColor";
    public const string Grey = "#888888";
    public const string Blue = "#0072B2";
    public const string Sky = "#56B4E9";
    public const string Green = "#009E73";
    public const string Orange = "#E69F00";
    public const string Vermilion = "#D55E00";
    public const string Purple = "#CC79A7";

    /// <summary>A component of <see cref="Training.Components.ComponentErrors.Names"/>, the same in every figure.</summary>
    public static Series Component(string name) => name switch
    {
        "row_norms" => new Series("Row norms", Blue),
        "col_norms" => new Series("Column norms", Sky, "square"),
        "singular_values" => new Series("Singular values", Green, "triangle-up"),
        "condition_number" => new Series("Condition number", Vermilion, "diamond"),
        "effective_rank" => new Series("Effective rank", Grey, "cross"),
        "spectral_gap" => new Series("Spectral gap", Orange, "triangle-down"),
        "frobenius" => new Series("Frobenius norm", Purple, "triangle-right"),
        "overall" => new Series("Overall matrix", Ink, "triangle-left"),
        _ => new Series(name, Grey),
    };
}

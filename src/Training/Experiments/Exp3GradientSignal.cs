namespace Kappa.Training.Experiments;

/// <summary>Experiment 3: the gradient that each singular value receives.</summary>
public static class Exp3GradientSignal
{
    /// <summary>The experiment.</summary>
    public static Experiment Description { get; } = new(
        "exp3", "Gradient signal", "How much gradient |∂L/∂σᵢ| does each singular value receive during training?",
        10, [64], ["gradient_top", "gradient_bottom", "gradient_ratio"],
        d => [new Cell(new Condition(("d", d)), new Protocol { Dimension = d, Recording = Recording.GradientSignal })]);
}

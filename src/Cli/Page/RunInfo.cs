namespace Kappa.Cli.Page;

/// <summary>What the page says of the run behind it.</summary>
/// <param name="Settings">The settings as one line, as those of the command line.</param>
/// <param name="Version">The version of the program that made the page.</param>
/// <param name="Trials">The number of trials.</param>
internal sealed record RunInfo(string Settings, string Version, int Trials);

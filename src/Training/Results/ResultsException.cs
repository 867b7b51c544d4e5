namespace Kappa.Training.Results;

/// <summary>A folder of results cannot be used as asked; the message is one line for its owner.</summary>
public sealed class ResultsException : Exception
{
    /// <summary>One line that says what is wrong and what to do.</summary>
    public ResultsException(string message)
        : base(message)
    {
    }

    /// <summary>One line, and what caused it.</summary>
    public ResultsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

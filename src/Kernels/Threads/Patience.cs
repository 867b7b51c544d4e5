namespace Kappa.Kernels.Threads;

/// <summary>Waiting for what another thread is about to write: with pauses at first; then cores are given up, in case both threads have but one.</summary>
/// <param name="pauses">How many.</param>
internal struct Patience(int pauses)
{
    private SpinWait _spin;
    private int _left = pauses;

    /// <summary>Waits a little.</summary>
    public void Wait()
    {
        if (--_left >= 0)
            Pause.Once();
        else
            _spin.SpinOnce(sleep1Threshold: -1);
    }
}

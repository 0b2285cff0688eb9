using System.Runtime.InteropServices;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// While it exists, SIGTERM (sent by containers and service managers; on Windows the system's shutdown) first stops the work, and ends the
/// process when the work has ended. The signal is delayed, not swallowed: hosts with their own handling keep it.
/// </summary>
internal sealed class TerminationSignal : IDisposable
{
    // A stop takes at most ten seconds; service managers wait for thirty or more by default.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(20);

    private readonly ManualResetEventSlim _ended = new();
    private readonly PosixSignalRegistration _registration;

    public TerminationSignal(Action stop) =>
        _registration = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            _ =>
            {
                stop();
                _ended.Wait(s_longestWait);
            }
        );

    public void Dispose()
    {
        // The event is left to the garbage collector: the handler may be waiting for it.
        _ended.Set();
        _registration.Dispose();
    }
}

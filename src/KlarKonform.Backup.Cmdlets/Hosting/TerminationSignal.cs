using System.Runtime.InteropServices;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// While it lives, SIGTERM (what containers and service managers send; on Windows the system's shutdown) stops the work first and ends the process
/// when the work has ended. The signal is delayed, not swallowed: hosts with a handling of their own keep it.
/// </summary>
internal sealed class TerminationSignal : IDisposable
{
    // A stop takes ten seconds at most; service managers wait for thirty or more by default.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(20);

    private readonly ManualResetEventSlim _ended = new();
    private readonly PosixSignalRegistration _registration;

    public TerminationSignal(Action stop) => _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ =>
    {
        stop();
        _ended.Wait(s_longestWait);
    });

    public void Dispose()
    {
        // The event is left to the collector: the handler may be waiting for it.
        _ended.Set();
        _registration.Dispose();
    }
}

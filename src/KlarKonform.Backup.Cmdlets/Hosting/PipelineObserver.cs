namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// Passes the engine's progress and messages to the pipeline thread. Progress is thinned out: a busy run must not flood the queue.
/// </summary>
internal sealed class PipelineObserver(BackupCmdlet cmdlet) : IBackupObserver
{
    private const long MillisecondsBetween = 200;

    private long _next;

    public void Progress(BackupProgress progress)
    {
        if (progress.Resource is not null)
            return; // The overall bar names what is being read; a bar for each of thirty mailboxes would fill the console.
        var now = Environment.TickCount64;
        if (!progress.Completed && progress.Percent < 0 && now < Interlocked.Read(ref _next))
            return;
        Interlocked.Exchange(ref _next, now + MillisecondsBetween);
        cmdlet.Post(() => cmdlet.Show(progress));
    }

    public void Verbose(string text) => cmdlet.Post(() => cmdlet.WriteVerbose(text));

    public bool WantsDebug => cmdlet.WantsDebug;

    public void Debug(string text) => cmdlet.Post(() => cmdlet.WriteDebug(text));

    public void Warning(string text) => cmdlet.Post(() => cmdlet.WriteWarning(text));
}

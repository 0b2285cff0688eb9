using System.Runtime.ExceptionServices;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Notifications;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>
/// A run as the outside sees it: claimed, journalled, monitored, stoppable, and ended with one of the five states. Used once.
/// </summary>
internal sealed class BackupRunner(
    BackupConfiguration configuration,
    BackupOptions options,
    ISecretStore secrets,
    IBackupObserver observer,
    BackupHome home,
    RunJournal journal,
    TimeProvider time,
    Random random
)
{
    // Time for a stopped run to save its last checkpoint; with the time to let go of its claim, the promised ten seconds.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(7);

    /// <summary>Runs the backup.</summary>
    /// <exception cref="BackupException">AlreadyRunning, or what prevented the run from backing up anything.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a checkpoint was saved if there was time.</exception>
    public async Task<BackupRun> RunAsync(CancellationToken cancellationToken)
    {
        using var claim =
            await RunClaim.TakeAsync(home.Runs(configuration.Id), time, cancellationToken) ?? throw await RefusalAsync(cancellationToken);
        var before = (await journal.NewestAsync(configuration.Id, cancellationToken))?.Status;
        var record = new RunProgress(configuration, time);
        var events = new RunEvents(
            new EventLog(options.LogPath ?? home.Log(configuration.Name), observer.Warning),
            configuration.Name,
            record.Id,
            time
        );
        await journal.WriteAsync(configuration.Id, record.ToRun(BackupState.Running), cancellationToken);
        events.Write(
            RunEvent.RunStarted,
            Texts.Get("Event_RunStarted", configuration.Name),
            new { host = Environment.MachineName, process = Environment.ProcessId }
        );

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var abandon = new CancellationTokenSource();
        await using var grace = time.CreateTimer(_ => abandon.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var stopping = stop.Token.Register(() => grace.Change(s_grace, Timeout.InfiniteTimeSpan));
        var monitor = new RunMonitor(record, journal, claim, observer, events, time, stop.Cancel);
        var notifier = new RunNotifier(configuration, secrets, observer, time, random);
        monitor.Stalled = (standing, token) => notifier.NotifyAsync(standing, null, token);
        using var over = new CancellationTokenSource();
        var monitoring = monitor.RunAsync(over.Token);
        var context = new RunContext(record, options, observer, events, monitor, new GraphTime(time), random, abandon.Token);
        var session = new BackupWorkflow(context, secrets, home, journal, time);
        var (run, error) = (record.ToRun(BackupState.Failed), (Exception?)null);
        try
        {
            run = await session.RunAsync(stop.Token);
        }
        catch (Exception exception)
        {
            observer.Verbose(exception.ToString());
            (run, error) = Failed(record, exception, stop.IsCancellationRequested);
        }
        finally
        {
            await over.CancelAsync();
            await monitoring;
        }

        run = run with { Ended = time.GetUtcNow() };
        await WriteEndAsync(run);
        LogEnd(events, run, error);
        SystemLog.Write(run);

        // No notification for a run that the admin stopped.
        if (!stop.IsCancellationRequested && !session.IsSpokenForElsewhere)
            await notifier.NotifyAsync(run, monitor.HasStalled ? null : before ?? record.Before, cancellationToken);
        observer.Progress(new BackupProgress(null, Texts.Get("State_" + run.Status), 100, Completed: true));
        if (cancellationToken.IsCancellationRequested && error is OperationCanceledException)
            ExceptionDispatchInfo.Throw(error);
        return error is null or OperationCanceledException ? run : throw error;
    }

    // A run that was asked to stop is Partial, with the error that says so; a run that ends for any other reason has failed.
    private (BackupRun Run, Exception Error) Failed(RunProgress record, Exception exception, bool stopped)
    {
        var error = ErrorTranslator.Translate(exception, configuration);
        if (error is OperationCanceledException && stopped)
            return (record.ToRun(BackupState.Partial) with { Error = Texts.Get("RunStopped") }, error);
        if (error is OperationCanceledException)
            error = BackupException.Unexpected(exception, configuration.Name);
        return (record.ToRun(BackupState.Failed) with { Error = error.Message }, error);
    }

    private async Task WriteEndAsync(BackupRun run)
    {
        try
        {
            await journal.WriteAsync(configuration.Id, run, CancellationToken.None);
        }
        catch (BackupException exception)
        {
            // What matters is in the repository; a full local disk must not make a good backup look bad.
            observer.Warning(exception.Message);
        }
    }

    private static void LogEnd(RunEvents events, BackupRun run, Exception? error)
    {
        var what =
            error is OperationCanceledException
                ? RunEvent.RunStopped
                : run.Status switch
                {
                    BackupState.Succeeded => RunEvent.RunSucceeded,
                    BackupState.Partial => RunEvent.RunPartial,
                    _ => RunEvent.RunFailed,
                };
        events.Write(
            what,
            Texts.Get("Event_" + what, run.Error ?? ""),
            new
            {
                snapshot = run.SnapshotId,
                errorId = (error as BackupException)?.ErrorId,
                downloaded = run.ItemsDownloaded,
                updated = run.ItemsUpdated,
                removed = run.ItemsRemoved,
                keptDeleted = run.ItemsKeptDeleted,
                expired = run.ItemsExpired,
                bytesDownloaded = run.BytesDownloaded,
                bytesStored = run.BytesStored,
                failures = run.Failures.Count,
                seconds = Math.Round((run.Ended - run.Started)?.TotalSeconds ?? 0),
            }
        );
    }

    private async Task<BackupException> RefusalAsync(CancellationToken cancellationToken)
    {
        var other = await journal.NewestAsync(configuration.Id, cancellationToken);
        return new BackupException(
            ErrorIds.AlreadyRunning,
            BackupErrorCategory.ResourceBusy,
            configuration.Name,
            configuration.Name,
            other?.ProcessId,
            other?.Started.ToLocalTime()
        );
    }
}

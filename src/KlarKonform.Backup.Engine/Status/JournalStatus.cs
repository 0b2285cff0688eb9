using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Journal;
using KlarKonform.Backup.Engine.Scheduling;

namespace KlarKonform.Backup.Engine.Status;

/// <summary>How a configuration stands by what this machine knows, and the way to stop its run. Thread-safe.</summary>
internal sealed class JournalStatus(BackupHome home, RunJournal journal, TimeProvider time)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads the journal.</summary>
    public async Task<BackupStatus> ReadAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        BackupRun? last = null;
        BackupRun? complete = null;
        await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false))
        {
            last ??= run;
            if (run.SnapshotId is null)
                continue;
            complete = run;
            break;
        }

        var status = last?.Status ?? BackupState.Pending;
        return new BackupStatus
        {
            Name = configuration.Name,
            Status = status,
            StatusText = Texts.Get("State_" + status),
            LastRun = last?.Started,
            NextRun = ScheduleKeeper.NextRun(configuration, time.GetUtcNow()),
            LastSuccess = complete is null ? null : complete.Ended ?? complete.Started,
            Items = (last?.ItemsDownloaded ?? 0) + (last?.ItemsUpdated ?? 0),
            Bytes = last?.BytesDownloaded ?? 0,
            Failures = (last?.Failures.Count ?? 0) + (last?.Resources.Count(resource => resource.Status == BackupState.Failed) ?? 0),
            Verified = last?.Verified,
            Verification = last?.Verification,
            Error = last?.Error,
            ResourcesTotal = last?.ResourcesTotal ?? 0,
            ResourcesDone = last?.ResourcesDone ?? 0,
            Current = last?.Current ?? [],
            Remaining = last?.Remaining,
            StalledSince = status == BackupState.Running ? last?.StalledSince : null,
            WaitsUntil = status == BackupState.Running ? last?.WaitsUntil : null,
            HostName = last?.HostName,
            ProcessId = last?.ProcessId,
            RunId = last?.RunId,
            Updated = last?.Updated,
            RetryList = complete?.RetryList ?? [],
            Holds = await new HoldCache(home).ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false),
            Resources = last?.Resources ?? [],
        };
    }

    /// <summary>Asks the run of this machine to stop, and waits for its end.</summary>
    /// <exception cref="BackupException">NotRunning, RunningElsewhere or StopTimedOut.</exception>
    public async Task<BackupRun> StopAsync(BackupConfiguration configuration, TimeSpan wait, CancellationToken cancellationToken)
    {
        var running = await journal.NewestAsync(configuration.Id, cancellationToken).ConfigureAwait(false);
        if (running is not { Status: BackupState.Running })
            throw new BackupException("NotRunning", BackupErrorCategory.ObjectNotFound, configuration.Name, configuration.Name);
        if (!string.Equals(running.HostName, Environment.MachineName, StringComparison.OrdinalIgnoreCase))
            throw new BackupException("RunningElsewhere", BackupErrorCategory.InvalidOperation, configuration.Name, configuration.Name, running.HostName);
        await RunClaim.RequestStopAsync(home.Runs(configuration.Id), running.RunId, cancellationToken).ConfigureAwait(false);
        if (wait <= TimeSpan.Zero)
            return running;
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < wait;)
        {
            await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken).ConfigureAwait(false))
            {
                if (run.RunId != running.RunId)
                    continue;
                if (run.Status != BackupState.Running)
                    return run;
                break;
            }

            await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
        }

        throw new BackupException("StopTimedOut", BackupErrorCategory.OperationTimeout, configuration.Name, configuration.Name, (int)wait.TotalSeconds, running.ProcessId);
    }
}

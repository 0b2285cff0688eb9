using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Scheduling;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>A configuration's status according to this machine, and the way to stop its run. Thread-safe.</summary>
internal sealed class JournalStatus(BackupHome home, RunJournal journal, TimeProvider time)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads the journal.</summary>
    public async Task<BackupStatus> ReadAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var (last, complete) = await NewestAsync(configuration, problems.Add, cancellationToken);
        var status = last?.Status ?? BackupState.Pending;
        var missing = Of(configuration, last, complete);
        return new BackupStatus
        {
            Name = configuration.Name,
            Status = status,
            StatusText = Texts.Get("State_" + status),
            LastRun = last?.Started,
            NextRun = ScheduleRegistrar.NextRun(configuration, time.GetUtcNow()),
            LastSuccess = complete is null ? null : complete.Ended ?? complete.Started,
            Items = (last?.ItemsDownloaded ?? 0) + (last?.ItemsUpdated ?? 0),
            Bytes = last?.BytesDownloaded ?? 0,
            Failures =
                (last?.Failures.Count(failure => failure.Level != FailureLevel.Resource) ?? 0)
                + (last?.Resources.Count(resource => resource.Status == BackupState.Failed) ?? 0),
            NotBackedUp = missing.Open,
            Accepted = missing.Accepted,
            Reason = last is { Status: BackupState.Running }
                ? Texts.Get("Status_Running", last.ResourcesDone, last.ResourcesTotal)
                : missing.Reason(status, ReasonOf(last)),
            Problems = problems,
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
            RetryList = missing.All,
            Holds = await new HoldCache(home).ReadAsync(configuration.Id, cancellationToken),
            Resources = last?.Resources ?? [],
        };
    }

    /// <summary>What is not in the backup, according to this machine.</summary>
    public async Task<Missing> MissingAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        var (last, complete) = await NewestAsync(configuration, _ => { }, cancellationToken);
        return Of(configuration, last, complete);
    }

    private static Missing Of(BackupConfiguration configuration, BackupRun? last, BackupRun? complete) =>
        Missing.Of(configuration, complete?.RetryList ?? [], last?.Failures ?? [], last?.Resources ?? []);

    // The last run, and the last run that wrote a snapshot.
    private async Task<(BackupRun? Last, BackupRun? Complete)> NewestAsync(
        BackupConfiguration configuration,
        Action<string> passedOver,
        CancellationToken cancellationToken
    )
    {
        BackupRun? last = null;
        await foreach (var run in journal.ReadAsync(configuration.Id, passedOver, cancellationToken))
        {
            last ??= run;
            if (run.SnapshotId is not null)
                return (last, run);
        }

        return (last, null);
    }

    // What concerns more than single items: the error that ended the run, the findings of its check, or otherwise its notes.
    private static string? ReasonOf(BackupRun? run) =>
        run switch
        {
            { Error: { Length: > 0 } error } => error,
            { Verification: { Problems: [var first, ..] } } => Texts.Get("VerificationFailed", first),
            { Verification: { Mismatches.Count: > 0 and var count } } => Texts.Get("ItemsDiffer", count),
            { Status: BackupState.Partial, RetryList.Count: 0, Failures.Count: 0, Notes: [var first, ..] } => first,
            _ => null,
        };

    /// <summary>Asks this machine's run to stop, and waits for its end.</summary>
    /// <exception cref="BackupException">NotRunning, RunningElsewhere or StopTimedOut.</exception>
    public async Task<BackupRun> StopAsync(BackupConfiguration configuration, TimeSpan wait, CancellationToken cancellationToken)
    {
        var running = await journal.NewestAsync(configuration.Id, cancellationToken);
        if (running is not { Status: BackupState.Running })
            throw new BackupException(ErrorIds.NotRunning, BackupErrorCategory.ObjectNotFound, configuration.Name, configuration.Name);
        if (!string.Equals(running.HostName, Environment.MachineName, StringComparison.OrdinalIgnoreCase))
            throw new BackupException(
                ErrorIds.RunningElsewhere,
                BackupErrorCategory.InvalidOperation,
                configuration.Name,
                configuration.Name,
                running.HostName
            );
        await RunClaim.RequestStopAsync(home.Runs(configuration.Id), running.RunId, cancellationToken);
        if (wait <= TimeSpan.Zero)
            return running;
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < wait; )
        {
            await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken))
            {
                if (run.RunId != running.RunId)
                    continue;
                if (run.Status != BackupState.Running)
                    return run;
                break;
            }

            await Task.Delay(s_look, time, cancellationToken);
        }

        throw new BackupException(
            ErrorIds.StopTimedOut,
            BackupErrorCategory.OperationTimeout,
            configuration.Name,
            configuration.Name,
            (int)wait.TotalSeconds,
            running.ProcessId
        );
    }
}

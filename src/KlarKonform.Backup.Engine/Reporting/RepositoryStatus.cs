using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>
/// A configuration's status according to the repository: the newest snapshot, its manifest, and the lock of a living run.
/// </summary>
internal sealed class RepositoryStatus(BackupRepository session, TimeProvider time)
{
    /// <summary>Reads the status.</summary>
    public async Task<BackupStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var configuration = session.Configuration;
        LockHolder? living = null;
        await foreach (var holder in RepositoryLock.HoldersAsync(session.Repository, time, cancellationToken))
        {
            if (
                holder.Purpose is { } purpose
                && LockPurpose.Covers(LockPurposes.Backup(configuration), purpose)
                && holder.Evidence == LockEvidence.Renewed
            )
                living = holder;
        }

        var snapshots = await session.RecentAsync(cancellationToken);
        var (newest, complete) = (
            snapshots.Count > 0 ? snapshots[^1].Snapshot : null,
            snapshots.Select(each => each.Snapshot).LastOrDefault(each => !each.IsCheckpoint())
        );
        RunManifest? manifest = null;
        if (newest is not null)
        {
            await session.Repository.Index.OpenAsync(cancellationToken);
            manifest = await RunManifest.ReadAsync(
                new RepositoryReader(session.Repository, treeCache: session.TreeCache),
                newest.Root,
                cancellationToken
            );
        }

        // A living run that has saved nothing yet is not the one that wrote the manifest.
        var isOwn = living is null || (newest is not null && newest.IsCheckpoint());
        var status =
            living is not null ? BackupState.Running
            : newest is null ? BackupState.Pending
            : newest.StatusOf() is BackupState.Running ? BackupState.Failed
            : newest.StatusOf();
        var missing = Missing.Of(configuration, manifest?.Resources.SelectMany(each => each.RetryList) ?? [], [], []);
        return new BackupStatus
        {
            Name = configuration.Name,
            Status = status,
            StatusText = Texts.Get("State_" + status),
            LastRun = isOwn ? manifest?.Started : living!.Since,
            NextRun = Scheduling.ScheduleRegistrar.NextRun(configuration, time.GetUtcNow()),
            LastSuccess = complete?.Taken.ToUniversalTime(),
            Items = (manifest?.ItemsDownloaded ?? 0) + (manifest?.ItemsUpdated ?? 0),
            Bytes = manifest?.BytesDownloaded ?? 0,
            Failures =
                manifest
                    ?.Resources.Where(each => each.Run == manifest.Run)
                    .Sum(each => each.RetryList.Count + (each.Status == BackupState.Failed ? 1 : 0))
                ?? 0,
            NotBackedUp = missing.Open,
            Accepted = missing.Accepted,
            Reason = missing.Reason(
                status,
                status == BackupState.Failed ? Texts.Get("RunInterrupted")
                    : manifest is { Problems: [var problem, ..] } ? problem
                    : null
            ),
            Verified =
                status is BackupState.Succeeded or BackupState.Partial && newest == complete
                    ? newest!.FilesVerified() is not null && manifest is null or { Mismatches.Count: 0 }
                    : null,
            Verification = manifest is { Checkpoint: false } ? VerificationOf(manifest) : null,
            Error = status == BackupState.Failed ? Texts.Get("RunInterrupted") : null,
            ResourcesTotal = manifest?.ResourcesTotal ?? 0,
            ResourcesDone = manifest?.ResourcesDone ?? 0,
            HostName = living?.Host ?? manifest?.Host,
            ProcessId = living?.ProcessId,
            RunId = isOwn ? manifest?.Run : null,
            Updated = living?.Renewed ?? manifest?.Saved,
            RetryList = missing.All,
            Resources = [.. manifest?.Resources.Select(each => ResultOf(each, living is not null)) ?? []],
        };
    }

    private static RunVerification VerificationOf(RunManifest manifest) =>
        new()
        {
            ItemsExpected = manifest.Resources.Where(each => each.Run == manifest.Run).Sum(each => each.ItemsExpected ?? 0),
            ItemsStored = manifest.Resources.Where(each => each.Run == manifest.Run).Sum(each => each.ItemsStored ?? 0),
            Mismatches = manifest.Mismatches,
            Problems = manifest.Problems,
        };

    private static ResourceResult ResultOf(ManifestResource resource, bool lives) =>
        new()
        {
            Kind = resource.Kind,
            Name = resource.Name,
            Status = resource.Status == BackupState.Running && !lives ? BackupState.Failed : resource.Status,
            ItemsExpected = resource.ItemsExpected,
            ItemsStored = resource.ItemsStored,
            Failures = resource.RetryList.Count,
        };
}

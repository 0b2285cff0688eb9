using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>
/// What a run does about items that were deleted in Microsoft 365: keeps them, and removes those whose retention has expired and that are
/// not on hold. Thread-safe.
/// </summary>
internal sealed class DeletedItemsRetention(BackupRepository session, GraphTime time) : IDisposable
{
    private readonly RetentionPolicy? _policy = RetentionPolicy.Of(session.Configuration.Retention);
    private readonly AsyncLock _gate = new();
    private ActiveHolds? _holds;

    /// <summary>Whether deleted items are kept.</summary>
    public bool Keeps => _policy?.KeepsDeleted == true;

    /// <summary>Removes a resource's expired deleted items.</summary>
    public async Task ExpireAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();

        // Without a policy nothing is removed, and what an earlier policy kept stays. With a wrong clock nothing is removed by age.
        if (_policy is null || time.Wrong is not null || !run.Store.State.Deleted.Keys.Any(month => _policy.IsOver(month, now)))
            return;
        if (!(await HoldsAsync(cancellationToken)).Covers(run.Path))
            await run.Store.ExpireDeletedAsync(month => _policy.IsOver(month, now), cancellationToken);
    }

    public void Dispose() => _gate.Dispose();

    // Read only when something has expired: reading the log means reading every snapshot file.
    private async Task<ActiveHolds> HoldsAsync(CancellationToken cancellationToken)
    {
        using var turn = await _gate.EnterAsync(cancellationToken);
        return _holds ??= ActiveHolds.Of(await new AuditLog(session, time).ReadAsync(cancellationToken), session.Configuration.Name);
    }
}

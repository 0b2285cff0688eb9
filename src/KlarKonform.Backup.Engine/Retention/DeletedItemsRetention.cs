using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>What a run does about items that were deleted in Microsoft 365: keeps them, and lets go of those whose time is over and that nobody holds. Thread-safe.</summary>
internal sealed class DeletedItemsRetention(BackupRepository session, GraphTime time) : IDisposable
{
    private readonly RetentionPolicy? _policy = RetentionPolicy.Of(session.Configuration.Retention);
    private readonly SemaphoreSlim _gate = new(1);
    private ActiveHolds? _holds;

    /// <summary>Whether they are kept.</summary>
    public bool Keeps => _policy?.KeepsDeleted == true;

    /// <summary>Takes out of a resource what is over.</summary>
    public async Task ExpireAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();

        // Without a policy nothing is removed, and what an earlier policy kept stays. Whose clock is wrong removes nothing by age.
        if (_policy is null || time.Wrong is not null || !run.Store.State.Deleted.Keys.Any(month => _policy.IsOver(month, now)))
            return;
        if (!(await HoldsAsync(cancellationToken).ConfigureAwait(false)).Covers(run.Path))
            await run.Store.ExpireDeletedAsync(month => _policy.IsOver(month, now), cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _gate.Dispose();

    // Asked for only when something is over: reading the log means reading every snapshot file.
    private async Task<ActiveHolds> HoldsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _holds ??= ActiveHolds.Of(await new AuditLog(session, time).ReadAsync(cancellationToken).ConfigureAwait(false), session.Configuration.Name);
        }
        finally
        {
            _gate.Release();
        }
    }
}

using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Engine.Retention.Maintenance;

/// <summary>The locks of a configuration's repository, as an admin sees and removes them.</summary>
internal sealed class RepositoryUnlocker(BackupRepository session, TimeProvider time)
{
    private readonly LockKeeper _keeper = new(session.Repository, time);

    public async Task<IReadOnlyList<BackupLock>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _keeper.ListAsync(cancellationToken)).Select(found => Describe(found, found.Evidence))];

    /// <summary>Removes locks and reports what became of all existing ones.</summary>
    /// <param name="dead">Locks to remove if they are dead; a lock whose owner can only be judged by watching is watched.</param>
    /// <param name="forced">Locks to remove whatever is known of them.</param>
    /// <param name="observer">Is told which locks are watched.</param>
    /// <param name="cancellationToken">Cancels the watching.</param>
    public async Task<IReadOnlyList<BackupLock>> RemoveAsync(
        IReadOnlyCollection<string> dead,
        IReadOnlyCollection<string> forced,
        IBackupObserver observer,
        CancellationToken cancellationToken
    )
    {
        var found = await _keeper.ListAsync(cancellationToken);
        var result = new List<BackupLock>();
        foreach (var each in found.Where(each => forced.Contains(each.Id.ToString())))
        {
            await _keeper.RemoveAsync(each.Id, cancellationToken);
            result.Add(Describe(each, each.Evidence) with { Removed = true, Reason = Texts.Get("Lock_Forced") });
        }

        var watched = found
            .Where(each => each.MayBeDead && dead.Contains(each.Id.ToString()) && !forced.Contains(each.Id.ToString()))
            .ToDictionary(each => each.Id);
        foreach (var each in await _keeper.RemoveDeadAsync(watched.Keys, LockWatching.On(observer), cancellationToken))
            result.Add(Describe(watched[each.Id], each.Evidence) with { Removed = each.IsRemoved });
        var done = result.Select(each => each.Id).ToHashSet();
        return [.. result, .. found.Where(each => !done.Contains(each.Id.ToString())).Select(each => Describe(each, each.Evidence))];
    }

    private BackupLock Describe(FoundLock found, LockEvidence evidence) =>
        new()
        {
            Configuration = session.Configuration.Name,
            Id = found.Id.ToString(),
            State = evidence switch
            {
                LockEvidence.Renewed or LockEvidence.Vanished => BackupLockState.Alive,
                LockEvidence.Abandoned or LockEvidence.ProcessGone or LockEvidence.Empty => BackupLockState.Dead,
                _ => BackupLockState.Unknown,
            },
            Reason = Texts.Get("Lock_" + evidence, found.Holder?.Renewed.ToLocalTime(), found.Holder?.ProcessId),
            HostName = found.Holder?.Host,
            ProcessId = found.Holder?.ProcessId,
            UserName = found.Holder?.User,
            Purpose = found.Holder?.Purpose,
            IsExclusive = found.Holder?.IsExclusive,
            Since = found.Holder?.Since ?? found.Stored,
            Renewed = found.Holder?.Renewed,
            Removable = found.MayBeDead,
        };
}

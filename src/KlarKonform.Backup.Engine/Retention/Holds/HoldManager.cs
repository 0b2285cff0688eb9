using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Retention.Holds;

/// <summary>Sets and lifts holds; every change is an entry in the audit log.</summary>
internal sealed class HoldManager(BackupRepository session, TimeProvider time)
{
    private const int IdLength = 8;

    private readonly AuditLog _log = new(session, time);

    /// <summary>The holds in force.</summary>
    public async Task<IReadOnlyList<BackupHold>> ListAsync(CancellationToken cancellationToken)
    {
        await session.Repository.Index.OpenAsync(cancellationToken);
        return ActiveHolds.Of(await _log.ReadAsync(cancellationToken), session.Configuration.Name).Holds;
    }

    public async Task<BackupHold> SetAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        await session.Repository.Index.LoadAsync(cancellationToken);
        var (scope, target, paths) = await TargetAsync(request, cancellationToken);
        var entry = await _log.AppendAsync(
            _ => new AuditEntry
            {
                Number = 0,
                Time = default,
                Action = AuditLog.HoldSet,
                Author = request.Author,
                Reason = request.Reason,
                Scope = scope,
                Target = target,
                Detail = Guid.NewGuid().ToString("N")[..IdLength],
                Paths = paths,
                Previous = "",
            },
            cancellationToken
        );
        return ActiveHolds.Of([entry], session.Configuration.Name).Holds[0];
    }

    public async Task<BackupHold> RemoveAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        await session.Repository.Index.LoadAsync(cancellationToken);
        BackupHold? removed = null;
        await _log.AppendAsync(
            entries =>
            {
                var found = ActiveHolds
                    .Of(entries, session.Configuration.Name)
                    .Holds.Where(hold => hold.HoldId.StartsWith(request.HoldId!, StringComparison.OrdinalIgnoreCase))
                    .ToArray();
                removed =
                    found.Length == 1 && request.HoldId!.Length > 0
                        ? found[0]
                        : throw new BackupException(
                            ErrorIds.HoldNotFound,
                            BackupErrorCategory.ObjectNotFound,
                            request.HoldId,
                            session.Configuration.Name,
                            request.HoldId
                        );
                return new AuditEntry
                {
                    Number = 0,
                    Time = default,
                    Action = AuditLog.HoldRemoved,
                    Author = request.Author,
                    Reason = request.Reason,
                    Scope = removed.Scope,
                    Target = removed.Target,
                    Detail = removed.HoldId,
                    Previous = "",
                };
            },
            cancellationToken
        );
        return removed!;
    }

    private async Task<(HoldScope Scope, string Target, IReadOnlyList<string> Paths)> TargetAsync(
        HoldRequest request,
        CancellationToken cancellationToken
    )
    {
        if (request.SnapshotId is { } id)
        {
            var (found, snapshot) = await session.FindSnapshotAsync(id, cancellationToken);
            return snapshot.IsCheckpoint()
                ? throw new BackupException(
                    ErrorIds.HoldOfCheckpoint,
                    BackupErrorCategory.InvalidArgument,
                    id,
                    found.ToString()[..IdLength]
                )
                : (HoldScope.Snapshot, found.ToString(), snapshot.Original is { } original ? [original] : []);
        }

        if (request.Resource is not { } resource)
            return (HoldScope.Configuration, "", []);

        // The newest snapshot also contains resources that no longer exist at the source; only one that was never backed up is unknown.
        var snapshots = await session.RecentAsync(cancellationToken);
        var reader = new RepositoryReader(session.Repository, treeCache: session.TreeCache);
        var manifest = snapshots.Count == 0 ? null : await RunManifest.ReadAsync(reader, snapshots[^1].Snapshot.Root, cancellationToken);
        var matching =
            manifest
                ?.Resources.Where(each =>
                    string.Equals(each.Name, resource, StringComparison.OrdinalIgnoreCase)
                    || string.Equals($"{each.Kind}: {each.Name}", resource, StringComparison.OrdinalIgnoreCase)
                )
                .ToArray()
            ?? [];
        return matching.Length > 0
            ? (HoldScope.Resource, resource, [.. matching.Select(each => string.Join('/', each.Path))])
            : throw new BackupException(
                ErrorIds.HoldTargetUnknown,
                BackupErrorCategory.ObjectNotFound,
                resource,
                session.Configuration.Name,
                resource
            );
    }
}

using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Retention.Holds;

/// <summary>The holds in force according to an audit log.</summary>
internal sealed class ActiveHolds
{
    private readonly IReadOnlyList<(BackupHold Hold, IReadOnlyList<string> Paths)> _holds;

    private ActiveHolds(IReadOnlyList<(BackupHold Hold, IReadOnlyList<string> Paths)> holds) => _holds = holds;

    /// <summary>The holds, oldest first.</summary>
    public IReadOnlyList<BackupHold> Holds => [.. _holds.Select(each => each.Hold)];

    /// <summary>Whether the whole configuration is on hold.</summary>
    public bool CoversEverything => _holds.Any(each => each.Hold.Scope == HoldScope.Configuration);

    public static ActiveHolds Of(IReadOnlyList<AuditEntry> log, string configuration)
    {
        var holds = new List<(BackupHold Hold, IReadOnlyList<string> Paths)>();
        foreach (var entry in log)
        {
            if (entry.Action == AuditLog.HoldSet)
            {
                holds.Add(
                    (
                        new BackupHold
                        {
                            Configuration = configuration,
                            HoldId = entry.Detail,
                            Scope = entry.Scope ?? HoldScope.Configuration,
                            Target = entry.Target,
                            Reason = entry.Reason,
                            Author = entry.Author,
                            Since = entry.Time,
                        },
                        entry.Paths
                    )
                );
            }
            else if (entry.Action == AuditLog.HoldRemoved)
            {
                holds.RemoveAll(each => each.Hold.HoldId == entry.Detail);
            }
        }

        return new ActiveHolds(holds);
    }

    /// <summary>Whether a hold names exactly this snapshot.</summary>
    public bool Names(string snapshot) => _holds.Any(each => each.Hold.Scope == HoldScope.Snapshot && Names(each, snapshot));

    /// <summary>Whether a damaged snapshot may be on hold: its contents can no longer be read reliably.</summary>
    public bool MayCover(BlobId id, Snapshot snapshot) =>
        _holds.Any(each => each.Hold.Scope != HoldScope.Snapshot)
        || Names(id.ToString())
        || (snapshot.Original is { } original && Names(original));

    /// <summary>
    /// The reasons why a snapshot is on hold; empty if it is not. A snapshot that another program changed, by a tag or a repair, is held
    /// like the original.
    /// </summary>
    public async Task<IReadOnlyList<string>> ReasonsAsync(
        BlobId id,
        Snapshot snapshot,
        RepositoryReader reader,
        CancellationToken cancellationToken
    )
    {
        var reasons = new List<string>();
        foreach (var each in _holds)
        {
            var covered = each.Hold.Scope switch
            {
                HoldScope.Configuration => true,
                HoldScope.Snapshot => Names(each, id.ToString()) || (snapshot.Original is { } original && Names(each, original)),
                _ => await HasAnyAsync(snapshot.Root, each.Paths, reader, cancellationToken),
            };
            if (covered)
                reasons.Add($"hold {each.Hold.HoldId}");
        }

        return reasons;
    }

    /// <summary>Whether a resource's deleted items must stay.</summary>
    public bool Covers(IReadOnlyList<string> path)
    {
        var own = string.Join('/', path);
        return CoversEverything
            || _holds
                .Where(each => each.Hold.Scope == HoldScope.Resource)
                .Any(each =>
                    each.Paths.Any(held =>
                        own == held
                        || own.StartsWith(held + "/", StringComparison.Ordinal)
                        || held.StartsWith(own + "/", StringComparison.Ordinal)
                    )
                );
    }

    // The path list of a snapshot's hold contains the ids that the snapshot had before the hold was set.
    private static bool Names((BackupHold Hold, IReadOnlyList<string> Paths) hold, string snapshot) =>
        string.Equals(hold.Hold.Target, snapshot, StringComparison.OrdinalIgnoreCase)
        || hold.Paths.Contains(snapshot, StringComparer.OrdinalIgnoreCase);

    private static async Task<bool> HasAnyAsync(
        BlobId root,
        IReadOnlyList<string> paths,
        RepositoryReader reader,
        CancellationToken cancellationToken
    )
    {
        foreach (var path in paths)
        {
            BlobId? current = root;
            foreach (var name in path.Split('/'))
            {
                current = current is { } tree
                    ? (await reader.ReadTreeAsync(tree, cancellationToken)).FirstOrDefault(node => node.Name == name)?.Subtree
                    : null;
                if (current is null)
                    break;
            }

            if (current is not null)
                return true;
        }

        return false;
    }
}

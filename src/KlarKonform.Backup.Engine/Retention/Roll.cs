using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>
/// Which snapshots and keys existed, according to the newest manifest and this machine's memory, and which of them are missing: neither
/// expired by the retention rules nor removed by this machine. No rule makes a snapshot on hold expire.
/// </summary>
internal sealed class Roll(BackupRepository session, TimeProvider time)
{
    private readonly FileLedger _ledger = new(session);

    /// <summary>The newest manifest of the configuration; empty if there is none.</summary>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<RunManifest> BeforeAsync(IReadOnlyList<StoredSnapshot> snapshots, CancellationToken cancellationToken) =>
        await RunManifest.ReadAsync(
            new RepositoryReader(session.Repository, treeCache: session.TreeCache),
            snapshots.Count > 0 ? snapshots[^1].Snapshot.Root : null,
            cancellationToken
        ) ?? new RunManifest();

    /// <summary>Snapshots that should exist and do not.</summary>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="before">The newest one's manifest.</param>
    /// <param name="holds">The holds in force; null if the audit log is not reliable.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<IReadOnlyList<KnownSnapshot>> MissingAsync(
        IReadOnlyList<StoredSnapshot> snapshots,
        RunManifest before,
        ActiveHolds? holds,
        CancellationToken cancellationToken
    )
    {
        await _ledger.ForgetRemovedAsync(snapshots.Select(each => each.Id.ToString()).ToHashSet(StringComparer.Ordinal), cancellationToken);
        var removed = await _ledger.RemovedAsync(cancellationToken);

        // No manifest knows the snapshot that this machine wrote last, or another machine has listed without it since: it may have been
        // gone by then.
        KnownSnapshot[] own = await _ledger.NewestAsync(cancellationToken) is { } written ? [written] : [];
        KnownSnapshot[] known = [.. before.Snapshots.Concat(own).DistinctBy(each => each.Id)];

        // A snapshot that another program changed, for example by a tag, has another id and names the original.
        var present = snapshots
            .Select(each => each.Id.ToString())
            .Concat(snapshots.Select(each => each.Snapshot.Original).OfType<string>())
            .Concat(session.Unreadable.Select(id => id.ToString()))
            .ToHashSet(StringComparer.Ordinal);
        var copies = snapshots
            .Select(each => each.Snapshot.Original)
            .OfType<string>()
            .GroupBy(original => original)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var over = Over(known.Concat(Complete(snapshots).Select(Known)));
        return
        [
            .. known
                .Where(each => each.Held || !over.Contains(each.Id) || holds is null || holds.Names(each.Id))
                .Where(each => !present.Contains(each.Id) && !removed.Contains(each.Id) && !IsCopied(each)),
        ];

        // Changed once more, it has a third id and names the first. There must be as many copies as there were.
        bool IsCopied(KnownSnapshot snapshot) =>
            snapshot.Original is { } original
            && copies.GetValueOrDefault(original) >= before.Snapshots.Count(each => each.Original == original);
    }

    /// <summary>The configuration's complete snapshots, for the next list.</summary>
    /// <param name="snapshots">Its snapshots, oldest first.</param>
    /// <param name="holds">The holds in force; null if the audit log is not reliable.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<IReadOnlyList<KnownSnapshot>> ListAsync(
        IReadOnlyList<StoredSnapshot> snapshots,
        ActiveHolds? holds,
        CancellationToken cancellationToken
    )
    {
        var over = Over(Complete(snapshots).Select(Known));
        var reader = new RepositoryReader(session.Repository, treeCache: session.TreeCache);
        var known = new List<KnownSnapshot>();
        foreach (var each in Complete(snapshots))
        {
            var isHeld =
                over.Contains(each.Id.ToString())
                && (holds is null || (await holds.ReasonsAsync(each.Id, each.Snapshot, reader, cancellationToken)).Count > 0);
            known.Add(Known(each) with { Held = isHeld });
        }

        return known;
    }

    /// <summary>Keys that should exist and do not.</summary>
    public async Task<IReadOnlyList<string>> MissingKeysAsync(
        IEnumerable<string> keys,
        RunManifest before,
        CancellationToken cancellationToken
    ) => [.. before.Keys.Except(keys).Except(await _ledger.RemovedAsync(cancellationToken))];

    /// <summary>The repository's keys.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(CancellationToken cancellationToken) =>
        [
            .. (await new RepositoryKeys(session.Repository).IdsAsync(cancellationToken))
                .Select(id => id.ToString())
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Removes missing entries from the list: an admin has seen them.</summary>
    public Task AcceptAsync(IEnumerable<string> missing, CancellationToken cancellationToken) =>
        _ledger.AddRemovedAsync(missing.Select(BlobId.Parse), cancellationToken);

    private static IEnumerable<StoredSnapshot> Complete(IReadOnlyList<StoredSnapshot> snapshots) =>
        snapshots.Where(each => !each.Snapshot.IsCheckpoint());

    private static KnownSnapshot Known(StoredSnapshot snapshot) =>
        new(snapshot.Id.ToString(), snapshot.Snapshot.Taken) { Original = snapshot.Snapshot.Original };

    // By the rules now in force, applied to the snapshots that existed after the previous run: another machine's retention removed it.
    private HashSet<string> Over(IEnumerable<KnownSnapshot> known) =>
        RetentionPolicy.Of(session.Configuration.Retention)?.Rules is { IsEmpty: false } rules
            ?
            [
                .. rules
                    .Apply(known.DistinctBy(each => each.Id), each => each.Taken, time.GetUtcNow())
                    .Where(each => each.Reasons.Count == 0)
                    .Select(each => each.Snapshot.Id),
            ]
            : [];
}

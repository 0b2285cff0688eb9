using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Keys;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>
/// Which snapshots and keys there are, noted in every manifest and compared by the next run on whatever machine: one that vanished is named
/// in the same night. What retention removed is told by its rules, and by what this machine removed itself.
/// </summary>
internal sealed class Inventory(RunContext context, RepositorySession session)
{
    private const int MaxNamed = 5;

    /// <summary>The configuration's complete snapshots, for the manifest.</summary>
    public IReadOnlyList<KnownSnapshot> Snapshots { get; private set; } = [];

    /// <summary>The repository's keys, for the manifest.</summary>
    public IReadOnlyList<string> Keys { get; private set; } = [];

    /// <summary>How the audit log ends, for the snapshot's tags.</summary>
    public IReadOnlyList<string> AuditEnds { get; private set; } = [];

    /// <summary>Looks at what there is, and makes the run Partial where something is missing.</summary>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="before">The newest one's manifest.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task LookAsync(IReadOnlyList<(BlobId Id, Snapshot Snapshot)> snapshots, RunManifest before, CancellationToken cancellationToken)
    {
        Snapshots = [.. snapshots.Where(each => !RepositorySession.IsCheckpoint(each.Snapshot)).Select(each => new KnownSnapshot(each.Id.ToString(), each.Snapshot.Taken))];
        Keys = [.. (await new RepositoryKeys(session.Repository).IdsAsync(cancellationToken).ConfigureAwait(false)).Select(id => id.ToString()).Order(StringComparer.Ordinal)];
        var ledger = new FileLedger(session);
        var removed = await ledger.RemovedAsync(cancellationToken).ConfigureAwait(false);

        // No manifest knows the newest one. If another machine has gone on since, it was noted there.
        var newest = await ledger.NewestAsync(cancellationToken).ConfigureAwait(false);
        KnownSnapshot[] own = newest is { } written && written.Taken > before.Saved ? [written] : [];
        // One that another program changed, say by a tag, goes by another id; and names the one that it was.
        var present = snapshots.Select(each => each.Id.ToString()).Concat(snapshots.Select(each => each.Snapshot.Original).OfType<string>())
            .Concat(session.Unreadable.Select(id => id.ToString())).ToHashSet(StringComparer.Ordinal);
        var lost = before.Snapshots.Where(each => !IsOver(each, before)).Concat(own).Where(each => !present.Contains(each.Id) && !removed.Contains(each.Id)).ToArray();
        if (lost.Length > 0)
            context.Doubt(Texts.Get("SnapshotsVanished", lost.Length, Named(lost.Select(each => $"{each.Id[..8]}, {each.Taken.ToLocalTime():g}"))));
        var keys = before.Keys.Except(Keys).Except(removed).ToArray();
        if (keys.Length > 0)
            context.Doubt(Texts.Get("KeysVanished", keys.Length, Named(keys.Select(each => each[..8]))));
        if (session.Unreadable is { Count: > 0 } damaged)
            context.Doubt(Texts.Get("SnapshotsUnreadable", damaged.Count, Named(damaged.Select(each => each.ToShortString()))));
        (AuditEnds, var isSound) = await new AuditLog(session, context.Time).EndsAsync(cancellationToken).ConfigureAwait(false);
        if (!isSound)
            context.Doubt(Texts.Get("AuditLogDoubtful", session.Configuration.Name));
    }

    // By the rules that are in force now, on the snapshots that there were after the run before: another machine's retention removed it.
    private bool IsOver(KnownSnapshot snapshot, RunManifest before) => RetentionPolicy.Of(session.Configuration.Retention)?.Rules is { IsEmpty: false } rules
        && rules.Apply(before.Snapshots.Union(Snapshots), each => each.Taken, context.Time.GetUtcNow()).Any(each => each.Snapshot == snapshot && each.Reasons.Count == 0);

    private static string Named(IEnumerable<string> names) => string.Join("; ", names.Take(MaxNamed + 1).Select((name, number) => number == MaxNamed ? "…" : name));
}

using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>
/// Which snapshots and keys exist, noted in every manifest and compared by the next run on any machine: one that vanished is reported in
/// the same night, and in every night until an admin removes it from the list.
/// </summary>
internal sealed class Inventory(RunContext context, BackupRepository session)
{
    private const int MaxNamed = 5;

    private readonly Roll _roll = new(session, context.Time);
    private IReadOnlyList<KnownSnapshot> _snapshots = [];
    private IReadOnlyList<string> _keys = [];

    /// <summary>How the audit log ends, for the snapshot's tags.</summary>
    public IReadOnlyList<string> AuditEnds { get; private set; } = [];

    /// <summary>Looks at what exists, and makes the run Partial if something is missing.</summary>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="before">The newest one's manifest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task LookAsync(IReadOnlyList<StoredSnapshot> snapshots, RunManifest before, CancellationToken cancellationToken)
    {
        var log = new AuditLog(session, context.Time);
        (AuditEnds, var isSound) = await log.EndsAsync(cancellationToken);
        var holds = isSound ? ActiveHolds.Of(await log.ReadAsync(cancellationToken), session.Configuration.Name) : null;
        var lost = await _roll.MissingAsync(snapshots, before, holds, cancellationToken);
        if (lost.Count > 0)
            context.Doubt(
                Texts.Get("SnapshotsVanished", lost.Count, Named(lost.Select(each => $"{each.Id[..8]}, {each.Taken.ToLocalTime():g}")))
            );
        var present = await _roll.KeysAsync(cancellationToken);
        var keys = await _roll.MissingKeysAsync(present, before, cancellationToken);
        if (keys.Count > 0)
            context.Doubt(Texts.Get("KeysVanished", keys.Count, Named(keys.Select(each => each[..8]))));
        if (session.Unreadable is { Count: > 0 } damaged)
            context.Doubt(Texts.Get("SnapshotsUnreadable", damaged.Count, Named(damaged.Select(each => each.ToShortString()))));
        if (!isSound)
            context.Doubt(Texts.Get("AuditLogDoubtful", session.Configuration.Name));
        _snapshots = [.. (await _roll.ListAsync(snapshots, holds, cancellationToken)).Concat(lost).OrderBy(each => each.Taken)];
        _keys = [.. present.Concat(keys).Order(StringComparer.Ordinal)];
    }

    /// <summary>The manifest with this inventory.</summary>
    public RunManifest Into(RunManifest manifest) => manifest with { Snapshots = _snapshots, Keys = _keys };

    private static string Named(IEnumerable<string> names) =>
        string.Join("; ", names.Take(MaxNamed + 1).Select((name, number) => number == MaxNamed ? "…" : name));
}

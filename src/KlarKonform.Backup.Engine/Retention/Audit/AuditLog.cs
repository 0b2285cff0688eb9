using System.Text;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Retention.Audit;

/// <summary>
/// A configuration's audit log: a file of JSON lines, each with the hash of the previous one, in snapshots of its own that are only ever
/// added to. Every backup's snapshot records in a tag how long the log was and how it ended, so that a shortened, forked or missing log is
/// noticed, whoever removed what. Anyone with restic can read it: <c>restic dump --tag audit:… latest /audit.jsonl</c>.
/// </summary>
internal sealed class AuditLog(BackupRepository session, TimeProvider time)
{
    public const string HoldSet = nameof(HoldSet);
    public const string HoldRemoved = nameof(HoldRemoved);
    public const string RetentionShortened = nameof(RetentionShortened);
    public const string RetentionOverridden = nameof(RetentionOverridden);

    /// <summary>An admin decided that what is left of the log counts; the detail names the states that it does not continue.</summary>
    public const string AuditLogAccepted = nameof(AuditLogAccepted);

    /// <summary>The tag of its snapshots.</summary>
    public const string Tag = LockPurposes.Audit;

    /// <summary>The tag by which a backup's snapshot records how the log ended.</summary>
    public const string EndTag = "audit-end:";

    private const string FileName = "audit.jsonl";
    private const string NearKey = "audit-end";

    private readonly NearMemory _memory = new(session);

    private string OwnTag => Tag + session.Configuration.Id;

    /// <summary>Reads and verifies the log; empty if there is none. The index must be loaded or open.</summary>
    /// <exception cref="BackupException">AuditLogBroken.</exception>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken)
    {
        var found = await FindAsync(cancellationToken);
        if (found.Unexplained.Count > 0)
            throw Broken(found.Unexplained);
        await RememberAsync(found.State, cancellationToken);
        return found.State.Entries;
    }

    /// <summary>
    /// How the log ends, for a backup's snapshot: the log's own end, and every end that earlier snapshots recorded and the log does not
    /// continue, so that the evidence of a loss is never lost itself.
    /// </summary>
    /// <returns>Tags, and whether the log is intact.</returns>
    public async Task<(IReadOnlyList<string> Tags, bool IsSound)> EndsAsync(CancellationToken cancellationToken)
    {
        var found = await FindAsync(cancellationToken);
        IEnumerable<string> ends = found.State.End.Length > 0 ? [found.State.End, .. found.Unexplained] : found.Unexplained;
        return ([.. ends.Where(IsEnd).Distinct().Select(end => EndTag + end)], found.Unexplained.Count == 0);
    }

    /// <summary>Adds an entry, which is durable when the call returns. Needs the repository's index.</summary>
    /// <exception cref="BackupException">AuditLogBroken.</exception>
    public Task<AuditEntry> AppendAsync(Func<IReadOnlyList<AuditEntry>, AuditEntry> write, CancellationToken cancellationToken) =>
        AppendAsync(
            (found) => found.Unexplained.Count > 0 ? throw Broken(found.Unexplained) : write(found.State.Entries),
            cancellationToken
        );

    /// <summary>Records an admin's decision that what is left of a broken log counts.</summary>
    /// <exception cref="BackupException">AuditLogSound: there is nothing to decide.</exception>
    public Task<AuditEntry> AcceptAsync(string reason, string author, CancellationToken cancellationToken) =>
        AppendAsync(
            found =>
                found.Unexplained.Count == 0
                    ? throw new BackupException(
                        ErrorIds.AuditLogSound,
                        BackupErrorCategory.InvalidOperation,
                        session.Configuration.Name,
                        session.Configuration.Name
                    )
                    : new AuditEntry
                    {
                        Number = 0,
                        Time = default,
                        Action = AuditLogAccepted,
                        Author = author,
                        Reason = reason,
                        Detail = string.Join(' ', found.Unexplained),
                        Previous = "",
                    },
            cancellationToken
        );

    private async Task<AuditEntry> AppendAsync(Func<Found, AuditEntry> write, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.ClaimAsync(session.Repository, OwnTag, time, session.Random, cancellationToken);
        var found = await FindAsync(cancellationToken);
        var now = time.GetLocalNow();
        var state = found.State.With(write(found) with { Time = now.ToUniversalTime(), Host = Environment.MachineName });
        await using var writer = new RepositoryWriter(session.Repository, session.WriterOptions with { Uploads = 1, Held = held });
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(state.Text));
        var saved = await writer.SaveStateAsync(content, cancellationToken);
        var tree = await writer.SaveTreeAsync([Node.NewFile(FileName, (ulong)saved.Size, saved.Blobs, now)], cancellationToken);
        await writer.FlushAsync(cancellationToken);
        var snapshot = new Snapshot
        {
            Time = NanoTime.From(found.NextTime(now)).ToString(),
            Parent = found.Parent,
            Tree = tree.ToString(),
            Paths = [$"/{session.Configuration.Name}/{FileName}"],
            Hostname = session.Configuration.Tenant.Id,
            Username = Environment.UserName,
            Tags = [OwnTag],
            ProgramVersion = ThisProgram.Name,
            Summary = new SnapshotSummary
            {
                BackupStart = NanoTime.From(now).ToString(),
                BackupEnd = NanoTime.From(time.GetLocalNow()).ToString(),
                FilesNew = found.Parent is null ? 1 : 0,
                FilesChanged = found.Parent is null ? 0 : 1,
                DataBlobs = writer.DataBlobsStored,
                TreeBlobs = writer.TreesStored,
                DataAdded = writer.PlainBytesStored,
                DataAddedPacked = writer.BytesStored,
                TotalFilesProcessed = 1,
                TotalBytesProcessed = saved.Size,
            },
        };
        try
        {
            await held.ThrowIfLostAsync();
            await held.SaveSnapshotAsync(snapshot, cancellationToken);
        }
        catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
        {
            throw LockLoss.Of(held, session);
        }

        await RememberAsync(state, cancellationToken);
        return state.Entries[^1];
    }

    private async Task<Found> FindAsync(CancellationToken cancellationToken)
    {
        var all = await session.AllSnapshotsAsync(cancellationToken);
        var reader = new RepositoryReader(session.Repository);
        var (longest, parent, ends) = (AuditState.TryRead("")!, (string?)null, new HashSet<string>());
        foreach (var (id, snapshot) in SnapshotOrder.Sort(all.Where(each => each.Snapshot.Tags?.Contains(OwnTag) == true)))
        {
            if (await StateAsync(reader, snapshot, cancellationToken) is not { } state)
            {
                ends.Add(id.ToShortString());
                continue;
            }

            ends.Add(state.End);
            if (state.Entries.Count >= longest.Entries.Count)
                (longest, parent) = (state, id.ToString());
        }

        var own = SnapshotTags.Configuration + session.Configuration.Id;
        var backups = all.Where(each => each.Snapshot.Tags?.Contains(own) == true);
        ends.UnionWith(
            backups
                .SelectMany(each => each.Snapshot.Tags!)
                .Where(tag => tag.StartsWith(EndTag, StringComparison.Ordinal))
                .Select(tag => tag[EndTag.Length..])
        );
        if (await _memory.FindAsync(NearKey, cancellationToken) is { } near)
            ends.Add(near);
        ends.ExceptWith(longest.Entries.Where(entry => entry.Action == AuditLogAccepted).SelectMany(entry => entry.Detail.Split(' ')));
        string[] unexplained = [.. ends.Where(end => end.Length > 0 && !longest.Continues(end)).Order(StringComparer.Ordinal)];
        var newestLog = all.Where(each => each.Snapshot.Tags?.Contains(OwnTag) == true)
            .Select(each => (DateTimeOffset?)each.Snapshot.Taken)
            .Max();
        var newestOther = all.Where(each => each.Snapshot.Tags?.Any(tag => tag.StartsWith(Tag, StringComparison.Ordinal)) != true)
            .Select(each => (DateTimeOffset?)each.Snapshot.Taken)
            .Max();
        return new Found(longest, parent, unexplained, newestLog, newestOther);
    }

    private static async Task<AuditState?> StateAsync(RepositoryReader reader, Snapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            var file = (await reader.ReadTreeAsync(snapshot.Root, cancellationToken)).FirstOrDefault(node => node.Name == FileName);
            return file is null
                ? null
                : AuditState.TryRead(Encoding.UTF8.GetString(await reader.ReadContentAsync(file, cancellationToken)));
        }
        catch (RepositoryException)
        {
            return null; // Lost or damaged: it counts as an unknown state.
        }
    }

    // A hold may be set, and its snapshot lost, before any backup records it.
    private Task RememberAsync(AuditState state, CancellationToken cancellationToken) =>
        state.End.Length == 0 ? Task.CompletedTask : _memory.SaveAsync(NearKey, state.End, cancellationToken);

    private static bool IsEnd(string end) => end.Contains('-', StringComparison.Ordinal);

    private BackupException Broken(IReadOnlyList<string> unexplained) =>
        new(
            ErrorIds.AuditLogBroken,
            BackupErrorCategory.SecurityError,
            session.Configuration.Name,
            session.Configuration.Name,
            string.Join(", ", unexplained.Take(3))
        );

    /// <summary>What exists of the log.</summary>
    /// <param name="State">Its longest state.</param>
    /// <param name="Parent">The snapshot that contains it, or null.</param>
    /// <param name="Unexplained">States that it does not continue, and that no one accepted.</param>
    /// <param name="NewestLog">When its newest snapshot was taken.</param>
    /// <param name="NewestOther">When the newest snapshot of something else was taken.</param>
    private sealed record Found(
        AuditState State,
        string? Parent,
        IReadOnlyList<string> Unexplained,
        DateTimeOffset? NewestLog,
        DateTimeOffset? NewestOther
    )
    {
        // A moment before the newest backup, so that "latest" still means that backup for everyone; the entries have their own times.
        public DateTimeOffset NextTime(DateTimeOffset now)
        {
            var latest = NewestOther is { } backup && backup.AddSeconds(-1) < now ? backup.AddSeconds(-1) : now;
            return NewestLog is { } log && log >= latest ? log.AddMilliseconds(1) : latest;
        }
    }
}

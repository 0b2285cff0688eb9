using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Retention;

/// <summary>
/// A configuration's audit log: a file of JSON lines, each with the hash of the one before, in snapshots of its own that are only ever
/// added to. Anybody with restic can read it: <c>restic dump --tag audit:… latest /audit.jsonl</c>.
/// </summary>
internal sealed class AuditLog(RepositorySession session, TimeProvider time)
{
    public const string HoldSet = nameof(HoldSet);
    public const string HoldRemoved = nameof(HoldRemoved);
    public const string RetentionShortened = nameof(RetentionShortened);
    public const string RetentionOverridden = nameof(RetentionOverridden);

    /// <summary>The tag of its snapshots.</summary>
    public const string Tag = "audit:";

    private const string FileName = "audit.jsonl";

    private static readonly string s_none = new('0', 64);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private string OwnTag => Tag + session.Configuration.Id;

    /// <summary>Reads and verifies the log; empty where there is none. The index must be loaded or open.</summary>
    /// <exception cref="BackupException">AuditLogBroken.</exception>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken) => (await ReadNewestAsync(cancellationToken).ConfigureAwait(false)).Entries;

    /// <summary>Adds an entry: durable when the call returns. Needs the repository's index.</summary>
    public async Task<AuditEntry> AppendAsync(Func<IReadOnlyList<AuditEntry>, AuditEntry> write, CancellationToken cancellationToken)
    {
        await using var held = await RepositoryLock.ClaimAsync(session.Repository, OwnTag, time, Random.Shared, cancellationToken).ConfigureAwait(false);
        var (entries, parent, newest) = await ReadNewestAsync(cancellationToken).ConfigureAwait(false);
        var draft = write(entries) with
        {
            Number = entries.Count + 1,
            Time = time.GetUtcNow(),
            Host = Environment.MachineName,
            Previous = entries.Count > 0 ? entries[^1].Hash : s_none,
            Hash = "",
        };
        var entry = draft with { Hash = HashOf(draft) };
        var text = string.Concat(entries.Append(entry).Select(each => JsonSerializer.Serialize(each, s_json) + "\n"));
        await using var writer = new RepositoryWriter(session.Repository, session.WriterOptions with { Uploads = 1, Held = held });
        var now = time.GetLocalNow();
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var saved = await writer.SaveStateAsync(content, cancellationToken).ConfigureAwait(false);
        var tree = await writer.SaveTreeAsync([Node.NewFile(FileName, (ulong)saved.Size, saved.Blobs, now)], cancellationToken).ConfigureAwait(false);
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        var snapshot = new Snapshot
        {
            Time = NanoTime.From(now > newest ? now : newest.AddMilliseconds(1)).ToString(),
            Parent = parent,
            Tree = tree.ToString(),
            Paths = [$"/{session.Configuration.Name}/{FileName}"],
            Hostname = session.Configuration.Tenant.Id,
            Username = Environment.UserName,
            Tags = [OwnTag],
        };
        try
        {
            await held.ThrowIfLostAsync().ConfigureAwait(false);
            await held.SaveSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false);
            return entry;
        }
        catch (OperationCanceledException) when (held.Lost.IsCancellationRequested)
        {
            throw Errors.LockLoss.Of(held, session);
        }
    }

    private async Task<(IReadOnlyList<AuditEntry> Entries, string? Parent, DateTimeOffset Newest)> ReadNewestAsync(CancellationToken cancellationToken)
    {
        var snapshots = new List<(BlobId Id, Snapshot Snapshot)>();
        await foreach (var each in session.Repository.SnapshotsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (each.Snapshot.Tags?.Contains(OwnTag) == true)
                snapshots.Add(each);
        }

        if (snapshots.Count == 0)
            return ([], null, DateTimeOffset.MinValue);
        var reader = new RepositoryReader(session.Repository);
        IReadOnlyList<AuditEntry> longest = [];
        var texts = new List<(BlobId Id, IReadOnlyList<AuditEntry> Entries)>();
        foreach (var (id, snapshot) in snapshots.OrderBy(each => each.Snapshot.Taken))
        {
            var entries = await EntriesAsync(reader, snapshot, cancellationToken).ConfigureAwait(false);
            texts.Add((id, entries));
            longest = entries.Count >= longest.Count ? entries : longest;
        }

        // Every older state must be the beginning of the newest one: the log only grows.
        if (texts.Any(each => each.Entries.Count > 0 && each.Entries[^1].Hash != longest[each.Entries.Count - 1].Hash))
            throw Broken("fork");
        return (longest, texts.Last(each => each.Entries.Count == longest.Count).Id.ToString(), snapshots.Max(each => each.Snapshot.Taken));
    }

    private async Task<IReadOnlyList<AuditEntry>> EntriesAsync(RepositoryReader reader, Snapshot snapshot, CancellationToken cancellationToken)
    {
        var file = (await reader.ReadTreeAsync(snapshot.Root, cancellationToken).ConfigureAwait(false)).FirstOrDefault(node => node.Name == FileName) ?? throw Broken(FileName);
        var entries = new List<AuditEntry>();
        var previous = s_none;
        foreach (var line in Encoding.UTF8.GetString(await reader.ReadContentAsync(file, cancellationToken).ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            AuditEntry? entry;
            try
            {
                entry = JsonSerializer.Deserialize<AuditEntry>(line, s_json);
            }
            catch (JsonException)
            {
                throw Broken($"#{entries.Count + 1}");
            }

            if (entry is null || entry.Previous != previous || entry.Number != entries.Count + 1 || entry.Hash != HashOf(entry))
                throw Broken($"#{entries.Count + 1}");
            entries.Add(entry);
            previous = entry.Hash;
        }

        return entries;
    }

    private BackupException Broken(string where) => new("AuditLogBroken", BackupErrorCategory.SecurityError, session.Configuration.Name, session.Configuration.Name, where);

    private static string HashOf(AuditEntry entry) =>
        Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry with { Hash = "" }, s_json))).ToLowerInvariant();
}

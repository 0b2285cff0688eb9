using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>A resource's part of a run: its store, its counts, its failures. Thread-safe.</summary>
/// <param name="context">What it shares with the run's other resources.</param>
/// <param name="source">The resource.</param>
/// <param name="store">Its content and state.</param>
/// <param name="path">The path of its content in the snapshot.</param>
/// <param name="writer">Stores content.</param>
internal sealed partial class ResourceBackup(
    ResourceContext context,
    IResourceSource source,
    ResourceStore store,
    IReadOnlyList<string> path,
    RepositoryWriter writer
) : IDisposable
{
    // The earliest and latest times that both file systems and restic support.
    private static readonly DateTimeOffset s_oldest = new(1601, 1, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_youngest = new(2261, 12, 31, 0, 0, 0, TimeSpan.Zero);

    private readonly ConcurrentQueue<ItemMismatch> _mismatches = new();
    private readonly AsyncLock _saving = new();
    private (BlobId Content, BlobId State)? _closed;
    private readonly ConcurrentQueue<(string Text, bool NamesItem)> _notes = new();
    private long _downloaded;
    private long _updated;
    private long _removed;
    private long _bytes;
    private long _reported;

    public IResourceSource Source => source;

    /// <summary>The resource as people see it.</summary>
    public string Label { get; } = $"{source.Kind}: {source.Name}";

    /// <summary>Its content and state; not to be used after <see cref="CloseAsync"/>.</summary>
    public ResourceStore Store => store;

    /// <summary>The path of its content in the snapshot.</summary>
    public IReadOnlyList<string> Path { get; } = path;

    /// <summary>Whether it leaves no trace in the snapshot, because there is nothing to back up and never was.</summary>
    public bool IsWithdrawn { get; private set; }

    /// <summary>Items that will be tried again in later runs, or that fail permanently.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; private set; } = [];

    /// <summary>Items about which source and backup disagree.</summary>
    public IReadOnlyCollection<ItemMismatch> Mismatches => _mismatches;

    /// <summary>
    /// Items at the source, by the source's own count if it gives one, otherwise by what it reported; null before the end.
    /// </summary>
    public long? ItemsExpected { get; private set; }

    /// <summary>Items in the backup; null before the end.</summary>
    public long? ItemsStored { get; private set; }

    /// <summary>When it was closed; UTC.</summary>
    public DateTimeOffset? Ended { get; private set; }

    /// <summary>Whether its trees have reached their final state for this run.</summary>
    public bool IsClosed => _closed is not null;

    /// <summary>Whether to ignore cursors and read everything.</summary>
    public bool Full => context.IsFull;

    /// <summary>Notes for the admin, and whether each names an item: then it must not go into a log.</summary>
    public IReadOnlyCollection<(string Text, bool NamesItem)> Notes => _notes;

    /// <summary>Clock of the run; UTC.</summary>
    public DateTimeOffset Now => context.Time.GetUtcNow();

    /// <summary>Items that failed in this run.</summary>
    public IReadOnlyCollection<ItemFailure> Failures => [.. _failures.Values.Select(Judged)];

    public long Downloaded => Interlocked.Read(ref _downloaded);

    public long Updated => Interlocked.Read(ref _updated);

    public long Removed => Interlocked.Read(ref _removed);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Deleted items that stay below <c>.deleted</c>, and those whose retention has expired.</summary>
    public (long Kept, long Expired) Deleted => store.Deleted;

    /// <summary>Stores content and returns a node without a name.</summary>
    public async Task<Node> SaveAsync(Stream content, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        var saved = await writer.SaveStreamAsync(content, cancellationToken);
        Interlocked.Add(ref _bytes, saved.Size);
        return Node.NewFile("", (ulong)saved.Size, saved.Blobs, Sane(modified));
    }

    /// <summary>
    /// Stores the rest of a large file and returns a node for all of it. Each stored piece counts as it arrives, and survives an
    /// interruption.
    /// </summary>
    public async Task<Node> SaveAsync(Stream rest, PartialFile file, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        await writer.SaveStreamAsync(
            rest,
            (blob, bytes) =>
            {
                file.Add(blob, bytes.Span);
                Interlocked.Add(ref _bytes, bytes.Length);
            },
            cancellationToken
        );
        return Node.NewFile("", (ulong)file.Size, file.Blobs, Sane(modified));
    }

    public void CountDownload()
    {
        Interlocked.Increment(ref _downloaded);
        Report();
    }

    public void CountUpdate()
    {
        Interlocked.Increment(ref _updated);
        Report();
    }

    /// <summary>Source and backup disagree about an item, although nothing failed: the run is Partial.</summary>
    public void AddMismatch(string folder, string itemId, bool isMissing) =>
        _mismatches.Enqueue(
            new ItemMismatch
            {
                Kind = source.Kind,
                Resource = source.Name,
                Folder = folder,
                ItemId = itemId,
                IsMissing = isMissing,
            }
        );

    public void CountRemoval() => Interlocked.Increment(ref _removed);

    /// <summary>Adds a note for the admin, once however often it is found.</summary>
    /// <param name="text">The note.</param>
    /// <param name="namesItem">Whether it contains the name of a file, folder or mail.</param>
    public void Note(string text, bool namesItem = false)
    {
        if (!_notes.Contains((text, namesItem)))
            _notes.Enqueue((text, namesItem));
    }

    /// <summary>The result so far.</summary>
    public ResourceResult ToResult(BackupState status) =>
        new()
        {
            Kind = source.Kind,
            Name = source.Name,
            Status = status,
            ItemsExpected = ItemsExpected,
            ItemsStored = ItemsStored,
            ItemsDownloaded = Downloaded,
            ItemsUpdated = Updated,
            ItemsRemoved = Removed,
            BytesDownloaded = Bytes,
            Failures = _failures.Count,
        };

    /// <summary>Its trees as they are now, or null if they must not be used. Stores what changed.</summary>
    public async Task<(BlobId Content, BlobId State)?> SaveTreesAsync(CancellationToken cancellationToken)
    {
        using var turn = await _saving.EnterAsync(cancellationToken);
        return _closed ?? (store.IsBroken ? null : await store.SaveAsync(cancellationToken));
    }

    public void Dispose()
    {
        store.Dispose();
        _saving.Dispose();
    }

    /// <summary>The resource is finished or cannot continue: stores what it has and releases its memory.</summary>
    /// <param name="withdraw">Whether it leaves no trace in the snapshot.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task CloseAsync(bool withdraw, CancellationToken cancellationToken)
    {
        if (!store.IsBroken)
            await CountItemsAsync(cancellationToken);
        RetryList = [.. store.State.Failures.Values.Select(Judged)];
        (IsWithdrawn, Ended) = (withdraw, Now);
        using var turn = await _saving.EnterAsync(cancellationToken);
        if (!store.IsBroken)
            _closed = await store.SaveAsync(cancellationToken);

        // Not if the run was stopped in this moment: its last checkpoint stores what is in memory.
        store.Release();
    }

    private static DateTimeOffset Sane(DateTimeOffset time) =>
        time < s_oldest ? s_oldest
        : time > s_youngest ? s_youngest
        : time;

    // The source's items are those stored plus those that failed, but not those it reported as removed and that still wait for
    // confirmation.
    private async Task CountItemsAsync(CancellationToken cancellationToken)
    {
        var state = store.State;
        var missing = 0;
        foreach (var failure in state.Failures.Values.Where(each => each.Level == FailureLevel.Item))
            missing += await store.FindAsync(failure.ItemId, cancellationToken) is null ? 1 : 0;
        var waiting = 0;
        foreach (var (id, folders) in state.PendingRemovals)
            waiting +=
                await store.FindAsync(id, cancellationToken) is { IsFolder: false } entry
                && (folders.Count == 0 || folders.Contains(entry.Parent))
                    ? 1
                    : 0;
        ItemsStored = state.Items;
        ItemsExpected = state.Items + missing - waiting + _mismatches.Sum(mismatch => mismatch.IsMissing ? 1 : -1);
    }

    // A few dozen lines per resource, not one per item.
    private void Report()
    {
        var done = Downloaded + Updated;
        if (done - Interlocked.Read(ref _reported) < 20)
            return;
        Interlocked.Exchange(ref _reported, done);
        context.Observer.Progress(new BackupProgress(Label, Texts.Get("Progress_Resource", Downloaded, Updated), -1, Completed: false));
    }
}

using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>A resource's part of a run: its store, its counts, its failures. Thread-safe.</summary>
internal sealed partial class ResourceBackup(
    IResourceSource source, ResourceStore store, IReadOnlyList<string> path, RepositoryWriter writer, IBackupObserver observer, RunEvents events, bool full, IReadOnlyList<AcceptedFailure> accepted, TimeProvider time) : IDisposable
{

    // The oldest and youngest times that file systems and restic have in common.
    private static readonly DateTimeOffset s_oldest = new(1601, 1, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_youngest = new(2261, 12, 31, 0, 0, 0, TimeSpan.Zero);

    private readonly ConcurrentQueue<ItemMismatch> _mismatches = new();
    private readonly SemaphoreSlim _saving = new(1);
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

    /// <summary>Where its content lies in the snapshot.</summary>
    public IReadOnlyList<string> Path { get; } = path;

    /// <summary>Whether it leaves no trace in the snapshot, because there is nothing to back up and never was.</summary>
    public bool IsWithdrawn { get; private set; }

    /// <summary>Items that are tried again in later runs or fail for good.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; private set; } = [];

    /// <summary>Items of which source and backup disagree.</summary>
    public IReadOnlyCollection<ItemMismatch> Mismatches => _mismatches;

    /// <summary>Items that the source has, by its own count where it gives one, else by what it reported; null before the end.</summary>
    public long? ItemsExpected { get; private set; }

    /// <summary>Items that the backup has; null before the end.</summary>
    public long? ItemsStored { get; private set; }

    /// <summary>When it was closed; UTC.</summary>
    public DateTimeOffset? Ended { get; private set; }

    /// <summary>Whether its trees are at the end of what this run does.</summary>
    public bool IsClosed => _closed is not null;

    /// <summary>Whether cursors are to be ignored.</summary>
    public bool Full => full;

    /// <summary>What the admin should know, and whether it names an item: then it is nothing for a log.</summary>
    public IReadOnlyCollection<(string Text, bool NamesItem)> Notes => _notes;

    /// <summary>Clock of the run; UTC.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Items that failed in this run.</summary>
    public IReadOnlyCollection<ItemFailure> Failures => [.. _failures.Values.Select(Judged)];

    public long Downloaded => Interlocked.Read(ref _downloaded);

    public long Updated => Interlocked.Read(ref _updated);

    public long Removed => Interlocked.Read(ref _removed);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Deleted items that stay below <c>.deleted</c>, and those whose time is over.</summary>
    public (long Kept, long Expired) Deleted => store.Deleted;

    /// <summary>Stores a content and returns a node without a name.</summary>
    public async Task<Node> SaveAsync(Stream content, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        var saved = await writer.SaveStreamAsync(content, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytes, saved.Size);
        return Node.NewFile("", (ulong)saved.Size, saved.Blobs, Sane(modified));
    }

    /// <summary>Stores the rest of a large file and returns a node of all of it. What is stored of it counts as it comes, and survives a cut.</summary>
    public async Task<Node> SaveAsync(Stream rest, PartialFile file, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        await writer.SaveStreamAsync(rest, (blob, bytes) =>
        {
            file.Add(blob, bytes.Span);
            Interlocked.Add(ref _bytes, bytes.Length);
        }, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Source and backup disagree about an item, though nothing failed: the run is Partial.</summary>
    public void AddMismatch(string folder, string itemId, bool isMissing) =>
        _mismatches.Enqueue(new ItemMismatch { Kind = source.Kind, Resource = source.Name, Folder = folder, ItemId = itemId, IsMissing = isMissing });

    public void CountRemoval() => Interlocked.Increment(ref _removed);

    /// <summary>Something that the admin should know, once however often it is found out.</summary>
    /// <param name="text">What.</param>
    /// <param name="namesItem">Whether a file's, folder's or mail's name is in it.</param>
    public void Note(string text, bool namesItem = false)
    {
        if (!_notes.Contains((text, namesItem)))
            _notes.Enqueue((text, namesItem));
    }

    private static DateTimeOffset Sane(DateTimeOffset time) => time < s_oldest ? s_oldest : time > s_youngest ? s_youngest : time;

    /// <summary>What has come of it so far.</summary>
    public ResourceResult ToResult(BackupState status) => new()
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

    /// <summary>Its trees as they are now, or null when they must not be used. Stores what changed.</summary>
    public async Task<(BlobId Content, BlobId State)?> SaveTreesAsync(CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _closed ?? (store.IsBroken ? null : await store.SaveAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            _saving.Release();
        }
    }

    public void Dispose()
    {
        store.Dispose();
        _saving.Dispose();
    }

    /// <summary>The resource is done, or cannot go on: what it has is stored, and its memory given back.</summary>
    /// <param name="withdraw">Whether it leaves no trace.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task CloseAsync(bool withdraw, CancellationToken cancellationToken)
    {
        if (!store.IsBroken)
            await CountItemsAsync(cancellationToken).ConfigureAwait(false);
        RetryList = [.. store.State.Failures.Values.Select(Judged)];
        (IsWithdrawn, Ended) = (withdraw, Now);
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!store.IsBroken)
                _closed = await store.SaveAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _saving.Release();
            store.Release();
        }
    }

    // What the source has is what is stored, and what could not be; but not what it reported as removed and still waits for the proof.
    private async Task CountItemsAsync(CancellationToken cancellationToken)
    {
        var state = store.State;
        var missing = 0;
        foreach (var failure in state.Failures.Values.Where(each => each.Level == FailureLevel.Item))
            missing += await store.FindAsync(failure.ItemId, cancellationToken).ConfigureAwait(false) is null ? 1 : 0;
        var waiting = 0;
        foreach (var (id, folders) in state.PendingRemovals)
            waiting += await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is { IsFolder: false } entry && (folders.Count == 0 || folders.Contains(entry.Parent)) ? 1 : 0;
        ItemsStored = state.Items;
        ItemsExpected = state.Items + missing - waiting + _mismatches.Sum(mismatch => mismatch.IsMissing ? 1 : -1);
    }

    // Some dozen lines a resource, not one an item.
    private void Report()
    {
        var done = Downloaded + Updated;
        if (done - Interlocked.Read(ref _reported) < 20)
            return;
        Interlocked.Exchange(ref _reported, done);
        observer.Progress(new BackupProgress(Label, Texts.Get("Progress_Resource", Downloaded, Updated), -1, Completed: false));
    }
}

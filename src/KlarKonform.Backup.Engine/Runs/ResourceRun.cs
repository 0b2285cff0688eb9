using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>A resource's part of a run: its store, its counts, its failures. Thread-safe.</summary>
internal sealed class ResourceRun(IResourceSource source, ResourceStore store, RepositoryWriter writer, IBackupObserver observer, bool full, TimeProvider time)
{
    // An item that failed in so many runs is tried in fewer of them: Microsoft mends a damaged item rarely, but does.
    private const int EagerAttempts = 3;
    private const int MaxDaysBetween = 28;

    private readonly ConcurrentQueue<string> _notes = new();
    private readonly ConcurrentDictionary<string, ItemFailure> _failures = new();
    private long _downloaded;
    private long _updated;
    private long _removed;
    private long _bytes;
    private long _reported;

    public IResourceSource Source => source;

    public ResourceStore Store => store;

    public IBackupObserver Observer => observer;

    /// <summary>Whether cursors are to be ignored.</summary>
    public bool Full => full;

    public IReadOnlyCollection<string> Notes => _notes;

    /// <summary>Clock of the run; UTC.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Items that failed in earlier runs and are due: delta will not mention them again.</summary>
    public IReadOnlyList<ItemFailure> DueFailures =>
        [.. store.State.Failures.Values.Where(failure => !failure.Permanent && !_failures.ContainsKey(failure.ItemId) && (full || failure.NextAttempt is not { } next || next <= Now))];

    /// <summary>Items that failed in this run.</summary>
    public IReadOnlyCollection<ItemFailure> Failures => [.. _failures.Values];

    public long Downloaded => Interlocked.Read(ref _downloaded);

    public long Updated => Interlocked.Read(ref _updated);

    public long Removed => Interlocked.Read(ref _removed);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Stores a content and returns a node without a name.</summary>
    public async Task<Node> SaveAsync(Stream content, DateTimeOffset modified, CancellationToken cancellationToken)
    {
        var saved = await writer.SaveStreamAsync(content, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytes, saved.Size);
        return Node.NewFile("", (ulong)saved.Size, saved.Blobs, modified);
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

    public void CountRemoval() => Interlocked.Increment(ref _removed);

    /// <summary>Something that the admin should know, once however often it is found out.</summary>
    public void Note(string text)
    {
        if (!_notes.Contains(text))
            _notes.Enqueue(text);
    }

    /// <summary>Remembers that an item failed: this run is Partial, the next one tries again unless it is in vain.</summary>
    public Task FailAsync(string itemId, string parent, string name, GraphException failure, CancellationToken cancellationToken)
    {
        observer.Verbose($"{source.Kind} {source.Name}: '{name}' failed: {failure.Code}: {failure.Message}");
        return store.ChangeStateAsync(state => _failures[itemId] = state.Failures[itemId] = NewFailure(state, itemId, parent, name, failure), cancellationToken);
    }

    private ItemFailure NewFailure(ResourceState state, string itemId, string parent, string name, GraphException failure)
    {
        var attempts = state.Failures.TryGetValue(itemId, out var before) ? before.Attempts + 1 : 1;
        return new ItemFailure
        {
            Kind = source.Kind,
            Resource = source.Name,
            ItemId = itemId,
            Name = name,
            Parent = parent,
            Code = failure.Code,
            Message = failure.Message,
            Hint = Texts.Get(failure.Kind switch
            {
                GraphErrorKind.Malware => "HintMalware",
                GraphErrorKind.CorruptItem => "HintCorrupt",
                GraphErrorKind.Locked => "HintLocked",
                GraphErrorKind.IntegrityMismatch => "HintIntegrity",
                _ => "HintRetry",
            }),
            Attempts = attempts,
            Permanent = failure.Kind == GraphErrorKind.Malware,
            NextAttempt = attempts <= EagerAttempts ? null : Now.AddDays(Math.Min(Math.Pow(2, attempts - EagerAttempts) - 0.5, MaxDaysBetween)),
        };
    }

    public Task ForgetFailureAsync(string itemId, CancellationToken cancellationToken)
    {
        _failures.TryRemove(itemId, out _);
        return store.State.Failures.ContainsKey(itemId) ? store.ChangeStateAsync(state => state.Failures.TryRemove(itemId, out _), cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Whether an item's failure is the item's own, so that the others go on.</summary>
    public static bool IsItemFailure(GraphException exception) => exception.Kind is GraphErrorKind.Other or GraphErrorKind.CorruptItem
        or GraphErrorKind.Malware or GraphErrorKind.Locked or GraphErrorKind.IntegrityMismatch or GraphErrorKind.Unreachable or GraphErrorKind.AccessDenied or GraphErrorKind.Throttled;

    // Some dozen lines a resource, not one an item.
    private void Report()
    {
        var done = Downloaded + Updated;
        if (done - Interlocked.Read(ref _reported) < 20)
            return;
        Interlocked.Exchange(ref _reported, done);
        observer.Progress(new BackupProgress($"{source.Kind}: {source.Name}", Texts.Get("Progress_Resource", Downloaded, Updated), -1, Completed: false));
    }
}

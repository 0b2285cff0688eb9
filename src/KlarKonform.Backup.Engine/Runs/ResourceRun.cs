using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>A resource's part of a run: its store, its counts, its failures. Thread-safe.</summary>
internal sealed class ResourceRun(
    IResourceSource source, ResourceStore store, IReadOnlyList<string> path, RepositoryWriter writer, IBackupObserver observer, RunEvents events, bool full, IReadOnlyList<AcceptedFailure> accepted, TimeProvider time) : IDisposable
{
    /// <summary>The key of the failure of the resource as a whole.</summary>
    public const string Whole = "resource";

    // The oldest and youngest times that file systems and restic have in common.
    private static readonly DateTimeOffset s_oldest = new(1601, 1, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_youngest = new(2261, 12, 31, 0, 0, 0, TimeSpan.Zero);

    // A resource that answered a moment ago is not asked again because of the next item.
    private static readonly TimeSpan s_probeFor = TimeSpan.FromMinutes(1);

    // An item that failed in so many runs is tried in fewer of them: Microsoft mends a damaged item rarely, but does.
    private const int EagerAttempts = 3;
    private const int MaxDaysBetween = 28;

    private readonly ConcurrentQueue<ItemMismatch> _mismatches = new();
    private readonly SemaphoreSlim _saving = new(1);
    private (BlobId Content, BlobId State)? _closed;
    private readonly ConcurrentQueue<(string Text, bool NamesItem)> _notes = new();
    private readonly ConcurrentDictionary<string, ItemFailure> _failures = new();
    private long _downloaded;
    private long _updated;
    private long _removed;
    private long _bytes;
    private long _reported;
    private DateTimeOffset? _answered;

    // Of earlier runs: those of this one are not asked for again.
    private readonly HashSet<string> _earlierDoubts = [.. store.State.Doubts.Keys];

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

    /// <summary>Items that failed in earlier runs and are due: delta will not mention them again.</summary>
    public IReadOnlyList<ItemFailure> DueFailures =>
        [.. store.State.Failures.Values.Where(failure => !_failures.ContainsKey(failure.ItemId) && IsDue(failure))];

    /// <summary>Whether something failed of an item before, and is to be tried again now whatever else is known of it.</summary>
    public bool IsDue(string itemId) => IsInDoubt(itemId) || HasDueFailure(itemId);

    /// <summary>Whether an earlier run had doubts about the item's properties, and only about those.</summary>
    public bool IsInDoubt(string itemId) => _earlierDoubts.Contains(itemId);

    /// <summary>Whether something failed of an item before, and is to be tried again now.</summary>
    public bool HasDueFailure(string itemId) => store.State.Failures.TryGetValue(itemId, out var failure) && IsDue(failure);

    /// <summary>Whether something failed in this run.</summary>
    public bool HasFailed(string key) => _failures.ContainsKey(key);

    /// <summary>What an earlier run had doubts about: items with their folders, to be asked for once more.</summary>
    public IReadOnlyList<(string ItemId, string Parent)> DueDoubts =>
        [.. store.State.Doubts.Where(each => _earlierDoubts.Contains(each.Key) && !store.State.Failures.ContainsKey(each.Key)).Select(each => (each.Key, each.Value.Parent))];

    /// <summary>
    /// Says of an item that is stored what is not as it should be: properties that cannot be so are a failure beside it, tried again; unlikely
    /// ones are asked for once more by the next run, and then believed. Where there is nothing to say, earlier failures are history.
    /// </summary>
    /// <param name="itemId">The item.</param>
    /// <param name="parent">Its folder.</param>
    /// <param name="name">Its name, for people.</param>
    /// <param name="verdict">How its properties compare with what they should be.</param>
    /// <param name="entry">The properties.</param>
    /// <param name="missing">What could not be had beside it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task JudgeAsync(string itemId, string parent, string name, Verdict verdict, JsonElement entry, IReadOnlyList<(string What, Exception Reason)> missing, CancellationToken cancellationToken)
    {
        if (verdict.Wrong.Count > 0)
        {
            var reason = new PartIncompleteException(new ItemProblem("OddAnswer", Texts.Get("OddAnswer", string.Join(", ", verdict.Wrong)), "HintRetry"));
            missing = [.. missing, (Texts.Get("Extra_Properties"), reason)];
        }

        if (missing.Count > 0)
            await FailAsync(itemId, parent, name, ItemProblem.OfExtras(missing), cancellationToken).ConfigureAwait(false);
        else
            await ForgetFailureAsync(itemId, cancellationToken).ConfigureAwait(false);
        if (verdict.Doubtful.Count == 0 && !store.State.Doubts.ContainsKey(itemId))
            return;
        var answer = Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry)), 0, 8);
        await store.ChangeStateAsync(state =>
        {
            if (verdict.Doubtful.Count == 0 || (_earlierDoubts.Contains(itemId) && state.Doubts.TryGetValue(itemId, out var before) && before.Answer == answer))
                state.Doubts.TryRemove(itemId, out _);
            else
                state.Doubts[itemId] = new DoubtState { Parent = parent, Answer = answer };
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The item is gone: what failed of it, or was in doubt, is history.</summary>
    public async Task ForgetAsync(string itemId, CancellationToken cancellationToken)
    {
        await ForgetFailureAsync(itemId, cancellationToken).ConfigureAwait(false);
        if (store.State.Doubts.ContainsKey(itemId))
            await store.ChangeStateAsync(state => state.Doubts.TryRemove(itemId, out _), cancellationToken).ConfigureAwait(false);
    }

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

    /// <summary>The wall around an item: whatever its work throws is its failure, named and tried again; the others go on.</summary>
    /// <param name="itemId">The item.</param>
    /// <param name="parent">Its folder.</param>
    /// <param name="name">Its name, for people.</param>
    /// <param name="work">What concerns this item alone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it went well.</returns>
    /// <exception cref="GraphException">The resource itself answers so: there is no use in asking for the next item.</exception>
    public async Task<bool> GuardAsync(string itemId, string parent, string name, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work().ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await ThrowIfOfResourceAsync(exception, FailureLevel.Item, cancellationToken).ConfigureAwait(false);
            await FailAsync(itemId, parent, name, exception, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>The wall around a part of the resource: a folder, a calendar, a library, a list, the pages. Nothing of a part that fails is removed.</summary>
    /// <param name="part">The part's key; its failure is kept under it.</param>
    /// <param name="name">Its name, for people.</param>
    /// <param name="work">What concerns this part alone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it was read to its end.</returns>
    /// <exception cref="GraphException">The resource itself answers so.</exception>
    public async Task<bool> GuardPartAsync(string part, string name, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work().ConfigureAwait(false);
            await ForgetEarlierFailureAsync(part, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            await ThrowIfOfResourceAsync(exception, FailureLevel.Part, cancellationToken).ConfigureAwait(false);
            await FailAsync(part, "", name, ItemProblem.Of(exception, FailureLevel.Part), cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    // An answer about one thing may speak of the whole: the whole is asked, at most once a minute.
    private async Task ThrowIfOfResourceAsync(Exception exception, FailureLevel level, CancellationToken cancellationToken)
    {
        if (exception is not GraphException graph)
            return;
        var mayBe = graph.Kind is GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate or GraphErrorKind.UserGone or GraphErrorKind.NotProvisioned
            || (level == FailureLevel.Part && (graph.Kind is GraphErrorKind.NotFound or GraphErrorKind.Locked or GraphErrorKind.AccessDenied or GraphErrorKind.Throttled
                or GraphErrorKind.Unreachable));
        if (graph.IsOfResource)
            ExceptionDispatchInfo.Throw(graph);
        if (!mayBe || (_answered is { } answered && Now - answered < s_probeFor))
            return;
        await source.ProbeAsync(cancellationToken).ConfigureAwait(false);
        _answered = Now;
    }

    /// <summary>Remembers that an item failed: this run is Partial, the next one tries again unless it is in vain.</summary>
    public Task FailAsync(string itemId, string parent, string name, Exception failure, CancellationToken cancellationToken) =>
        FailAsync(itemId, parent, name, ItemProblem.Of(failure), cancellationToken);

    /// <summary>Remembers that something failed: this run is Partial, the next one tries again unless it is in vain.</summary>
    public async Task FailAsync(string itemId, string parent, string name, ItemProblem problem, CancellationToken cancellationToken)
    {
        observer.Verbose($"{source.Kind} {source.Name}: '{name}' failed: {problem.Code}: {problem.Message}");
        events.Write(RunEvent.ItemFailed, Texts.Get("Event_ItemFailed", Label, problem.Code),
            new { kind = source.Kind, resource = source.Name, item = itemId, code = problem.Code, level = problem.Level.ToString(), details = problem.Details });
        var isStored = problem.Level is FailureLevel.Item or FailureLevel.Extra && await store.FindAsync(itemId, cancellationToken).ConfigureAwait(false) is not null;
        await store.ChangeStateAsync(state => _failures[itemId] = state.Failures[itemId] = NewFailure(state, itemId, parent, name, problem) with { IsStored = isStored },
            cancellationToken).ConfigureAwait(false);
    }

    private ItemFailure Judged(ItemFailure failure) => failure with { AcceptedReason = accepted.FirstOrDefault(each => each.Covers(failure))?.Reason };

    private bool IsDue(ItemFailure failure) => failure.Level is FailureLevel.Item or FailureLevel.Extra && !failure.Permanent
        && (full || failure.NextAttempt is not { } next || next <= Now);

    private static DateTimeOffset Sane(DateTimeOffset time) => time < s_oldest ? s_oldest : time > s_youngest ? s_youngest : time;

    private ItemFailure NewFailure(ResourceState state, string itemId, string parent, string name, ItemProblem problem)
    {
        // Once a run, however often it fails in it.
        var attempts = state.Failures.TryGetValue(itemId, out var before) ? before.Attempts + (_failures.ContainsKey(itemId) ? 0 : 1) : 1;
        return new ItemFailure
        {
            Kind = source.Kind,
            Resource = source.Name,
            ItemId = itemId,
            Name = name,
            Parent = parent,
            Code = problem.Code,
            Message = problem.Message,
            Hint = Texts.Get(problem.Hint),
            Level = problem.Level,
            Details = problem.Details,
            Attempts = attempts,
            Permanent = problem.IsPermanent,
            NextAttempt = attempts <= EagerAttempts ? null : Now.AddDays(Math.Min(Math.Pow(2, attempts - EagerAttempts) - 0.5, MaxDaysBetween)),
        };
    }

    public Task ForgetFailureAsync(string itemId, CancellationToken cancellationToken)
    {
        _failures.TryRemove(itemId, out _);
        return store.State.Failures.ContainsKey(itemId) ? store.ChangeStateAsync(state => state.Failures.TryRemove(itemId, out _), cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Something is well again that failed in an earlier run; a failure of this run stays.</summary>
    public Task ForgetEarlierFailureAsync(string key, CancellationToken cancellationToken) =>
        _failures.ContainsKey(key) ? Task.CompletedTask : ForgetFailureAsync(key, cancellationToken);

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

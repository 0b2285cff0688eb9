using System.Collections.Concurrent;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A resource whose items are in folders, each with a cursor of its own: mail, calendars, contacts, the address book. Hierarchy first, then
/// every folder, repeated as long as items move while being read, and removals last: an item is only removed when a whole round that began
/// after its removal was reported has not found it elsewhere.
/// </summary>
internal abstract class FolderReader : IResourceSource
{
    /// <summary>Outlook answers four concurrent requests per mailbox; more readers only wait.</summary>
    public const int Concurrency = 4;

    /// <summary>
    /// How many folders to read concurrently: while one requests its next page, the other's items keep the slots busy. Each keeps one page
    /// in memory.
    /// </summary>
    public const int FoldersAtOnce = 2;

    private const string HierarchyPart = "folders";
    private readonly ConcurrentDictionary<string, bool> _missedFolders = new(StringComparer.Ordinal);

    // In a mailbox that never rests, the last removals wait for the next run.
    private const int MaxRounds = 4;

    public abstract string Kind { get; }

    public abstract string ResourceId { get; }

    public abstract string Name { get; }

    public abstract IReadOnlyList<string> Path { get; }

    /// <summary>
    /// Whether a round can continue in its middle after an interruption. Not if several entries of a round make up one item.
    /// </summary>
    public virtual bool ResumesInsideRound => true;

    /// <summary>The form in which cursors are requested; a cursor of another form is no longer used.</summary>
    public virtual string CursorForm => "";

    /// <summary>Whether folders have a delta; otherwise they are listed and compared in every run.</summary>
    public virtual bool HasDelta => true;

    /// <summary>
    /// Whether <see cref="IdsAsync"/> returns ids and change keys of a folder's items, for a folder whose pages cannot be read.
    /// </summary>
    public virtual bool HasIds => false;

    /// <summary>
    /// Whether an item says which folder it is in; an event does not, and a deleted one can be read as long as it is in the bin.
    /// </summary>
    public virtual bool TellsPlace => true;

    /// <summary>
    /// Whether several entries for an id on a page each contain a part of it; otherwise the last one contains everything.
    /// </summary>
    public virtual bool EntriesAddUp => false;

    public async Task RunAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        run.Store.AnswersMayCross = true;
        var changed = new HashSet<string>(StringComparer.Ordinal);
        for (var number = 1; ; number++)
        {
            await ReadFoldersAsync(run, cancellationToken);
            var round = new FolderRound(this, run, run.Full && number == 1);

            // A later round's pages are almost empty.
            await round.ReadAsync(LivingFolders(run.Store.State), number == 1 ? FoldersAtOnce : Concurrency, cancellationToken);
            if (number == 1)
                await RetryAsync(run, round, cancellationToken);
            changed.UnionWith(round.ChangedFolders);

            // An item that moved from an unread folder to one already read was missed: the cursors of a moment ago show it.
            if (round.MayHaveMissed && number < MaxRounds)
                continue;
            await ApplyRemovalsAsync(run, round, cancellationToken);
            break;
        }

        await run.Store.ApplyPreferredNamesAsync(cancellationToken);
        await FinishAsync(run, changed, cancellationToken);

        // A count that was not available is requested again, whether anything changed there or not.
        changed.UnionWith(
            run.Store.State.Failures.Keys.Where(key => key.StartsWith(FolderVerifier.Part, StringComparison.Ordinal))
                .Select(key => key[FolderVerifier.Part.Length..])
        );
        await new FolderVerifier(this, run).VerifyAsync(changed, cancellationToken);
    }

    /// <summary>
    /// All items of a folder from a stored link, or from the start. Pages without a delta link at the end are a complete listing.
    /// </summary>
    public abstract IAsyncEnumerable<DeltaPage> ItemsAsync(string folder, Uri? link, CancellationToken cancellationToken);

    /// <summary>All items of a folder, where delta does not work.</summary>
    public abstract IAsyncEnumerable<DeltaPage> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Stores what a page contains of a folder's items; its own failures are recorded in the run.</summary>
    public abstract Task ApplyAsync(FolderRound round, string folder, IReadOnlyList<SourceItem> items, CancellationToken cancellationToken);

    /// <inheritdoc />
    public abstract Task ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Asks whether a folder exists: its absence from a listing proves nothing.</summary>
    public Task<bool> IsFolderThereAsync(string folder, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(() => ProbeFolderAsync(folder, cancellationToken));

    /// <summary>
    /// A listed folder was not found. The first time it may have been deleted meanwhile; a folder that the next look lists again, and that
    /// again cannot be read, exists.
    /// </summary>
    /// <exception cref="PartIncompleteException">The folder exists but cannot be read.</exception>
    public async Task MissFolderAsync(ResourceBackup run, string folder, CancellationToken cancellationToken)
    {
        if (_missedFolders.TryAdd(folder, true))
            return;

        // Or its removal was never reported: the next look lists all folders.
        await run.Store.ChangeStateAsync(state => state.Link = null, cancellationToken);
        throw new PartIncompleteException(
            new ItemProblem("ListedNotFound", Texts.Get("ListedNotFound"), "HintRetry") { Level = FailureLevel.Part }
        );
    }

    /// <summary>Whether the place that an item names is one that is not backed up, and not an error in the response.</summary>
    protected virtual Task<bool> IsOutsideAsync(string id, string place, CancellationToken cancellationToken) =>
        IsFolderThereAsync(place, cancellationToken);

    /// <summary>Asks whether an item exists, wherever it may be.</summary>
    public Task<bool> IsThereAsync(string id, string folder, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await ItemAsync(id, folder, cancellationToken)).Item.Dispose());

    /// <summary>Requests a folder.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/>: it is gone.</exception>
    protected abstract Task ProbeFolderAsync(string folder, CancellationToken cancellationToken);

    /// <summary>How the folders changed.</summary>
    protected abstract Task<FolderChanges> FoldersAsync(ResourceBackup run, CancellationToken cancellationToken);

    /// <summary>One item as it is now: its folder and its page entry.</summary>
    /// <param name="id">The item's id.</param>
    /// <param name="folder">Where it was.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/>: it is gone.</exception>
    protected abstract Task<(string Folder, JsonDocument Item)> ItemAsync(string id, string folder, CancellationToken cancellationToken);

    /// <summary>What remains to be done when everything is read.</summary>
    protected virtual Task FinishAsync(
        ResourceBackup run,
        IReadOnlyCollection<string> changedFolders,
        CancellationToken cancellationToken
    ) => Task.CompletedTask;

    /// <summary>The source's own count of the items in a folder, or null if it does not count.</summary>
    public virtual Task<int?> CountAsync(string folder, CancellationToken cancellationToken) => Task.FromResult<int?>(null);

    /// <summary>The ids of all items of a folder, where <see cref="CountAsync"/> counts.</summary>
    public virtual IAsyncEnumerable<DeltaPage> IdsAsync(string folder, CancellationToken cancellationToken) =>
        ListAsync(folder, cancellationToken);

    /// <summary>Stores an item as it is now. Returns the folder that it is in, or null if it is gone.</summary>
    public Task<string?> RefreshAsync(ResourceBackup run, string id, string folder, CancellationToken cancellationToken) =>
        RefreshAsync(new FolderRound(this, run, full: false), run, id, folder, cancellationToken);

    /// <summary>Stores an item as it is now, as part of a round. Returns the folder that it is in, or null if it is gone.</summary>
    public async Task<string?> RefreshAsync(
        FolderRound round,
        ResourceBackup run,
        string id,
        string folder,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var (present, item) = await ItemAsync(id, folder, cancellationToken);
            if (present.Length == 0)
                present = folder;
            using var owned = item;

            // In a folder that is not backed up, such as the dumpster: gone from here. A new folder brings it with its own delta. An
            // unknown place does not count.
            if (!run.Store.State.Folders.ContainsKey(present))
            {
                return await IsOutsideAsync(id, present, cancellationToken)
                    ? null
                    : throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The item's folder is not known.");
            }

            await ApplyAsync(round, present, [new SourceItem(id, item.RootElement)], cancellationToken);
            return present;
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return null;
        }
    }

    private static IEnumerable<string> LivingFolders(ResourceState state) =>
        [.. state.Folders.Keys.Where(id => !state.PendingFolderRemovals.Contains(id))];

    // Even without the hierarchy, the known folders can be read; a resource without any known folder has failed.
    private async Task ReadFoldersAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        if (run.Store.State.Folders.IsEmpty)
            await ReadHierarchyAsync(run, cancellationToken);
        else
            await run.GuardPartAsync(
                HierarchyPart,
                Texts.Get("Part_Folders"),
                () => ReadHierarchyAsync(run, cancellationToken),
                cancellationToken
            );
    }

    private async Task ReadHierarchyAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        var changes = await FoldersAsync(run, cancellationToken);
        if (changes.Complete)
            changes.Removed.UnionWith(run.Store.State.Folders.Keys.Where(id => !changes.Folders.ContainsKey(id)));
        await PutFoldersAsync(run, changes.Folders, cancellationToken);
        var (removed, isConfirmed) = await AskForFoldersAsync(run, changes.Removed, cancellationToken);
        await run.Store.ChangeStateAsync(
            state =>
            {
                // What could not be confirmed is requested again: delta would not report it a second time.
                state.Link = isConfirmed ? changes.Link : null;
                state.PendingFolderRemovals.UnionWith(removed);
            },
            cancellationToken
        );
        foreach (var (id, reason) in changes.Odd)
            await run.FailAsync("folder:" + id, "", id, ItemProblem.Of(reason, FailureLevel.Part), cancellationToken);
        if (changes.Unread > 0)
        {
            await run.FailAsync(
                HierarchyPart,
                "",
                Texts.Get("Part_Folders"),
                new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", Texts.Get("Part_Folders"), changes.Unread), "HintRetry")
                {
                    Level = FailureLevel.Part,
                },
                cancellationToken
            );
        }
    }

    // A removed folder takes everything in it along: so the folder itself is requested, whatever a listing said or left out.
    private async Task<(IReadOnlyList<string> Gone, bool IsConfirmed)> AskForFoldersAsync(
        ResourceBackup run,
        IEnumerable<string> missing,
        CancellationToken cancellationToken
    )
    {
        var gone = new List<string>();
        var present = new List<string>();
        foreach (var folder in missing.Where(run.Store.State.Folders.ContainsKey).ToArray())
        {
            try
            {
                (await IsFolderThereAsync(folder, cancellationToken) ? present : gone).Add(folder);
            }
            catch (GraphException exception) when (Wall.Holds(exception, cancellationToken) && !exception.IsOfResource)
            {
                present.Add(folder); // Unknown: it stays.
            }
        }

        if (present.Count > 0)
        {
            var names = string.Join(
                ", ",
                present.Take(5).Select(folder => run.Store.State.Folders.TryGetValue(folder, out var known) ? known.Name : folder)
            );
            await run.FailAsync(
                HierarchyPart,
                "",
                Texts.Get("Part_Folders"),
                new ItemProblem("FoldersNotListed", Texts.Get("FoldersNotListed", present.Count, names), "HintRetry")
                {
                    Level = FailureLevel.Part,
                },
                cancellationToken
            );
        }

        return (gone, present.Count == 0);
    }

    // Parents first; a folder whose parent is unknown is attached to the root.
    private static async Task PutFoldersAsync(
        ResourceBackup run,
        Dictionary<string, SourceFolder> folders,
        CancellationToken cancellationToken
    )
    {
        var waiting = new Queue<SourceFolder>(folders.Values);
        var idle = 0;
        while (waiting.TryDequeue(out var folder))
        {
            var old = await run.Store.FindAsync(folder.Id, cancellationToken);
            var entry = new ItemEntry
            {
                Id = folder.Id,
                Parent = idle > waiting.Count + 1 ? "" : folder.Parent,
                Name = folder.SafeName,
                IsFolder = true,
            };

            // Different names may give the same safe name: -Full writes the folder's real name again.
            if (
                old is null
                || run.Full
                || old.Parent != entry.Parent
                || (old.Name != entry.Name && old.Name != SafeName.WithMark(entry.Name, folder.Id))
            )
            {
                var put = await run.Store.PutAsync(entry, null, folder.Metadata, cancellationToken);
                if (!put.IsSettled())
                {
                    waiting.Enqueue(folder);
                    idle++;
                    continue;
                }

                if (old is not null && (old.Parent != entry.Parent || old.Name != entry.Name))
                    run.CountUpdate();
            }

            idle = 0;
            await run.Store.ChangeStateAsync(
                state =>
                {
                    if (!state.Folders.TryGetValue(folder.Id, out var known))
                        state.Folders[folder.Id] = known = new FolderState();
                    known.Name = folder.Name;
                    state.PendingFolderRemovals.Remove(folder.Id);
                },
                cancellationToken
            );
        }
    }

    private async Task RetryAsync(ResourceBackup run, FolderRound round, CancellationToken cancellationToken)
    {
        foreach (
            var (id, parent, name) in run
                .DueFailures.Select(failure => (failure.ItemId, failure.Parent, failure.Name))
                .Concat(run.DueDoubts.Select(doubt => (doubt.ItemId, doubt.Parent, Name: doubt.ItemId)))
                .ToArray()
        )
        {
            await run.GuardAsync(
                id,
                parent,
                name,
                async () =>
                {
                    if (await RefreshAsync(round, run, id, parent, cancellationToken) is null)
                        await run.ForgetAsync(id, cancellationToken);
                },
                cancellationToken
            );
        }
    }

    // Answers about an item that moved during this run may have been applied out of order. Ask the source where it is before removing it.
    private async Task<bool> IsElsewhereAsync(ResourceBackup run, FolderRound round, ItemEntry entry, CancellationToken cancellationToken)
    {
        if (!await run.Store.HasMovedAsync(entry.Id, cancellationToken))
            return false;
        return await RefreshAsync(round, run, entry.Id, entry.Parent, cancellationToken) is not null;
    }

    private async Task ApplyRemovalsAsync(ResourceBackup run, FolderRound last, CancellationToken cancellationToken)
    {
        var confirmed = run.Store.State.PendingRemovals.Where(pending => !last.Removed(pending.Key)).ToArray();
        foreach (var (id, folders) in confirmed)
        {
            // An item that turned up in another folder meanwhile was moved, not removed; one that fails there continues to fail.
            await run.GuardAsync(
                id,
                folders.FirstOrDefault() ?? "",
                id,
                async () =>
                {
                    if (
                        await run.Store.FindAsync(id, cancellationToken) is { } entry
                        && folders.Contains(entry.Parent)
                        && !await IsElsewhereAsync(run, last, entry, cancellationToken)
                        && await run.Store.RemoveAsync(id, cancellationToken)
                    )
                        run.CountRemoval();
                    if (run.Store.State.Failures.TryGetValue(id, out var failure) && folders.Contains(failure.Parent))
                        await run.ForgetAsync(id, cancellationToken);
                },
                cancellationToken
            );
        }

        var removed = new List<(int Depth, string Id)>();
        foreach (var id in run.Store.State.PendingFolderRemovals.ToArray())
            removed.Add((await run.Store.DepthAsync(id, cancellationToken), id));
        foreach (var (_, id) in removed.OrderByDescending(each => each.Depth))
        {
            if (await run.Store.RemoveWithContentAsync(id, cancellationToken))
                run.CountRemoval();
        }

        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var (id, _) in confirmed)
                    state.PendingRemovals.TryRemove(id, out _);
                state.PendingFolderRemovals.Clear();
                foreach (var (_, id) in removed)
                    state.Folders.TryRemove(id, out _);
            },
            cancellationToken
        );
    }
}

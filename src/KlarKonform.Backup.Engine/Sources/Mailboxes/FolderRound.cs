using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// Reads the items of a resource's folders once: by delta from the stored cursors, by comparison if there is none or it expired, by listing
/// where delta does not work. Removals are only recorded: a moved item is a removal in one folder and an addition in another.
/// </summary>
internal sealed class FolderRound(IFolderedItems items, ResourceBackup run, VanishedFolders vanished, CursorUse cursors)
{
    private readonly ItemRefresher _refresher = new(items, run);
    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _removed = new(StringComparer.Ordinal);
    private volatile bool _incomplete;

    /// <summary>Folders in which something changed.</summary>
    public IEnumerable<string> ChangedFolders => _changed.Keys;

    /// <summary>Whether items may have moved while being read: something vanished, or a first reading took a long time.</summary>
    public bool NeedsAnotherRound => _incomplete;

    /// <summary>Whether this round reported an item as removed: only a later round can tell whether it turned up elsewhere.</summary>
    public bool ReportedRemoved(string id) => _removed.ContainsKey(id);

    /// <summary>Reads folders concurrently.</summary>
    /// <param name="folders">Their ids.</param>
    /// <param name="atOnce">How many folders to read concurrently; each keeps one page in memory.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task ReadAsync(IEnumerable<string> folders, int atOnce, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            folders,
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken },
            async (folder, token) => await ReadFolderAsync(folder, token)
        );

    /// <summary>Records that an item was gone when it was to be read: deleted, or moved to a folder that had been read before.</summary>
    public void NoteVanished() => _incomplete = true;

    private Task<bool> ReadFolderAsync(string folder, CancellationToken cancellationToken) =>
        run.GuardPartAsync(PartOf(folder), NameOf(folder), () => ClimbDownAsync(folder, cancellationToken), cancellationToken);

    private static string PartOf(string folder) => "folder:" + folder;

    private string NameOf(string folder) =>
        run.Store.State.Folders.TryGetValue(folder, out var known) && known.Name.Length > 0 ? known.Name : folder;

    // The ladder: from the cursor; by delta from the start; by listing; item by item. A folder for which no rung holds has failed.
    private async Task ClimbDownAsync(string folder, CancellationToken cancellationToken)
    {
        var link =
            run.Store.State.Folders[folder] is { Link: { } stored, Form: var form }
            && form == items.CursorForm
            && cursors == CursorUse.Continued
            && Uri.TryCreate(stored, UriKind.Absolute, out var address)
                ? address
                : null;
        var rung = items.HasDelta ? Rung.Delta : Rung.Listing;
        while (true)
        {
            try
            {
                if (rung == Rung.Ids)
                    await ReadByIdsAsync(folder, cancellationToken);
                else
                    await ReadPagesAsync(folder, link, rung, cancellationToken);
                return;
            }
            catch (GraphException exception) when (PageFailure.IsOfTheAnswer(exception))
            {
                if (link is not null)
                {
                    run.Note(Texts.Get("CursorExpired", run.Source.Kind, run.Source.Name));
                    link = null;
                }
                else if (exception.Kind == GraphErrorKind.NotFound && !await items.IsFolderThereAsync(folder, cancellationToken))
                {
                    // The folder was deleted after the hierarchy was read, or moved away with its contents.
                    await vanished.NoteAsync(folder, cancellationToken);
                    _incomplete = true;
                    return;
                }
                else if (rung == Rung.Delta)
                {
                    run.Note(Texts.Get("DeltaUnavailable", run.Source.Kind, run.Source.Name, exception.Code));
                    rung = Rung.Listing;
                }
                else if (rung == Rung.Listing && items.HasIds)
                {
                    run.Note(Texts.Get("ReadByIds", run.Source.Kind, run.Source.Name, NameOf(folder), exception.Code), namesItem: true);
                    rung = Rung.Ids;
                }
                else
                {
                    throw;
                }
            }
        }
    }

    private async Task ReadPagesAsync(string folder, Uri? link, Rung rung, CancellationToken cancellationToken)
    {
        // A comparison with what is stored only counts when complete: an interruption starts it again, because otherwise its removals would
        // be lost.
        var stored = run.Store.State.Folders[folder].Count;
        var seen = link is null && stored > 0 ? new SeenItems() : null;
        string? cursor = null;
        var (listed, unread) = (0L, 0);
        var pages =
            rung == Rung.Listing
                ? items.ListedPagesAsync(folder, cancellationToken)
                : items.DeltaPagesAsync(folder, link, cancellationToken);
        await foreach (var page in pages)
        {
            await ApplyAsync(folder, page, link, seen, cancellationToken);
            cursor = page.DeltaLink?.ToString();
            listed += page.Items.Count;
            unread += page.Nameless + page.Unread;

            // Only now is the page durable in the state; an interruption before repeats it, and known items are not read again. After a
            // page that was incomplete, the cursor stays: the next run requests that page again.
            if (page.NextLink is { } next && seen is null && unread == 0 && rung == Rung.Delta && items.ResumesInsideRound)
                await run.Store.ChangeStateAsync(
                    state => (state.Folders[folder].Link, state.Folders[folder].Form) = (next.ToString(), items.CursorForm),
                    cancellationToken
                );
        }

        ThrowIfUnread(folder, unread);

        // What waits is compared again by the next run: delta would not report it.
        if (seen is not null && !await NoteMissingAsync(folder, stored, listed, seen, cancellationToken))
            cursor = null;
        await run.Store.ChangeStateAsync(
            state => (state.Folders[folder].Link, state.Folders[folder].Form) = (cursor, items.CursorForm),
            cancellationToken
        );
    }

    private async Task<bool> NoteMissingAsync(string folder, long stored, long listed, SeenItems seen, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        await foreach (var id in run.Store.ItemsOfAsync(folder, folders: false, cancellationToken))
        {
            if (!seen.Contains(id))
                missing.Add(id);
        }

        // Requested items are stored as they are now: one that moved to another folder goes there, whether that folder's pages named it or
        // not. Where an item does not say where it is, only a mass removal is doubted: a recently deleted item can still be read.
        var gone = await new RemovalGuard(run, samples: items.TellsPlace).BelieveAsync(
            PartOf(folder),
            NameOf(folder),
            stored,
            listed,
            missing,
            async (id, token) =>
                items.TellsPlace
                    ? await _refresher.RefreshAsync(id, folder, NoteVanished, token) == folder
                    : await _refresher.IsThereAsync(id, folder, token),
            cancellationToken
        );
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var id in gone)
                    NoteAbsence(state, id, folder);
            },
            cancellationToken
        );
        return gone.Count == missing.Count;
    }

    // None of the folder's pages can be read: its ids and change keys are, and every changed item on its own. The cursor stays as it is.
    private async Task ReadByIdsAsync(string folder, CancellationToken cancellationToken)
    {
        var stored = run.Store.State.Folders[folder].Count;
        var seen = new SeenItems();
        var (listed, unread) = (0L, 0);
        await foreach (var page in items.IdPagesAsync(folder, cancellationToken))
        {
            listed += page.Items.Count;
            unread += page.Nameless + page.Unread;
            foreach (var item in page.Items)
            {
                var id = item.Text("id");
                seen.Add(id);
                if (
                    await run.Store.FindAsync(id, cancellationToken) is { } old
                    && old.Parent == folder
                    && old.Version is { Length: > 0 } version
                    && version == item.Text("changeKey")
                    && !run.IsDue(id)
                )
                    continue;
                await run.GuardAsync(
                    id,
                    folder,
                    id,
                    async () =>
                    {
                        if (await _refresher.RefreshAsync(id, folder, NoteVanished, cancellationToken) is null)
                            NoteVanished();
                        else
                            _changed[folder] = true;
                    },
                    cancellationToken
                );
            }
        }

        ThrowIfUnread(folder, unread);
        if (stored > 0)
            await NoteMissingAsync(folder, stored, listed, seen, cancellationToken);
    }

    // Entries that named no item: something is there, but it is unknown what. The folder was not read to its end.
    private void ThrowIfUnread(string folder, int unread)
    {
        if (unread > 0)
            throw new PartIncompleteException(
                new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", NameOf(folder), unread), "HintRetry")
                {
                    Level = FailureLevel.Part,
                }
            );
    }

    // Every comparison finds what the last one found: only what is new counts.
    private void NoteAbsence(ResourceState state, string id, string folder)
    {
        if (state.PendingRemovals.GetOrAdd(id, _ => []).Add(folder))
            _removed[id] = _incomplete = true;
    }

    // Delta reports a removal once; if it reports it again, the item came back and left again meanwhile.
    private void NoteRemoval(ResourceState state, string id, string folder)
    {
        state.PendingRemovals.GetOrAdd(id, _ => []).Add(folder);
        _removed[id] = _incomplete = true;
    }

    private async Task ApplyAsync(string folder, DeltaPage page, Uri? link, SeenItems? seen, CancellationToken cancellationToken)
    {
        var entries = new PageEntries(page, items);
        foreach (var id in entries.Ids)
            seen?.Add(id);
        var before = run.Downloaded + run.Updated;
        await items.StoreAsync(folder, entries.Items, NoteVanished, cancellationToken);
        var changed = run.Downloaded + run.Updated > before;
        if (changed || entries.Removed.Count > 0)
            _changed[folder] = true;
        if (link is null && changed)
            _incomplete = true;
        if (entries.Removed.Count == 0 && run.Store.State.PendingRemovals.IsEmpty)
            return;
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var id in entries.Removed)
                    NoteRemoval(state, id, folder);

                // It is here again: an earlier removal from this folder no longer counts.
                foreach (var id in entries.Ids)
                {
                    if (state.PendingRemovals.TryGetValue(id, out var folders) && folders.Remove(folder) && folders.Count == 0)
                        state.PendingRemovals.TryRemove(id, out _);
                }
            },
            cancellationToken
        );
    }

    private enum Rung
    {
        Delta,
        Listing,
        Ids,
    }
}

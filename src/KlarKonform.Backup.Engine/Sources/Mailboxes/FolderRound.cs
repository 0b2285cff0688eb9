using System.Collections.Concurrent;
using System.Text.Json;
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
internal sealed class FolderRound(FolderReader source, ResourceBackup run, bool full)
{
    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _removed = new(StringComparer.Ordinal);
    private volatile bool _incomplete;

    /// <summary>Folders in which something changed.</summary>
    public IEnumerable<string> ChangedFolders => _changed.Keys;

    /// <summary>Whether this round reported an item as removed: only a later round can tell whether it turned up elsewhere.</summary>
    public bool Removed(string id) => _removed.ContainsKey(id);

    /// <summary>Whether items may have moved while being read: something vanished, or a first reading took a long time.</summary>
    public bool MayHaveMissed => _incomplete;

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
    public void Missed() => _incomplete = true;

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
            && form == source.CursorForm
            && !full
            && Uri.TryCreate(stored, UriKind.Absolute, out var address)
                ? address
                : null;
        var rung = source.HasDelta ? Rung.Delta : Rung.TenantInventory;
        while (true)
        {
            try
            {
                if (rung == Rung.Ids)
                    await ReadByIdsAsync(folder, cancellationToken);
                else
                    await ReadPagesAsync(folder, link, rung == Rung.TenantInventory, cancellationToken);
                return;
            }
            catch (GraphException exception) when (IsOfTheAnswer(exception))
            {
                if (link is not null)
                {
                    run.Note(Texts.Get("CursorExpired", source.Kind, source.Name));
                    link = null;
                }
                else if (exception.Kind == GraphErrorKind.NotFound && !await source.IsFolderThereAsync(folder, cancellationToken))
                {
                    // The folder was deleted after the hierarchy was read, or moved away with its contents.
                    await source.MissFolderAsync(run, folder, cancellationToken);
                    _incomplete = true;
                    return;
                }
                else if (rung == Rung.Delta)
                {
                    run.Note(Texts.Get("DeltaUnavailable", source.Kind, source.Name, exception.Code));
                    rung = Rung.TenantInventory;
                }
                else if (rung == Rung.TenantInventory && source.HasIds)
                {
                    run.Note(Texts.Get("ReadByIds", source.Kind, source.Name, NameOf(folder), exception.Code), namesItem: true);
                    rung = Rung.Ids;
                }
                else
                {
                    throw;
                }
            }
        }
    }

    // Failures that another kind of request may avoid. Refusals, a lost connection and a service that asks for patience are not among them.
    internal static bool IsOfTheAnswer(GraphException exception) =>
        !exception.IsOfResource
        && (
            exception.Kind
                is GraphErrorKind.ResyncRequired
                    or GraphErrorKind.QuotaExceeded
                    or GraphErrorKind.NotFound
                    or GraphErrorKind.Other
                    or GraphErrorKind.CorruptItem
            || exception.Code == GraphException.BrokenAnswer
            || exception is { Kind: GraphErrorKind.Unreachable, Status: not null }
        );

    private async Task ReadPagesAsync(string folder, Uri? link, bool listing, CancellationToken cancellationToken)
    {
        // A comparison with what is stored only counts when complete: an interruption starts it again, because otherwise its removals would
        // be lost.
        var stored = run.Store.State.Folders[folder].Count;
        var seen = link is null && stored > 0 ? new SeenItems() : null;
        string? cursor = null;
        var (listed, unread) = (0L, 0);
        await foreach (
            var page in (listing ? source.ListAsync(folder, cancellationToken) : source.ItemsAsync(folder, link, cancellationToken))
        )
        {
            await ApplyAsync(folder, page, seen, link is null, cancellationToken);
            cursor = page.DeltaLink?.ToString();
            listed += page.Items.Count;
            unread += page.Nameless + page.Unread;

            // Only now is the page durable in the state; an interruption before repeats it, and known items are not read again. After a
            // page that was incomplete, the cursor stays: the next run requests that page again.
            if (page.NextLink is { } next && seen is null && unread == 0 && !listing && source.ResumesInsideRound)
                await run.Store.ChangeStateAsync(
                    state => (state.Folders[folder].Link, state.Folders[folder].Form) = (next.ToString(), source.CursorForm),
                    cancellationToken
                );
        }

        if (unread > 0)
        {
            throw new PartIncompleteException(
                new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", NameOf(folder), unread), "HintRetry")
                {
                    Level = FailureLevel.Part,
                }
            );
        }

        // What waits is compared again by the next run: delta would not report it.
        if (seen is not null && !await NoteMissingAsync(folder, stored, listed, seen, cancellationToken))
            cursor = null;
        await run.Store.ChangeStateAsync(
            state => (state.Folders[folder].Link, state.Folders[folder].Form) = (cursor, source.CursorForm),
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
        var gone = await new RemovalGuard(run, samples: source.TellsPlace).BelieveAsync(
            PartOf(folder),
            NameOf(folder),
            stored,
            listed,
            missing,
            async (id, token) =>
                source.TellsPlace
                    ? await source.RefreshAsync(this, run, id, folder, token) == folder
                    : await source.IsThereAsync(id, folder, token),
            cancellationToken
        );
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var id in gone)
                    NoteRemoval(state, id, folder, compared: true);
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
        await foreach (var page in source.IdsAsync(folder, cancellationToken))
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
                        if (await source.RefreshAsync(this, run, id, folder, cancellationToken) is null)
                            Missed();
                        else
                            _changed[folder] = true;
                    },
                    cancellationToken
                );
            }
        }

        if (unread > 0)
            throw new PartIncompleteException(
                new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", NameOf(folder), unread), "HintRetry")
                {
                    Level = FailureLevel.Part,
                }
            );
        if (stored > 0)
            await NoteMissingAsync(folder, stored, listed, seen, cancellationToken);
    }

    private enum Rung
    {
        Delta,
        TenantInventory,
        Ids,
    }

    // Every comparison finds what the last one found: only what is new counts. Delta reports a removal once; if it reports it again, the
    // item came back and left again meanwhile.
    private void NoteRemoval(ResourceState state, string id, string folder, bool compared)
    {
        if (state.PendingRemovals.GetOrAdd(id, _ => []).Add(folder) || !compared)
            _removed[id] = _incomplete = true;
    }

    private async Task ApplyAsync(string folder, DeltaPage page, SeenItems? seen, bool first, CancellationToken cancellationToken)
    {
        // The last entry with an id wins, except where each contains a part.
        var last = new Dictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        var removed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in page.Items)
        {
            var id = item.Text("id");
            if (item.TryGetProperty("@removed", out _))
            {
                last.Remove(id);
                removed.Add(id);
                continue;
            }

            removed.Remove(id);
            if (source.EntriesAddUp && last.TryGetValue(id, out var parts))
                parts.Add(item);
            else
                last[id] = [item];
        }

        foreach (var id in last.Keys)
            seen?.Add(id);
        var before = run.Downloaded + run.Updated;
        await source.ApplyAsync(
            this,
            folder,
            [.. last.SelectMany(pair => pair.Value.Select(item => new SourceItem(pair.Key, item)))],
            cancellationToken
        );
        var changed = run.Downloaded + run.Updated > before;
        if (changed || removed.Count > 0)
            _changed[folder] = true;
        if (first && changed)
            _incomplete = true;
        if (removed.Count == 0 && run.Store.State.PendingRemovals.IsEmpty)
            return;
        await run.Store.ChangeStateAsync(
            state =>
            {
                foreach (var id in removed)
                    NoteRemoval(state, id, folder, compared: false);

                // It is here again: an earlier removal from this folder no longer counts.
                foreach (var id in last.Keys)
                {
                    if (state.PendingRemovals.TryGetValue(id, out var folders) && folders.Remove(folder) && folders.Count == 0)
                        state.PendingRemovals.TryRemove(id, out _);
                }
            },
            cancellationToken
        );
    }
}

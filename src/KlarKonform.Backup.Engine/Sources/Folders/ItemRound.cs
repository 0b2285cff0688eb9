using System.Collections.Concurrent;
using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Folders;

/// <summary>
/// Reads the items of a resource's folders once: by delta from the stored cursors, by comparison where there is none or it expired, by
/// listing where delta does not work. Removals are only noted: a moved item is a removal in one folder and an addition in another.
/// </summary>
internal sealed class ItemRound(FolderedSource source, ResourceRun run, bool full)
{
    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _removed = new(StringComparer.Ordinal);
    private volatile bool _incomplete;

    /// <summary>Folders in which something changed.</summary>
    public IEnumerable<string> ChangedFolders => _changed.Keys;

    /// <summary>Items that this round reported as removed: whether they turned up elsewhere, only a later round can tell.</summary>
    public bool Removed(string id) => _removed.ContainsKey(id);

    /// <summary>Whether items may have moved under the reader's eyes: something vanished, or a first reading took its time.</summary>
    public bool MayHaveMissed => _incomplete;

    /// <summary>Reads folders side by side.</summary>
    /// <param name="folders">Their ids.</param>
    /// <param name="atOnce">So many at a time: each holds a page in memory.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task ReadAsync(IEnumerable<string> folders, int atOnce, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(folders, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken },
            async (folder, token) => await ReadFolderAsync(folder, token).ConfigureAwait(false));

    /// <summary>An item was gone when it was to be read: deleted, or moved to a folder that was read before.</summary>
    public void Missed() => _incomplete = true;

    private async Task ReadFolderAsync(string folder, CancellationToken cancellationToken)
    {
        var link = run.Store.State.Folders[folder].Link is { } stored && !full ? new Uri(stored) : null;
        var listing = false;
        while (true)
        {
            try
            {
                await ReadPagesAsync(folder, link, listing, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResyncRequired && link is not null)
            {
                run.Note(Texts.Get("CursorExpired", source.Kind, source.Name));
                link = null;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.DeltaUnavailable && !listing)
            {
                run.Note(Texts.Get("DeltaUnavailable", source.Kind, source.Name, exception.Code));
                (link, listing) = (null, true);
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
            {
                _incomplete = true; // The folder was deleted after the hierarchy was read, or moved away with what it holds.
                return;
            }
        }
    }

    private async Task ReadPagesAsync(string folder, Uri? link, bool listing, CancellationToken cancellationToken)
    {
        // A comparison with what is stored counts only as a whole: a cut before its end begins it again, or its removals were lost.
        var seen = link is null && run.Store.State.Folders[folder].Count > 0 ? new SeenItems() : null;
        string? cursor = null;
        await foreach (var page in (listing ? source.ListAsync(folder, cancellationToken) : source.ItemsAsync(folder, link, cancellationToken)).ConfigureAwait(false))
        {
            await ApplyAsync(folder, page, seen, link is null, cancellationToken).ConfigureAwait(false);
            cursor = page.DeltaLink?.ToString();

            // Only now is the page durable in the state; a cut before repeats it, and known items are not read again.
            if (page.NextLink is { } next && seen is null && !listing && source.ResumesInsideRound)
                await run.Store.ChangeStateAsync(state => state.Folders[folder].Link = next.ToString(), cancellationToken).ConfigureAwait(false);
        }

        if (seen is not null)
        {
            var gone = new List<string>();
            await foreach (var id in run.Store.ItemsOfAsync(folder, folders: false, cancellationToken).ConfigureAwait(false))
            {
                if (!seen.Contains(id))
                    gone.Add(id);
            }

            await run.Store.ChangeStateAsync(state => gone.ForEach(id => NoteRemoval(state, id, folder, compared: true)), cancellationToken).ConfigureAwait(false);
        }

        await run.Store.ChangeStateAsync(state => state.Folders[folder].Link = cursor, cancellationToken).ConfigureAwait(false);
    }

    // A comparison finds in every round what it found in the last one: only what is new is news. Delta reports a removal once; when it
    // reports it again, the item came back and left again meanwhile.
    private void NoteRemoval(ResourceState state, string id, string folder, bool compared)
    {
        if (state.PendingRemovals.GetOrAdd(id, _ => []).Add(folder) || !compared)
            _removed[id] = _incomplete = true;
    }

    private async Task ApplyAsync(string folder, DeltaPage page, SeenItems? seen, bool first, CancellationToken cancellationToken)
    {
        // The last entry of an id wins, except where each tells a part.
        var last = new Dictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        var removed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in page.Items)
        {
            var id = item.GetProperty("id").GetString()!;
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
        await source.ApplyAsync(this, folder, [.. last.SelectMany(pair => pair.Value.Select(item => new SourceItem(pair.Key, item)))], cancellationToken).ConfigureAwait(false);
        var changed = run.Downloaded + run.Updated > before;
        if (changed || removed.Count > 0)
            _changed[folder] = true;
        if (first && changed)
            _incomplete = true;
        if (removed.Count == 0 && run.Store.State.PendingRemovals.IsEmpty)
            return;
        await run.Store.ChangeStateAsync(state =>
        {
            foreach (var id in removed)
                NoteRemoval(state, id, folder, compared: false);

            // It is here again: an earlier removal from this folder is history.
            foreach (var id in last.Keys)
            {
                if (state.PendingRemovals.TryGetValue(id, out var folders) && folders.Remove(folder) && folders.Count == 0)
                    state.PendingRemovals.TryRemove(id, out _);
            }
        }, cancellationToken).ConfigureAwait(false);
    }
}

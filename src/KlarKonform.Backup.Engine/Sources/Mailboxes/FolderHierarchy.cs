using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// A resource's folders as they are stored, brought to what the source says they are. Removed ones are only noted: what is in them may have
/// moved elsewhere.
/// </summary>
internal sealed class FolderHierarchy(IFolderedItems items, ResourceBackup run)
{
    private const string HierarchyPart = "folders";

    /// <summary>
    /// Reads how the folders changed. Even without the hierarchy, the known folders can be read; a resource without any known folder has
    /// failed.
    /// </summary>
    /// <exception cref="GraphException">The hierarchy cannot be read, and no folder is known.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        if (run.Store.State.Folders.IsEmpty)
            await ReadHierarchyAsync(cancellationToken);
        else
            await run.GuardPartAsync(
                HierarchyPart,
                Texts.Get("Part_Folders"),
                () => ReadHierarchyAsync(cancellationToken),
                cancellationToken
            );
    }

    private async Task ReadHierarchyAsync(CancellationToken cancellationToken)
    {
        var changes = await items.ReadHierarchyAsync(cancellationToken);
        if (changes.Complete)
            changes.Removed.UnionWith(run.Store.State.Folders.Keys.Where(id => !changes.Folders.ContainsKey(id)));
        await PutFoldersAsync(changes.Folders, cancellationToken);
        var (removed, isConfirmed) = await AskForFoldersAsync(changes.Removed, cancellationToken);
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
                (await items.IsFolderThereAsync(folder, cancellationToken) ? present : gone).Add(folder);
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
    private async Task PutFoldersAsync(Dictionary<string, SourceFolder> folders, CancellationToken cancellationToken)
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
                if (!(await run.Store.PutAsync(entry, null, folder.Metadata, cancellationToken)).IsSettled())
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
}

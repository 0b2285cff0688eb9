using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// Compares the source's item counts of the changed folders with what is stored. Where they differ, the folder is read once more, then item
/// by item: missing items are fetched, items that are gone are removed, and what cannot be explained is reported.
/// </summary>
internal sealed class FolderVerifier(IFolderedItems items, ResourceBackup run, VanishedFolders vanished)
{
    /// <summary>The prefix of the key under which a folder's failed count is kept.</summary>
    public const string Part = "count:";

    private readonly ItemRefresher _refresher = new(items, run);

    /// <summary>Verifies folders.</summary>
    public Task VerifyAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            folders,
            new ParallelOptions { MaxDegreeOfParallelism = MailboxLimits.Concurrency, CancellationToken = cancellationToken },
            async (folder, token) => await run.GuardPartAsync(Part + folder, NameOf(folder), () => VerifyAsync(folder, token), token)
        );

    private async Task VerifyAsync(string folder, CancellationToken cancellationToken)
    {
        // What could not be read makes a difference, and is a failure already.
        if (run.HasFailed("folder:" + folder))
            return;
        try
        {
            // Items that arrived since the folder was read are not a difference: reading it again costs one request.
            if (await DiffersAsync(folder, cancellationToken))
                await new FolderRound(items, run, vanished, CursorUse.Continued).ReadAsync([folder], 1, cancellationToken);
            else
                return;
            if (await DiffersAsync(folder, cancellationToken))
                await CompareAsync(folder, cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound && !exception.IsOfResource)
        {
            // Deleted meanwhile: nothing to compare. If it still exists, its count is not available.
            if (await items.IsFolderThereAsync(folder, cancellationToken))
                throw;
        }
    }

    private string NameOf(string folder) => run.Store.State.Folders.TryGetValue(folder, out var known) ? known.Name : folder;

    private async Task<bool> DiffersAsync(string folder, CancellationToken cancellationToken)
    {
        if (
            !run.Store.State.Folders.TryGetValue(folder, out var known)
            || await items.CountAsync(folder, cancellationToken) is not { } total
        )
            return false;
        return total != known.Count + await MissingAsync(folder, cancellationToken) - await WaitingAsync(folder, cancellationToken);
    }

    // Failed items of which nothing is stored.
    private async Task<int> MissingAsync(string folder, CancellationToken cancellationToken)
    {
        var missing = 0;
        foreach (
            var failure in run.Store.State.Failures.Values.Where(failure => failure.Parent == folder && failure.Level == FailureLevel.Item)
        )
            missing += await run.Store.FindAsync(failure.ItemId, cancellationToken) is null ? 1 : 0;
        return missing;
    }

    // Reported as removed from here; only the next round can tell whether they turned up elsewhere.
    private async Task<int> WaitingAsync(string folder, CancellationToken cancellationToken)
    {
        var waiting = 0;
        foreach (var (id, folders) in run.Store.State.PendingRemovals)
            waiting += folders.Contains(folder) && (await run.Store.FindAsync(id, cancellationToken))?.Parent == folder ? 1 : 0;
        return waiting;
    }

    private async Task CompareAsync(string folder, CancellationToken cancellationToken)
    {
        var state = run.Store.State;
        var name = NameOf(folder);
        var listed = new SeenItems();
        var missing = new List<string>();
        var unread = false;
        await foreach (var page in items.IdPagesAsync(folder, cancellationToken))
        {
            unread |= !page.IsWhole;
            foreach (var item in page.Items)
            {
                var id = item.Text("id");
                listed.Add(id);
                if (!state.Failures.ContainsKey(id) && (await run.Store.FindAsync(id, cancellationToken))?.Parent != folder)
                    missing.Add(id);
            }
        }

        var superfluous = new List<string>();
        await foreach (var id in run.Store.ItemsOfAsync(folder, folders: false, cancellationToken))
        {
            if (!unread && !listed.Contains(id) && !(state.PendingRemovals.TryGetValue(id, out var folders) && folders.Contains(folder)))
                superfluous.Add(id);
        }

        if (missing.Count + superfluous.Count > 0)
            run.Note(Texts.Get("CountMended", run.Source.Kind, run.Source.Name, name, missing.Count, superfluous.Count), namesItem: true);
        foreach (var id in missing)
            await MendAsync(folder, name, id, isMissing: true, cancellationToken);
        foreach (var id in superfluous)
            await MendAsync(folder, name, id, isMissing: false, cancellationToken);
    }

    // The source's answer about this very item decides.
    private async Task MendAsync(string folder, string name, string id, bool isMissing, CancellationToken cancellationToken)
    {
        await run.GuardAsync(
            id,
            folder,
            id,
            async () =>
            {
                var there = await _refresher.RefreshAsync(id, folder, cancellationToken);
                var stored = await run.Store.FindAsync(id, cancellationToken);
                if (there is null && stored is not null)
                {
                    if (await run.Store.RemoveAsync(id, cancellationToken))
                        run.CountRemoval();
                }
                else if (there is null && isMissing)
                {
                    // Listed a moment ago, and not found: deleted meanwhile, which the next run finds out, or it exists but cannot be read.
                    await run.FailAsync(
                        id,
                        folder,
                        id,
                        new GraphException(GraphErrorKind.NotFound, null, "ListedNotFound", Texts.Get("ListedNotFound")),
                        cancellationToken
                    );
                }
                else if (there is not null && stored?.Parent != there && !run.Store.State.Failures.ContainsKey(id))
                {
                    run.AddMismatch(name, id, isMissing);
                }
            },
            cancellationToken
        );
    }
}

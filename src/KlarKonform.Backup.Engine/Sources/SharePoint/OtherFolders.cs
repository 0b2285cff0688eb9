using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.SharePoint;

/// <summary>
/// Libraries, lists and subsites of a site that are stored but were not listed. Removing one would remove everything in it, so each is
/// requested itself: only what is then not found is gone.
/// </summary>
internal sealed class OtherFolders(SiteApi sites, DriveApi drives, string site, ResourceBackup run)
{
    /// <summary>Removes what is gone from a folder, and reports what exists although it was not listed.</summary>
    /// <param name="parent">The folder.</param>
    /// <param name="listed">Keys of what was listed.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task RemoveAsync(string parent, IReadOnlyCollection<string> listed, CancellationToken cancellationToken)
    {
        var others = new List<string>();
        await foreach (var id in run.Store.ItemsOfAsync(parent, folders: true, cancellationToken))
        {
            if (!listed.Contains(id))
                others.Add(id);
        }

        foreach (var key in others)
        {
            await run.GuardPartAsync(
                key,
                key,
                async () =>
                {
                    if (await IsThereAsync(key, cancellationToken))
                        throw new PartIncompleteException(
                            new ItemProblem("FoldersNotListed", Texts.Get("FoldersNotListed", 1, key), "HintRetry")
                            {
                                Level = FailureLevel.Part,
                            }
                        );
                    if (await run.Store.RemoveWithContentAsync(key, cancellationToken))
                        run.CountRemoval();
                    await run.Store.ChangeStateAsync(state => state.Deltas.TryRemove(IdOf(key), out _), cancellationToken);
                },
                cancellationToken
            );
        }
    }

    private async Task<bool> IsThereAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            switch (key[..Math.Max(0, key.IndexOf(':', StringComparison.Ordinal))])
            {
                case "drive":
                    await drives.ProbeAsync(IdOf(key), cancellationToken);
                    return true;
                case "list":
                    // One that was hidden meanwhile exists, but is no longer content.
                    using (var list = await sites.OneListAsync(site, IdOf(key), cancellationToken))
                        return SharePointSource.IsOfUsers(list.RootElement);
                case "site":
                    await sites.ProbeAsync(IdOf(key), cancellationToken);
                    return true;
                default:
                    return false;
            }
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return false;
        }
        catch (GraphException exception) when (exception.IsOfResource)
        {
            // It concerns this library or subsite, not the site collection that this run reads.
            throw new GraphException(exception.Kind, exception.Status, exception.Code, exception.Message, exception);
        }
    }

    private static string IdOf(string key) => key[(key.IndexOf(':', StringComparison.Ordinal) + 1)..];
}

using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.Sites;

/// <summary>Brings a site's pages as JSON with their web parts. Pages have no delta: they are listed and compared by eTag.</summary>
internal sealed class PageReader(SiteApi api, string site, string folder, ResourceRun run)
{
    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal) { "eTag", "lastModifiedDateTime", "title" };

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var listed = new HashSet<string>();
        foreach (var page in await api.PagesAsync(site, cancellationToken).ConfigureAwait(false))
        {
            var id = $"{folder}/{page.Text("id")}";
            listed.Add(id);
            await PutAsync(id, page, cancellationToken).ConfigureAwait(false);
        }

        var gone = new List<string>();
        await foreach (var id in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken).ConfigureAwait(false))
        {
            if (!listed.Contains(id))
                gone.Add(id);
        }

        foreach (var id in gone)
        {
            if (await run.Store.RemoveAsync(id, withContent: false, cancellationToken).ConfigureAwait(false))
                run.CountRemoval();
        }
    }

    private async Task PutAsync(string id, JsonElement page, CancellationToken cancellationToken)
    {
        var old = await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (old is not null && old.Version == page.Text("eTag"))
            return;
        try
        {
            using var whole = await api.PageAsync(site, page.Text("id"), cancellationToken).ConfigureAwait(false);
            var node = await JsonFile.SaveAsync(run, JsonFile.Write(whole.RootElement), whole.RootElement.Time("lastModifiedDateTime"), cancellationToken).ConfigureAwait(false);
            var entry = new ItemEntry { Id = id, Parent = folder, Name = SafeName.From(page.Text("name")) + ".json", Version = whole.RootElement.Text("eTag") };
            await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("sitePage", id, whole.RootElement, s_kept), cancellationToken).ConfigureAwait(false);
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return; // Deleted since the pages were listed; the next run finds it gone.
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            // It is listed in every run, so the next one tries again by itself.
            await run.FailAsync(id, folder, page.Text("name"), exception, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (old is null)
            run.CountDownload();
        else
            run.CountUpdate();
    }
}

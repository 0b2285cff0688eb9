using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.SharePoint;

/// <summary>Reads a site's pages as JSON with their web parts. Pages have no delta: they are listed and compared by eTag.</summary>
internal sealed class PageReader(SiteApi api, string site, string folder, ResourceBackup run)
{
    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal) { "eTag", "lastModifiedDateTime", "title" };

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var listed = new HashSet<string>();
        var pages = await api.PagesAsync(site, cancellationToken);
        foreach (var page in pages.Items)
        {
            var id = $"{folder}/{page.Text("id")}";
            listed.Add(id);
            await run.GuardAsync(id, folder, page.Text("name"), () => PutAsync(id, page, cancellationToken), cancellationToken);
        }

        if (!pages.IsWhole)
            throw new PartIncompleteException(
                new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", Texts.Get("Part_Pages"), 1), "HintRetry")
                {
                    Level = FailureLevel.Part,
                }
            );

        // A page that failed and was never stored is missing like a stored one: its absence from the listing does not prove that it is
        // gone.
        var missing = run
            .Store.State.Failures.Keys.Concat(run.Store.State.Doubts.Keys)
            .Where(key => key.StartsWith(folder + "/", StringComparison.Ordinal) && !listed.Contains(key))
            .ToHashSet(StringComparer.Ordinal);
        var stored = 0L;
        await foreach (var id in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken))
        {
            stored++;
            if (!listed.Contains(id))
                missing.Add(id);
        }

        foreach (
            var id in await new RemovalGuard(run).BelieveAsync(
                folder,
                Texts.Get("Part_Pages"),
                stored,
                listed.Count,
                [.. missing],
                IsThereAsync,
                cancellationToken
            )
        )
        {
            if (await run.Store.RemoveAsync(id, cancellationToken))
                run.CountRemoval();
            await run.ForgetAsync(id, cancellationToken);
        }
    }

    private Task<bool> IsThereAsync(string id, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await api.BarePageAsync(site, id[(folder.Length + 1)..], cancellationToken)).Dispose());

    private async Task PutAsync(string id, JsonElement page, CancellationToken cancellationToken)
    {
        var old = await run.Store.FindAsync(id, cancellationToken);
        if (old is not null && old.Version is { Length: > 0 } && old.Version == page.Text("eTag") && !run.IsDue(id) && !run.Full)
            return;
        var missing = new List<(string What, Exception Reason)>();
        JsonDocument whole;
        try
        {
            whole = await WholeAsync(page.Text("id"), missing, cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            // Deleted since the pages were listed, which the next run finds out; or it exists but cannot be read.
            await run.FailAsync(
                id,
                folder,
                page.Text("name"),
                new GraphException(GraphErrorKind.NotFound, null, "ListedNotFound", Texts.Get("ListedNotFound")),
                cancellationToken
            );
            return;
        }

        using (whole)
        {
            var json = whole.RootElement;
            var name = json.Text("name") is { Length: > 0 } text ? text : page.Text("name");
            var content = JsonFile.Write(json);
            if (
                run.Full
                && missing.Count == 0
                && !run.IsDue(id)
                && old is { Version.Length: > 0 }
                && old.Version == page.Text("eTag")
                && await run.Store.ReadAsync(old, cancellationToken) is { } stored
                && stored.AsSpan().SequenceEqual(content)
            )
                return; // -Full requests every page, and rewrites those that differ.
            var node = await JsonFile.SaveAsync(run, content, json.Time("lastModifiedDateTime"), cancellationToken);
            var entry = new ItemEntry
            {
                Id = id,
                Parent = folder,
                Name = SafeName.From(name, SafeName.Mark(id)) + ".json",
                Version = page.Text("eTag") is { Length: > 0 } tag ? tag : json.Text("eTag"),
            };
            await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("sitePage", id, json, s_kept), cancellationToken);
            await run.JudgeAsync(id, folder, name, GraphShapes.Page.Judge(json, run.Now), json, missing, cancellationToken);
        }

        if (old is null)
            run.CountDownload();
        else
            run.CountUpdate();
    }

    // Some pages fail as soon as their canvas is requested: then they are read without it, and that is reported. The page's file is in the
    // pages' library.
    private async Task<JsonDocument> WholeAsync(
        string page,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await api.PageAsync(site, page, cancellationToken);
        }
        catch (GraphException exception)
            when (exception.Kind
                    is not (
                        GraphErrorKind.NotFound
                        or GraphErrorKind.SignInFailed
                        or GraphErrorKind.UntrustedCertificate
                        or GraphErrorKind.Throttled
                    )
            )
        {
            missing.Add((Texts.Get("Extra_Canvas"), exception));
            return await api.BarePageAsync(site, page, cancellationToken);
        }
    }
}

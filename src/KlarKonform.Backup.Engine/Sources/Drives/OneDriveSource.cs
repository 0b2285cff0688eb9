using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>
/// A user's OneDrive by delta: paths are rebuilt from parent ids, change is told by hash and size, removals come last and folders
/// only when they are empty.
/// </summary>
internal sealed class OneDriveSource(GraphClient client, GraphUser user) : IResourceSource
{
    private const int Concurrency = 8;

    // SharePoint rewrites these on upload (property promotion), so that hash and size may describe other bytes than it serves.
    private static readonly HashSet<string> s_rewritten = new(StringComparer.OrdinalIgnoreCase)
    {
        ".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm", ".doc", ".xls", ".ppt", ".one", ".onetoc2", ".aspx", ".msg", ".vsdx", ".heic",
    };

    private readonly DriveApi _drives = new(client);
    private string _drive = "";

    public string Kind => "OneDrive";

    public string ResourceId => user.Id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => ["OneDrive", SafeName.From(user.UserPrincipalName, user.Id)];

    public async Task RunAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        _drive = await _drives.UserDriveAsync(user.Id, cancellationToken).ConfigureAwait(false);
        var handled = new HashSet<string>();
        try
        {
            await ReadChangesAsync(run, handled, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            // It was there a moment ago: the user was deleted, and the drive with it.
            throw new GraphException(GraphErrorKind.UserGone, exception.Status, exception.Code, exception.Message, exception);
        }

        await RetryAsync(run, handled, cancellationToken).ConfigureAwait(false);
        await ApplyRemovalsAsync(run, cancellationToken).ConfigureAwait(false);
        await run.Store.GrantWishesAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadChangesAsync(ResourceRun run, HashSet<string> handled, CancellationToken cancellationToken)
    {
        Uri? link = run.Store.State.Link is { } stored && !run.Full ? new Uri(stored) : null;
        var seen = link is null ? new HashSet<string>() : null;
        var known = seen is null ? null : await KnownAsync(run, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            // Entries whose folder has not arrived yet. While there are any the cursor stays: a cut would lose them.
            var orphans = new List<JsonElement>();
            try
            {
                await foreach (var page in _drives.DeltaAsync(_drive, link, cancellationToken).ConfigureAwait(false))
                {
                    await ApplyPageAsync(run, page, orphans, handled, seen, cancellationToken).ConfigureAwait(false);
                    var cursor = (page.NextLink ?? page.DeltaLink)?.ToString();
                    if (page.DeltaLink is not null)
                        await ApplyOrphansAsync(run, orphans, cancellationToken).ConfigureAwait(false);

                    // A comparison with what is stored counts only as a whole: a cut before its end begins it again, or its removals were lost.
                    if (page.DeltaLink is not null)
                    {
                        foreach (var gone in known?.Where(id => !seen!.Contains(id)) ?? [])
                            await run.Store.ChangeStateAsync(state => state.PendingRemovals[gone] = [], cancellationToken).ConfigureAwait(false);
                    }

                    if (orphans.Count == 0 && (page.DeltaLink is not null || known is not { Count: > 0 }))
                        await run.Store.ChangeStateAsync(state => state.Link = cursor, cancellationToken).ConfigureAwait(false);
                }

                break;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResyncRequired && seen is null)
            {
                run.Note(Texts.Get("CursorExpired", Kind, Name));
                (link, seen) = (exception.Restart, []);
                known = await KnownAsync(run, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ApplyPageAsync(ResourceRun run, DeltaPage page, List<JsonElement> orphans, HashSet<string> handled, HashSet<string>? seen, CancellationToken cancellationToken)
    {
        // The last entry of an id wins.
        var last = new Dictionary<string, JsonElement>();
        foreach (var item in page.Items)
        {
            var id = item.Text("id");
            last.Remove(id);
            last[id] = item;
        }

        var files = new List<JsonElement>();
        foreach (var (id, item) in last)
        {
            handled.Add(id);
            orphans.RemoveAll(orphan => orphan.Text("id") == id);
            if (item.TryGetProperty("deleted", out _))
            {
                seen?.Remove(id);
                await run.Store.ChangeStateAsync(state => state.PendingRemovals[id] = [], cancellationToken).ConfigureAwait(false);
                continue;
            }

            seen?.Add(id);
            if (run.Store.State.PendingRemovals.ContainsKey(id))
                await run.Store.ChangeStateAsync(state => state.PendingRemovals.TryRemove(id, out _), cancellationToken).ConfigureAwait(false);
            if (item.TryGetProperty("root", out _))
                await run.Store.ChangeStateAsync(state => state.RootId = id, cancellationToken).ConfigureAwait(false);
            else if (IsFolder(item))
                await PutFolderAsync(run, item, orphans, cancellationToken).ConfigureAwait(false);
            else if (item.TryGetProperty("file", out _))
                files.Add(item);
        }

        var homeless = new System.Collections.Concurrent.ConcurrentBag<JsonElement>();
        await Parallel.ForEachAsync(files, Options(cancellationToken), async (item, token) =>
        {
            if (!await ApplyFileAsync(run, item, token).ConfigureAwait(false))
                homeless.Add(item.Clone());
        }).ConfigureAwait(false);
        orphans.AddRange(homeless);
    }

    private static async Task PutFolderAsync(ResourceRun run, JsonElement item, List<JsonElement> orphans, CancellationToken cancellationToken)
    {
        var id = item.Text("id");
        var entry = new ItemEntry { Id = id, Parent = ParentOf(item), Name = SafeName.From(item.Text("name")), IsFolder = true };
        var old = await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (old is not null && old.Parent == entry.Parent && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, id)))
            return;
        if (!await run.Store.PutAsync(entry, null, ItemMetadata.Write("driveItem", id, item), cancellationToken).ConfigureAwait(false))
            orphans.Add(item.Clone());
        else if (old is not null)
            run.CountUpdate();
    }

    // At the round's end every parent must be there; what still has none is shown at the root rather than lost.
    private async Task ApplyOrphansAsync(ResourceRun run, List<JsonElement> orphans, CancellationToken cancellationToken)
    {
        for (var progress = true; progress && orphans.Count > 0;)
        {
            var waiting = orphans.ToArray();
            orphans.Clear();
            foreach (var item in waiting)
            {
                if (IsFolder(item))
                    await PutFolderAsync(run, item, orphans, cancellationToken).ConfigureAwait(false);
                else if (!await ApplyFileAsync(run, item, cancellationToken).ConfigureAwait(false))
                    orphans.Add(item);
            }

            progress = orphans.Count < waiting.Length;
        }

        foreach (var item in orphans)
            await run.FailAsync(item.Text("id"), ParentOf(item), item.Text("name"), new GraphException(GraphErrorKind.Other, null, "ParentUnknown", "Graph named a folder that it did not deliver."), cancellationToken).ConfigureAwait(false);
        orphans.Clear();
    }

    /// <returns>False when the file's folder is unknown.</returns>
    private async Task<bool> ApplyFileAsync(ResourceRun run, JsonElement item, CancellationToken cancellationToken)
    {
        var id = item.Text("id");
        var name = item.Text("name");
        var entry = new ItemEntry { Id = id, Parent = ParentOf(item), Name = SafeName.From(name), Version = VersionOf(item) };
        var old = await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (old is not null && old.Version == entry.Version)
        {
            if (old.Parent == entry.Parent && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, id)) && !run.Store.State.Failures.ContainsKey(id))
                return true;
            if (!await run.Store.PutAsync(entry, null, ItemMetadata.Write("driveItem", id, item), cancellationToken).ConfigureAwait(false))
                return false;
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            run.CountUpdate();
            return true;
        }

        try
        {
            var (node, current) = await DownloadAsync(run, item, cancellationToken).ConfigureAwait(false);
            using (current)
            {
                var final = current?.RootElement ?? item;
                entry = entry with { Version = VersionOf(final) };
                if (!await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("driveItem", id, final), cancellationToken).ConfigureAwait(false))
                    return false;
            }

            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            run.CountDownload();
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            // Deleted since the page was read: the next delta says so.
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            await run.FailAsync(id, entry.Parent, name, exception, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    // A mismatch is read once more against fresh metadata: the file may have changed between the page and the download.
    private async Task<(Node Node, JsonDocument? Current)> DownloadAsync(ResourceRun run, JsonElement item, CancellationToken cancellationToken)
    {
        var (id, name) = (item.Text("id"), item.Text("name"));
        JsonDocument? current = null;
        for (var attempt = 1; ; attempt++)
        {
            var expected = current?.RootElement ?? item;
            var size = expected.TryGetProperty("size", out var bytes) ? bytes.GetInt64() : 0;
            await using var content = new HashingStream(await _drives.ContentAsync(_drive, id, size, cancellationToken).ConfigureAwait(false));
            var node = await run.SaveAsync(content, ModifiedAt(expected), cancellationToken).ConfigureAwait(false);
            var hash = HashOf(expected);
            if (content.BytesRead == size && (hash is null || hash == content.Hash))
                return (node, current);
            if (attempt == 1)
            {
                current = await _drives.ItemAsync(_drive, id, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (s_rewritten.Contains(System.IO.Path.GetExtension(name)))
            {
                run.Note(Texts.Get("HashDiffers", name, Name));
                return (node, current);
            }

            current?.Dispose();
            throw new GraphException(GraphErrorKind.IntegrityMismatch, null, "HashMismatch",
                string.Create(CultureInfo.InvariantCulture, $"{content.BytesRead} bytes with quickXorHash {content.Hash} arrived; {size} bytes with {hash ?? "no hash"} were announced."));
        }
    }

    private async Task RetryAsync(ResourceRun run, HashSet<string> handled, CancellationToken cancellationToken)
    {
        foreach (var failure in run.DueFailures.Where(failure => !handled.Contains(failure.ItemId)))
        {
            try
            {
                using var item = await _drives.ItemAsync(_drive, failure.ItemId, cancellationToken).ConfigureAwait(false);
                await ApplyFileAsync(run, item.RootElement, cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
            {
                await run.ForgetFailureAsync(failure.ItemId, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task ApplyRemovalsAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        var folders = new List<(int Depth, string Id)>();
        foreach (var id in run.Store.State.PendingRemovals.Keys.ToArray())
        {
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            if (await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } entry)
                continue;
            if (entry.IsFolder)
                folders.Add((await run.Store.DepthAsync(id, cancellationToken).ConfigureAwait(false), id));
            else if (await run.Store.RemoveAsync(id, withContent: false, cancellationToken).ConfigureAwait(false))
                run.CountRemoval();
        }

        foreach (var (_, id) in folders.OrderByDescending(folder => folder.Depth))
        {
            if (await run.Store.RemoveAsync(id, withContent: false, cancellationToken).ConfigureAwait(false))
                run.CountRemoval();
        }

        await run.Store.ChangeStateAsync(state => state.PendingRemovals.Clear(), cancellationToken).ConfigureAwait(false);
    }

    // Everything below the root, for a comparison after an expired cursor.
    private static async Task<List<string>> KnownAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        var all = new List<string>();
        var pending = new Stack<string>([""]);
        while (pending.TryPop(out var folder))
        {
            await foreach (var id in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken).ConfigureAwait(false))
            {
                all.Add(id);
                if (await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false) is { IsFolder: true })
                    pending.Push(id);
            }
        }

        return all;
    }

    private static bool IsFolder(JsonElement item) => item.TryGetProperty("folder", out _) || item.TryGetProperty("package", out _);

    private static string ParentOf(JsonElement item) => item.TryGetProperty("parentReference", out var parent) ? parent.Text("id") : "";

    private static string? HashOf(JsonElement item) =>
        item.TryGetProperty("file", out var file) && file.TryGetProperty("hashes", out var hashes) && hashes.Text("quickXorHash") is { Length: > 0 } hash ? hash : null;

    // Business drives omit cTag in delta; without a hash (rare, fresh uploads) the time must do.
    private static string VersionOf(JsonElement item) => string.Create(CultureInfo.InvariantCulture,
        $"{(item.TryGetProperty("size", out var size) ? size.GetInt64() : 0)}:{HashOf(item) ?? item.Text("lastModifiedDateTime")}");

    private static DateTimeOffset ModifiedAt(JsonElement item)
    {
        if (item.TryGetProperty("fileSystemInfo", out var info) && info.TryGetProperty("lastModifiedDateTime", out var client) && client.TryGetDateTimeOffset(out var time))
            return time;
        return item.TryGetProperty("lastModifiedDateTime", out var server) && server.TryGetDateTimeOffset(out time) ? time : DateTimeOffset.UnixEpoch;
    }

    private static ParallelOptions Options(CancellationToken cancellationToken) => new() { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
}

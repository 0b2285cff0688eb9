using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>
/// A mailbox's mail: the folder hierarchy by delta, then every folder's messages by delta. Removals wait until all folders are read,
/// because a moved message is a removal here and an addition there.
/// </summary>
internal sealed partial class MailSource(GraphClient client, GraphUser user) : IResourceSource
{
    private const int Concurrency = 4;

    private readonly MailApi _mail = new(client, user.Id);

    public string Kind => "Mail";

    public string ResourceId => user.Id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => ["Exchange", SafeName.From(user.UserPrincipalName, user.Id), "Mail"];

    public async Task RunAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        var state = run.Store.State;
        await FindRootAsync(run, cancellationToken).ConfigureAwait(false);
        var removedFolders = await ReadFoldersAsync(run, cancellationToken).ConfigureAwait(false);
        var handled = new ConcurrentDictionary<string, bool>();
        var changedFolders = new ConcurrentDictionary<string, bool>();
        await Parallel.ForEachAsync(state.Folders.Keys.ToArray(), Options(cancellationToken), async (folder, token) =>
        {
            if (!removedFolders.Contains(folder))
                await ReadMessagesAsync(run, folder, handled, changedFolders, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await RetryAsync(run, handled, cancellationToken).ConfigureAwait(false);
        await ApplyRemovalsAsync(run, removedFolders, cancellationToken).ConfigureAwait(false);
        await run.Store.GrantWishesAsync(cancellationToken).ConfigureAwait(false);
        await CompareCountsAsync(run, changedFolders.Keys, cancellationToken).ConfigureAwait(false);
    }

    // The hierarchy's root is no folder that anybody sees; its id is where the visible tree hangs.
    private async Task FindRootAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        if (run.Store.State.RootId is not null)
            return;
        var root = await _mail.FolderIdAsync("msgfolderroot", cancellationToken).ConfigureAwait(false);
        await run.Store.ChangeStateAsync(state => state.RootId = root, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HashSet<string>> ReadFoldersAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        var state = run.Store.State;
        var folders = new Dictionary<string, (string Parent, string Name, byte[] Metadata)>();
        var removed = new HashSet<string>();
        Uri? link = state.Link is { } stored && !run.Full ? new Uri(stored) : null;
        var complete = link is null;
        while (true)
        {
            try
            {
                await foreach (var page in _mail.FolderDeltaAsync(link, cancellationToken).ConfigureAwait(false))
                {
                    foreach (var item in page.Items)
                    {
                        var id = item.GetProperty("id").GetString()!;
                        if (item.TryGetProperty("@removed", out _))
                        {
                            folders.Remove(id);
                            removed.Add(id);
                        }
                        else if (id != state.RootId && Text(item, "@odata.type") != "#microsoft.graph.mailSearchFolder") // Search folders repeat what lies elsewhere.
                        {
                            removed.Remove(id);
                            folders[id] = (Text(item, "parentFolderId"), Text(item, "displayName"), ItemMetadata.Write("mailFolder", id, item));
                        }
                    }

                    if (page.DeltaLink is not null)
                        link = page.DeltaLink;
                }

                break;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResyncRequired && !complete)
            {
                run.Note(Texts.Get("CursorExpired", Kind, Name));
                (link, complete) = (null, true);
                folders.Clear();
                removed.Clear();
            }
        }

        if (complete)
            removed.UnionWith(state.Folders.Keys.Where(id => !folders.ContainsKey(id)));
        await PutFoldersAsync(run, folders, cancellationToken).ConfigureAwait(false);
        await run.Store.ChangeStateAsync(each =>
        {
            each.Link = link?.ToString();
            each.PendingFolderRemovals.UnionWith(removed);
        }, cancellationToken).ConfigureAwait(false);
        return [.. state.PendingFolderRemovals];
    }

    // Parents first; a folder whose parent nobody knows hangs at the root.
    private static async Task PutFoldersAsync(ResourceRun run, Dictionary<string, (string Parent, string Name, byte[] Metadata)> folders, CancellationToken cancellationToken)
    {
        var waiting = new Queue<string>(folders.Keys);
        var idle = 0;
        while (waiting.TryDequeue(out var id))
        {
            var (parent, name, metadata) = folders[id];
            var old = await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
            var entry = new ItemEntry { Id = id, Parent = parent, Name = FolderName(name, id), IsFolder = true };
            if (idle > waiting.Count + 1)
                entry = entry with { Parent = "" };
            if (old is not null && old.Parent == entry.Parent && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, id)))
            {
                idle = 0;
            }
            else if (await run.Store.PutAsync(entry, null, metadata, cancellationToken).ConfigureAwait(false))
            {
                idle = 0;
                if (old is not null)
                    run.CountUpdate();
            }
            else
            {
                waiting.Enqueue(id);
                idle++;
                continue;
            }

            await run.Store.ChangeStateAsync(state =>
            {
                if (!state.Folders.TryGetValue(id, out var folder))
                    state.Folders[id] = folder = new FolderState();
                folder.Name = name;
                state.PendingFolderRemovals.Remove(id);
            }, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadMessagesAsync(ResourceRun run, string folder, ConcurrentDictionary<string, bool> handled, ConcurrentDictionary<string, bool> changed, CancellationToken cancellationToken)
    {
        Uri? link = run.Store.State.Folders[folder].Link is { } stored && !run.Full ? new Uri(stored) : null;
        var seen = link is null ? new HashSet<string>() : null;
        var known = seen is null ? null : await run.Store.ItemsOfAsync(folder, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            try
            {
                await foreach (var page in _mail.MessageDeltaAsync(folder, link, cancellationToken).ConfigureAwait(false))
                {
                    if (page.Items.Count > 0)
                        changed[folder] = true;

                    // The last entry of an id wins.
                    var last = new Dictionary<string, JsonElement>();
                    foreach (var item in page.Items)
                        last[item.GetProperty("id").GetString()!] = item;
                    foreach (var id in last.Where(pair => pair.Value.TryGetProperty("@removed", out _)).Select(pair => pair.Key).ToArray())
                    {
                        last.Remove(id);
                        await run.Store.ChangeStateAsync(state => state.PendingRemovals.GetOrAdd(id, _ => []).Add(folder), cancellationToken).ConfigureAwait(false);
                    }

                    seen?.UnionWith(last.Keys);
                    await Parallel.ForEachAsync(last, Options(cancellationToken), async (pair, token) =>
                    {
                        handled[pair.Key] = true;
                        await ApplyAsync(run, folder, pair.Key, pair.Value, token).ConfigureAwait(false);
                    }).ConfigureAwait(false);

                    // Only now is the page durable in the state; a cut before repeats it, and known items are not read again.
                    var cursor = (page.NextLink ?? page.DeltaLink)?.ToString();
                    // A comparison with what is stored counts only as a whole: a cut before its end begins it again, or its removals were lost.
                    if (page.DeltaLink is not null)
                    {
                        foreach (var gone in known?.Where(id => !seen!.Contains(id)) ?? [])
                            await run.Store.ChangeStateAsync(state => state.PendingRemovals.GetOrAdd(gone, _ => []).Add(folder), cancellationToken).ConfigureAwait(false);
                    }

                    if (page.DeltaLink is not null || known is not { Count: > 0 })
                        await run.Store.ChangeStateAsync(state => state.Folders[folder].Link = cursor, cancellationToken).ConfigureAwait(false);
                }

                break;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResyncRequired && seen is null)
            {
                run.Note(Texts.Get("CursorExpired", Kind, Name));
                (link, seen) = (null, []);
                known = await run.Store.ItemsOfAsync(folder, cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
            {
                return; // The folder was deleted after the hierarchy was read; the next run hears of it.
            }
        }
    }

    private async Task ApplyAsync(ResourceRun run, string folder, string id, JsonElement item, CancellationToken cancellationToken)
    {
        var version = Text(item, "changeKey");
        var old = await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (old is not null && old.Version == version && old.Parent == folder)
        {
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            return;
        }

        var entry = new ItemEntry { Id = id, Parent = folder, Sub = Month(item), Name = MessageName(item, id), Version = version };
        var metadata = ItemMetadata.Write("message", id, item);
        try
        {
            if (old is not null && await OnlyPropertiesChangedAsync(run, old, folder, item, cancellationToken).ConfigureAwait(false))
            {
                if (await run.Store.PutAsync(entry, null, metadata, cancellationToken).ConfigureAwait(false))
                    run.CountUpdate();
                return;
            }

            Node node;
            await using (var mime = await _mail.MimeAsync(id, cancellationToken).ConfigureAwait(false))
                node = await run.SaveAsync(mime, Time(item), cancellationToken).ConfigureAwait(false);
            if (!await run.Store.PutAsync(entry, node, metadata, cancellationToken).ConfigureAwait(false))
                throw new GraphException(GraphErrorKind.Other, null, "FolderUnknown", "The message's folder is not known yet.");
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
            run.CountDownload();
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            // Deleted or moved away since the page was read: its removal, or its new folder, is in the next delta.
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            await run.FailAsync(id, folder, Text(item, "subject"), exception, cancellationToken).ConfigureAwait(false);
        }
    }

    // A new change key with a changed property that MIME does not hold, or a new folder, is explained by that. Drafts are always read again.
    private static async Task<bool> OnlyPropertiesChangedAsync(ResourceRun run, ItemEntry old, string folder, JsonElement item, CancellationToken cancellationToken)
    {
        if (item.TryGetProperty("isDraft", out var draft) && draft.ValueKind == JsonValueKind.True)
            return false;
        if (old.Parent != folder)
            return true;
        if (await run.Store.FindNodeAsync(old, cancellationToken).ConfigureAwait(false) is not { } node)
            return false;
        using var stored = ItemMetadata.Read(node);
        if (stored is null || !stored.RootElement.TryGetProperty("graph", out var before))
            return false;
        foreach (var property in (string[])["isRead", "flag", "categories", "importance"])
        {
            var now = item.TryGetProperty(property, out var current) ? current.GetRawText() : "";
            var then = before.TryGetProperty(property, out var previous) ? previous.GetRawText() : "";
            if (now != then)
                return true;
        }

        return false;
    }

    // Items that failed before: delta will not mention them again.
    private async Task RetryAsync(ResourceRun run, ConcurrentDictionary<string, bool> handled, CancellationToken cancellationToken)
    {
        foreach (var failure in run.Store.State.Failures.Values.Where(failure => !failure.Permanent && !handled.ContainsKey(failure.ItemId)).ToArray())
        {
            try
            {
                using var item = await _mail.MessageAsync(failure.ItemId, cancellationToken).ConfigureAwait(false);
                await ApplyAsync(run, Text(item.RootElement, "parentFolderId"), failure.ItemId, item.RootElement, cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
            {
                await run.ForgetFailureAsync(failure.ItemId, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task ApplyRemovalsAsync(ResourceRun run, HashSet<string> removedFolders, CancellationToken cancellationToken)
    {
        foreach (var (id, folders) in run.Store.State.PendingRemovals.ToArray())
        {
            // An item that turned up in another folder meanwhile was moved, not removed.
            if (await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } entry && folders.Contains(entry.Parent)
                && await run.Store.RemoveAsync(id, withContent: false, cancellationToken).ConfigureAwait(false))
                run.CountRemoval();
            await run.ForgetFailureAsync(id, cancellationToken).ConfigureAwait(false);
        }

        var byDepth = new List<(int Depth, string Id)>();
        foreach (var id in removedFolders)
            byDepth.Add((await run.Store.DepthAsync(id, cancellationToken).ConfigureAwait(false), id));
        foreach (var (_, id) in byDepth.OrderByDescending(each => each.Depth))
        {
            if (await run.Store.RemoveAsync(id, withContent: true, cancellationToken).ConfigureAwait(false))
                run.CountRemoval();
        }

        await run.Store.ChangeStateAsync(state =>
        {
            state.PendingRemovals.Clear();
            state.PendingFolderRemovals.Clear();
            foreach (var id in removedFolders)
                state.Folders.TryRemove(id, out _);
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task CompareCountsAsync(ResourceRun run, IEnumerable<string> folders, CancellationToken cancellationToken)
    {
        var state = run.Store.State;
        foreach (var folder in folders)
        {
            if (!state.Folders.TryGetValue(folder, out var known))
                continue;
            try
            {
                var total = await _mail.ItemCountAsync(folder, cancellationToken).ConfigureAwait(false);
                var missing = state.Failures.Values.Count(failure => failure.Parent == folder);
                if (total != known.Count + missing)
                    run.Note(Texts.Get("CountDiffers", known.Name, Name, total, known.Count));
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
            {
                // Deleted meanwhile: nothing to compare.
            }
        }
    }

    private static string FolderName(string name, string id)
    {
        var safe = SafeName.From(name);
        return MonthName().IsMatch(safe) ? SafeName.WithMark(safe, id) : safe;
    }

    private static string MessageName(JsonElement item, string id)
    {
        var subject = SafeName.Shorten(SafeName.From(Text(item, "subject"), ""), 140).Trim();
        var time = Time(item).UtcDateTime.ToString("yyyy-MM-dd HH.mm.ss", CultureInfo.InvariantCulture);
        return $"{time} {(subject.Length > 0 ? subject + " " : "")}[{SafeName.Mark(id)}].eml";
    }

    private static string Month(JsonElement item) => Time(item).UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(JsonElement item)
    {
        foreach (var name in (string[])["receivedDateTime", "sentDateTime", "createdDateTime"])
        {
            if (item.TryGetProperty(name, out var time) && time.TryGetDateTimeOffset(out var value))
                return value;
        }

        return DateTimeOffset.UnixEpoch;
    }

    private static string Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static ParallelOptions Options(CancellationToken cancellationToken) => new() { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };

    [GeneratedRegex(@"^\d{4}-\d{2}$")]
    private static partial Regex MonthName();
}

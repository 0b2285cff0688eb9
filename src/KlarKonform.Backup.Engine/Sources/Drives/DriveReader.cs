using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>
/// Reads a drive by delta into a folder of a resource: paths are rebuilt from parents' ids, content is compared by hash and size, removals
/// come last, and a folder is only removed when empty.
/// </summary>
internal sealed class DriveReader
{
    private const int Concurrency = 16;
    private const string Unproven = "~";

    private readonly DriveApi _api;
    private readonly string _drive;
    private readonly string _name;
    private readonly string _prefix;
    private readonly string _folder;
    private readonly ResourceBackup _run;
    private readonly DriveSettings _settings;
    private readonly FileReader _files;
    private readonly ItemDetails _details;
    private readonly RemovalRound _removals;
    private readonly DeltaRound _round;
    private readonly HashSet<string> _due;

    // Entries whose folder has not arrived yet. While there are any, the cursor stays: an interruption would lose them.
    private readonly List<JsonElement> _orphans = [];

    // Reported by delta, but not found when they were to be read.
    private readonly Dictionary<string, JsonElement> _vanished = new(StringComparer.Ordinal);

    /// <param name="api">Access to Graph.</param>
    /// <param name="drive">The drive's id.</param>
    /// <param name="folder">The folder that contains it; empty for the resource's own.</param>
    /// <param name="prefix">The prefix of its items' ids in the store: Graph promises unique ids only within one drive.</param>
    /// <param name="run">The resource's run.</param>
    /// <param name="settings">What to read.</param>
    /// <param name="name">The drive's name, for display.</param>
    public DriveReader(DriveApi api, string drive, string folder, string prefix, ResourceBackup run, DriveSettings settings, string name)
    {
        _name = name;
        _api = api;
        _drive = drive;
        _prefix = prefix;
        _folder = folder;
        _run = run;
        _settings = settings;
        _files = new FileReader(api, drive, run, settings);
        _details = new ItemDetails(api, drive, run, settings);
        _removals = new RemovalRound(run, prefix, IsThereAsync);
        _round = new DeltaRound(run, drive, folder, name);
        _due = [.. run.DueFailures.Select(failure => failure.ItemId).Concat(run.DueDoubts.Select(doubt => doubt.ItemId)).Where(IsOfDrive)];
    }

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        await _round.ReadAsync(
            link => _api.DeltaAsync(_drive, link, cancellationToken),
            page => ApplyPageAsync(page, cancellationToken),
            (ids, stored, listed, uncertain) => MarkMissingAsync(ids, stored, listed, uncertain, cancellationToken),
            cancellationToken
        );
        await AskAgainAsync(cancellationToken);
        await RetryAsync(cancellationToken);
        await _removals.ApplyAsync(cancellationToken);
        await HomeOrphansAsync(cancellationToken);
        await _run.Store.ApplyPreferredNamesAsync(cancellationToken);
        if (_files.Different is (> 0 and var count, { } example))
            _run.Note(Texts.Get("HashDiffers", count, _run.Source.Name, example), namesItem: true);
        await _run.ForgetEarlierFailureAsync("drive:" + _drive, cancellationToken);
    }

    private string Key(string id) => _prefix + id;

    // Failures of the resource itself and of its parts have keys of other forms.
    private bool IsOfDrive(string key) => key.StartsWith(_prefix, StringComparison.Ordinal) && key != ResourceBackup.Whole;

    private async Task<bool> MarkMissingAsync(
        IReadOnlyList<string> ids,
        long stored,
        long listed,
        bool uncertain,
        CancellationToken cancellationToken
    )
    {
        if (uncertain)
        {
            foreach (var id in ids)
                await AskAsync(id, cancellationToken);
            return true;
        }

        var gone = await new RemovalGuard(_run).BelieveAsync(
            "drive:" + _drive,
            _name,
            stored,
            listed,
            ids,
            (id, token) => FetchAsync(id[_prefix.Length..], token),
            cancellationToken
        );
        foreach (var id in gone)
            await _removals.MarkAsync(id, cancellationToken);
        return gone.Count == ids.Count;
    }

    private string ParentOf(JsonElement item) =>
        DriveItemJson.Parent(item) is var parent && (parent.Length == 0 || parent == _round.State.RootId) ? _folder : Key(parent);

    private async Task<bool> ApplyPageAsync(DeltaPage page, CancellationToken cancellationToken)
    {
        // The last entry with an id wins.
        var last = new Dictionary<string, JsonElement>();
        foreach (var item in page.Items)
        {
            last.Remove(item.Text("id"));
            last[item.Text("id")] = item;
        }

        var files = new List<JsonElement>();
        foreach (var (id, item) in last)
        {
            var key = Key(id);
            _due.Remove(key);
            lock (_vanished)
                _vanished.Remove(id);
            _orphans.RemoveAll(orphan => orphan.Text("id") == id);
            if (DriveItemJson.IsDeleted(item))
            {
                _round.SawGone(key);
                await _removals.MarkAsync(key, cancellationToken);
                continue;
            }

            _round.Saw(key);
            if (_run.Store.State.PendingRemovals.ContainsKey(key))
                await _run.Store.ChangeStateAsync(state => state.PendingRemovals.TryRemove(key, out _), cancellationToken);
            if (DriveItemJson.IsRoot(item) || DriveItemJson.IsFolder(item))
                await ApplyAsync(item, cancellationToken);
            else
                files.Add(item);
        }

        await Parallel.ForEachAsync(files, Options(cancellationToken), async (item, token) => await ApplyAsync(item, token));
        if (page.DeltaLink is not null)
            await HomeOrphansAsync(cancellationToken);
        return _orphans.Count == 0;
    }

    // Whatever it is: a folder, a file, a shortcut; new, changed, moved or just reported.
    private async Task ApplyAsync(JsonElement item, CancellationToken cancellationToken)
    {
        if (DriveItemJson.IsRoot(item))
        {
            await _run.Store.ChangeStateAsync(_ => _round.State.RootId = item.Text("id"), cancellationToken);
            return;
        }

        await _run.GuardAsync(
            Key(item.Text("id")),
            ParentOf(item),
            item.Text("name"),
            async () =>
            {
                bool homed;
                try
                {
                    homed = await ApplyJudgedAsync(item, cancellationToken);
                }
                catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
                {
                    await ExplainMissingAsync(item, exception, cancellationToken);
                    return;
                }

                if (homed)
                    return;
                lock (_orphans)
                    _orphans.Add(item.Clone());
            },
            cancellationToken
        );
    }

    // For an incomplete or unlikely entry, the item itself is requested; that answer is final.
    private async Task<bool> ApplyJudgedAsync(JsonElement item, CancellationToken cancellationToken)
    {
        var verdict = Judge(item);
        if (!verdict.IsOdd)
            return await ApplyItemAsync(item, verdict, cancellationToken);
        JsonDocument? answer = null;
        try
        {
            answer = await _api.ItemAsync(_drive, item.Text("id"), cancellationToken);
        }
        catch (GraphException exception)
            when (exception.Kind != GraphErrorKind.NotFound
                && Wall.Holds(exception, cancellationToken)
                && item.Text("name").Length > 0
                && DriveItemJson.Parent(item).Length > 0
            )
        {
            // It cannot be requested: the page's version is stored, with what is wrong about it.
        }

        using (answer)
        {
            var better = answer is not null && answer.RootElement.Text("id") == item.Text("id") ? answer.RootElement : item;
            verdict = Judge(better);

            // Without a name or a parent it cannot be placed: what is stored of it stays unchanged.
            return better.Text("name").Length > 0 && DriveItemJson.Parent(better).Length > 0
                ? await ApplyItemAsync(better, verdict, cancellationToken)
                : throw new PartIncompleteException(
                    new ItemProblem("OddAnswer", Texts.Get("OddAnswer", string.Join(", ", verdict.Wrong)), "HintRetry")
                );
        }
    }

    // A file whose size is missing may have lost it: nothing else says how much content there is.
    private Verdict Judge(JsonElement item)
    {
        var verdict = GraphShapes.DriveItem.Judge(item, _run.Now);
        if (DriveItemJson.IsFile(item) && DriveItemJson.SizeOrNull(item) is null)
            verdict = verdict with { Wrong = [.. verdict.Wrong, "size"] };
        var kinds =
            (DriveItemJson.IsFile(item) ? 1 : 0) + (DriveItemJson.IsFolder(item) ? 1 : 0) + (DriveItemJson.IsShortcut(item) ? 1 : 0);
        return kinds == 0 ? verdict with { Wrong = [.. verdict.Wrong, "file"] } : verdict;
    }

    private Task<bool> ApplyItemAsync(JsonElement item, Verdict verdict, CancellationToken cancellationToken) =>
        DriveItemJson.IsFolder(item)
            ? ApplyFolderAsync(item, verdict, cancellationToken)
            : ApplyFileAsync(item, verdict, cancellationToken);

    private async Task<bool> ApplyFolderAsync(JsonElement item, Verdict verdict, CancellationToken cancellationToken)
    {
        var missing = new List<(string What, Exception Reason)>();
        var entry = EntryOf(item, item.Text("name")) with { IsFolder = true };
        var old = await _run.Store.FindAsync(entry.Id, cancellationToken);
        if (
            IsSame(old, entry)
            && !_details.MustAskPermissions(item)
            && !_run.IsDue(entry.Id)
            && (!_run.Full || await IsAsStoredAsync(old!, item, cancellationToken))
        )
            return true;
        var attribute = ItemMetadata.Write(
            "driveItem",
            entry.Id,
            item,
            null,
            ("permissions", await _details.PermissionsAsync(item, missing, cancellationToken))
        );
        var put = await _run.Store.PutAsync(entry, null, attribute, cancellationToken);
        if (!put.IsSettled())
            return false;
        await _run.JudgeAsync(entry.Id, entry.Parent, item.Text("name"), verdict, item, missing, cancellationToken);
        if (old is not null)
            _run.CountUpdate();
        return true;
    }

    /// <returns>False when the file's folder is unknown.</returns>
    private async Task<bool> ApplyFileAsync(JsonElement item, Verdict verdict, CancellationToken cancellationToken)
    {
        var missing = new List<(string What, Exception Reason)>();
        var shortcut = DriveItemJson.IsShortcut(item);
        var unknown = !shortcut && !DriveItemJson.IsFile(item);
        var entry = EntryOf(
            item,
            item.Text("name")
                + (
                    shortcut ? ".shortcut.json"
                    : unknown ? ".item.json"
                    : ""
                )
        ) with
        {
            Version = DriveItemJson.Version(item),
        };
        var old = await _run.Store.FindAsync(entry.Id, cancellationToken);

        // Something about it failed before, and it is unknown whether it was the content: it is read again, because otherwise the failure
        // would be cleared unseen.
        var known = old is not null && old.Version == entry.Version && !_run.HasDueFailure(entry.Id);
        if (
            known
            && IsSame(old, entry)
            && !_details.MustAskPermissions(item)
            && !_run.IsDue(entry.Id)
            && !_run.Store.State.Failures.ContainsKey(entry.Id)
            && (!_run.Full || await IsAsStoredAsync(old!, item, cancellationToken))
        )
            return true;
        ItemContent? content = null;
        JsonDocument? current = null;
        try
        {
            if (!known)
            {
                if (unknown)
                    _run.Note(Texts.Get("UnknownItem", item.Text("name"), _run.Source.Name), namesItem: true);
                var (node, fresh) =
                    shortcut || unknown
                        ? (await PropertiesAsync(item, shortcut, cancellationToken), null)
                        : await _files.ReadAsync(entry.Id, item, missing, cancellationToken);
                (content, current) = (new ItemContent(node), fresh);
            }

            var final = current?.RootElement ?? item;
            var versions = await _details.VersionsAsync(final, missing, cancellationToken);
            if (_settings.OlderVersions > 0)
            {
                var parts = versions is null ? [] : await _files.ReadVersionsAsync(final, versions, old, missing, cancellationToken);
                if (content is not null || parts.Count > 0)
                    content = new ItemContent(content?.Node ?? (await _run.Store.FindNodeAsync(old!, cancellationToken))!, parts);
            }

            var attribute = ItemMetadata.Write(
                "driveItem",
                entry.Id,
                final,
                null,
                ("permissions", await _details.PermissionsAsync(final, missing, cancellationToken)),
                ("versions", _settings.VersionList ? versions : null),
                ("listItem", await _details.ColumnsAsync(final, missing, cancellationToken))
            );
            entry = entry with { Version = DriveItemJson.Version(final), Properties = DriveItemJson.Properties(final) };

            // Unproven content is read again whenever the item is examined.
            if (missing.Any(each => each.Reason is GraphException { Kind: GraphErrorKind.IntegrityMismatch }))
                entry = entry with { Version = entry.Version + Unproven };
            var put = await _run.Store.PutAsync(entry, content, attribute, cancellationToken);
            if (!put.IsSettled())
                return false;
            await _run.JudgeAsync(
                entry.Id,
                entry.Parent,
                item.Text("name"),
                current is null ? verdict : Judge(final),
                final,
                missing,
                cancellationToken
            );
        }
        finally
        {
            current?.Dispose();
        }

        if (known)
            _run.CountUpdate();
        else
            _run.CountDownload();
        return true;
    }

    private ItemEntry EntryOf(JsonElement item, string name) =>
        new()
        {
            Id = Key(item.Text("id")),
            Parent = ParentOf(item),
            Name = SafeName.From(name),
            Properties = DriveItemJson.Properties(item),
        };

    private static bool IsSame(ItemEntry? old, ItemEntry entry) =>
        old is not null
        && old.Parent == entry.Parent
        && old.Properties == entry.Properties
        && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, entry.Id));

    // -Full does not trust an eTag to vouch for the properties that came with it. A folder's size and count change with its contents, but
    // their kind does not.
    private async Task<bool> IsAsStoredAsync(ItemEntry old, JsonElement item, CancellationToken cancellationToken)
    {
        if (await _run.Store.FindNodeAsync(old, cancellationToken) is not { } node)
            return false;
        using var stored = ItemMetadata.Read(node);
        var before = stored?.RootElement.Object("graph") ?? default;
        var isFolder = DriveItemJson.IsFolder(item);
        return before.ValueKind == JsonValueKind.Object
            && before
                .EnumerateObject()
                .Select(property => property.Name)
                .Union(item.EnumerateObject().Select(property => property.Name))
                .Where(name =>
                    !name.StartsWith('@')
                    && name is not ("id" or "root")
                    && !(isFolder && name is "size" or "folder" && IsOfOneKind(before, item, name))
                )
                .All(name => before.Written(name) == item.Written(name));
    }

    private static bool IsOfOneKind(JsonElement before, JsonElement item, string name) =>
        before.TryGetProperty(name, out var was) && item.TryGetProperty(name, out var now) && was.ValueKind == now.ValueKind;

    // A shortcut is stored as its target; an item of an unknown kind as its Graph properties.
    private Task<Repository.Trees.Node> PropertiesAsync(JsonElement item, bool isShortcut, CancellationToken cancellationToken) =>
        JsonFile.SaveAsync(
            _run,
            isShortcut
                ? JsonFile.Write(item.GetProperty("remoteItem"))
                : JsonFile.Write(
                    item.EnumerateObject()
                        .Where(each => each.Name != DriveApi.AddressProperty)
                        .DistinctBy(each => each.Name)
                        .ToDictionary(each => each.Name, each => each.Value)
                ),
            DriveItemJson.ModifiedAt(item),
            cancellationToken
        );

    // Deleted since the page was read: then the next delta says so. Or it exists without content, which must not come to light only during
    // a restore.
    private async Task ExplainMissingAsync(JsonElement item, GraphException missing, CancellationToken cancellationToken)
    {
        try
        {
            using var current = await _api.ItemAsync(_drive, item.Text("id"), cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            lock (_vanished)
                _vanished[item.Text("id")] = item.Clone();
            return;
        }

        if (Path.GetExtension(item.Text("name")).Equals(".onetoc2", StringComparison.OrdinalIgnoreCase))
            // OneNote rebuilds a table of contents.
            _run.Note(Texts.Get("NotebookContentsMissing", item.Text("name"), _run.Source.Name), namesItem: true);
        else
            await FailAsync(
                item,
                new GraphException(GraphErrorKind.Other, missing.Status, "ContentMissing", missing.Message, missing),
                cancellationToken
            );
    }

    private Task FailAsync(JsonElement item, Exception exception, CancellationToken cancellationToken) =>
        _run.FailAsync(Key(item.Text("id")), ParentOf(item), item.Text("name"), exception, cancellationToken);

    // At the end of the round every parent should exist. A missing one is requested, and those above it.
    private async Task HomeOrphansAsync(CancellationToken cancellationToken)
    {
        var asked = new HashSet<string>();
        while (_orphans.Count > 0)
        {
            var waiting = _orphans.ToArray();
            _orphans.Clear();
            foreach (var item in waiting)
                await ApplyAsync(item, cancellationToken);
            if (_orphans.Count < waiting.Length)
                continue;
            var missing = _orphans.Select(DriveItemJson.Parent).Where(parent => asked.Add(parent)).Distinct().ToArray();
            foreach (var parent in missing)
                await _run.GuardAsync(Key(parent), _folder, parent, () => FetchAsync(parent, cancellationToken), cancellationToken);
            if (missing.Length > 0)
                continue;
            foreach (var item in _orphans)
                await FailAsync(
                    item,
                    new GraphException(GraphErrorKind.Other, null, "ParentUnknown", "Graph named a folder that it did not deliver."),
                    cancellationToken
                );
            _orphans.Clear();
        }
    }

    /// <returns>Whether it exists.</returns>
    private async Task<bool> FetchAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            using var item = await _api.ItemAsync(_drive, id, cancellationToken);
            if (item.RootElement.Text("id") != id)
                throw GraphException.Broken("Graph answered for another item, or for none.");
            _round.Saw(Key(id));
            await ApplyAsync(item.RootElement, cancellationToken);
            return true;
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return false;
        }
    }

    // Delta reported them, but they were not found when they were to be read. If they were deleted meanwhile, delta says so now; what it
    // does not report as deleted exists and cannot be read.
    private async Task AskAgainAsync(CancellationToken cancellationToken)
    {
        if (_vanished.Count == 0)
            return;
        await _round.ReadAsync(
            link => _api.DeltaAsync(_drive, link, cancellationToken),
            page => ApplyPageAsync(page, cancellationToken),
            (ids, stored, listed, uncertain) => MarkMissingAsync(ids, stored, listed, uncertain, cancellationToken),
            cancellationToken
        );
        foreach (var item in _vanished.Values)
            await FailAsync(
                item,
                new GraphException(GraphErrorKind.NotFound, null, "ListedNotFound", Texts.Get("ListedNotFound")),
                cancellationToken
            );
    }

    // What cannot be requested stays.
    private async Task<bool> IsThereAsync(string id, CancellationToken cancellationToken)
    {
        var isThere = true;
        await _run.GuardAsync(Key(id), _folder, id, async () => isThere = await FetchAsync(id, cancellationToken), cancellationToken);
        return isThere;
    }

    private async Task RetryAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _due)
        {
            await _run.GuardAsync(
                key,
                _folder,
                key,
                async () =>
                {
                    if (!await FetchAsync(key[_prefix.Length..], cancellationToken))
                        await _run.ForgetAsync(key, cancellationToken);
                },
                cancellationToken
            );
        }
    }

    private Task<bool> AskAsync(string key, CancellationToken cancellationToken) =>
        _run.GuardAsync(
            key,
            _folder,
            key,
            async () =>
            {
                if (!await FetchAsync(key[_prefix.Length..], cancellationToken))
                    await _removals.MarkAsync(key, cancellationToken);
            },
            cancellationToken
        );

    private static ParallelOptions Options(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
}

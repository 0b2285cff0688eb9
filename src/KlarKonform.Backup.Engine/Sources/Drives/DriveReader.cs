using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Deltas;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>
/// Brings a drive by delta below a folder of a resource: paths are rebuilt from parents' ids, contents told apart by hash and size,
/// removals come last, and folders go only when they are empty.
/// </summary>
internal sealed class DriveReader
{
    private const int Concurrency = 16;

    private readonly DriveApi _api;
    private readonly string _drive;
    private readonly string _prefix;
    private readonly string _folder;
    private readonly ResourceRun _run;
    private readonly DriveSettings _settings;
    private readonly FileReader _files;
    private readonly ItemDetails _details;
    private readonly RemovalRound _removals;
    private readonly DeltaRound _round;
    private readonly HashSet<string> _due;

    // Entries whose folder has not arrived yet. While there are any the cursor stays: a cut would lose them.
    private readonly List<JsonElement> _orphans = [];

    /// <param name="api">The way to Graph.</param>
    /// <param name="drive">The drive's id.</param>
    /// <param name="folder">The folder that it lies in; empty for the resource's own.</param>
    /// <param name="prefix">What its items' ids begin with in the store: Graph promises unique ids within one drive only.</param>
    /// <param name="run">The resource's run.</param>
    /// <param name="settings">What is read.</param>
    public DriveReader(DriveApi api, string drive, string folder, string prefix, ResourceRun run, DriveSettings settings)
    {
        _api = api;
        _drive = drive;
        _prefix = prefix;
        _folder = folder;
        _run = run;
        _settings = settings;
        _files = new FileReader(api, drive, run, settings);
        _details = new ItemDetails(api, drive, run, settings);
        _removals = new RemovalRound(run, prefix, FetchAsync);
        _round = new DeltaRound(run, drive, folder);
        _due = [.. run.DueFailures.Select(failure => failure.ItemId).Where(IsOfDrive)];
    }

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        await _round.ReadAsync(link => _api.DeltaAsync(_drive, link, cancellationToken), page => ApplyPageAsync(page, cancellationToken),
            (id, uncertain) => uncertain ? AskAsync(id, cancellationToken) : _removals.MarkAsync(id, cancellationToken), cancellationToken).ConfigureAwait(false);
        await RetryAsync(cancellationToken).ConfigureAwait(false);
        await _removals.ApplyAsync(cancellationToken).ConfigureAwait(false);
        await HomeOrphansAsync(cancellationToken).ConfigureAwait(false);
        await _run.Store.GrantWishesAsync(cancellationToken).ConfigureAwait(false);
        if (_files.Different is (> 0 and var count, { } example))
            _run.Note(Texts.Get("HashDiffers", count, _run.Source.Name, example), namesItem: true);
    }

    private string Key(string id) => _prefix + id;

    private bool IsOfDrive(string key) => key.StartsWith(_prefix, StringComparison.Ordinal);

    private string ParentOf(JsonElement item) => DriveItemJson.Parent(item) is var parent && (parent.Length == 0 || parent == _round.State.RootId) ? _folder : Key(parent);

    private async Task<bool> ApplyPageAsync(DeltaPage page, CancellationToken cancellationToken)
    {
        // The last entry of an id wins.
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
            _orphans.RemoveAll(orphan => orphan.Text("id") == id);
            if (DriveItemJson.IsDeleted(item))
            {
                _round.SawGone(key);
                await _removals.MarkAsync(key, cancellationToken).ConfigureAwait(false);
                continue;
            }

            _round.Saw(key);
            if (_run.Store.State.PendingRemovals.ContainsKey(key))
                await _run.Store.ChangeStateAsync(state => state.PendingRemovals.TryRemove(key, out _), cancellationToken).ConfigureAwait(false);
            if (DriveItemJson.IsRoot(item) || DriveItemJson.IsFolder(item))
                await ApplyAsync(item, cancellationToken).ConfigureAwait(false);
            else
                files.Add(item);
        }

        await Parallel.ForEachAsync(files, Options(cancellationToken), async (item, token) => await ApplyAsync(item, token).ConfigureAwait(false)).ConfigureAwait(false);
        if (page.DeltaLink is not null)
            await HomeOrphansAsync(cancellationToken).ConfigureAwait(false);
        return _orphans.Count == 0;
    }

    // Whatever it is: a folder, a file, a shortcut; new, changed, moved or just reported.
    private async Task ApplyAsync(JsonElement item, CancellationToken cancellationToken)
    {
        if (DriveItemJson.IsRoot(item))
        {
            await _run.Store.ChangeStateAsync(_ => _round.State.RootId = item.Text("id"), cancellationToken).ConfigureAwait(false);
            return;
        }

        bool homed;
        try
        {
            homed = DriveItemJson.IsFolder(item) ? await ApplyFolderAsync(item, cancellationToken).ConfigureAwait(false)
                : DriveItemJson.IsFile(item) || DriveItemJson.IsShortcut(item) ? await ApplyFileAsync(item, cancellationToken).ConfigureAwait(false)
                : await NoteUnknownAsync(item, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            await ExplainMissingAsync(item, exception, cancellationToken).ConfigureAwait(false);
            return;
        }
        catch (GraphException exception) when (ResourceRun.IsItemFailure(exception))
        {
            await FailAsync(item, exception, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (homed)
            return;
        lock (_orphans)
            _orphans.Add(item.Clone());
    }

    private async Task<bool> ApplyFolderAsync(JsonElement item, CancellationToken cancellationToken)
    {
        var entry = EntryOf(item, item.Text("name")) with { IsFolder = true };
        var old = await _run.Store.FindAsync(entry.Id, cancellationToken).ConfigureAwait(false);
        if (IsSame(old, entry) && !_details.MustAskPermissions(item))
            return true;
        var attribute = ItemMetadata.Write("driveItem", entry.Id, item, null, ("permissions", await _details.PermissionsAsync(item, cancellationToken).ConfigureAwait(false)));
        if (!await _run.Store.PutAsync(entry, null, attribute, cancellationToken).ConfigureAwait(false))
            return false;
        if (old is not null)
            _run.CountUpdate();
        return true;
    }

    /// <returns>False when the file's folder is unknown.</returns>
    private async Task<bool> ApplyFileAsync(JsonElement item, CancellationToken cancellationToken)
    {
        var shortcut = DriveItemJson.IsShortcut(item);
        var entry = EntryOf(item, shortcut ? item.Text("name") + ".shortcut.json" : item.Text("name")) with { Version = DriveItemJson.Version(item) };
        var old = await _run.Store.FindAsync(entry.Id, cancellationToken).ConfigureAwait(false);
        var known = old is not null && old.Version == entry.Version;
        if (known && IsSame(old, entry) && !_details.MustAskPermissions(item) && !_run.Store.State.Failures.ContainsKey(entry.Id))
            return true;
        ItemContent? content = null;
        JsonDocument? current = null;
        try
        {
            if (!known)
            {
                var (node, fresh) = shortcut ? (await ShortcutAsync(item, cancellationToken).ConfigureAwait(false), null) : await _files.ReadAsync(entry.Id, item, cancellationToken).ConfigureAwait(false);
                (content, current) = (new ItemContent(node), fresh);
            }

            var final = current?.RootElement ?? item;
            var versions = await _details.VersionsAsync(final, cancellationToken).ConfigureAwait(false);
            if (_settings.OlderVersions > 0)
            {
                var parts = versions is null ? [] : await _files.ReadVersionsAsync(final, versions, old, cancellationToken).ConfigureAwait(false);
                if (content is not null || parts.Count > 0)
                    content = new ItemContent(content?.Node ?? (await _run.Store.FindNodeAsync(old!, cancellationToken).ConfigureAwait(false))!, parts);
            }

            var attribute = ItemMetadata.Write("driveItem", entry.Id, final, null,
                ("permissions", await _details.PermissionsAsync(final, cancellationToken).ConfigureAwait(false)), ("versions", _settings.VersionList ? versions : null),
                ("listItem", await _details.ColumnsAsync(final, cancellationToken).ConfigureAwait(false)));
            entry = entry with { Version = DriveItemJson.Version(final), Properties = DriveItemJson.Properties(final) };
            if (!await _run.Store.PutAsync(entry, content, attribute, cancellationToken).ConfigureAwait(false))
                return false;
        }
        finally
        {
            current?.Dispose();
        }

        await _run.ForgetFailureAsync(entry.Id, cancellationToken).ConfigureAwait(false);
        if (known)
            _run.CountUpdate();
        else
            _run.CountDownload();
        return true;
    }

    private ItemEntry EntryOf(JsonElement item, string name) => new()
    {
        Id = Key(item.Text("id")),
        Parent = ParentOf(item),
        Name = SafeName.From(name),
        Properties = DriveItemJson.Properties(item),
    };

    private static bool IsSame(ItemEntry? old, ItemEntry entry) =>
        old is not null && old.Parent == entry.Parent && old.Properties == entry.Properties && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, entry.Id));

    private Task<Repository.Trees.Node> ShortcutAsync(JsonElement item, CancellationToken cancellationToken) =>
        JsonFile.SaveAsync(_run, JsonFile.Write(item.GetProperty("remoteItem")), DriveItemJson.ModifiedAt(item), cancellationToken);

    private Task<bool> NoteUnknownAsync(JsonElement item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _run.Note(Texts.Get("UnknownItem", item.Text("name"), _run.Source.Name), namesItem: true);
        return Task.FromResult(true);
    }

    // Deleted since the page was read: the next delta says so. Or there and without content, which nobody should find out at a restore.
    private async Task ExplainMissingAsync(JsonElement item, GraphException missing, CancellationToken cancellationToken)
    {
        try
        {
            using var current = await _api.ItemAsync(_drive, item.Text("id"), cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return;
        }

        if (Path.GetExtension(item.Text("name")).Equals(".onetoc2", StringComparison.OrdinalIgnoreCase))
            _run.Note(Texts.Get("NotebookContentsMissing", item.Text("name"), _run.Source.Name), namesItem: true); // OneNote makes a table of contents anew.
        else
            await FailAsync(item, new GraphException(GraphErrorKind.Other, missing.Status, "ContentMissing", missing.Message, missing), cancellationToken).ConfigureAwait(false);
    }

    private Task FailAsync(JsonElement item, GraphException exception, CancellationToken cancellationToken) =>
        _run.FailAsync(Key(item.Text("id")), ParentOf(item), item.Text("name"), exception, cancellationToken);

    // At the round's end every parent should be there. One that is not is asked for, and those above it.
    private async Task HomeOrphansAsync(CancellationToken cancellationToken)
    {
        var asked = new HashSet<string>();
        while (_orphans.Count > 0)
        {
            var waiting = _orphans.ToArray();
            _orphans.Clear();
            foreach (var item in waiting)
                await ApplyAsync(item, cancellationToken).ConfigureAwait(false);
            if (_orphans.Count < waiting.Length)
                continue;
            var missing = _orphans.Select(DriveItemJson.Parent).Where(parent => asked.Add(parent)).Distinct().ToArray();
            foreach (var parent in missing)
                await FetchAsync(parent, cancellationToken).ConfigureAwait(false);
            if (missing.Length > 0)
                continue;
            foreach (var item in _orphans)
                await FailAsync(item, new GraphException(GraphErrorKind.Other, null, "ParentUnknown", "Graph named a folder that it did not deliver."), cancellationToken).ConfigureAwait(false);
            _orphans.Clear();
        }
    }

    /// <returns>Whether it is there.</returns>
    private async Task<bool> FetchAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            using var item = await _api.ItemAsync(_drive, id, cancellationToken).ConfigureAwait(false);
            _round.Saw(Key(id));
            await ApplyAsync(item.RootElement, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            return false;
        }
    }

    private async Task RetryAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _due)
        {
            if (!await FetchAsync(key[_prefix.Length..], cancellationToken).ConfigureAwait(false))
                await _run.ForgetFailureAsync(key, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AskAsync(string key, CancellationToken cancellationToken)
    {
        if (!await FetchAsync(key[_prefix.Length..], cancellationToken).ConfigureAwait(false))
            await _removals.MarkAsync(key, cancellationToken).ConfigureAwait(false);
    }

    private static ParallelOptions Options(CancellationToken cancellationToken) => new() { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
}

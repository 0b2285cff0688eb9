using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>
/// Reads a drive by delta into a folder of a resource: paths are rebuilt from parents' ids, removals come last, and a folder is only
/// removed when empty. What is stored of an item is <see cref="DriveItemWriter"/>'s.
/// </summary>
internal sealed class DriveReader
{
    private const int Concurrency = 16;

    private readonly DriveApi _api;
    private readonly string _drive;
    private readonly string _name;
    private readonly ResourceBackup _run;
    private readonly FileReader _files;
    private readonly DriveItemWriter _writer;
    private readonly DriveKeys _keys;
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
        _run = run;
        _files = new FileReader(api, drive, run, settings);
        _removals = new RemovalRound(run, prefix, IsThereAsync);
        _round = new DeltaRound(run, drive, folder, name);
        _keys = new DriveKeys(prefix, folder, _round);
        _writer = new DriveItemWriter(run, _keys, _files, new ItemDetails(api, drive, run, settings), settings);
        _due =
        [
            .. run.DueFailures.Select(failure => failure.ItemId).Concat(run.DueDoubts.Select(doubt => doubt.ItemId)).Where(_keys.IsOfDrive),
        ];
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
            (id, token) => FetchAsync(_keys.IdOf(id), token),
            cancellationToken
        );
        foreach (var id in gone)
            await _removals.MarkAsync(id, cancellationToken);
        return gone.Count == ids.Count;
    }

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
            var key = _keys.Of(id);
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
            _keys.Of(item.Text("id")),
            _keys.ParentOf(item),
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
        var verdict = _writer.Judge(item);
        if (!verdict.IsOdd)
            return await _writer.WriteAsync(item, verdict, cancellationToken);
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
            verdict = _writer.Judge(better);

            // Without a name or a parent it cannot be placed: what is stored of it stays unchanged.
            return better.Text("name").Length > 0 && DriveItemJson.Parent(better).Length > 0
                ? await _writer.WriteAsync(better, verdict, cancellationToken)
                : throw new PartIncompleteException(
                    new ItemProblem("OddAnswer", Texts.Get("OddAnswer", string.Join(", ", verdict.Wrong)), "HintRetry")
                );
        }
    }

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
        _run.FailAsync(_keys.Of(item.Text("id")), _keys.ParentOf(item), item.Text("name"), exception, cancellationToken);

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
                await _run.GuardAsync(
                    _keys.Of(parent),
                    _keys.Folder,
                    parent,
                    () => FetchAsync(parent, cancellationToken),
                    cancellationToken
                );
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
            _round.Saw(_keys.Of(id));
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
        await _run.GuardAsync(
            _keys.Of(id),
            _keys.Folder,
            id,
            async () => isThere = await FetchAsync(id, cancellationToken),
            cancellationToken
        );
        return isThere;
    }

    private async Task RetryAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _due)
        {
            await _run.GuardAsync(
                key,
                _keys.Folder,
                key,
                async () =>
                {
                    if (!await FetchAsync(_keys.IdOf(key), cancellationToken))
                        await _run.ForgetAsync(key, cancellationToken);
                },
                cancellationToken
            );
        }
    }

    private Task<bool> AskAsync(string key, CancellationToken cancellationToken) =>
        _run.GuardAsync(
            key,
            _keys.Folder,
            key,
            async () =>
            {
                if (!await FetchAsync(_keys.IdOf(key), cancellationToken))
                    await _removals.MarkAsync(key, cancellationToken);
            },
            cancellationToken
        );

    private static ParallelOptions Options(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.SharePoint;

/// <summary>
/// Reads a list by delta, or by listing where delta does not work: one JSON file per item with all its columns, and the description of the
/// columns.
/// </summary>
internal sealed class ListReader(SiteApi api, string site, string list, string folder, ResourceBackup run, string name)
{
    // Items per sub-folder: a change rewrites the tree of one sub-folder, not that of a list of a hundred thousand.
    private const int ItemsAFolder = 1000;

    // Columns that refer to other lists (people, look-ups, managed metadata): above this number, responses for many items silently omit
    // some.
    private const int MaxLookups = 12;

    private static readonly string[] s_lookups = ["lookup", "personOrGroup", "term"];
    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal) { "eTag", "lastModifiedDateTime" };

    private readonly DeltaRound _round = new(run, list, folder, name);
    private readonly HashSet<string> _due = new(StringComparer.Ordinal);
    private bool _asksForEach;

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        _due.UnionWith(
            run.DueFailures.Select(failure => failure.ItemId)
                .Concat(run.DueDoubts.Select(doubt => doubt.ItemId))
                .Where(id => id.StartsWith(folder + "/", StringComparison.Ordinal))
        );
        await run.GuardAsync(ColumnsId, folder, "_columns.json", () => ReadColumnsAsync(cancellationToken), cancellationToken);
        try
        {
            await ReadAsync(_round, link => api.ItemDeltaAsync(site, list, link, cancellationToken), isListing: false, cancellationToken);
        }
        catch (GraphException exception) when (DeltaRound.IsOfTheCursor(exception) && !exception.IsOfResource)
        {
            run.Note(Texts.Get("DeltaUnavailable", run.Source.Kind, run.Source.Name, exception.Code));
            await ReadAsync(
                new DeltaRound(run, list, folder, name),
                _ => api.ItemsAsync(site, list, cancellationToken),
                isListing: true,
                cancellationToken
            );
        }

        foreach (var id in _due.Where(id => id != ColumnsId).ToArray())
            await run.GuardAsync(id, folder, id, () => RetryAsync(id, cancellationToken), cancellationToken);
    }

    private string ColumnsId => folder + "/columns";

    private Task ReadAsync(
        DeltaRound round,
        Func<Uri?, IAsyncEnumerable<DeltaPage>> pages,
        bool isListing,
        CancellationToken cancellationToken
    ) =>
        round.ReadAsync(
            pages,
            page => ApplyAsync(round, page, cancellationToken),
            (ids, stored, listed, _) => RemoveMissingAsync(ids, stored, listed, cancellationToken),
            cancellationToken,
            isListing
        );

    private async Task<bool> RemoveMissingAsync(IReadOnlyList<string> ids, long stored, long listed, CancellationToken cancellationToken)
    {
        // The description of the columns is an item created by us.
        string[] missing = [.. ids.Where(id => id != ColumnsId)];
        var gone = await new RemovalGuard(run).BelieveAsync(folder, name, stored - 1, listed, missing, IsThereAsync, cancellationToken);
        foreach (var id in gone)
            await RemoveAsync(id, cancellationToken);
        return gone.Count == missing.Length;
    }

    private Task<bool> IsThereAsync(string id, CancellationToken cancellationToken) =>
        Presence.IsThereAsync(async () => (await api.ItemAsync(site, list, NumberOf(id), [], cancellationToken)).Dispose());

    private async Task ReadColumnsAsync(CancellationToken cancellationToken)
    {
        var found = await api.ColumnsAsync(site, list, cancellationToken);
        _asksForEach =
            found.Items.Count(column => s_lookups.Any(kind => column.Object(kind).ValueKind == JsonValueKind.Object)) > MaxLookups;
        if (!found.IsWhole)
            throw new PartIncompleteException(
                new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", "_columns.json", 1), "HintRetry")
            );
        var columns = JsonFile.Write(found.Items);
        var version = Convert.ToHexString(SHA256.HashData(columns), 0, 8);
        if (await run.Store.FindAsync(ColumnsId, cancellationToken) is not { } old || old.Version != version)
        {
            var entry = new ItemEntry
            {
                Id = ColumnsId,
                Parent = folder,
                Name = "_columns.json",
                Version = version,
            };
            var content = new ItemContent(await JsonFile.SaveAsync(run, columns, run.Now, cancellationToken));
            await run.Store.PutAsync(entry, content, ItemMetadata.Write("columns", ColumnsId, default), cancellationToken);
        }

        await run.ForgetFailureAsync(ColumnsId, cancellationToken);
    }

    private async Task<bool> ApplyAsync(DeltaRound round, DeltaPage page, CancellationToken cancellationToken)
    {
        foreach (var item in page.Items)
        {
            var id = $"{folder}/{item.Text("id")}";
            _due.Remove(id);
            if (item.Object("deleted").ValueKind == JsonValueKind.Object)
            {
                round.SawGone(id);
                await RemoveAsync(id, cancellationToken);
                continue;
            }

            round.Saw(id);
            await run.GuardAsync(id, folder, TitleOf(item), () => PutAsync(id, item, cancellationToken), cancellationToken);
        }

        return true;
    }

    private async Task PutAsync(string id, JsonElement item, CancellationToken cancellationToken)
    {
        var old = await run.Store.FindAsync(id, cancellationToken);
        if (old is not null && old.Version is { Length: > 0 } && old.Version == VersionOf(item) && !run.IsDue(id) && !run.Full)
            return;
        var verdict = GraphShapes.ListItem.Judge(item, run.Now);
        if (!verdict.IsOdd && !_asksForEach)
        {
            await StoreAsync(id, old, item, verdict, [], cancellationToken);
            return;
        }

        // Requested on its own, an item comes with all its columns.
        var missing = new List<(string What, Exception Reason)>();
        JsonDocument? answer = null;
        try
        {
            answer = await api.ItemAsync(site, list, NumberOf(id), [], cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind != GraphErrorKind.NotFound && Wall.Holds(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Columns"), exception));
        }

        using (answer)
        {
            // A part never replaces a stored complete item.
            if (answer is null && old is not null && (verdict.Wrong.Count > 0 || _asksForEach))
                throw missing[0].Reason;
            var better = answer?.RootElement ?? item;
            await StoreAsync(id, old, better, GraphShapes.ListItem.Judge(better, run.Now), missing, cancellationToken);
        }
    }

    private async Task StoreAsync(
        string id,
        ItemEntry? old,
        JsonElement item,
        Verdict verdict,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        var number = NumberOf(id);
        var json = JsonFile.Write(Plain(item));
        if (
            old is not null
            && old.Version == VersionOf(item)
            && missing.Count == 0
            && !verdict.IsOdd
            && await run.Store.ReadAsync(old, cancellationToken) is { } stored
            && stored.AsSpan().SequenceEqual(json)
        )
        {
            await run.JudgeAsync(id, folder, TitleOf(item), verdict, item, missing, cancellationToken);
            return;
        }

        var entry = new ItemEntry
        {
            Id = id,
            Parent = folder,
            Sub = SubOf(number),
            Name = SafeName.From($"{number} {TitleOf(item)}".TrimEnd()) + ".json",
            Version = VersionOf(item),
        };
        var node = await JsonFile.SaveAsync(run, json, item.Time("lastModifiedDateTime"), cancellationToken);
        await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("listItem", id, item, s_kept), cancellationToken);
        await run.JudgeAsync(id, folder, TitleOf(item), verdict, item, missing, cancellationToken);
        if (old is null)
            run.CountDownload();
        else
            run.CountUpdate();
    }

    private async Task RetryAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            using var item = await api.ItemAsync(site, list, NumberOf(id), [], cancellationToken);
            await PutAsync(id, item.RootElement, cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            await run.ForgetAsync(id, cancellationToken);
        }
    }

    private async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (await run.Store.RemoveAsync(id, cancellationToken))
            run.CountRemoval();
        await run.ForgetAsync(id, cancellationToken);
    }

    private string NumberOf(string id) => id[(folder.Length + 1)..];

    private static string VersionOf(JsonElement item) => item.Text("eTag") is { Length: > 0 } tag ? tag : item.Text("lastModifiedDateTime");

    private static string TitleOf(JsonElement item) =>
        item.Object("fields").Text("Title") is { Length: > 0 } text ? text : item.Object("fields").Text("FileLeafRef");

    private static string? SubOf(string number)
    {
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return null;
        var first = value / ItemsAFolder * ItemsAFolder;
        return string.Create(CultureInfo.InvariantCulture, $"{first:D6}-{first + ItemsAFolder - 1:D6}");
    }

    // Without OData annotations, which differ from response to response. Of a property that occurs twice the last one counts.
    private static Dictionary<string, JsonElement> Plain(JsonElement item)
    {
        var plain = new Dictionary<string, JsonElement>();
        foreach (var property in item.EnumerateObject().Where(property => !property.Name.Contains('@', StringComparison.Ordinal)))
            plain[property.Name] = property.Value;
        return plain;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Deltas;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.Sites;

/// <summary>Brings a list by delta: a JSON file an item with all its columns, and the columns' own description.</summary>
internal sealed class ListReader(SiteApi api, string site, string list, string folder, ResourceRun run)
{
    // Items of one sub-folder: a change writes that one's tree again, not that of a list of a hundred thousand.
    private const int ItemsAFolder = 1000;

    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal) { "eTag", "lastModifiedDateTime" };

    private readonly DeltaRound _round = new(run, list, folder);

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        await ReadColumnsAsync(cancellationToken).ConfigureAwait(false);
        await _round.ReadAsync(link => api.ItemDeltaAsync(site, list, link, cancellationToken), page => ApplyAsync(page, cancellationToken),
            (id, _) => id == ColumnsId ? Task.CompletedTask : RemoveAsync(id, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private string ColumnsId => folder + "/columns";

    private async Task ReadColumnsAsync(CancellationToken cancellationToken)
    {
        var columns = JsonFile.Write(await api.ColumnsAsync(site, list, cancellationToken).ConfigureAwait(false));
        var version = Convert.ToHexString(SHA256.HashData(columns), 0, 8);
        if (await run.Store.FindAsync(ColumnsId, cancellationToken).ConfigureAwait(false) is { } old && old.Version == version)
            return;
        var entry = new ItemEntry { Id = ColumnsId, Parent = folder, Name = "_columns.json", Version = version };
        await run.Store.PutAsync(entry, new ItemContent(await JsonFile.SaveAsync(run, columns, run.Now, cancellationToken).ConfigureAwait(false)), ItemMetadata.Write("columns", ColumnsId, default), cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> ApplyAsync(DeltaPage page, CancellationToken cancellationToken)
    {
        foreach (var item in page.Items)
        {
            var id = $"{folder}/{item.Text("id")}";
            if (item.TryGetProperty("deleted", out _))
            {
                _round.SawGone(id);
                await RemoveAsync(id, cancellationToken).ConfigureAwait(false);
                continue;
            }

            _round.Saw(id);
            await PutAsync(id, item, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task PutAsync(string id, JsonElement item, CancellationToken cancellationToken)
    {
        var version = item.Text("eTag") is { Length: > 0 } tag ? tag : item.Text("lastModifiedDateTime");
        var old = await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (old is not null && old.Version == version)
            return;
        var number = item.Text("id");
        var title = item.Object("fields").Text("Title") is { Length: > 0 } text ? text : item.Object("fields").Text("FileLeafRef");
        var entry = new ItemEntry { Id = id, Parent = folder, Sub = SubOf(number), Name = SafeName.From($"{number} {title}".TrimEnd()) + ".json", Version = version };
        var node = await JsonFile.SaveAsync(run, JsonFile.Write(Plain(item)), item.Time("lastModifiedDateTime"), cancellationToken).ConfigureAwait(false);
        await run.Store.PutAsync(entry, new ItemContent(node), ItemMetadata.Write("listItem", id, item, s_kept), cancellationToken).ConfigureAwait(false);
        if (old is null)
            run.CountDownload();
        else
            run.CountUpdate();
    }

    private async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (await run.Store.RemoveAsync(id, withContent: false, cancellationToken).ConfigureAwait(false))
            run.CountRemoval();
    }

    private static string? SubOf(string number)
    {
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return null;
        var first = value / ItemsAFolder * ItemsAFolder;
        return string.Create(CultureInfo.InvariantCulture, $"{first:D6}-{first + ItemsAFolder - 1:D6}");
    }

    // Without OData's notes, which differ from answer to answer.
    private static Dictionary<string, JsonElement> Plain(JsonElement item) =>
        item.EnumerateObject().Where(property => !property.Name.Contains('@', StringComparison.Ordinal)).ToDictionary(property => property.Name, property => property.Value);
}

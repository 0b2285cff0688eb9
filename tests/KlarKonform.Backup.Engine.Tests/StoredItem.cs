using System.Text.Json;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>An item of the newest snapshot: its path and the properties in its node.</summary>
internal sealed record StoredItem(string Path, JsonElement Document)
{
    /// <summary>The properties as Graph sent them.</summary>
    public JsonElement Properties => Document.GetProperty("graph");

    /// <summary>The id in the store.</summary>
    public string Id => Document.GetProperty("id").GetString()!;

    public static async Task<IReadOnlyList<StoredItem>> ReadAllAsync(string folder, string password)
    {
        await using var store = new FolderObjectStore(folder, durable: false);
        using var repository = await ResticRepository.OpenAsync(store, password, default);
        await repository.Index.LoadAsync(default);
        var newest = SnapshotOrder.Sort(
            await repository
                .SnapshotsAsync(default)
                .Where(each => each.Snapshot.Tags?.Any(tag => tag.StartsWith("config:", StringComparison.Ordinal)) == true)
                .ToListAsync(default)
        )[^1];
        var items = new List<StoredItem>();
        await WalkAsync(new RepositoryReader(repository), newest.Snapshot.Root, "", items);
        return items;
    }

    private static async Task WalkAsync(RepositoryReader reader, BlobId tree, string path, List<StoredItem> items)
    {
        foreach (var node in await reader.ReadTreeAsync(tree, default))
        {
            if (node.Attribute("user.klarkonform") is { } value)
                items.Add(new StoredItem($"{path}/{node.Name}", JsonDocument.Parse(value).RootElement.Clone()));
            if (node.Subtree is { } subtree)
                await WalkAsync(reader, subtree, $"{path}/{node.Name}", items);
        }
    }
}

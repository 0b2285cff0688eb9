using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// What a restore of several snapshots has written to a folder: the same version of an item in the same place is one item, whichever
/// snapshots contain it. Not thread-safe.
/// </summary>
/// <param name="isFlat">Whether all items go into one folder: then an item is the same wherever it is in the snapshots.</param>
internal sealed class WrittenItems(bool isFlat)
{
    private readonly HashSet<(long, long)> _keys = [];

    /// <summary>Records an item; false if it was already recorded.</summary>
    public bool Add(SnapshotEntry entry)
    {
        var place = isFlat && IdOf(entry) is { Length: > 0 } id ? $"{id}\0{entry.Node.Name}" : entry.Path;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{place}\0{string.Join(' ', entry.Node.Content ?? [])}"));
        return _keys.Add((BitConverter.ToInt64(hash, 0), BitConverter.ToInt64(hash, 8)));
    }

    private static string IdOf(SnapshotEntry entry)
    {
        using var metadata = StoredJson.Metadata(entry.Node);
        return metadata?.RootElement.Text("id") ?? "";
    }
}

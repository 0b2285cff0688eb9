using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>An item on its way back: its entry, its metadata, and the folders that contained it, under their real names.</summary>
internal sealed class RestoreItem : IDisposable
{
    private readonly JsonDocument? _metadata;

    public RestoreItem(SnapshotEntry entry, IReadOnlyList<RestoreFolder> folders)
    {
        Entry = entry;
        Folders = folders;
        _metadata = StoredJson.Metadata(entry.Node);
    }

    public SnapshotEntry Entry { get; }

    /// <summary>The folders from the resource's root to the item, without the month and year folders that we create.</summary>
    public IReadOnlyList<RestoreFolder> Folders { get; }

    /// <summary>Metadata; undefined if there is none.</summary>
    public JsonElement Metadata => _metadata?.RootElement ?? default;

    /// <summary>The item's properties as Graph sent them.</summary>
    public JsonElement Graph => Metadata.Object("graph");

    /// <summary>The item's id at the source.</summary>
    public string Id => Metadata.Text("id");

    public string Type => Metadata.Text("type");

    /// <summary>Gives the item's place to another version of it, because this one could not be written; null if it has none.</summary>
    public Action? Released { get; set; }

    public void Dispose() => _metadata?.Dispose();
}

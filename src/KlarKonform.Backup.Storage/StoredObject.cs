namespace KlarKonform.Backup.Storage;

/// <summary>An object at the store.</summary>
/// <param name="Key">Its key, relative to the store's location.</param>
/// <param name="Size">Its size in bytes.</param>
public sealed record StoredObject(string Key, long Size)
{
    /// <summary>When it was stored, by the server's clock; null where that is not known. A copied store may show the time of the copy.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The last part of the key.</summary>
    public string Name => Key[(Key.LastIndexOf('/') + 1)..];
}

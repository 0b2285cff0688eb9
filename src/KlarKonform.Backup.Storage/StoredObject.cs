namespace KlarKonform.Backup.Storage;

/// <summary>An object at the store.</summary>
/// <param name="Key">Its key, relative to the store's location.</param>
/// <param name="Size">Its size in bytes.</param>
public sealed record StoredObject(string Key, long Size)
{
    /// <summary>The last part of the key.</summary>
    public string Name => Key[(Key.LastIndexOf('/') + 1)..];
}

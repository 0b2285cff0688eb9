namespace KlarKonform.Backup.Storage;

/// <summary>An object at the store.</summary>
/// <param name="Key">Its key, relative to the store's location.</param>
/// <param name="Size">Its size in bytes.</param>
public sealed record StoredObject(string Key, long Size)
{
    /// <summary>When it was stored, by the server's clock; null where that is not known. A copied store may show the time of the copy.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The storage class as the service names it, for example <c>STANDARD_IA</c>; null where there are none or the service does
    /// not say.</summary>
    public string? StorageClass { get; init; }

    /// <summary>Whether its class must be restored at the provider before it can be read. A listing does not know of copies that were
    /// restored
    /// for a time: <see cref="IObjectStore.StatAsync"/> does.</summary>
    public bool IsArchived { get; init; }

    /// <summary>The last part of the key.</summary>
    public string Name => Key[(Key.LastIndexOf('/') + 1)..];
}

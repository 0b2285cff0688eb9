namespace KlarKonform.Backup.Storage;

/// <summary>An object at the store.</summary>
/// <param name="Key">Its key, relative to the store's location.</param>
/// <param name="Size">Its size in bytes.</param>
public sealed record StoredObject(string Key, long Size)
{
    /// <summary>When it was stored, by the server's clock; null if unknown. A copied store may show the time of the copy.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>
    /// The storage class as named by the service, for example <c>STANDARD_IA</c>; null if there are none or the service does not say.
    /// </summary>
    public string? StorageClass { get; init; }

    /// <summary>
    /// Whether its class requires a restore at the provider before it can be read. A listing does not show copies that were restored for a
    /// time: <see cref="IObjectStore.StatAsync"/> does.
    /// </summary>
    public bool IsArchived { get; init; }

    /// <summary>The last part of the key.</summary>
    public string Name => Key[(Key.LastIndexOf('/') + 1)..];
}

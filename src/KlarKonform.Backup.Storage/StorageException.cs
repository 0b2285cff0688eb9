namespace KlarKonform.Backup.Storage;

/// <summary>A failure at the storage, with its kind and the object it happened to.</summary>
public sealed class StorageException : Exception
{
    /// <summary>Creates the exception.</summary>
    public StorageException(StorageErrorKind kind, string location, string? key, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Location = location;
        Key = key;
    }

    /// <summary>What happened.</summary>
    public StorageErrorKind Kind { get; }

    /// <summary>The store's location.</summary>
    public string Location { get; }

    /// <summary>The object's key, or null if the failure concerns the whole store.</summary>
    public string? Key { get; }

    /// <summary>Further facts for the admin's message, for example the fingerprint of a host.</summary>
    public string? Detail { get; init; }

    /// <summary>Whether the same call may succeed a moment later.</summary>
    public bool IsTransient => Kind is StorageErrorKind.Unreachable or StorageErrorKind.Busy or StorageErrorKind.InvalidAnswer;
}

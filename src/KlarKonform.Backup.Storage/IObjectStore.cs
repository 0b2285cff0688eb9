namespace KlarKonform.Backup.Storage;

/// <summary>
/// A flat store of immutable objects: what a folder, an SFTP server and an S3 bucket have in common.
/// </summary>
/// <remarks>
/// <para>Keys are relative paths with <c>/</c> as separator, for example <c>data/ab/abcd…</c>.</para>
/// <para>Every member is thread-safe. Every failure is a <see cref="StorageException"/> whose <see cref="StorageException.Kind"/> says what
/// happened; cancellation is an <see cref="OperationCanceledException"/>. Stores do not retry: <see cref="RetryingObjectStore"/>
/// does.</para> </remarks>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>The store's location as an admin would write it. Never contains a secret.</summary>
    string Location { get; }

    /// <summary>Connects and ensures that the place exists (folders are created, a bucket must exist). May be called twice.</summary>
    /// <param name="create">Whether a missing folder may be created.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task PrepareAsync(bool create, CancellationToken cancellationToken);

    /// <summary>Returns the object's key and size in bytes, or null if it is certain that it does not exist.</summary>
    /// <exception cref="StorageException">Also if that is uncertain, because the whole place is out of sight.</exception>
    Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Stores an object. It appears completely or not at all, and it is durable when the call returns. An object with the same key is
    /// replaced; saving the same content twice is harmless.
    /// </summary>
    Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Opens an object, or a part of it, for reading. The stream must be disposed.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="offset">First byte to read.</param>
    /// <param name="length">Number of bytes to read, or null for all that follow.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken);

    /// <summary>
    /// Lists every object whose key starts with the folder <paramref name="folder"/> and a slash, at any depth, in no particular order; all
    /// objects for the empty folder.
    /// </summary>
    /// <remarks>
    /// A listing that ends without an exception contains everything that the server showed, and a folder that was never written to is
    /// empty. It proves what exists, but hardly what does not: servers leave things out. Never delete anything because it was not listed.
    /// </remarks>
    /// <exception cref="StorageException">The listing broke off, contradicts itself, or the place is out of sight.</exception>
    IAsyncEnumerable<StoredObject> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Deletes an object. A missing one is not an error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);
}

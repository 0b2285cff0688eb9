using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Reading;

/// <summary>
/// Sealed trees in a nearer store. It contains nothing readable, and what is read from it is authenticated and hashed like what comes from
/// the repository, so it may vanish, be damaged or be tampered with. Thread-safe.
/// </summary>
internal sealed class TreeCache(ResticRepository repository, IObjectStore store)
{
    /// <summary>The tree's plain bytes, or null.</summary>
    public async Task<byte[]?> FindAsync(PackedBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await store.ReadAllAsync(KeyOf(blob.Id), cancellationToken).ConfigureAwait(false);
            return BlobCodec.Open(repository, stored, blob);
        }
        catch (Exception exception) when (exception is StorageException or IOException or RepositoryException)
        {
            return null; // Missing, damaged, or sealed differently since: the repository has it.
        }
    }

    public async Task KeepAsync(PackedBlob blob, ReadOnlyMemory<byte> stored, CancellationToken cancellationToken)
    {
        try
        {
            await store.SaveAsync(KeyOf(blob.Id), stored, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException)
        {
            // The cache is a convenience: if it is full, gone or not permitted, the repository has everything.
        }
    }

    private static string KeyOf(BlobId id)
    {
        var name = id.ToString();
        return $"trees/{name[..2]}/{name}";
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// The files of a repository that are encrypted JSON, named by their hash: indexes, snapshots and locks (restic's doc/design.rst,
/// "Unpacked Data Format"). Thread-safe.
/// </summary>
internal sealed class RepositoryFiles(IObjectStore store, RepositoryConfig config, CryptoKey key)
{
    // First byte of a file that is compressed; uncompressed JSON starts with '{' or '['.
    private const byte CompressedMark = 2;

    // Files that are loaded at the same time.
    private const int Ahead = 8;

    /// <summary>Reads a file's opened text.</summary>
    public delegate T JsonRead<out T>(ReadOnlySpan<byte> text);

    /// <summary>Saves a file of JSON.</summary>
    public async Task<BlobId> SaveAsync<T>(RepositoryFile kind, T value, CancellationToken cancellationToken)
    {
        var saved = await SaveAsync(kind, file => JsonSerializer.Serialize(file, value, GoJson.Options), cancellationToken)
            .ConfigureAwait(false);
        return saved.Id;
    }

    /// <summary>
    /// Saves a file as it is written. It is compressed meanwhile: an index file has several megabytes, and a quarter of that compressed.
    /// </summary>
    public async Task<ListedFile> SaveAsync(RepositoryFile kind, Action<Stream> write, CancellationToken cancellationToken)
    {
        var sealedFile = Seal(write);
        var id = BlobId.Of(sealedFile);
        await store.SaveAsync(RepositoryLayout.Key(kind, id), sealedFile, cancellationToken).ConfigureAwait(false);
        return new ListedFile(id, sealedFile.Length);
    }

    /// <summary>Loads a file of JSON.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public Task<T> LoadAsync<T>(RepositoryFile kind, BlobId id, CancellationToken cancellationToken) =>
        LoadAsync(kind, id, ReadJson<T>, cancellationToken);

    /// <summary>Loads a file with a reader of its own.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: it does not match its name or the key, or the
    /// reader throws a <see cref="JsonException"/>.</exception>
    public async Task<T> LoadAsync<T>(RepositoryFile kind, BlobId id, JsonRead<T> read, CancellationToken cancellationToken)
    {
        var name = RepositoryLayout.Key(kind, id);
        var stored = await store.ReadAllAsync(name, cancellationToken).ConfigureAwait(false);
        if (BlobId.Of(stored) != id)
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The file {name} does not match its name.");
        var plain = new byte[stored.Length];
        ReadOnlyMemory<byte> text = plain.AsMemory(0, key.Open(stored, plain));
        if (text.Length > 0 && text.Span[0] == CompressedMark)
            text = Compression.Decompress(text[1..]);
        try
        {
            return read(text.Span);
        }
        catch (JsonException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, $"The file {name} is not understood.", exception);
        }
    }

    /// <summary>Loads every file of JSON of a kind, in no particular order.</summary>
    public IAsyncEnumerable<(ListedFile File, T Content)> LoadAllAsync<T>(RepositoryFile kind, CancellationToken cancellationToken) =>
        LoadAllAsync(kind, ReadJson<T>, long.MaxValue, damaged: null, cancellationToken);

    /// <summary>Loads every file of a kind, some of them ahead.</summary>
    /// <param name="kind">Which files.</param>
    /// <param name="read">Reads a file's text.</param>
    /// <param name="maxSize">Files of more bytes are skipped unread.</param>
    /// <param name="damaged">Is told of a file that cannot be read; if null, that is an error.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<(ListedFile File, T Content)> LoadAllAsync<T>(
        RepositoryFile kind,
        JsonRead<T> read,
        long maxSize,
        Action<BlobId, RepositoryException>? damaged,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var loading = new Queue<(ListedFile File, Task<T> Content)>();
        await foreach (var file in ListAsync(kind, cancellationToken).ConfigureAwait(false))
        {
            if (file.Size > maxSize)
                continue;
            loading.Enqueue((file, LoadAsync(kind, file.Id, read, cancellationToken)));
            if (loading.Count < Ahead)
                continue;
            if (await EndAsync(loading.Dequeue()).ConfigureAwait(false) is { } first)
                yield return first;
        }

        while (loading.TryDequeue(out var next))
        {
            if (await EndAsync(next).ConfigureAwait(false) is { } last)
                yield return last;
        }

        async Task<(ListedFile File, T Content)?> EndAsync((ListedFile File, Task<T> Content) one)
        {
            try
            {
                return (one.File, await one.Content.ConfigureAwait(false));
            }
            catch (RepositoryException exception) when (damaged is not null)
            {
                damaged(one.File.Id, exception);
                return null;
            }
        }
    }

    /// <summary>The files of a kind that the storage lists. What has no id for a name is none of them.</summary>
    public async IAsyncEnumerable<ListedFile> ListAsync(RepositoryFile kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                yield return new ListedFile(id, item.Size);
        }
    }

    private static T ReadJson<T>(ReadOnlySpan<byte> text) =>
        JsonSerializer.Deserialize<T>(text) ?? throw new JsonException("The file is empty.");

    private byte[] Seal(Action<Stream> write)
    {
        using var content = new PooledBuffer();
        using var file = new BufferStream(content);
        if (config.Version >= 2)
        {
            file.WriteByte(CompressedMark);
            using var compressed = Compression.Into(file);
            write(compressed);
        }
        else
        {
            write(file);
        }

        return key.Seal(content.Written.Span);
    }
}

using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;

namespace KlarKonform.Backup.Repository;

/// <summary>
/// The index files of an opened repository, and what was read of them. <see cref="LoadAsync"/> or <see cref="OpenAsync"/> comes first.
/// Thread-safe.
/// </summary>
public sealed class RepositoryIndex : IDisposable
{
    // What a run that changes little leaves, of either sort.
    private const int FewBlobs = IndexJson.MetadataBlobsPerIndex / 2;

    // Bytes per blob in a compressed index file: a hash, which cannot be compressed, and some digits.
    private const int BytesABlob = 40;

    // Up to this size an index is read completely; only beyond it is it worth reading less.
    private const long EagerBytes = 8 << 20;

    private readonly RepositoryFiles _files;
    private readonly ConcurrentDictionary<BlobId, bool> _seen = new();
    private IndexBacklog? _backlog;

    internal RepositoryIndex(RepositoryFiles files) => _files = files;

    /// <summary>The location of every blob, as far as read: a new object whenever the index is loaded or opened.</summary>
    public MasterIndex Blobs { get; private set; } = new();

    /// <summary>
    /// The number of small index files that <see cref="LoadAsync"/> or <see cref="OpenAsync"/> found last. Every run adds some;
    /// <see cref="Repairing.IndexCompactor"/> merges them.
    /// </summary>
    public int SmallFiles { get; private set; }

    /// <summary>The index files that <see cref="OpenAsync"/> found.</summary>
    public FileSetDigest OpenedFiles { get; private set; }

    /// <summary>
    /// Index files that existed when the index was opened, or were written since: whether they still exist has to be checked.
    /// </summary>
    public IReadOnlyCollection<BlobId> FilesSeen => [.. _seen.Keys];

    /// <summary>Bytes of index files that have not been read yet; 0 if <see cref="Blobs"/> is complete.</summary>
    public long UnreadBytes => _backlog?.Bytes ?? 0;

    /// <summary>Reads every index file. A repeated call sees what other writers have added since.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: one of them cannot be read.</exception>
    public Task LoadAsync(CancellationToken cancellationToken) => LoadReadableAsync(null, cancellationToken);

    /// <summary>Reads every index file and skips damaged ones: for callers that determine the extent of the damage.</summary>
    /// <param name="damaged">Is told of each file that cannot be read; if null, the first of them is an error.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async Task LoadReadableAsync(Action<BlobId, RepositoryException>? damaged, CancellationToken cancellationToken)
    {
        var blobs = new MasterIndex();
        var small = 0;
        var files = _files.LoadAllAsync(RepositoryFile.Index, IndexJson.Read, long.MaxValue, damaged, cancellationToken);
        await foreach (var (_, packs) in files.ConfigureAwait(false))
        {
            if (packs.Sum(pack => pack.Blobs.Count) <= FewBlobs)
                small++;
            blobs.Add(packs);
        }

        Blobs = blobs;
        SmallFiles = small;
        _backlog?.Dispose();
        _backlog = null;
    }

    /// <summary>
    /// Reads a small index completely, and a large one only as far as needed, file by file: a run with few changes needs to find trees and
    /// state, and hardly any of the files' own chunks.
    /// </summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="eagerBytes">Up to this many bytes of index files are read completely.</param>
    public async Task OpenAsync(CancellationToken cancellationToken, long eagerBytes = EagerBytes)
    {
        var files = new List<ListedFile>();
        await foreach (var file in _files.ListAsync(RepositoryFile.Index, cancellationToken).ConfigureAwait(false))
            files.Add(file);
        foreach (var (id, _) in files)
            _seen[id] = true;
        OpenedFiles = files.Aggregate(default(FileSetDigest), (census, file) => census.With(file.Id, file.Size));
        if (files.Sum(file => file.Size) <= eagerBytes)
        {
            await LoadAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var blobs = Blobs = new MasterIndex();
        SmallFiles = files.Count(file => file.Size <= FewBlobs * BytesABlob);
        _backlog?.Dispose();
        _backlog = new IndexBacklog(
            files,
            async (id, token) =>
            {
                blobs.Add(await _files.LoadAsync(RepositoryFile.Index, id, IndexJson.Read, token).ConfigureAwait(false));
            }
        );
    }

    /// <summary>Whether a blob is stored; reads as much of the index as that takes.</summary>
    public async Task<bool> ContainsAsync(BlobHandle blob, CancellationToken cancellationToken)
    {
        if (_backlog is { } backlog)
            await backlog.ReadUntilAsync(() => Blobs.Contains(blob), cancellationToken).ConfigureAwait(false);
        return Blobs.Contains(blob);
    }

    /// <summary>Reads the rest of the index.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken) =>
        _backlog?.ReadUntilAsync(() => false, cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose() => _backlog?.Dispose();

    /// <summary>The packs of every index file, as listed in the file.</summary>
    internal IAsyncEnumerable<(ListedFile File, List<PackContents> Packs)> FilesAsync(CancellationToken cancellationToken) =>
        _files.LoadAllAsync(RepositoryFile.Index, IndexJson.Read, long.MaxValue, damaged: null, cancellationToken);

    /// <summary>
    /// The packs of the index files of few blobs. Those that must contain more than <paramref name="maxBlobs"/>, judging by their size, are
    /// skipped unread; some with more are among the others.
    /// </summary>
    internal IAsyncEnumerable<(ListedFile File, List<PackContents> Packs)> SmallFilesAsync(
        int maxBlobs,
        CancellationToken cancellationToken
    ) => _files.LoadAllAsync(RepositoryFile.Index, IndexJson.Read, (long)maxBlobs * BytesABlob * 3 / 2, damaged: null, cancellationToken);

    /// <summary>Writes index files for these packs, and returns which ones.</summary>
    /// <param name="contents">The packs, which are stored already.</param>
    /// <param name="held">The lock under which each file is written (see <see cref="IIndexGuard.SaveIndexAsync"/>); null without one.
    /// </param>
    /// <param name="blobsPerFile">With so many blobs a file is full.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    internal async Task<FileSetDigest> WriteAsync(
        IEnumerable<PackContents> contents,
        IIndexGuard? held,
        int blobsPerFile,
        CancellationToken cancellationToken
    )
    {
        var packs = new List<PackContents>();
        var blobs = 0;
        var written = default(FileSetDigest);
        foreach (var pack in contents)
        {
            packs.Add(pack);
            if ((blobs += pack.Blobs.Count) < blobsPerFile)
                continue;
            await SaveAsync().ConfigureAwait(false);
            blobs = 0;
        }

        await SaveAsync().ConfigureAwait(false);
        return written;

        async Task SaveAsync()
        {
            if (packs.Count == 0)
                return;
            if (held is null)
                await WriteFileAsync().ConfigureAwait(false);
            else
                await held.SaveIndexAsync(WriteFileAsync, [.. packs.Select(pack => pack.Pack)]).ConfigureAwait(false);
            packs.Clear();
        }

        async Task<BlobId> WriteFileAsync()
        {
            var (id, size) = await _files
                .SaveAsync(RepositoryFile.Index, file => IndexJson.Write(file, packs), cancellationToken)
                .ConfigureAwait(false);
            written = written.With(id, size);
            _seen[id] = true;
            return id;
        }
    }
}

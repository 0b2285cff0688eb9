using System.Runtime.CompilerServices;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Caching;

namespace KlarKonform.Backup.Repository.Checking;

/// <summary>Proves that everything the repository promises exists. Only reads.</summary>
public sealed class RepositoryChecker
{
    private readonly ResticRepository _repository;
    private readonly RepositoryReader _reader;

    /// <summary>Checks an opened repository whose index is loaded.</summary>
    public RepositoryChecker(ResticRepository repository)
    {
        _repository = repository;
        _reader = new RepositoryReader(repository);
    }

    /// <summary>
    /// Checks that the content of every key file matches its name. Opening is more lenient: a damaged key may still open what nothing else
    /// could.
    /// </summary>
    public Task<IReadOnlyList<CheckProblem>> CheckKeysAsync(CancellationToken cancellationToken) =>
        CheckFilesAsync(RepositoryFile.Key, null, cancellationToken);

    /// <summary>
    /// Checks that files at the storage itself, bypassing any cache, exist and match their names. Each is read completely.
    /// </summary>
    /// <param name="kind">Keys, index files or snapshots.</param>
    /// <param name="files">The files; null for all listed ones.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="ArgumentOutOfRangeException">Files of this kind are not checked this way.</exception>
    public async Task<IReadOnlyList<CheckProblem>> CheckFilesAsync(
        RepositoryFile kind,
        IEnumerable<BlobId>? files,
        CancellationToken cancellationToken
    )
    {
        var problem = kind switch
        {
            RepositoryFile.Key => CheckProblemKind.DamagedKey,
            RepositoryFile.Index => CheckProblemKind.DamagedIndex,
            RepositoryFile.Snapshot => CheckProblemKind.DamagedSnapshot,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        var store = _repository.Store.PastCache();
        var named = files?.ToHashSet();
        var problems = new System.Collections.Concurrent.ConcurrentBag<CheckProblem>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken };
        await Parallel
            .ForEachAsync(
                named ?? await ListedAsync(store, kind, cancellationToken).ConfigureAwait(false),
                options,
                async (id, token) =>
                {
                    var key = RepositoryLayout.Key(kind, id);
                    try
                    {
                        if (BlobId.Of(await store.ReadAllAsync(key, token).ConfigureAwait(false)) != id)
                            problems.Add(new CheckProblem(problem, key, "the content does not match the file's name"));
                    }
                    catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
                    {
                        // A named file that is missing is a loss; a listed one was deleted by someone since.
                        if (named is not null)
                            problems.Add(new CheckProblem(problem, key, "absent at the storage"));
                    }
                }
            )
            .ConfigureAwait(false);
        return [.. problems];
    }

    private static async Task<HashSet<BlobId>> ListedAsync(IObjectStore store, RepositoryFile kind, CancellationToken cancellationToken)
    {
        var listed = new HashSet<BlobId>();
        await foreach (var item in store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id))
                listed.Add(id);
        }

        return listed;
    }

    /// <summary>Every snapshot in the repository, or the problem with its file.</summary>
    public async IAsyncEnumerable<(BlobId Id, Snapshot? Snapshot, CheckProblem? Problem)> ReadSnapshotsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var recent = new RecentSnapshots(_repository);
        foreach (var (id, snapshot) in await recent.FindAsync(_ => false, known: null, cancellationToken).ConfigureAwait(false))
            yield return (id, snapshot, null);
        foreach (var id in recent.Unreadable)
        {
            yield return (
                id,
                null,
                new CheckProblem(
                    CheckProblemKind.DamagedSnapshot,
                    RepositoryLayout.Key(RepositoryFile.Snapshot, id),
                    "the file cannot be read, or does not match its name"
                )
            );
        }
    }

    /// <summary>Counts the files of a kind at the storage.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="except">Files to leave out.</param>
    /// <param name="cancellationToken">Cancels the counting.</param>
    public async Task<FileSetDigest> CountAsync(
        RepositoryFile kind,
        IReadOnlyDictionary<BlobId, long> except,
        CancellationToken cancellationToken
    )
    {
        var census = default(FileSetDigest);
        await foreach (var item in _repository.Store.ListAsync(RepositoryLayout.Folder(kind), cancellationToken).ConfigureAwait(false))
        {
            if (BlobId.TryParse(item.Name, out var id) && !except.ContainsKey(id))
                census = census.With(id, item.Size);
        }

        return census;
    }

    /// <summary>
    /// Draws packs at random and reads one blob from each, based on the pack's own list: authenticated, decrypted, hashed. No index is
    /// needed.
    /// </summary>
    public async Task<IReadOnlyList<CheckProblem>> CheckSampleOfPacksAsync(int count, Random random, CancellationToken cancellationToken)
    {
        var drawn = new List<(BlobId Pack, StoredObject Item)>(count);
        var seen = 0;
        await foreach (
            var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken).ConfigureAwait(false)
        )
        {
            if (!BlobId.TryParse(item.Name, out var pack))
                continue;
            seen++;
            if (drawn.Count < count)
                drawn.Add((pack, item));
            else if (random.Next(seen) is var place && place < count)
                drawn[place] = (pack, item);
        }

        var problems = new List<CheckProblem>();
        foreach (var (pack, item) in drawn)
        {
            try
            {
                var blobs = await PackReader.ReadHeaderAsync(_repository, item, cancellationToken).ConfigureAwait(false);
                var blob = blobs[random.Next(blobs.Count)];
                var stored = new byte[blob.Length];
                await RepositoryReader.ReadRangeAsync(_repository, pack, blob.Offset, stored, cancellationToken).ConfigureAwait(false);
                BlobCodec.Open(_repository, stored, blob);
            }
            catch (RepositoryException exception)
            {
                problems.Add(new CheckProblem(CheckProblemKind.DamagedPack, item.Key, exception.Message));
            }
        }

        return problems;
    }

    /// <summary>Checks that every pack in the index is at the storage with the right size.</summary>
    public async Task<IReadOnlyList<CheckProblem>> CheckPacksAsync(CancellationToken cancellationToken)
    {
        var missing = new Dictionary<BlobId, long>(_repository.Index.Blobs.PackSizes());
        var problems = new List<CheckProblem>();
        await foreach (
            var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken).ConfigureAwait(false)
        )
        {
            if (BlobId.TryParse(item.Name, out var id) && missing.Remove(id, out var size) && size != item.Size)
                problems.Add(
                    new CheckProblem(CheckProblemKind.WrongPackSize, item.Key, $"{item.Size} bytes are stored, the index says {size}")
                );
        }

        problems.AddRange(
            missing.Keys.Select(id => new CheckProblem(
                CheckProblemKind.MissingPack,
                RepositoryLayout.Key(RepositoryFile.Data, id),
                "named by the index, absent at the storage"
            ))
        );
        return problems;
    }

    /// <summary>
    /// Checks that every tree below the roots is in the index and readable, and that every blob they name is in the index.
    /// </summary>
    /// <param name="roots">Root trees.</param>
    /// <param name="known">Trees that need no check, because they belong to a snapshot that was checked before. Trees that were walked are
    /// added.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    public async Task<IReadOnlyList<CheckProblem>> CheckTreesAsync(
        IEnumerable<BlobId> roots,
        ISet<BlobId> known,
        CancellationToken cancellationToken
    )
    {
        var problems = new List<CheckProblem>();
        var pending = new Stack<BlobId>(roots);
        while (pending.TryPop(out var id))
        {
            if (!known.Add(id))
                continue;
            try
            {
                await _reader.ThrowUnlessStoredAsync(BlobHandle.Tree(id), cancellationToken).ConfigureAwait(false);
                foreach (var node in await _reader.ReadTreeAsync(id, cancellationToken).ConfigureAwait(false))
                {
                    if (node.Subtree is { } subtree)
                        pending.Push(subtree);
                    foreach (var blob in node.Content ?? [])
                    {
                        if (!_repository.Index.Blobs.Contains(BlobHandle.Data(blob)))
                            problems.Add(
                                new CheckProblem(
                                    CheckProblemKind.MissingBlob,
                                    blob.ToString(),
                                    $"a piece of '{node.Name}' in tree {id.ToShortString()}"
                                )
                            );
                    }
                }
            }
            catch (RepositoryException exception)
            {
                problems.Add(new CheckProblem(CheckProblemKind.DamagedTree, id.ToString(), exception.Message));
            }
        }

        return problems;
    }

    /// <summary>
    /// The ids of the trees below a root, without checking their contents. For the known trees of <see cref="CheckTreesAsync"/>.
    /// </summary>
    public async Task CollectTreesAsync(BlobId root, ISet<BlobId> trees, CancellationToken cancellationToken)
    {
        var pending = new Stack<BlobId>([root]);
        while (pending.TryPop(out var id))
        {
            if (!trees.Add(id))
                continue;
            foreach (var node in await _reader.ReadTreeAsync(id, cancellationToken).ConfigureAwait(false))
            {
                if (node.Subtree is { } subtree)
                    pending.Push(subtree);
            }
        }
    }

    /// <summary>Reads packs completely: name, header, and the authenticity and hash of every blob.</summary>
    public async Task<IReadOnlyList<CheckProblem>> CheckDataAsync(
        IEnumerable<BlobId> packs,
        IProgress<long>? bytesRead,
        CancellationToken cancellationToken
    )
    {
        var indexed = _repository.Index.Blobs.ByPack();
        var problems = new System.Collections.Concurrent.ConcurrentBag<CheckProblem>();
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Min(4, Environment.ProcessorCount + 1),
            CancellationToken = cancellationToken,
        };
        await Parallel
            .ForEachAsync(
                packs,
                options,
                async (id, token) =>
                {
                    var key = RepositoryLayout.Key(RepositoryFile.Data, id);
                    try
                    {
                        var content = await _repository.Store.ReadAllAsync(key, token).ConfigureAwait(false);
                        bytesRead?.Report(content.Length);
                        foreach (var problem in CheckPack(id, key, content, indexed[id]))
                            problems.Add(problem);
                    }
                    catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
                    {
                        problems.Add(new CheckProblem(CheckProblemKind.MissingPack, key, "absent at the storage"));
                    }
                }
            )
            .ConfigureAwait(false);
        return [.. problems];
    }

    private IEnumerable<CheckProblem> CheckPack(BlobId id, string key, byte[] content, IEnumerable<PackedBlob> indexed)
    {
        if (BlobId.Of(content) != id)
            yield return new CheckProblem(CheckProblemKind.DamagedPack, key, "the content does not match the pack's name");
        List<PackedBlob> header;
        CheckProblem? broken = null;
        try
        {
            header = PackHeader.Read(_repository.Key, content);
        }
        catch (RepositoryException exception)
        {
            header = [];
            broken = new CheckProblem(CheckProblemKind.DamagedPack, key, exception.Message);
        }

        if (broken is not null)
        {
            yield return broken;
            yield break;
        }

        // A pack may contain a blob twice (restic allows it): the index may name either location.
        var listed = header.ToHashSet();
        foreach (var blob in indexed)
        {
            if (!listed.Contains(blob))
                yield return new CheckProblem(
                    CheckProblemKind.DamagedPack,
                    key,
                    $"the index places blob {blob.Id.ToShortString()} elsewhere than the pack's header"
                );
        }

        foreach (var blob in header)
        {
            CheckProblem? problem = null;
            try
            {
                if ((long)blob.Offset + blob.Length > content.Length)
                    throw new RepositoryException(RepositoryErrorKind.Damaged, $"The blob {blob.Id} lies outside of its pack.");
                BlobCodec.Open(_repository, content.AsSpan((int)blob.Offset, (int)blob.Length), blob);
            }
            catch (RepositoryException exception)
            {
                problem = new CheckProblem(CheckProblemKind.DamagedPack, key, exception.Message);
            }

            if (problem is not null)
                yield return problem;
        }
    }
}

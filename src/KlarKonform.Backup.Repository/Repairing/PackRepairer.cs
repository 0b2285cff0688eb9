using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Saves what can be read from damaged packs into new ones and removes the damaged ones from the index, as <c>restic repair packs</c> does.
/// Their files stay, retired, until a prune deletes them, and what cannot be read from them is not listed anywhere any more: no one brings
/// it back by mistake.
/// </summary>
public sealed class PackRepairer
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly TimeProvider _time;
    private readonly RepositoryReader _reader;

    /// <summary>Works on an opened repository of version 2 whose index is complete, under an exclusive lock.</summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public PackRepairer(ResticRepository repository, RepositoryLock exclusive, TimeProvider time)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Repairing needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
        _time = time;
        _reader = new RepositoryReader(repository);
    }

    /// <summary>Reads every blob of the packs.</summary>
    public async Task<PackRepairPlan> PlanAsync(IReadOnlyCollection<BlobId> packs, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        await _repository.Index.LoadAsync(alive.Token).ConfigureAwait(false);
        var (readable, lost) = (new HashSet<(BlobId Pack, PackedBlob Blob)>(), new HashSet<BlobHandle>());
        var moved = new Dictionary<BlobHandle, (BlobId Pack, PackedBlob Blob)>();
        foreach (var pack in (await ContentsAsync(packs.Contains, alive.Token).ConfigureAwait(false)).Packs.Values)
        {
            foreach (var blob in pack.Blobs)
            {
                var isReadable = await _reader.TryReadAsync(pack.Pack, blob, alive.Token).ConfigureAwait(false) is not null;
                if (isReadable)
                    readable.Add((pack.Pack, blob));
                if (pack.Retired is not null)
                    continue; // No index lists it.
                if (isReadable)
                    moved.TryAdd(blob.Handle, (pack.Pack, blob));
                else
                    lost.Add(blob.Handle);
            }
        }

        // What other packs of the index contain is not lost, and what a retired pack contains is stored again.
        var regular = _repository.Index.Blobs.PackSizes();
        lost.ExceptWith(moved.Keys);
        foreach (var blob in lost.ToArray())
        {
            foreach (var place in _repository.Index.Blobs.FindAll(blob))
            {
                var isStored = regular.ContainsKey(place.Pack) && !packs.Contains(place.Pack);
                if (
                    !isStored
                    && !readable.Contains(place)
                    && await _reader.TryReadAsync(place.Pack, place.Blob, alive.Token).ConfigureAwait(false) is null
                )
                    continue;
                lost.Remove(blob);
                if (!isStored)
                    moved.Add(blob, place);
                break;
            }
        }

        return new PackRepairPlan(packs, moved.Count, [.. lost]) { ToMove = [.. moved.Values], Readable = readable };
    }

    /// <summary>
    /// Stores what is left again, and only then removes the packs from the index. Call it under the lock under which the plan was made.
    /// </summary>
    public async Task ExecuteAsync(PackRepairPlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var (files, contents) = await ContentsAsync(_ => true, alive.Token).ConfigureAwait(false);

        // The writer stores what is not in its index: it gets an index without the damaged packs.
        var sound = new MasterIndex();
        sound.Add(contents.Values.Where(pack => !plan.Packs.Contains(pack.Pack)));
        await using (var writer = new RepositoryWriter(_repository, sound, new WriterOptions { Held = _lock }))
        {
            foreach (var (pack, blob) in plan.ToMove)
            {
                var plain =
                    await _reader.TryReadAsync(pack, blob, alive.Token).ConfigureAwait(false)
                    ?? await _reader.ReadBlobAsync(blob.Handle, alive.Token).ConfigureAwait(false);
                await writer.SaveBlobAsync(blob.Kind, plain, alive.Token).ConfigureAwait(false);
            }

            await writer.FlushAsync(alive.Token).ConfigureAwait(false);
        }

        var index = contents.Values.Select(pack => plan.Packs.Contains(pack.Pack) ? Retire(pack, plan) : pack);
        await _repository.Index.WriteAsync(index, _lock, IndexJson.BlobsPerIndex, alive.Token).ConfigureAwait(false);
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        foreach (var id in files)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(id, packs: null, alive.Token).ConfigureAwait(false);
        await _repository.Index.LoadAsync(alive.Token).ConfigureAwait(false);
    }

    private PackContents Retire(PackContents pack, PackRepairPlan plan) =>
        new(pack.Pack, [.. pack.Blobs.Where(blob => plan.Readable.Contains((pack.Pack, blob)))])
        {
            Retired = pack.Retired ?? _time.GetUtcNow(),
        };

    private async Task<(List<BlobId> Files, Dictionary<BlobId, PackContents> Packs)> ContentsAsync(
        Func<BlobId, bool> isWanted,
        CancellationToken cancellationToken
    )
    {
        var (files, contents) = (new List<BlobId>(), new Dictionary<BlobId, PackContents>());
        await foreach (var (file, packs) in _repository.Index.FilesAsync(cancellationToken).ConfigureAwait(false))
        {
            files.Add(file.Id);
            foreach (var pack in packs.Where(pack => isWanted(pack.Pack)))
            {
                // A pack that is in use in one file and retired in another counts as in use; and two files may each list a part.
                if (!contents.TryGetValue(pack.Pack, out var other) || (other.Retired is not null && pack.Retired is null))
                    contents[pack.Pack] = pack;
                else if (other.Retired is null == pack.Retired is null)
                    contents[pack.Pack] = other with { Blobs = [.. other.Blobs.Union(pack.Blobs)] };
            }
        }

        return (files, contents);
    }
}

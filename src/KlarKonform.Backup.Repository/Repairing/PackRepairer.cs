using KlarKonform.Backup.Repository.Index;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Repairing;

/// <summary>
/// Saves what can be read of damaged packs into new ones and takes the damaged ones out of the index, as <c>restic repair packs</c> does. Their
/// files stay until a prune deletes them, and until then what they held can still be looked for in them.
/// </summary>
public sealed class PackRepairer
{
    private readonly ResticRepository _repository;
    private readonly RepositoryLock _lock;
    private readonly TimeProvider _time;

    /// <summary>Works on an opened repository of version 2 whose index is whole, under an exclusive lock.</summary>
    /// <exception cref="ArgumentException">The lock is shared.</exception>
    public PackRepairer(ResticRepository repository, RepositoryLock exclusive, TimeProvider time)
    {
        if (!exclusive.IsExclusive)
            throw new ArgumentException("Repairing needs an exclusive lock.", nameof(exclusive));
        _repository = repository;
        _lock = exclusive;
        _time = time;
    }

    /// <summary>Reads every blob of the packs.</summary>
    public async Task<PackRepairPlan> PlanAsync(IReadOnlyCollection<BlobId> packs, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        await _repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
        var indexed = _repository.Index.ByPack();
        var (intact, lost) = (new List<(BlobId Pack, PackedBlob Blob)>(), new HashSet<BlobHandle>());
        foreach (var pack in packs)
        {
            foreach (var blob in indexed[pack])
            {
                if (await TryReadAsync(pack, blob, alive.Token).ConfigureAwait(false) is not null)
                    intact.Add((pack, blob));
                else
                    lost.Add(blob.Handle);
            }
        }

        lost.ExceptWith(intact.Select(each => each.Blob.Handle));
        lost.RemoveWhere(blob => PlacesOf(blob).Any(place => !packs.Contains(place)));
        return new PackRepairPlan(packs, intact.Count, [.. lost]) { ToMove = intact };
    }

    /// <summary>Stores anew what is left, and only then takes the packs out of the index. Call it under the lock that the plan was made under.</summary>
    public async Task ExecuteAsync(PackRepairPlan plan, CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lock.Lost);
        var (files, contents) = (new List<BlobId>(), new Dictionary<BlobId, PackContents>());
        await foreach (var (file, packs) in _repository.IndexFilesAsync(alive.Token).ConfigureAwait(false))
        {
            files.Add(BlobId.Parse(file.Name));
            foreach (var pack in packs)
            {
                if (!contents.TryGetValue(pack.Pack, out var other) || other.Retired is not null)
                    contents[pack.Pack] = pack;
            }
        }

        // The writer stores what its index does not know: it gets one without the damaged packs.
        var sound = new MasterIndex();
        sound.Add(contents.Values.Where(pack => !plan.Packs.Contains(pack.Pack)));
        await using (var writer = new RepositoryWriter(_repository, sound, new WriterOptions { Held = _lock }))
        {
            foreach (var (pack, blob) in plan.ToMove)
            {
                if (await TryReadAsync(pack, blob, alive.Token).ConfigureAwait(false) is { } plain)
                    await writer.SaveBlobAsync(blob.Kind, plain, alive.Token).ConfigureAwait(false);
            }

            await writer.FlushAsync(alive.Token).ConfigureAwait(false);
        }

        await _repository.WriteIndexAsync(
            contents.Values.Select(pack => plan.Packs.Contains(pack.Pack) ? pack with { Retired = pack.Retired ?? _time.GetUtcNow() } : pack), alive.Token, held: _lock).ConfigureAwait(false);
        await _lock.ThrowIfLostAsync().ConfigureAwait(false);
        foreach (var id in files)
            await new GuardedRemoval(_repository, _lock).RemoveIndexAsync(id, packs: null, alive.Token).ConfigureAwait(false);
        await _repository.LoadIndexAsync(alive.Token).ConfigureAwait(false);
    }

    private IEnumerable<BlobId> PlacesOf(BlobHandle blob) =>
        (_repository.Index.TryFind(blob, out var pack, out _) ? new[] { pack } : []).Concat(_repository.Index.FindCopies(blob).Select(copy => copy.Pack));

    // Null when it cannot be read.
    private async Task<byte[]?> TryReadAsync(BlobId pack, PackedBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            var stored = new byte[blob.Length];
            await RepositoryReader.ReadRangeAsync(_repository, pack, blob.Offset, stored, cancellationToken).ConfigureAwait(false);
            return BlobCodec.Open(_repository, stored, blob);
        }
        catch (Exception exception) when (exception is RepositoryException or StorageException { Key: not null, Kind: StorageErrorKind.Other })
        {
            return null; // Damaged, or a bad sector of the disk: of this blob alone.
        }
    }
}

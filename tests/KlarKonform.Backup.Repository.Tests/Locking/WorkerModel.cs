using System.Text;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>
/// What backing up and pruning do to a repository, file by file, in our order and in restic's, which are the same: packs, index, snapshot;
/// forget, new index, old indexes, packs. A pack is one blob; an index file names packs; a snapshot's paths are the packs that it needs.
/// </summary>
internal sealed class WorkerModel(LockWorld world, LockMachine machine, bool isRestic)
{
    private const string Purpose = "backup:one";

    /// <summary>Successful backups: from when to when their claim was held.</summary>
    public List<(TimeSpan From, TimeSpan To, string Machine)> Claims { get; init; } = [];

    /// <summary>Whether it is between a step and the check that may take it back: then it may sleep, but not also die.</summary>
    public bool IsDelicate
    {
        get => machine.MayPause;
        private set => machine.MayPause = value;
    }

    public async Task RunAsync(int sessions)
    {
        for (var session = 0; session < sessions; session++)
        {
            await machine.PauseAsync(TimeSpan.FromSeconds(world.Random.Next(1, 1200)));
            try
            {
                await (isRestic ? ResticAsync() : OursAsync());
            }
            catch (Exception exception)
                when (exception
                        is OperationCanceledException
                            or StorageException { Kind: StorageErrorKind.NotFound }
                            or RepositoryException { Kind: RepositoryErrorKind.Locked or RepositoryErrorKind.PurposeTaken }
                )
            {
                world.Say($"{machine.Name} gives up: {exception.Message}");
            }

            IsDelicate = false;
        }
    }

    private async Task OursAsync()
    {
        if (world.Random.Next(3) > 0)
        {
            await using var held = await machine.ClaimAsync(Purpose);
            var from = world.Now;
            await BackUpAsync(
                held,
                async (needs, _) =>
                {
                    IsDelicate = true;
                    await held.ThrowIfLostAsync();
                    await held.SaveSnapshotAsync(SnapshotOf(needs), default);
                    IsDelicate = false;
                },
                held.Lost
            );
            Claims.Add((from, machine.Looked, machine.Name));
            return;
        }

        await using var exclusive = await machine.AcquireAsync(exclusive: true);
        var removal = new GuardedRemoval(machine.Repository, exclusive);
        await PruneAsync(
            exclusive,
            async (kind, id, packs) =>
            {
                IsDelicate = true;
                await (packs is null ? removal.RemoveAsync(kind, id, exclusive.Lost) : removal.RemoveIndexAsync(id, packs, exclusive.Lost));
                IsDelicate = false;
            },
            exclusive.Lost
        );
    }

    private async Task ResticAsync()
    {
        var prunes = world.Random.Next(3) == 0;
        if (prunes)
            await ResticLock.UnlockAsync(world, machine);
        if (await ResticLock.TakeAsync(world, machine, prunes) is not { } held)
            return;
        try
        {
            if (prunes)
                await PruneAsync(null, (kind, id, _) => machine.Store.DeleteAsync(RepositoryLayout.Key(kind, id), held.Lost), held.Lost);
            else
                await BackUpAsync(null, (needs, token) => machine.Repository.SaveSnapshotAsync(SnapshotOf(needs), token), held.Lost);
        }
        finally
        {
            await held.ReleaseAsync();
        }
    }

    private async Task BackUpAsync(RepositoryLock? held, Func<IReadOnlyList<BlobId>, CancellationToken, Task> save, CancellationToken lost)
    {
        var known = (await IndexAsync(lost)).SelectMany(index => index.Packs).ToArray();
        var needs = known.Where(_ => world.Random.Next(2) == 0).ToList();
        var written = new List<BlobId>();
        for (var i = world.Random.Next(1, 3); i > 0; i--)
        {
            var pack = RandomId();
            await machine.Store.SaveAsync(RepositoryLayout.Key(RepositoryFile.Data, pack), new byte[1], lost);
            written.Add(pack);
            await machine.PauseAsync(TimeSpan.FromSeconds(world.Random.Next(300)));
            lost.ThrowIfCancellationRequested();
        }

        await WriteIndexAsync(held, written, lost);
        await machine.PauseAsync(TimeSpan.FromSeconds(world.Random.Next(30)));
        lost.ThrowIfCancellationRequested();
        if (held is not null)
            await VerifyAsync([.. needs, .. written], lost);
        await save([.. needs, .. written], lost);
    }

    // Each of our runs does this: an index may have named a pack that was gone.
    private async Task VerifyAsync(IReadOnlyCollection<BlobId> needs, CancellationToken lost)
    {
        var indexed = (await IndexAsync(lost)).SelectMany(index => index.Packs).ToHashSet();
        var stored = await StoredAsync(lost);
        if (!needs.All(need => indexed.Contains(need) && stored.Contains(need)))
            throw new OperationCanceledException("The verification failed.");
    }

    private async Task<HashSet<BlobId>> StoredAsync(CancellationToken lost)
    {
        var stored = new HashSet<BlobId>();
        await foreach (var item in machine.Store.ListAsync("data", lost))
            stored.Add(BlobId.Parse(item.Name));
        return stored;
    }

    private async Task PruneAsync(
        RepositoryLock? held,
        Func<RepositoryFile, BlobId, IReadOnlyCollection<BlobId>?, Task> remove,
        CancellationToken lost
    )
    {
        var snapshots = new Dictionary<BlobId, IReadOnlyList<BlobId>>();
        await foreach (var (id, snapshot) in machine.Repository.SnapshotsAsync(lost))
            snapshots[id] = [.. snapshot.Paths!.Select(BlobId.Parse)];
        var forget = snapshots.Keys.Where(_ => world.Random.Next(2) == 0).ToArray();
        var needed = snapshots.Where(each => !forget.Contains(each.Key)).SelectMany(each => each.Value).ToHashSet();
        var stored = await StoredAsync(lost);
        var indexes = await IndexAsync(lost);
        if (held is not null && !needed.IsSubsetOf(stored))
            await held.ThrowIfLostAsync(); // Others removed packs while it slept in the middle of its plan.
        Assert.All(needed, pack => Assert.Contains(pack, stored));
        await machine.PauseAsync(TimeSpan.FromSeconds(world.Random.Next(120)));
        foreach (var snapshot in forget)
            await remove(RepositoryFile.Snapshot, snapshot, null);
        await WriteIndexAsync(held, [.. indexes.SelectMany(index => index.Packs).Where(needed.Contains).Distinct()], lost);
        foreach (var (index, packs) in indexes)
            await remove(RepositoryFile.Index, index, packs);
        foreach (var pack in stored.Where(pack => !needed.Contains(pack)))
            await remove(RepositoryFile.Data, pack, null);
    }

    private async Task<List<(BlobId Id, BlobId[] Packs)>> IndexAsync(CancellationToken lost)
    {
        var indexes = new List<(BlobId Id, BlobId[] Packs)>();
        await foreach (var item in machine.Store.ListAsync("index", lost))
        {
            try
            {
                indexes.Add((BlobId.Parse(item.Name), PacksOf(await machine.Store.ReadAllAsync(item.Key, lost))));
            }
            catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
            {
                throw new OperationCanceledException("An index went while it was read."); // From a machine that was asleep.
            }
        }

        return indexes;
    }

    public static BlobId[] PacksOf(byte[] index) =>
        [.. Encoding.ASCII.GetString(index).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(BlobId.Parse)];

    private async Task WriteIndexAsync(RepositoryLock? held, IReadOnlyCollection<BlobId> packs, CancellationToken lost)
    {
        var content = Encoding.ASCII.GetBytes(string.Join('\n', packs.Select(pack => pack.ToString()).Prepend(RandomId().ToString())));
        var key = RepositoryLayout.Key(RepositoryFile.Index, BlobId.Of(content));
        if (held is null)
        {
            await machine.Store.SaveAsync(key, content, lost);
            return;
        }

        IsDelicate = true;
        await held.SaveIndexAsync(
            async () =>
            {
                await machine.Store.SaveAsync(key, content, lost);
                return BlobId.Of(content);
            },
            packs
        );
        IsDelicate = false;
    }

    private Snapshot SnapshotOf(IReadOnlyList<BlobId> needs) =>
        new()
        {
            Time = Json.NanoTime.From(machine.Time.GetUtcNow()).ToString(),
            Tree = RandomId().ToString(),
            Paths = [.. needs.Select(need => need.ToString())],
            Hostname = machine.Name,
        };

    private BlobId RandomId()
    {
        var bytes = new byte[32];
        world.Random.NextBytes(bytes);
        return BlobId.Parse(Convert.ToHexString(bytes).ToLowerInvariant());
    }
}

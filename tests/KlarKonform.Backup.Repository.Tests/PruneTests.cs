using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class PruneTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private StockRestic Restic => new(_folder["repo"], Password);

    [Fact]
    public async Task What_only_a_forgotten_snapshot_needed_goes_and_the_rest_stays_readable()
    {
        using var repository = await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
        var old = await BackupAsync(repository, (1, 3_000_000), (2, 40_000), (3, 50_000));
        await BackupAsync(repository, (2, 40_000), (4, 60_000));
        var plan = await PruneAsync(repository, old);
        Assert.True(plan.BytesFreed > 2_900_000, $"{plan.BytesFreed}");
        Assert.NotEmpty(plan.Repack);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Restic.Run("restore", "latest", "--target", _folder["out"]);
        Assert.Equal(Noise(2, 40_000), await File.ReadAllBytesAsync(_folder["out", "2.bin"]));
        Assert.Equal(Noise(4, 60_000), await File.ReadAllBytesAsync(_folder["out", "4.bin"]));

        // Nothing is left to do, for us and for restic.
        using var again = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        Assert.Equal(0, (await PlanAsync(again)).BytesRemoved);
    }

    [Fact]
    public async Task A_plan_touches_nothing()
    {
        using var repository = await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
        var old = await BackupAsync(repository, (1, 100_000));
        var before = Files();
        Assert.True((await PlanAsync(repository, old)).BytesRemoved > 100_000);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task A_shared_lock_is_not_enough()
    {
        using var repository = await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
        await using var shared = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        Assert.Throws<ArgumentException>(() => new Pruner(repository, shared));
    }

    [Fact]
    public async Task A_repository_that_misses_something_needed_is_not_pruned()
    {
        using var repository = await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
        await BackupAsync(repository, (1, 3_000_000));
        File.Delete(Directory.EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!);
        var before = Files();
        Assert.Equal(RepositoryErrorKind.Missing, (await Assert.ThrowsAsync<RepositoryException>(() => PlanAsync(repository))).Kind);
        Assert.Equal(before, Files());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_sequences_of_both_programs_with_cuts_in_between_stay_without_errors(int seed)
    {
        var random = new Random(seed);
        Directory.CreateDirectory(_folder["source"]);
        using (await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default))
        {
        }

        for (var step = 0; step < 10; step++)
        {
            using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
            var snapshots = new List<BlobId>();
            await foreach (var (id, _) in repository.SnapshotsAsync(default))
                snapshots.Add(id);
            switch (random.Next(5))
            {
                case 0:
                    await BackupAsync(repository, [.. Enumerable.Range(0, 4).Select(_ => (random.Next(12), random.Next(1, 5) * 300_000))]);
                    break;
                case 1:
                    await File.WriteAllBytesAsync(_folder["source", $"{random.Next(6)}.bin"], Noise(random.Next(12), random.Next(1, 5) * 300_000));
                    Restic.Run("backup", _folder["source"]);
                    break;
                case 2:
                    await PruneAsync(repository, [.. snapshots.Where(_ => random.Next(3) == 0)]);
                    break;
                case 3 when snapshots.Count > 0:
                    Restic.Run("forget", "--prune", snapshots[random.Next(snapshots.Count)].ToString());
                    break;
                default:
                    // The storage goes away in the middle of a prune.
                    using (var cut = await ResticRepository.OpenAsync(new CutStore(new FolderObjectStore(_folder["repo"]), random.Next(25)), Password, default))
                        await Record.ExceptionAsync(() => PruneAsync(cut, [.. snapshots.Where(_ => random.Next(3) == 0)]));
                    foreach (var left in Directory.GetFiles(_folder["repo", "locks"]))
                        File.Delete(left); // What restic unlock does for a dead process of the same host.
                    break;
            }

            Restic.Run("check", "--read-data");
        }

        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private static async Task<PrunePlan> PlanAsync(ResticRepository repository, params BlobId[] forget)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        return await new Pruner(repository, exclusive).PlanAsync(forget, default);
    }

    private static async Task<PrunePlan> PruneAsync(ResticRepository repository, params BlobId[] forget)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        var pruner = new Pruner(repository, exclusive);
        var plan = await pruner.PlanAsync(forget, default);
        await pruner.ExecuteAsync(plan, default);
        return plan;
    }

    private static async Task<BlobId> BackupAsync(ResticRepository repository, params (int Seed, int Length)[] files)
    {
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        await repository.LoadIndexAsync(default);
        await using var writer = new RepositoryWriter(repository);
        var nodes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
        foreach (var (seed, length) in files)
        {
            using var stream = new MemoryStream(Noise(seed, length));
            var saved = await writer.SaveStreamAsync(stream, default);
            nodes[$"{seed}.bin"] = Node.NewFile($"{seed}.bin", (ulong)saved.Size, saved.Blobs, DateTimeOffset.UnixEpoch);
        }

        var root = await writer.SaveTreeAsync(nodes.Values, default);
        await writer.FlushAsync(default);
        return await repository.SaveSnapshotAsync(new Snapshot { Time = Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(), Tree = root.ToString(), Paths = ["/Daily"], Hostname = "tenant" }, default);
    }

    private string[] Files() => [.. Directory.EnumerateFiles(_folder["repo"], "*", SearchOption.AllDirectories).Where(file => !file.Contains("locks", StringComparison.Ordinal)).Order()];

    private static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Works for so many changes, then every change fails: what a pulled plug looks like from above.</summary>
    private sealed class CutStore(IObjectStore inner, int changes) : IObjectStore
    {
        private int _left = changes;

        public string Location => inner.Location;

        public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

        public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) => inner.StatAsync(key, cancellationToken);

        public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => Cut(key) ?? inner.SaveAsync(key, content, cancellationToken);

        public Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken) => inner.OpenReadAsync(key, offset, length, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string folder, CancellationToken cancellationToken) => inner.ListAsync(folder, cancellationToken);

        public Task DeleteAsync(string key, CancellationToken cancellationToken) => Cut(key) ?? inner.DeleteAsync(key, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private Task? Cut(string key) => Interlocked.Decrement(ref _left) < 0
            ? Task.FromException(new StorageException(StorageErrorKind.Other, Location, key, "The plug was pulled on purpose."))
            : null;
    }
}

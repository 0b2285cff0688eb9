using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Small backups and prunes for tests.</summary>
internal static class RepositoryScenario
{
    public static Task<BlobId> BackupAsync(ResticRepository repository, params (int Seed, int Length)[] files) =>
        BackupAsync(repository, TimeProvider.System, files);

    public static async Task<BlobId> BackupAsync(ResticRepository repository, TimeProvider time, params (int Seed, int Length)[] files)
    {
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, time, default);
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository, new WriterOptions { Held = held });
        var nodes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
        foreach (var (seed, length) in files)
        {
            using var stream = new MemoryStream(Noise(seed, length));
            var saved = await writer.SaveStreamAsync(stream, default);
            nodes[$"{seed}.bin"] = Node.NewFile($"{seed}.bin", (ulong)saved.Size, saved.Blobs, DateTimeOffset.UnixEpoch);
        }

        var root = await writer.SaveTreeAsync(nodes.Values, default);
        await writer.FlushAsync(default);
        return await held.SaveSnapshotAsync(SnapshotOf(root, DateTimeOffset.UtcNow), default);
    }

    public static Task<BlobId> SnapshotAsync(ResticRepository repository, BlobId root, DateTimeOffset taken) =>
        repository.SaveSnapshotAsync(SnapshotOf(root, taken), default);

    public static async Task<PrunePlan> PlanAsync(ResticRepository repository, params BlobId[] forget)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        return await AtOnce(repository, exclusive).PlanAsync(forget, [], default);
    }

    public static Task<PrunePlan> PruneAsync(ResticRepository repository, params BlobId[] forget) =>
        PruneAsync(repository, TimeProvider.System, forget);

    public static async Task<PrunePlan> PruneAsync(ResticRepository repository, TimeProvider time, params BlobId[] forget)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, time, default);
        var pruner = AtOnce(repository, exclusive);
        var plan = await pruner.PlanAsync(forget, [], default);
        await pruner.ExecuteAsync(plan, default);
        return plan;
    }

    public static async Task<IndexRepairPlan> RepairIndexAsync(ResticRepository repository)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        var repairer = new IndexRepairer(repository, exclusive, TimeProvider.System);
        var plan = await repairer.PlanAsync(default);
        await repairer.ExecuteAsync(plan, default);
        return plan;
    }

    /// <summary>A pruner that deletes in one go, as restic does.</summary>
    private static Pruner AtOnce(ResticRepository repository, RepositoryLock exclusive) =>
        new(repository, exclusive, TimeProvider.System, new PruneOptions { KeepRetired = TimeSpan.Zero });

    public static async Task<List<BlobId>> SnapshotsAsync(ResticRepository repository)
    {
        var snapshots = new List<BlobId>();
        await foreach (var (id, _) in repository.SnapshotsAsync(default))
            snapshots.Add(id);
        return snapshots;
    }

    public static async Task<BlobId> RootOfAsync(ResticRepository repository, BlobId snapshot) =>
        (await SnapshotAsync(repository, snapshot)).Root;

    public static async Task<Snapshot> SnapshotAsync(ResticRepository repository, BlobId wanted)
    {
        await foreach (var (id, snapshot) in repository.SnapshotsAsync(default))
        {
            if (id == wanted)
                return snapshot;
        }

        throw new InvalidOperationException("There is no such snapshot.");
    }

    private static Snapshot SnapshotOf(BlobId root, DateTimeOffset taken) =>
        new()
        {
            Time = Json.NanoTime.From(taken).ToString(),
            Tree = root.ToString(),
            Paths = ["/Daily"],
            Hostname = "tenant",
        };

    public static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}

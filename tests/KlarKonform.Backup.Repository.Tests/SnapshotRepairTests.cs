using System.Text.Json;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Copies of snapshots without what is lost, and only without that.</summary>
public sealed class SnapshotRepairTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_lies_in_a_retired_pack_and_can_be_read_is_not_lost_and_comes_back()
    {
        using var repository = await InitializeAsync();
        await NeedRetiredAsync(repository);
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var repairer = new SnapshotRepairer(repository, exclusive);
            Assert.Empty(await repairer.PlanAsync(await AllAsync(repository), default));
            Assert.True(await repairer.RecoverAsync(default) > 1);
            Assert.Equal(0, await repairer.RecoverAsync(default));
        }

        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_loses_what_a_damaged_retired_pack_held_and_keeps_what_a_sound_one_holds()
    {
        using var repository = await InitializeAsync();
        var needing = await NeedRetiredAsync(repository);
        var packs = Directory
            .EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories)
            .OrderByDescending(file => new FileInfo(file).Length)
            .ToArray();
        await File.WriteAllBytesAsync(packs[0], new byte[new FileInfo(packs[0]).Length]);
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var repairer = new SnapshotRepairer(repository, exclusive);
            var plan = Assert.Single(await repairer.PlanAsync(await AllAsync(repository), default));
            Assert.Equal(needing, plan.Id);
            Assert.Equal(["/1.bin"], plan.Lost);
            await repairer.ExecuteAsync(plan, [], [], forget: true, default);
        }

        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Restic.Run("restore", "latest", "--target", _folder["out"]);
        Assert.Equal(Noise(3, 60_000), await File.ReadAllBytesAsync(_folder["out", "3.bin"]));

        // And a prune works again.
        await PruneAsync(repository);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_names_the_snapshot_that_it_was_made_of_as_restics_own_does()
    {
        using var repository = await InitializeAsync();
        await BackupAsync(repository, (1, 900_000), (3, 60_000));
        Restic.Run("tag", "--add", "night");
        var tagged = Assert.Single(await AllAsync(repository));
        Assert.NotNull(tagged.Snapshot.Original);
        File.Delete(
            Directory.EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!
        );
        await RepairIndexAsync(repository);
        BlobId ours;
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var repairer = new SnapshotRepairer(repository, exclusive);
            ours = await repairer.ExecuteAsync(
                Assert.Single(await repairer.PlanAsync([tagged], default)),
                [],
                tagged.Snapshot.Tags!,
                forget: false,
                default
            );
        }

        Peers.Restic("0.19", _folder["repo"], Password).Run("repair", "snapshots", tagged.Id.ToString());
        var copies = JsonDocument
            .Parse(Restic.Run("snapshots", "--json"))
            .RootElement.EnumerateArray()
            .Where(each => each.GetProperty("id").GetString() != tagged.Id.ToString())
            .ToArray();
        Assert.Equal(2, copies.Length);
        Assert.Contains(copies, copy => copy.GetProperty("id").GetString() == ours.ToString());
        Assert.All(copies, copy => Assert.Equal(tagged.Id.ToString(), copy.GetProperty("original").GetString()));
    }

    [Theory]
    [InlineData(BlobKind.Tree)]
    [InlineData(BlobKind.Data)]
    public async Task Of_a_folder_and_a_file_of_the_same_bytes_the_one_that_is_lost_is_told_by_check_and_repair(BlobKind lost)
    {
        using var repository = await InitializeAsync();
        var root = await FolderAndFileOfTheSameBytesAsync(repository);
        var damaged = repository
            .Index.Blobs.ByPack()
            .Single(pack => pack.Any(blob => blob.Handle == new BlobHandle(lost, s_emptyFolder)))
            .Key;
        await BackupAsync(repository, (2, 40_000));
        await File.WriteAllBytesAsync(_folder["repo", "data", damaged.ToString()[..2], damaged.ToString()], new byte[100]);
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var packs = new PackRepairer(repository, exclusive, TimeProvider.System);
            var plan = await packs.PlanAsync([damaged], default);
            Assert.Equal([new BlobHandle(lost, s_emptyFolder)], plan.Lost);
            await packs.ExecuteAsync(plan, default);
            var problems = await new RepositoryChecker(repository).CheckTreesAsync([root], new HashSet<BlobId>(), default);
            Assert.Equal(
                (lost == BlobKind.Tree ? CheckProblemKind.DamagedTree : CheckProblemKind.MissingBlob, s_emptyFolder.ToString()),
                (Assert.Single(problems).Kind, problems[0].Name)
            );
            var snapshots = new SnapshotRepairer(repository, exclusive);
            var repair = Assert.Single(await snapshots.PlanAsync(await AllAsync(repository), default));
            Assert.Equal(lost == BlobKind.Tree ? ["/a/"] : ["/b.json"], repair.Lost);
            await snapshots.ExecuteAsync(repair, [], [], forget: true, default);
        }

        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private static readonly byte[] s_emptyFolderBytes = "{\"nodes\":[]}\n"u8.ToArray();
    private static readonly BlobId s_emptyFolder = BlobId.Of(s_emptyFolderBytes);

    private static async Task<BlobId> FolderAndFileOfTheSameBytesAsync(ResticRepository repository)
    {
        await repository.Index.LoadAsync(default);
        BlobId root,
            tree;
        Writing.SavedContent file;
        await using (var writer = new Writing.RepositoryWriter(repository))
        {
            tree = await writer.SaveTreeAsync([], default);
            using var content = new MemoryStream(s_emptyFolderBytes);
            file = await writer.SaveStreamAsync(content, default);
            await writer.FlushAsync(default);
        }

        // In a pack of its own.
        await using (var writer = new Writing.RepositoryWriter(repository))
        {
            root = await writer.SaveTreeAsync(
                [
                    Trees.Node.NewDirectory("a", tree, DateTimeOffset.UnixEpoch),
                    Trees.Node.NewFile("b.json", (ulong)file.Size, file.Blobs, DateTimeOffset.UnixEpoch),
                ],
                default
            );
            await writer.FlushAsync(default);
        }

        await SnapshotAsync(repository, root, DateTimeOffset.UtcNow);
        return root;
    }

    private Task<ResticRepository> InitializeAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    private static async Task<List<StoredSnapshot>> AllAsync(ResticRepository repository)
    {
        await repository.Index.LoadAsync(default);
        var all = new List<StoredSnapshot>();
        await foreach (var each in repository.SnapshotsAsync(default))
            all.Add(each);
        return all;
    }

    // A writer without a lock names the root of a snapshot that a prune has removed meanwhile.
    private static async Task<BlobId> NeedRetiredAsync(ResticRepository repository)
    {
        var small = await BackupAsync(repository, (3, 60_000));
        var large = await BackupAsync(repository, (1, 900_000), (3, 60_000));
        var root = await RootOfAsync(repository, large);
        await BackupAsync(repository, (2, 40_000));
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var pruner = new Pruner(repository, exclusive, TimeProvider.System);
            await pruner.ExecuteAsync(await pruner.PlanAsync([small, large], [], default), default);
        }

        return await SnapshotAsync(repository, root, DateTimeOffset.UtcNow.AddMinutes(1));
    }
}
